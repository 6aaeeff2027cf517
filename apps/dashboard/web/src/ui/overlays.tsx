import { X } from "lucide-react";
import { Dialog as RadixDialog, Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  wide,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
  wide?: boolean;
}) {
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <RadixDialog.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "-translate-x-1/2 fixed top-[8dvh] left-1/2 z-50 max-h-[84dvh] w-[min(94vw,32rem)] overflow-auto rounded-xl border border-line bg-panel p-5 shadow-pop",
            wide && "w-[min(96vw,60rem)]",
          )}
        >
          <div className="mb-3 flex items-start justify-between gap-4">
            <div>
              <RadixDialog.Title className="font-semibold text-base">{title}</RadixDialog.Title>
              {description && (
                <RadixDialog.Description className="mt-0.5 text-ink-soft">{description}</RadixDialog.Description>
              )}
            </div>
            <RadixDialog.Close
              aria-label="Close"
              className="-m-1 rounded p-1 text-ink-faint hover:bg-hover hover:text-ink"
            >
              <X className="size-4" />
            </RadixDialog.Close>
          </div>
          {children}
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

export const Tip = ({ text, children }: { text: ReactNode; children: ReactNode }) => (
  <Tooltip.Root>
    <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
    <Tooltip.Portal>
      <Tooltip.Content
        sideOffset={5}
        className="z-50 max-w-xs rounded-md border border-line bg-raised px-2 py-1 text-ink text-xs shadow-pop"
      >
        {text}
      </Tooltip.Content>
    </Tooltip.Portal>
  </Tooltip.Root>
);
