import { CircleCheck, CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { span, words } from "../format.ts";

/** What a lookup that was tried came back with. */
export function Found({
  finding,
  children,
}: {
  finding: {
    outcome: string;
    tookMs: number;
    output?: unknown;
    error: { code: string; message: string } | null;
  };
  children?: ReactNode;
}) {
  const good = finding.outcome === "found";
  return (
    <div className="flex flex-col gap-3 p-4">
      <p className="flex items-center gap-2">
        {good ? (
          <CircleCheck className="size-4 text-good" aria-hidden />
        ) : (
          <CircleX className="size-4 text-bad" aria-hidden />
        )}
        <span className="font-medium">{words(finding.outcome)}</span>
        <span className="tabular text-ink-faint">in {span(finding.tookMs)}</span>
      </p>
      {finding.error && (
        <p className="text-bad">
          {finding.error.code}: {finding.error.message}
        </p>
      )}
      {children ?? (
        <pre className="max-h-[28rem] overflow-auto rounded-md bg-sunken p-3 text-xs leading-relaxed">
          {JSON.stringify(finding.output, null, 2)}
        </pre>
      )}
    </div>
  );
}
