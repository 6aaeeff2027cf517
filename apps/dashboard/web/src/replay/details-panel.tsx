import { phoneNumber, span, words } from "../format.ts";
import type { PastCall, Replay } from "./replay-data.ts";

/** What ran this call, which rule sent it there, and its figures. */
export function DetailsPanel({ replay, call }: { replay: Replay; call: PastCall | undefined }) {
  const figures = (of: PastCall): [string, string][] => [
    ["Slowest response", span(of.responseMaxMs)],
    ["Slowest stop", span(of.stopMaxMs)],
    ["Longest silence", span(of.longestSilenceMs)],
    ["Gave way", String(of.yields)],
    ["Cut-ins", String(of.cutIns)],
  ];
  const rows: [string, string][] = [
    ["Playbook", `${words(replay.playbookId)} v${replay.playbookVersion}`],
    ...(call ? ([["Chosen by", call.route ?? "No rule: the default playbook"]] as [string, string][]) : []),
    ["Called", phoneNumber(replay.to)],
    ["Ended", replay.endReason ? words(replay.endReason) : "The tape has no end: the bridge was cut short"],
    ...(call ? figures(call) : []),
    ["Model", replay.model],
    ["Weights", replay.modelHash.slice(0, 12)],
    ["Bridge", replay.bridgeId],
    ["Software", replay.softwareVersion],
    ["Call id", replay.callId],
  ];
  if (replay.damagedBytes > 0) rows.push(["Damage", `${replay.damagedBytes} bytes of the tape cannot be read`]);
  return (
    <dl className="divide-y divide-line">
      {rows.map(([label, value]) => (
        <div key={label} className="flex justify-between gap-4 px-4 py-1.5">
          <dt className="shrink-0 text-ink-faint">{label}</dt>
          <dd className="tabular min-w-0 text-right [overflow-wrap:anywhere]">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
