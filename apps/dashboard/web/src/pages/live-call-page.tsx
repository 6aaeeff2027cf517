import { useMutation } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft, Ear, EarOff, Hand, PhoneForwarded, PhoneOff, Send, Undo2 } from "lucide-react";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { mayListen, maySteer, usePerson } from "../api/session.ts";
import { clock, phoneNumber, words } from "../format.ts";
import { CallFigures, CallStory } from "../live/call-story.tsx";
import { Listener } from "../live/listener.ts";
import { useLiveCall } from "../live/live-socket.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, TextArea } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, Empty, Kbd, PageHead, Spinner } from "../ui/surface.tsx";
import { Floor, signalsOf } from "./live-page.tsx";

/** One live call: seeing it, hearing it, steering it. */
export function LiveCallPage() {
  const { callId } = useParams({ from: "/shell/live/$callId" });
  const person = usePerson();
  const watched = useLiveCall(callId);
  const call = watched?.call;
  const summary = call?.summary;
  if (!watched) return <Spinner label="Joining the call" />;
  if (!summary) {
    return (
      <>
        <Head />
        <Empty title="This call is not live any more">
          <Link to="/calls/$callId" params={{ callId }} className="font-medium text-agent-ink underline">
            Open its replay
          </Link>
        </Empty>
      </>
    );
  }
  return (
    <>
      <Head
        title={<span className="tabular">{phoneNumber(summary.from)}</span>}
        meta={
          <>
            {watched.live ? <Floor call={summary} /> : <Badge>Ended</Badge>}
            {summary.takenOverBy && <Badge tone="accent">Taken over by {summary.takenOverBy}</Badge>}
            {signalsOf(summary).map((signal) => (
              <Badge key={signal} tone="warn">
                {signal}
              </Badge>
            ))}
          </>
        }
      />
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-ink-soft">
          <span className="tabular font-semibold text-ink">{clock(summary.atMs)}</span>
          <span>
            {words(summary.playbookId)} v{summary.playbookVersion}
          </span>
          <span>
            Wants <b className="font-medium text-ink">{summary.want ? words(summary.want) : "not known yet"}</b>
          </span>
          <span>
            Waits for <b className="font-medium text-ink">{words(summary.expecting)}</b>
          </span>
          <span className="text-ink-faint">on {summary.podId}</span>
        </p>
        {watched.live ? (
          (mayListen(person) || maySteer(person)) && <Steering callId={callId} summary={summary} />
        ) : (
          <Card className="flex items-center gap-3 p-4">
            The call has ended.
            <Button asChild size="sm" kind="primary">
              <Link to="/calls/$callId" params={{ callId }}>
                Open its replay
              </Link>
            </Button>
          </Card>
        )}
        <CallFigures call={call} />
        <CallStory call={call} empty="Nobody has spoken yet." />
      </div>
    </>
  );
}

const Head = ({ title = "Live call", meta }: { title?: React.ReactNode; meta?: React.ReactNode }) => (
  <PageHead
    title={
      <span className="flex items-center gap-2">
        <Link
          to="/live"
          aria-label="Back to all live calls"
          className="-ml-1.5 rounded p-1 text-ink-faint hover:bg-hover"
        >
          <ChevronLeft className="size-4" />
        </Link>
        {title}
      </span>
    }
    meta={meta}
  />
);

