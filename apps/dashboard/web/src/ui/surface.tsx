import { Loader2 } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { ApiFault } from "../api/client.ts";
import { cn } from "./class-names.ts";

export const Card = ({ className, ...props }: ComponentProps<"section">) => (
  <section className={cn("rounded-lg border border-line bg-panel", className)} {...props} />
);

export const CardTitle = ({ children, actions }: { children: ReactNode; actions?: ReactNode }) => (
  <div className="flex min-h-11 items-center justify-between gap-3 border-line border-b px-4 py-1.5">
    <h2 className="font-semibold text-ink">{children}</h2>
    {actions}
  </div>
);

const tones = {
  neutral: "bg-hover text-ink-soft",
  accent: "bg-accent-soft text-agent-ink",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  caller: "bg-caller-soft text-caller-ink",
  agent: "bg-agent-soft text-agent-ink",
} as const;
export type Tone = keyof typeof tones;

export const Badge = ({ tone = "neutral", className, ...props }: ComponentProps<"span"> & { tone?: Tone }) => (
  <span
    className={cn(
      "inline-flex items-center gap-1 whitespace-nowrap rounded px-1.5 py-px font-medium text-2xs",
      tones[tone],
      className,
    )}
    {...props}
  />
);

export const Kbd = ({ children }: { children: ReactNode }) => (
  <kbd className="inline-flex min-w-5 items-center justify-center rounded border border-line-strong/70 bg-raised px-1 font-medium font-sans text-2xs text-ink-soft">
    {children}
  </kbd>
);

export const Spinner = ({ label = "Loading" }: { label?: string }) => (
  <div role="status" className="flex items-center justify-center gap-2 p-10 text-ink-faint">
    <Loader2 className="size-4 animate-spin" aria-hidden />
    {label}
  </div>
);

/** What a place without content says: why it is empty, and what to do. */
export const Empty = ({ title, children, icon }: { title: string; children?: ReactNode; icon?: ReactNode }) => (
  <div className="flex flex-col items-center gap-1.5 px-6 py-14 text-center">
    {icon && <div className="mb-1 text-ink-faint [&_svg]:size-6">{icon}</div>}
    <p className="font-medium text-ink">{title}</p>
    {children && <div className="max-w-md text-ink-soft">{children}</div>}
  </div>
);

export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  const fault = error instanceof ApiFault ? error : undefined;
  return (
    <div role="alert" className="m-4 rounded-lg border border-bad/40 bg-bad-soft p-4">
      <p className="font-medium text-bad">{error instanceof Error ? error.message : "Something failed."}</p>
      {fault?.remedy && <p className="mt-1 text-ink-soft">{fault.remedy}</p>}
      {retry && (
        <button type="button" onClick={retry} className="mt-2 font-medium text-ink underline">
          Try again
        </button>
      )}
    </div>
  );
}

/** A page's head: what it is, and what one can do here. */
export const PageHead = ({ title, children, meta }: { title: ReactNode; children?: ReactNode; meta?: ReactNode }) => (
  <header className="sticky top-0 z-20 flex min-h-13 flex-wrap items-center gap-x-4 gap-y-2 border-line border-b bg-bg/85 px-4 py-2 backdrop-blur sm:px-6">
    <h1 className="font-semibold text-[0.9375rem] text-ink">{title}</h1>
    {meta && <div className="flex items-center gap-2 text-ink-faint">{meta}</div>}
    <div className="ml-auto flex flex-wrap items-center gap-2">{children}</div>
  </header>
);

export const Table = ({ className, ...props }: ComponentProps<"table">) => (
  <div className="overflow-x-auto">
    <table className={cn("w-full text-left [&>tbody>tr:last-child>td]:border-b-0", className)} {...props} />
  </div>
);
export const Th = ({ className, ...props }: ComponentProps<"th">) => (
  <th
    scope="col"
    className={cn(
      "whitespace-nowrap border-line border-b px-3 py-2 font-medium text-ink-faint text-xs first:pl-4",
      className,
    )}
    {...props}
  />
);
export const Td = ({ className, ...props }: ComponentProps<"td">) => (
  <td className={cn("border-line border-b px-3 py-2 align-middle first:pl-4", className)} {...props} />
);
