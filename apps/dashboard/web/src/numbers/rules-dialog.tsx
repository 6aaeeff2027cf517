import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { ApiFault, api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input, Select, TextArea } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";

export type Rule = Omit<
  paths["/api/numbers/routes"]["get"]["responses"]["200"]["content"]["application/json"]["numbers"][number]["rules"][number],
  "reads" | "holdsNow"
>;
type Given = Omit<Rule, "id"> & { id?: string };
type Edited = Given & { key: number };

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const DAY_NAMES = { mon: "Mo", tue: "Tu", wed: "We", thu: "Th", fri: "Fr", sat: "Sa", sun: "Su" } as const;
const ZONES = Intl.supportedValuesOf("timeZone");

const clockOf = (minute: number): string =>
  minute === 1440
    ? "24:00"
    : `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const minuteOf = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
};

/** A number's rules, in the order in which they are tried. */
export function RulesDialog({
  number,
  title,
  rules: given,
  onClose,
  onSaved,
}: {
  number: string;
  title: string;
  rules: readonly Rule[];
  onClose: () => void;
  onSaved: () => void;
}) {
  const playbooks = useQuery({ queryKey: ["playbooks"], queryFn: () => ask(api.GET("/api/playbooks")) });
  const keys = useRef(0);
  const [rules, setRules] = useState<Edited[]>(() => given.map(({ ...rule }) => ({ ...rule, key: keys.current++ })));
  const [needsReason, setNeedsReason] = useState<string>();
  const [reason, setReason] = useState("");
  const fresh = (): Edited => ({
    key: keys.current++,
    label: null,
    playbookId: playbooks.data?.playbooks.find((each) => each.published !== null)?.id ?? "",
    version: null,
    sharePercent: 100,
    days: [...DAYS],
    fromMinute: 0,
    toMinute: 1440,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const change = (key: number, more: Partial<Edited>) =>
    setRules(rules.map((rule) => (rule.key === key ? { ...rule, ...more } : rule)));
  const move = (index: number, by: number) => {
    const next = [...rules];
    const [rule] = next.splice(index, 1);
    if (rule) next.splice(index + by, 0, rule);
    setRules(next);
  };
  const plain = (): Given[] =>
    rules.map((rule) => ({
      ...(rule.id !== undefined && { id: rule.id }),
      label: rule.label,
      playbookId: rule.playbookId,
      version: rule.version,
      sharePercent: rule.sharePercent,
      days: rule.days,
      fromMinute: rule.fromMinute,
      toMinute: rule.toMinute,
      timeZone: rule.timeZone,
    }));
  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PUT("/api/numbers/routes", {
          body: { number, rules: plain(), ...(needsReason !== undefined && { override: { reason } }) },
        }),
      ),
    onSuccess: () => {
      toast.success("The next call follows these rules.");
      onSaved();
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiFault && error.code === "CONFLICT") setNeedsReason(error.message);
      else toast.error(error.message);
    },
  });
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description="The first rule that holds and whose share covers the caller answers. Shares add up; a caller keeps their side of them. Nobody's rule: the default playbook."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {/* One list for all rules: there are hundreds of zones. */}
        <datalist id="time-zones">
          {["UTC", ...ZONES].map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <ol className="flex flex-col gap-3">
          {rules.map((rule, index) => (
            <RuleRow
              key={rule.key}
              rule={rule}
              index={index}
              last={index === rules.length - 1}
              playbooks={playbooks.data?.playbooks ?? []}
              onChange={(more) => change(rule.key, more)}
              onMove={(by) => move(index, by)}
              onRemove={() => setRules(rules.filter((each) => each.key !== rule.key))}
            />
          ))}
        </ol>
        {rules.length === 0 && <p className="text-ink-soft">No rules: the default playbook answers.</p>}
        <Button className="self-start" onClick={() => setRules([...rules, fresh()])}>
          <Plus /> Add a rule
        </Button>
        {rules.length > 0 && <Preview number={number} rules={plain()} />}
        {needsReason !== undefined && (
          <div role="alert" className="flex flex-col gap-2 rounded-lg border border-warn/50 bg-warn-soft p-3">
            <p>{needsReason}</p>
            <Field label="Let callers meet it all the same, because" hint="Goes into the audit log with your name.">
              {(ids) => (
                <TextArea
                  {...ids}
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                  required
                  minLength={10}
                />
              )}
            </Field>
          </div>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={save.isPending}>
            {needsReason === undefined ? "Save" : "Override and save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function RuleRow({
  rule,
  index,
  last,
  playbooks,
  onChange,
  onMove,
  onRemove,
}: {
  rule: Edited;
  index: number;
  last: boolean;
  playbooks: readonly { id: string; name: string; newest: number; published: number | null }[];
  onChange: (more: Partial<Edited>) => void;
  onMove: (by: number) => void;
  onRemove: () => void;
}) {
  const name = `Rule ${index + 1}`;
  const playbook = playbooks.find((each) => each.id === rule.playbookId);
  return (
    <li className="rounded-lg border border-line bg-bg p-3">
      <div className="mb-2 flex items-center gap-1">
        <span className="font-semibold">{name}</span>
        <span className="ml-auto" />
        <Button
          kind="ghost"
          size="icon"
          aria-label={`Move ${name} up`}
          disabled={index === 0}
          onClick={() => onMove(-1)}
        >
          <ArrowUp />
        </Button>
        <Button kind="ghost" size="icon" aria-label={`Move ${name} down`} disabled={last} onClick={() => onMove(1)}>
          <ArrowDown />
        </Button>
        <Button kind="ghost" size="icon" aria-label={`Remove ${name}`} onClick={onRemove}>
          <Trash2 />
        </Button>
      </div>
      <div className="grid gap-x-3 gap-y-2 sm:grid-cols-6">
        <div className="sm:col-span-3">
          <Field label="Playbook">
            {(ids) => (
              <Select
                {...ids}
                className="w-full"
                required
                value={rule.playbookId}
                onChange={(event) => onChange({ playbookId: event.target.value, version: null })}
              >
                {playbooks.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <div className="sm:col-span-2">
          <Field label="Version">
            {(ids) => (
              <Select
                {...ids}
                className="w-full"
                value={String(rule.version ?? "")}
                onChange={(event) => onChange({ version: Number(event.target.value) || null })}
              >
                <option value="">Whatever is published</option>
                {Array.from({ length: playbook?.newest ?? 0 }, (_, i) => (playbook?.newest ?? 0) - i).map((version) => (
                  <option key={version} value={version}>
                    Version {version}
                    {version === playbook?.published ? ", published now" : ""}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Field label="Callers, %">
          {(ids) => (
            <Input
              {...ids}
              type="number"
              required
              min={1}
              max={100}
              value={rule.sharePercent}
              onChange={(event) => onChange({ sharePercent: Number(event.target.value) })}
            />
          )}
        </Field>
        <fieldset className="sm:col-span-3">
          <legend className="mb-1 font-medium text-ink-soft">Days</legend>
          <div className="grid grid-cols-7 gap-1">
            {DAYS.map((day) => {
              const on = rule.days.includes(day);
              return (
                <button
                  key={day}
                  type="button"
                  aria-pressed={on}
                  aria-label={`${name}: ${day}`}
                  onClick={() =>
                    onChange({ days: DAYS.filter((each) => (each === day ? !on : rule.days.includes(each))) })
                  }
                  className={cn(
                    "h-8 rounded-md border font-medium text-xs",
                    on
                      ? "border-accent bg-accent-soft text-agent-ink"
                      : "border-line-strong/70 text-ink-soft hover:bg-hover",
                  )}
                >
                  {DAY_NAMES[day]}
                </button>
              );
            })}
          </div>
        </fieldset>
        <Field label="From">
          {(ids) => (
            <Input
              {...ids}
              type="time"
              required
              value={clockOf(rule.fromMinute)}
              onChange={(event) => onChange({ fromMinute: minuteOf(event.target.value) })}
            />
          )}
        </Field>
        <Field label="Until">
          {(ids) => (
            <Input
              {...ids}
              type="time"
              required
              // Midnight at the end of a day is the same mark on the clock as at its beginning.
              value={clockOf(rule.toMinute % 1440)}
              onChange={(event) => onChange({ toMinute: minuteOf(event.target.value) || 1440 })}
            />
          )}
        </Field>
        <Field label="Time zone">
          {(ids) => (
            <Input
              {...ids}
              list="time-zones"
              required
              value={rule.timeZone}
              onChange={(event) => onChange({ timeZone: event.target.value })}
            />
          )}
        </Field>
        <div className="sm:col-span-6">
          <Field label="Name, as calls will show it">
            {(ids) => (
              <Input
                {...ids}
                maxLength={120}
                placeholder="Such as: Nights, or Trial of version 3"
                value={rule.label ?? ""}
                onChange={(event) => onChange({ label: event.target.value || null })}
              />
            )}
          </Field>
        </div>
      </div>
    </li>
  );
}

/** Asks the server who would answer: the same choice that a bridge makes. */
function Preview({ number, rules }: { number: string; rules: Given[] }) {
  const [caller, setCaller] = useState("");
  const [at, setAt] = useState("");
  const tried = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/numbers/preview", {
          body: {
            number,
            rules,
            caller: caller.replaceAll(/[ ()-]/g, ""),
            ...(at && { at: new Date(at).toISOString() }),
          },
        }),
      ),
    onError: (error) => toast.error(error.message),
  });
  return (
    <fieldset className="rounded-lg border border-line p-3">
      <legend className="px-1 font-medium text-ink-soft">Who would answer?</legend>
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-40 flex-1">
          <Field label="Caller">
            {(ids) => (
              <Input
                {...ids}
                type="tel"
                placeholder="+44 7700 900123"
                value={caller}
                onChange={(event) => setCaller(event.target.value)}
              />
            )}
          </Field>
        </div>
        <div className="min-w-40 flex-1">
          <Field label="When, on your clock">
            {(ids) => (
              <Input {...ids} type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} />
            )}
          </Field>
        </div>
        <Button onClick={() => tried.mutate()} disabled={tried.isPending}>
          Look
        </Button>
      </div>
      <p role="status" className="mt-2 min-h-5 text-ink-soft">
        {tried.data &&
          `${tried.data.rule === null ? "" : `Rule ${tried.data.rule + 1}: `}${tried.data.reads} The caller stands at ${tried.data.percentile.toFixed(1)} of 100.`}
      </p>
    </fieldset>
  );
}