function Steering({ callId, summary }: { callId: string; summary: { takenOverBy: string | undefined } }) {
  const person = usePerson();
  const listener = useRef<Listener>(undefined);
  const [listening, setListening] = useState(false);
  const [asking, setAsking] = useState<"transfer" | "end" | "hand-back">();
  const [whisper, setWhisper] = useState("");
  const mine = summary.takenOverBy === person.email;
  const path = { params: { path: { id: callId } } };

  useEffect(() => () => listener.current?.close(), []);
  // The microphone opens when the bridge says that the call is ours, and closes when it is not.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only whose call it is decides
  useEffect(() => {
    if (!mine) {
      listener.current?.stopSpeaking();
      return;
    }
    listen();
    listener.current
      ?.speak()
      .catch((error: Error) => toast.error(`The microphone could not be opened: ${error.message}`));
  }, [mine]);

  function listen(): void {
    if (listener.current) return;
    setListening(true);
    listener.current = new Listener(callId, (reason) => {
      listener.current = undefined;
      setListening(false);
      if (reason) toast(reason);
    });
  }

  const act = useMutation({
    mutationFn: async (run: () => Promise<unknown>) => run(),
    onError: (error) => toast.error(error.message),
  });
  const steer = maySteer(person);
  const sendWhisper = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = whisper.trim();
    if (!text) return;
    act.mutate(async () => {
      await ask(api.POST("/api/live/{id}/whisper", { ...path, body: { text } }));
      setWhisper("");
      toast.success("The agent has it.");
    });
  };
  return (
    <Card className="flex flex-col gap-3 p-3.5">
      <div className="flex flex-wrap items-center gap-2">
        <Button
          aria-pressed={listening}
          onClick={() => {
            if (listening) {
              listener.current?.close();
              listener.current = undefined;
              setListening(false);
            } else listen();
          }}
        >
          {listening ? <EarOff /> : <Ear />} {listening ? "Stop listening" : "Listen"}
        </Button>
        {steer && (
          <>
            {summary.takenOverBy ? (
              <Button kind="primary" onClick={() => setAsking("hand-back")}>
                <Undo2 /> Hand back
              </Button>
            ) : (
              <Button
                onClick={() => act.mutate(() => ask(api.POST("/api/live/{id}/take-over", { ...path, body: {} })))}
              >
                <Hand /> Take over
              </Button>
            )}
            <Button onClick={() => setAsking("transfer")}>
              <PhoneForwarded /> Transfer
            </Button>
            <Button onClick={() => setAsking("end")} className="ml-auto text-bad">
              <PhoneOff /> End
            </Button>
          </>
        )}
      </div>
      {mine && (
        <p role="status" className="rounded-md bg-agent-soft px-3 py-2 text-agent-ink">
          You are the agent's voice now. The agent listens and keeps up; hand back when you are done.
        </p>
      )}
      {steer && (
        <form onSubmit={sendWhisper} className="flex items-center gap-2">
          <Input
            aria-label="Whisper to the agent"
            placeholder="Only the agent hears it"
            value={whisper}
            maxLength={2000}
            onChange={(event) => setWhisper(event.target.value)}
          />
          <Button type="submit" disabled={!whisper.trim() || act.isPending}>
            <Send /> Whisper <Kbd>↵</Kbd>
          </Button>
        </form>
      )}
      <Dialog
        open={asking !== undefined}
        onOpenChange={(open) => !open && setAsking(undefined)}
        title={
          asking === "transfer" ? "Transfer the caller" : asking === "end" ? "End this call?" : "Hand back to the agent"
        }
      >
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            const given = String(new FormData(event.currentTarget).get("text") ?? "").trim();
            act.mutate(async () => {
              if (asking === "transfer")
                await ask(api.POST("/api/live/{id}/transfer", { ...path, body: { target: given } }));
              else if (asking === "end") await ask(api.POST("/api/live/{id}/end", { ...path, body: {} }));
              else await ask(api.POST("/api/live/{id}/hand-back", { ...path, body: given ? { note: given } : {} }));
              setAsking(undefined);
            });
          }}
        >
          {asking === "transfer" && (
            <Field label="Where to" hint="A number such as +441632960000, or a queue that the playbook names.">
              {(ids) => <Input {...ids} name="text" required autoFocus />}
            </Field>
          )}
          {asking === "hand-back" && (
            <Field label="A note for the agent" hint="What you agreed on with the caller. The caller does not hear it.">
              {(ids) => <TextArea {...ids} name="text" autoFocus />}
            </Field>
          )}
          {asking === "end" && (
            <p className="text-ink-soft">The caller is cut off at once. It goes into the audit log.</p>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={() => setAsking(undefined)}>Cancel</Button>
            <Button type="submit" kind={asking === "end" ? "danger" : "primary"} disabled={act.isPending}>
              {asking === "transfer" ? "Transfer" : asking === "end" ? "End the call" : "Hand back"}
            </Button>
          </div>
        </form>
      </Dialog>
    </Card>
  );
}
