import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft, Square } from "lucide-react";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { maySteer, usePerson } from "../api/session.ts";
import { span, when, words } from "../format.ts";
import { againstWords, difference, isRunning, stateTone } from "../reruns/shown.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Select } from "../ui/fields.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";
import { Progress } from "./reruns-page.tsx";

const FILTERS = {
  all: "All calls",
  regressed: "Regressed",
  changed: "Changed",
  same: "The same",
  failed: "Could not be run",
};

/** One re-run: its totals, and what changed in each call. */
export function RerunPage() {
  const { rerunId } = useParams({ from: "/shell/reruns/$rerunId" });
  const person = usePerson();
  const queries = useQueryClient();
  const [filter, setFilter] = useState<keyof typeof FILTERS>("all");
  const found = useQuery({
    queryKey: ["rerun", rerunId],
    queryFn: () => ask(api.GET("/api/reruns/{id}", { params: { path: { id: rerunId } } })),
    refetchInterval: ({ state }) => (state.data && isRunning(state.data.state) ? 1_500 : false),
  });
  const cancel = useMutation({
    mutationFn: () => ask(api.POST("/api/reruns/{id}/cancel", { params: { path: { id: rerunId } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["rerun", rerunId] }),
    onError: (error) => toast.error(error.message),
  });
  if (found.isPending) return <Spinner />;
  if (found.isError) return <Fault error={found.error} />;
  const rerun = found.data;
  const { summary } = rerun;
  const members = rerun.members.filter((call) => {
    switch (filter) {
      case "all":
        return true;
      case "regressed":
        return call.regressions.length > 0;
      case "changed":
        return call.changed.length > 0;
      case "same":
        return call.state === "done" && call.changed.length === 0;
      default:
        return call.state === "failed";
    }
  });
  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/reruns"
              aria-label="Back to all re-runs"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            {rerun.name}
          </span>
        }
        meta={<Badge tone={stateTone(rerun.state)}>{rerun.state}</Badge>}
      >
        {isRunning(rerun.state) && (
          <Button disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            <Square /> Stop
          </Button>
        )}
      </PageHead>
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        <p className="text-ink-soft">
          Against {againstWords(rerun)}. Started {when(rerun.createdAt)} by {rerun.createdBy}
          {rerun.finishedAt && `, over ${when(rerun.finishedAt)}`}.
        </p>
        {rerun.fault && <Fault error={new Error(rerun.fault)} />}
        {isRunning(rerun.state) && (
          <Card className="flex items-center gap-4 px-4 py-3">
            <Progress value={rerun.progress} label="Progress" />
            <span className="tabular whitespace-nowrap">
              {rerun.finished} of {rerun.calls} calls
            </span>
          </Card>
        )}
        <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line lg:grid-cols-6">
          <Figure label="Run" value={summary.ran} detail={`of ${summary.calls}`} />
          <Figure label="The same" value={summary.ran - summary.changed} />
          <Figure label="Changed" value={summary.changed} />
          <Figure label="Regressed" value={summary.regressed} tone={summary.regressed > 0 ? "bad" : "good"} />
          <Figure
            label="Median response"
            value={difference(summary.responseBeforeMs, summary.responseAfterMs, "ms")}
            detail={`${span(summary.responseBeforeMs)} to ${span(summary.responseAfterMs)}`}
          />
          <Figure
            label="Cut-ins"
            value={difference(summary.cutInsBefore, summary.cutInsAfter)}
            detail={`${summary.cutInsBefore} to ${summary.cutInsAfter}`}
            tone={summary.cutInsAfter > summary.cutInsBefore ? "bad" : undefined}
          />
        </dl>
        {Object.keys(summary.changes).length > 0 && (
          <ul className="flex flex-wrap gap-1.5" aria-label="Calls by what changed">
            {Object.entries(summary.changes)
              .sort(([, a], [, b]) => b - a)
              .map(([change, calls]) => (
                <li key={change}>
                  <Badge>
                    {words(change)} <span className="tabular">{calls}</span>
                  </Badge>
                </li>
              ))}
          </ul>
        )}
        <Card>
          <CardTitle
            actions={
              <Select
                aria-label="Show"
                value={filter}
                onChange={(event) => setFilter(event.target.value as keyof typeof FILTERS)}
              >
                {Object.entries(FILTERS).map(([id, label]) => (
                  <option key={id} value={id}>
                    {label}
                  </option>
                ))}
              </Select>
            }
          >
            Calls
          </CardTitle>
          {members.length === 0 ? (
            <Empty title="No call of that kind" />
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Call</Th>
                  <Th>What changed</Th>
                  <Th className="text-right max-sm:hidden">Response</Th>
                  <Th className="text-right max-sm:hidden">Cut-ins</Th>
                </tr>
              </thead>
              <tbody>
                {members.map((call) => (
                  <tr key={call.callId} className="relative align-top hover:bg-hover">
                    <Td className="whitespace-nowrap">
                      <Link
                        to="/reruns/$rerunId/$callId"
                        params={{ rerunId, callId: call.callId }}
                        className="font-medium font-mono text-xs after:absolute after:inset-0"
                      >
                        {call.callId.slice(0, 12)}
                      </Link>
                    </Td>
                    <Td>
                      <Changes call={call} />
                    </Td>
                    <Td
                      className={cn(
                        "tabular whitespace-nowrap text-right max-sm:hidden",
                        (call.responseAfterMs ?? 0) - (call.responseBeforeMs ?? 0) > 150 && "font-medium text-bad",
                      )}
                    >
                      {difference(call.responseBeforeMs, call.responseAfterMs, "ms")}
                    </Td>
                    <Td
                      className={cn(
                        "tabular text-right max-sm:hidden",
                        call.cutInsAfter > call.cutInsBefore && "font-medium text-bad",
                      )}
                    >
                      {difference(call.cutInsBefore, call.cutInsAfter)}
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
        {maySteer(person) && rerun.playbookId !== null && rerun.state === "done" && (
          <p className="text-ink-soft">
            <Link
              to="/playbooks/$playbookId"
              params={{ playbookId: rerun.playbookId }}
              className="font-medium text-ink underline"
            >
              {rerun.playbookId}
            </Link>{" "}
            may be published when its gate is open.
          </p>
        )}
      </div>
    </>
  );
}

const Figure = ({
  label,
  value,
  detail,
  tone,
}: {
  label: string;
  value: ReactNode;
  detail?: string;
  tone?: "good" | "bad" | undefined;
}) => (
  <div className="bg-panel px-4 py-3">
    <dt className="text-ink-faint text-xs">{label}</dt>
    <dd className={cn("tabular font-semibold text-lg", tone === "bad" && "text-bad", tone === "good" && "text-good")}>
      {value}
      {detail && <span className="block font-normal text-ink-faint text-xs">{detail}</span>}
    </dd>
  </div>
);

function Changes({
  call,
}: {
  call: { state: string; progress: number; changed: string[]; regressions: string[]; fault: string | null };
}) {
  if (call.state === "running") return <Progress value={call.progress} label="Progress of the call" />;
  if (call.fault !== null) return <span className="text-ink-soft">Could not be run: {call.fault}</span>;
  if (call.state !== "done") return <span className="text-ink-faint">{call.state}</span>;
  if (call.changed.length === 0 && call.regressions.length === 0) return <Badge tone="good">the same</Badge>;
  return (
    <div className="flex flex-col gap-1">
      <span className="flex flex-wrap gap-1">
        {call.changed.map((change) => (
          <Badge key={change}>{words(change)}</Badge>
        ))}
      </span>
      {call.regressions.map((fault) => (
        <span key={fault} className="text-bad">
          {fault}
        </span>
      ))}
    </div>
  );
}
