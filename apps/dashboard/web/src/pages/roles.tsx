import { Copy } from "lucide-react";
import type { ReactNode } from "react";
import { toast } from "sonner";
import type { Role } from "../api/session.ts";
import { Button } from "../ui/button.tsx";
import { Input, Select } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";

export const ROLES: readonly [Role, string, string][] = [
  ["admin", "Admin", "Everything"],
  ["supervisor", "Supervisor", "Listens, whispers, takes over, transfers, ends; scores"],
  ["qa", "QA", "Listens, replays, comments, scores"],
  ["viewer", "Viewer", "Masked text and figures; no audio"],
];
export const roleName = (role: string | null): string => ROLES.find(([id]) => id === role)?.[1] ?? "–";

export const RoleSelect = ({
  value,
  onChange,
  ...props
}: {
  value?: Role;
  onChange?: (role: Role) => void;
  name?: string;
  id?: string;
  disabled?: boolean;
  "aria-label"?: string;
}) => (
  <Select {...props} value={value} onChange={(event) => onChange?.(event.target.value as Role)}>
    {ROLES.map(([id, label]) => (
      <option key={id} value={id}>
        {label}
      </option>
    ))}
  </Select>
);

/** Something that is shown once: a link or a secret, to be copied. */
export function Once({
  title,
  text,
  children,
  onClose,
}: {
  title: string;
  text: string;
  children: ReactNode;
  onClose: () => void;
}) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={title}>
      <div className="flex flex-col gap-3">
        <p className="text-ink-soft">{children}</p>
        <div className="flex gap-2">
          <Input
            readOnly
            value={text}
            aria-label={title}
            onFocus={(event) => event.target.select()}
            className="font-mono text-xs"
          />
          <Button
            onClick={() =>
              void navigator.clipboard.writeText(text).then(
                () => toast.success("Copied."),
                () => toast.error("The browser does not allow copying; select the text instead."),
              )
            }
          >
            <Copy /> Copy
          </Button>
        </div>
        <Button kind="primary" className="self-end" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
