import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

const styles = cva(
  "inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0 select-none",
  {
    variants: {
      kind: {
        primary: "bg-accent text-on-accent hover:bg-accent-hover",
        plain: "border border-line-strong/70 bg-raised text-ink hover:bg-hover",
        ghost: "text-ink-soft hover:bg-hover hover:text-ink",
        danger: "bg-bad-strong text-white hover:brightness-110",
      },
      size: { sm: "h-7 px-2.5 text-xs", md: "h-8 px-3", lg: "h-10 px-5 text-sm", icon: "size-8" },
    },
    defaultVariants: { kind: "plain", size: "md" },
  },
);

export function Button({
  kind,
  size,
  asChild,
  className,
  ...props
}: ComponentProps<"button"> & VariantProps<typeof styles> & { asChild?: boolean }) {
  const Tag = asChild ? Slot.Root : "button";
  return <Tag type={asChild ? undefined : "button"} className={cn(styles({ kind, size }), className)} {...props} />;
}
