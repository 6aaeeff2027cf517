import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Crosshair } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { maySteer, usePerson } from "../api/session.ts";
import { moment } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Select, TextArea } from "../ui/fields.tsx";
import { Tip } from "../ui/overlays.tsx";
import { Badge, Empty, Kbd, Spinner } from "../ui/surface.tsx";

interface Draft {
  met?: number | undefined;
  atMs?: number | undefined;
  note?: string | undefined;
}

const CHOICES = [
  ["Yes", 1],
  ["Partly", 0.5],
  ["No", 0],
] as const;

/** Scores of this call beside each other, and one's own. */
export function ScorePanel({
  callId,
  atMs,
  onSeek,
  focusAt,
}: {
  callId: string;
  atMs: () => number;
  onSeek: (ms: number) => void;
  /** Grows each time somebody asks for the first question by keyboard. */
  focusAt: number;
}) {
  const person = usePerson();
  const queries = useQueryClient();
  const cards = useQuery({ queryKey: ["scorecards"], queryFn: () => ask(api.GET("/api/scorecards")) });
  const scores = useQuery({
    queryKey: ["scores", callId],
    queryFn: () => ask(api.GET("/api/calls/{id}/scores", { params: { path: { id: callId } } })),
  });
  const [cardId, setCardId] = useState<string>();
  const [draft, setDraft] = useState<Record<string, Draft>>({});
  const [note, setNote] = useState("");
  const form = useRef<HTMLFormElement>(null);
  const ready = cards.data !== undefined && scores.data !== undefined;
  useEffect(() => {
    if (focusAt > 0 && ready) form.current?.querySelector<HTMLElement>("input[type=radio]")?.focus();
  }, [focusAt, ready]);
  const done = async () => {
    await queries.invalidateQueries({ queryKey: ["scores", callId] });
    await queries.invalidateQueries({ queryKey: ["calls"] });
  };
  const act = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onError: (error) => toast.error(error.message),
    onSuccess: done,
  });
  if (!cards.data || !scores.data) return <Spinner />;
  const card = cards.data.scorecards.find((each) => each.id === cardId) ?? cards.data.scorecards[0];
  if (!card) {
    return (
      <Empty title="No scorecard yet">
        {person.role === "admin" ? (
          <Link to="/scoring" className="font-medium text-agent-ink underline">
            Define one
          </Link>
        ) : (
          "An admin defines them under Scoring."
        )}
      </Empty>
    );
  }
  const path = { path: { id: callId } };
  const save = () =>
    act.mutate(async () => {
      const result = await ask(
        api.PUT("/api/calls/{id}/scores", {
          params: path,
          body: {
            scorecardId: card.id,
            scorecardVersion: card.version,
            answers: Object.entries(draft)
              .filter(([, each]) => each.met !== undefined)
              .map(([criterionId, each]) => ({
                criterionId,
                ...(each.met !== undefined && { met: each.met }),
                ...(each.atMs !== undefined && { atMs: Math.round(each.atMs) }),
              })),
            ...(note.trim() && { note: note.trim() }),
          },
        }),
      );
      toast.success(`Scored ${result.total}${result.failed ? ", failed" : ""}.`);
    });
  const change = (id: string, part: Draft) => setDraft((before) => ({ ...before, [id]: { ...before[id], ...part } }));

  return (
    <div className="max-h-[32rem] overflow-y-auto">
      {scores.data.scores.length > 0 && (
        <ul className="divide-y divide-line border-line border-b">
          {scores.data.scores.map((score) => (
            <li key={score.id} className="px-4 py-2.5">
              <div className="flex items-center gap-2">
                <span className="tabular font-semibold text-base">{score.total}</span>
                {score.failed && <Badge tone="bad">auto-fail</Badge>}
                <span className="truncate text-ink-soft">{score.scorer}</span>
                {score.disputeState && (
                  <Badge tone={score.disputeState === "open" ? "warn" : "neutral"}>dispute {score.disputeState}</Badge>
                )}
                <span className="ml-auto flex gap-2 text-xs">
                  {score.disputeState === "open" && maySteer(person)
                    ? (["upheld", "rejected"] as const).map((state) => (
                        <button
                          key={state}
                          type="button"
                          className="text-ink-soft underline"
                          onClick={() =>
                            act.mutate(() =>
                              ask(
                                api.POST("/api/scores/{id}/dispute", {
                                  params: { path: { id: score.id } },
                                  body: { text: score.dispute ?? "decided", state },
                                }),
                              ),
                            )
                          }
                        >
                          {state === "upheld" ? "Uphold" : "Reject"}
                        </button>
                      ))
                    : score.disputeState === null &&
                      score.scorerKind === "human" &&
                      score.scorer !== person.email && (
                        <button
                          type="button"
                          className="text-ink-faint hover:text-ink hover:underline"
                          onClick={() => {
                            const text = prompt("Why do you disagree?");
                            if (!text) return;
                            act.mutate(() =>
                              ask(
                                api.POST("/api/scores/{id}/dispute", {
                                  params: { path: { id: score.id } },
                                  body: { text, state: "open" },
                                }),
                              ),
                            );
                          }}
                        >
                          Dispute
                        </button>
                      )}
                </span>
              </div>
              {score.dispute && <p className="mt-0.5 text-ink-soft text-xs">“{score.dispute}”</p>}
              <ul className="mt-1 flex flex-wrap gap-1">
                {score.answers.map((answer) => (
                  <li key={answer.criterionId}>
                    <button
                      type="button"
                      disabled={answer.atMs === undefined}
                      onClick={() => answer.atMs !== undefined && onSeek(answer.atMs)}
                      title={answer.note}
                      className="disabled:cursor-default"
                    >
                      <Badge tone={answer.met === 1 ? "good" : answer.met === 0 ? "bad" : "warn"}>
                        {answer.criterionId}
                        {answer.atMs !== undefined && ` ${moment(answer.atMs)}`}
                      </Badge>
                    </button>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
      <form
        ref={form}
        className="flex flex-col gap-3 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) event.currentTarget.requestSubmit();
          // Back to the timeline: its keys work again.
          if (event.key === "Escape") (document.activeElement as HTMLElement | null)?.blur();
        }}
      >
        <div className="flex items-center gap-2">
          <Select
            aria-label="Scorecard"
            className="min-w-0 flex-1"
            value={card.id}
            onChange={(event) => {
              setCardId(event.target.value);
              setDraft({});
            }}
          >
            {cards.data.scorecards.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </Select>
          {card.document.criteria.some((criterion) => criterion.auto) && (
            <Button
              onClick={() =>
                act.mutate(() =>
                  ask(api.POST("/api/calls/{id}/scores/auto", { params: path, body: { scorecardId: card.id } })),
                )
              }
            >
              By rule
            </Button>
          )}
        </div>
        {card.document.criteria.map((criterion) => {
          const each = draft[criterion.id] ?? {};
          return (
            <fieldset key={criterion.id} className="flex flex-col gap-1.5">
              <legend className="mb-1 font-medium">
                {criterion.question}{" "}
                <span className="font-normal text-ink-faint text-xs">
                  ×{criterion.weight}
                  {criterion.autoFail && ", fails the call"}
                  {!criterion.required && ", optional"}
                </span>
              </legend>
              <div className="flex items-center gap-1">
                {CHOICES.map(([label, value]) => (
                  <label
                    key={label}
                    className={cn(
                      "flex h-7 cursor-pointer items-center rounded-md border border-line-strong/70 px-2.5 text-xs has-focus-visible:outline-2 has-focus-visible:outline-accent",
                      each.met === value && "border-accent bg-accent-soft font-medium text-agent-ink",
                    )}
                  >
                    <input
                      type="radio"
                      name={criterion.id}
                      className="sr-only"
                      checked={each.met === value}
                      onChange={() => change(criterion.id, { met: value })}
                    />
                    {label}
                  </label>
                ))}
                <Tip
                  text={
                    each.atMs === undefined
                      ? "The moment that shows it: here"
                      : "Go to the moment; press again at another one to move it"
                  }
                >
                  <Button
                    kind="ghost"
                    size="sm"
                    aria-label={`The moment that shows it: ${criterion.question}`}
                    className={cn("tabular", each.atMs !== undefined && "text-agent-ink")}
                    onClick={() => change(criterion.id, { atMs: atMs() })}
                  >
                    <Crosshair /> {each.atMs === undefined ? "" : moment(each.atMs)}
                  </Button>
                </Tip>
              </div>
            </fieldset>
          );
        })}
        <TextArea
          aria-label="Note"
          placeholder="A note for whoever reads this score"
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <Button type="submit" kind="primary" disabled={act.isPending}>
          Save my score <Kbd>⌘↵</Kbd>
        </Button>
      </form>
    </div>
  );
}
