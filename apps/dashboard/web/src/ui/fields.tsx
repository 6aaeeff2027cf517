import { ChevronDown } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./class-names.ts";

const box =
  "w-full rounded-md border border-line-strong/80 bg-raised px-2.5 text-ink placeholder:text-ink-faint hover:border-line-strong aria-invalid:border-bad";

export const Input = ({ className, ...props }: ComponentProps<"input">) => (
  <input className={cn(box, "h-8", className)} {...props} />
);

export const TextArea = ({ className, ...props }: ComponentProps<"textarea">) => (
  <textarea className={cn(box, "min-h-20 py-1.5", className)} {...props} />
);

export const Select = ({ className, children, ...props }: ComponentProps<"select">) => (
  <span className={cn("relative inline-block", className)}>
    <select className={cn(box, "h-8 appearance-none truncate pr-7")} {...props}>
      {children}
    </select>
    <ChevronDown aria-hidden className="pointer-events-none absolute right-2 top-2 size-4 text-ink-faint" />
  </span>
);

/** A label, its field, and what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  children: (ids: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium text-ink-soft">
        {label}
      </label>
      {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": error !== undefined })}
      <p
        id={`${id}-hint`}
        className={cn("text-xs", error ? "text-bad" : "text-ink-faint", !error && !hint && "hidden")}
      >
        {error ?? hint}
      </p>
    </div>
  );
}
