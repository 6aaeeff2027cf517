import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { Desk } from "../replay/desk.tsx";
import { columnsQuery, filesOf, replayQuery } from "../replay/replay-data.ts";
import { Badge, Fault, PageHead, Spinner } from "../ui/surface.tsx";

const NO_COMMENTS: never[] = [];

/** A call as it would have been, on the same timeline as the call itself. */
export function RerunReplayPage() {
  const { rerunId, callId } = useParams({ from: "/shell/reruns/$rerunId/$callId/replay" });
  const source = { callId, rerunId };
  const replay = useQuery(replayQuery(source));
  const columns = useQuery(columnsQuery(source));
  const fault = replay.error ?? columns.error;
  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/reruns/$rerunId/$callId"
              params={{ rerunId, callId }}
              aria-label="Back to the comparison"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            <span className="font-mono text-sm">{callId.slice(0, 12)}</span>
          </span>
        }
        meta={<Badge tone="accent">as it would have been</Badge>}
      />
      {fault ? (
        <Fault error={fault} retry={() => void Promise.all([replay.refetch(), columns.refetch()])} />
      ) : replay.data && columns.data ? (
        <Desk
          key={callId}
          files={filesOf(source)}
          replay={replay.data}
          columns={columns.data}
          comments={NO_COMMENTS}
          call={undefined}
          mayHear
        />
      ) : (
        <Spinner label="Opening the tape" />
      )}
    </>
  );
}
