import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AudioWaveform, Grid3x3, Mic, MicOff, Phone, PhoneOff } from "lucide-react";
import { Popover } from "radix-ui";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, ask } from "../api/client.ts";
import { clock } from "../format.ts";
import { CallFigures, CallStory } from "../live/call-story.tsx";
import { useLiveCall } from "../live/live-socket.ts";
import { BrowserCall, type CallState } from "../phone/browser-call.ts";
import { CallScope, createScope, SCOPE_FRAMES } from "../phone/call-scope.tsx";
import { SAMPLE_CALLERS, type SampleCaller } from "../phone/samples.ts";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/fields.tsx";
import { Badge, Card, PageHead } from "../ui/surface.tsx";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** A phone in the browser: the first thing a newcomer meets. */
export function PhonePage() {
  const [state, setState] = useState<CallState>("idle");
  const [reason, setReason] = useState<string>();
  const [callId, setCallId] = useState<string>();
  const [sample, setSample] = useState<SampleCaller>();
  const [playbookId, setPlaybookId] = useState(() => new URLSearchParams(location.search).get("playbook") ?? "");
  const [muted, setMuted] = useState(false);
  const call = useRef<BrowserCall>(undefined);
  const scope = useRef(createScope());
  const floor = useRef({ caller: 0, agent: 0 });
  const playbooks = useQuery({ queryKey: ["playbooks"], queryFn: () => ask(api.GET("/api/playbooks")) });

  const onEvent = useCallback((event: { type: string; caller?: boolean; agent?: boolean }) => {
    if (event.type === "floor") floor.current = { caller: Number(event.caller), agent: Number(event.agent) };
  }, []);
  const watched = useLiveCall(callId, onEvent as never);

  useEffect(() => () => call.current?.hangUp("You left the page."), []);

  const place = async (as?: SampleCaller) => {
    scope.current = createScope();
    floor.current = { caller: 0, agent: 0 };
    setSample(as);
    setReason(undefined);
    setCallId(undefined);
    setMuted(false);
    const made = new BrowserCall({
      onState: (next, why) => {
        setState(next);
        if (why) setReason(why);
        if (made.callId) setCallId(made.callId);
      },
      onPeak: (who, peak) => {
        const to = scope.current;
        // The agent's worklet reports on the same 20 ms beat; the caller's frame moves the picture on.
        to[who][to.at % SCOPE_FRAMES] = peak;
        if (who !== "caller") return;
        to.callerTalks[to.at % SCOPE_FRAMES] = floor.current.caller;
        to.agentTalks[to.at % SCOPE_FRAMES] = floor.current.agent;
        to.at++;
        to.agent[to.at % SCOPE_FRAMES] = 0;
      },
    });
    call.current = made;
    const chosen = as?.playbookId ?? playbookId;
    await made.start({ ...(chosen && { playbookId: chosen }), ...(as && { sample: as }) });
  };

  const busy = state === "connecting" || state === "talking";
  return (
    <>
      <PageHead
        title="Phone"
        meta={busy && <Badge tone="good">{state === "talking" ? "On the line" : "Ringing"}</Badge>}
      />
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-4 p-4 sm:p-6">
        <Card className="overflow-hidden">
          <div className="flex flex-wrap items-center gap-3 p-4 sm:p-5">
            {busy ? (
              <>
                <Timer running={state === "talking"} />
                <span className="text-ink-soft">
                  {state === "connecting"
                    ? "Connecting…"
                    : sample
                      ? `Sample caller: ${sample.name}`
                      : "You are the caller"}
                </span>
                <div className="ml-auto flex items-center gap-2">
                  {!sample && (
                    <Button
                      aria-pressed={muted}
                      onClick={() => {
                        call.current?.mute(!muted);
                        setMuted(!muted);
                      }}
                    >
                      {muted ? <MicOff /> : <Mic />} {muted ? "Muted" : "Mute"}
                    </Button>
                  )}
                  <Keypad onPress={(digit) => call.current?.press(digit)} />
                  <Button kind="danger" onClick={() => call.current?.hangUp()}>
                    <PhoneOff /> Hang up
                  </Button>
                </div>
              </>
            ) : (
              <>
                <div className="min-w-60 flex-1">
                  <p className="font-semibold text-base">Talk to your agent</p>
                  <p className="text-ink-soft">
                    {reason ??
                      "Press call, allow the microphone, and speak as a caller would. Headphones help, but need not be."}
                    {state === "ended" && callId && (
                      <>
                        {" "}
                        <Link to="/calls/$callId" params={{ callId }} className="font-medium text-agent-ink underline">
                          Replay it
                        </Link>
                      </>
                    )}
                  </p>
                </div>
                <Select
                  aria-label="Playbook"
                  value={playbookId}
                  onChange={(event) => setPlaybookId(event.target.value)}
                  className="w-full sm:w-56"
                >
                  <option value="">The default playbook</option>
                  {playbooks.data?.playbooks
                    .filter((playbook) => playbook.published !== null)
                    .map((playbook) => (
                      <option key={playbook.id} value={playbook.id}>
                        {playbook.name}
                      </option>
                    ))}
                </Select>
                <Button kind="primary" size="lg" onClick={() => void place()} className="max-sm:w-full">
                  <Phone /> Call
                </Button>
              </>
            )}
          </div>
          <div className="border-line border-t bg-sunken px-4 py-2.5">
            <div aria-hidden className="mb-1 flex gap-3 text-2xs">
              <Legend className="bg-caller">Caller</Legend>
              <Legend className="bg-agent">Agent</Legend>
            </div>
            <CallScope
              scope={scope.current}
              running={busy}
              label="Waveforms of caller and agent, and who has the floor"
            />
          </div>
        </Card>
        {state === "idle" || (state === "ended" && !watched?.call) ? (
          <section aria-label="Sample callers">
            <h2 className="mb-2 font-semibold">Or let somebody else call</h2>
            <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
              {SAMPLE_CALLERS.map((caller) => (
                <button
                  key={caller.id}
                  type="button"
                  onClick={() => void place(caller)}
                  className="flex flex-col items-start gap-1 rounded-lg border border-line bg-panel p-4 text-left transition-colors hover:border-line-strong hover:bg-hover"
                >
                  <AudioWaveform className="mb-1 size-4 text-caller" aria-hidden />
                  <span className="font-medium">{caller.name}</span>
                  <span className="text-ink-soft text-xs leading-relaxed">{caller.about}</span>
                </button>
              ))}
            </div>
          </section>
        ) : (
          <>
            <CallFigures call={watched?.call} />
            <CallStory call={watched?.call} empty="Words appear as they are heard." />
            {state === "ended" && (
              <div>
                <Button onClick={() => setState("idle")}>Another call</Button>
              </div>
            )}
          </>
        )}
      </div>
    </>
  );
}

const Legend = ({ className, children }: { className: string; children: string }) => (
  <span className="flex items-center gap-1.5 text-ink-faint">
    <span className={`size-2 rounded-full ${className}`} /> {children}
  </span>
);

function Timer({ running }: { running: boolean }) {
  const [startedAt] = useState(() => performance.now());
  const [now, setNow] = useState(startedAt);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(performance.now()), 250);
    return () => clearInterval(timer);
  }, [running]);
  return <span className="tabular font-semibold text-2xl tracking-tight">{clock(now - startedAt)}</span>;
}

function Keypad({ onPress }: { onPress: (digit: string) => void }) {
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button>
          <Grid3x3 /> Keypad
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={6}
          align="end"
          onKeyDown={(event) => {
            if (KEYS.includes(event.key)) onPress(event.key);
          }}
          className="z-50 grid grid-cols-3 gap-1.5 rounded-lg border border-line bg-raised p-2.5 shadow-pop"
        >
          {KEYS.map((key) => (
            <button
              key={key}
              type="button"
              onClick={() => onPress(key)}
              className="size-11 rounded-md bg-hover font-medium text-base hover:bg-line"
            >
              {key}
            </button>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
