import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client.ts";
import { usePerson } from "../api/session.ts";
import { when, words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Badge, Card, CardTitle, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";
import { DeadLetters } from "./dead-letters.tsx";

/** What runs and what does not, and what to do about it. */
export function HealthPage() {
  const person = usePerson();
  const health = useQuery({
    queryKey: ["health"],
    refetchInterval: 5_000,
    queryFn: () => ask(api.GET("/api/health")),
  });
  const worst = health.data?.parts.some((part) => part.status === "down")
    ? "down"
    : health.data?.parts.some((part) => part.status === "degraded")
      ? "degraded"
      : "ok";
  return (
    <>
      <PageHead
        title="Health"
        meta={
          health.data && (
            <Badge tone={worst === "ok" ? "good" : worst === "degraded" ? "warn" : "bad"}>
              {worst === "ok"
                ? "Everything works"
                : worst === "degraded"
                  ? "Something is degraded"
                  : "Something is down"}
            </Badge>
          )
        }
      >
        {person.role === "admin" && (
          <Button asChild>
            <a href="/queues">Queues in detail</a>
          </Button>
        )}
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-[1fr_26rem]">
        <Card>
          <CardTitle>Parts</CardTitle>
          {health.isPending ? (
            <Spinner />
          ) : health.isError ? (
            <Fault error={health.error} />
          ) : (
            <ul className="divide-y divide-line">
              {health.data.parts.map((part) => (
                <li key={part.name} className="flex items-start gap-3 px-4 py-2.5 max-sm:flex-wrap">
                  <span
                    aria-hidden
                    className={cn(
                      "mt-1.5 size-2 shrink-0 rounded-full",
                      part.status === "ok" ? "bg-good" : part.status === "degraded" ? "bg-warn" : "bg-bad",
                    )}
                  />
                  <div className="min-w-0 max-sm:flex-1">
                    <p className="font-medium">
                      {words(part.name)}{" "}
                      {part.status !== "ok" && (
                        <Badge tone={part.status === "down" ? "bad" : "warn"}>{part.status}</Badge>
                      )}
                    </p>
                    <p className="break-words text-ink-soft">{part.detail}</p>
                    {part.remedy && <p className="text-ink">{part.remedy}</p>}
                  </div>
                  <time
                    dateTime={part.since}
                    title={part.since}
                    className="ml-auto shrink-0 text-right text-ink-faint text-xs max-sm:ml-5 max-sm:w-full max-sm:text-left"
                  >
                    since {when(part.since)}
                  </time>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <div className="flex flex-col gap-4">
          <Card>
            <CardTitle>Queues</CardTitle>
            <Table>
              <thead>
                <tr>
                  <Th>Queue</Th>
                  <Th className="text-right">Waiting</Th>
                  <Th className="text-right">Now</Th>
                  <Th className="text-right">Later</Th>
                  <Th className="text-right">Failed</Th>
                </tr>
              </thead>
              <tbody className="tabular">
                {health.data?.queues.map((queue) => (
                  <tr key={queue.name}>
                    <Td>{words(queue.name.replace("tasks-", ""))}</Td>
                    <Td className="text-right">{queue.waiting}</Td>
                    <Td className="text-right">{queue.active}</Td>
                    <Td className="text-right">{queue.delayed}</Td>
                    <Td className={cn("text-right", queue.failed > 0 && "font-medium text-bad")}>{queue.failed}</Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          </Card>
          {person.role === "admin" && <DeadLetters />}
          {health.data && (
            <Card>
              <CardTitle>Live feed</CardTitle>
              <dl className="divide-y divide-line">
                {(
                  [
                    ["Calls now", health.data.liveCalls],
                    ["Events read since the start", health.data.eventsRead],
                    ["Events that this version does not know", health.data.eventsInvalid],
                  ] as const
                ).map(([label, value]) => (
                  <div key={label} className="flex justify-between px-4 py-1.5">
                    <dt className="text-ink-soft">{label}</dt>
                    <dd className="tabular">{value}</dd>
                  </div>
                ))}
              </dl>
            </Card>
          )}
        </div>
      </div>
    </>
  );
}
