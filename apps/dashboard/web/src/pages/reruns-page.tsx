import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { FolderOpen, Play, RotateCcw } from "lucide-react";
import { useState } from "react";
import { api, ask } from "../api/client.ts";
import { when } from "../format.ts";
import { againstWords, isRunning, stateTone } from "../reruns/shown.ts";
import { StartRerun } from "../reruns/start-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

export const Progress = ({ value, label }: { value: number; label: string }) => (
  <span
    role="progressbar"
    aria-label={label}
    aria-valuenow={Math.round(value * 100)}
    aria-valuemin={0}
    aria-valuemax={100}
    className="block h-1.5 w-full min-w-24 overflow-hidden rounded-full bg-hover"
  >
    <span className="block h-full rounded-full bg-accent" style={{ width: `${Math.round(value * 100)}%` }} />
  </span>
);

/** Saved sets of calls, and what came of running them again. */
export function RerunsPage() {
  const reruns = useQuery({
    queryKey: ["reruns"],
    queryFn: () => ask(api.GET("/api/reruns")),
    refetchInterval: ({ state }) => (state.data?.reruns.some((each) => isRunning(each.state)) ? 1_500 : 15_000),
  });
  const sets = useQuery({ queryKey: ["sets"], queryFn: () => ask(api.GET("/api/sets")) });
  const [starting, setStarting] = useState(false);
  return (
    <>
      <PageHead title="Re-runs">
        <Button kind="primary" onClick={() => setStarting(true)}>
          <Play /> Run a set
        </Button>
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-[1fr_24rem]">
        <Card className="min-w-0">
          <CardTitle>What was run</CardTitle>
          {reruns.isPending ? (
            <Spinner />
          ) : reruns.isError ? (
            <Fault error={reruns.error} />
          ) : reruns.data.reruns.length === 0 ? (
            <Empty title="Nothing was run yet" icon={<RotateCcw />}>
              Save calls as a set on the Replay page, then run them against another playbook version, model or
              threshold, and see what would have changed.
            </Empty>
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Re-run</Th>
                  <Th>State</Th>
                  <Th className="text-right">Calls</Th>
                  <Th className="max-md:hidden">Started</Th>
                </tr>
              </thead>
              <tbody>
                {reruns.data.reruns.map((rerun) => (
                  <tr key={rerun.id} className="relative hover:bg-hover">
                    <Td>
                      <Link
                        to="/reruns/$rerunId"
                        params={{ rerunId: rerun.id }}
                        className="font-medium after:absolute after:inset-0"
                      >
                        {rerun.name}
                      </Link>
                      {!rerun.name.includes(` against ${againstWords(rerun)}`) && (
                        <span className="block text-ink-faint text-xs">against {againstWords(rerun)}</span>
                      )}
                    </Td>
                    <Td>
                      {rerun.state === "running" ? (
                        <Progress value={rerun.progress} label={`Progress of ${rerun.name}`} />
                      ) : (
                        <Badge tone={stateTone(rerun.state)}>{rerun.state}</Badge>
                      )}
                    </Td>
                    <Td className="tabular whitespace-nowrap text-right">
                      {isRunning(rerun.state) ? `${rerun.finished} of ${rerun.calls}` : rerun.calls}
                    </Td>
                    <Td className="whitespace-nowrap text-ink-soft max-md:hidden">
                      {when(rerun.createdAt)} <span className="text-ink-faint">by {rerun.createdBy}</span>
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
        <Card className="min-w-0">
          <CardTitle>Saved sets</CardTitle>
          {sets.isPending ? (
            <Spinner />
          ) : sets.isError ? (
            <Fault error={sets.error} />
          ) : sets.data.sets.length === 0 ? (
            <Empty title="No sets yet" icon={<FolderOpen />}>
              On the{" "}
              <Link to="/calls" className="font-medium text-ink underline">
                Replay
              </Link>{" "}
              page, pick calls or search for some, and save them as a set.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {sets.data.sets.map((set) => (
                <li key={set.id} className="relative px-4 py-2.5 hover:bg-hover">
                  <Link
                    to="/sets/$setId"
                    params={{ setId: set.id }}
                    className="font-medium after:absolute after:inset-0"
                  >
                    {set.name}
                  </Link>
                  <p className="text-ink-faint text-xs">
                    {set.calls === 1 ? "1 call" : `${set.calls} calls`}
                    {set.kind === "search" && ", follows a search"}, by {set.createdBy}
                  </p>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      {starting && <StartRerun title="Run a set again" onClose={() => setStarting(false)} />}
    </>
  );
}
