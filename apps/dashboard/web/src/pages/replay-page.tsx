import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { mayListen, usePerson } from "../api/session.ts";
import { phoneNumber, when, words } from "../format.ts";
import { Desk } from "../replay/desk.tsx";
import { neighboursOf } from "../replay/neighbours.ts";
import {
  type CallComment,
  callQuery,
  columnsQuery,
  commentsQuery,
  filesOf,
  replayQuery,
} from "../replay/replay-data.ts";
import { Button } from "../ui/button.tsx";
import { Tip } from "../ui/overlays.tsx";
import { Badge, Fault, Kbd, PageHead, Spinner } from "../ui/surface.tsx";
import { outcomeTone } from "./calls-page.tsx";

/** A past call on one timeline. */
export function ReplayPage() {
  const { callId } = useParams({ from: "/shell/calls/$callId" });
  const navigate = useNavigate();
  const person = usePerson();
  const call = useQuery(callQuery(callId));
  const source = { callId };
  const replay = useQuery(replayQuery(source));
  const columns = useQuery(columnsQuery(source));
  const comments = useQuery({ ...commentsQuery(callId), enabled: mayListen(person) });
  const neighbours = useMemo(() => neighboursOf(callId), [callId]);
  const meta = call.data;
  const fault = call.error ?? replay.error ?? columns.error;
  const toNeighbour = (which: "before" | "after") => {
    const to = neighbours[which];
    if (to) void navigate({ to: "/calls/$callId", params: { callId: to } });
    else toast(which === "after" ? "That was the last call of the list." : "This is the first call of the list.");
  };
  return (
    <>
      <PageHead
        title={
          <span className="flex items-center gap-2">
            <Link
              to="/calls"
              aria-label="Back to all calls"
              className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
            >
              <ChevronLeft className="size-4" />
            </Link>
            <span className="tabular">{meta ? phoneNumber(meta.from) : "Call"}</span>
          </span>
        }
        meta={
          meta && (
            <>
              <span className="tabular">{when(meta.startedAt)}</span>
              {meta.outcome && <Badge tone={outcomeTone(meta.outcome)}>{words(meta.outcome)}</Badge>}
              <Verified callId={callId} verified={meta.verified} detail={meta.verifiedDetail} />
            </>
          )
        }
      >
        {(neighbours.before ?? neighbours.after) && (
          <div className="flex items-center gap-1 max-sm:hidden">
            {(
              [
                ["before", "Previous call", "P", ChevronLeft],
                ["after", "Next call", "N", ChevronRight],
              ] as const
            ).map(([which, label, key, Icon]) => (
              <Tip
                key={which}
                text={
                  <span className="flex items-center gap-2">
                    {label} <Kbd>{key}</Kbd>
                  </span>
                }
              >
                <Button
                  kind="ghost"
                  size="icon"
                  aria-label={label}
                  disabled={!neighbours[which]}
                  onClick={() => toNeighbour(which)}
                >
                  <Icon />
                </Button>
              </Tip>
            ))}
          </div>
        )}
      </PageHead>
      {fault ? (
        <Fault error={fault} retry={() => void Promise.all([call.refetch(), replay.refetch(), columns.refetch()])} />
      ) : replay.data && columns.data && meta ? (
        <Desk
          key={callId}
          files={filesOf(source)}
          replay={replay.data}
          columns={columns.data}
          comments={comments.data?.comments ?? NO_COMMENTS}
          call={meta}
          mayHear={mayListen(person)}
          onNeighbour={toNeighbour}
        />
      ) : (
        <Spinner label="Opening the tape" />
      )}
    </>
  );
}

const NO_COMMENTS: CallComment[] = [];

function Verified({ callId, verified, detail }: { callId: string; verified: string | null; detail: string | null }) {
  const person = usePerson();
  const queries = useQueryClient();
  const verify = useMutation({
    mutationFn: () => ask(api.POST("/api/calls/{id}/verify", { params: { path: { id: callId } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["call", callId] }),
    onError: (error) => toast.error(error.message),
  });
  if (verified !== null) {
    const [label, tone] =
      verified === "exact"
        ? (["Replay verified bit-exact", "good"] as const)
        : verified === "differs"
          ? (["Replay differs", "bad"] as const)
          : (["Cannot be verified", "warn"] as const);
    return (
      <Tip text={detail ?? label}>
        <button type="button">
          <Badge tone={tone}>{label}</Badge>
        </button>
      </Tip>
    );
  }
  if (!mayListen(person)) return null;
  return (
    <Button size="sm" kind="ghost" disabled={verify.isPending} onClick={() => verify.mutate()}>
      {verify.isPending ? "Stepping the tape again…" : "Verify the replay"}
    </Button>
  );
}
