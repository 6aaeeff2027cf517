import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../api/client.ts";
import { usePerson } from "../api/session.ts";
import { words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Found } from "../ui/finding.tsx";
import { Card, CardTitle, Fault } from "../ui/surface.tsx";

const LOOKUPS = [
  ["order-status", "orderNumber", "Order number", "47291"],
  ["delivery-status", "orderNumber", "Order number", "47291"],
  ["invoice", "orderNumber", "Order number", "47291"],
  ["find-customer", "phone", "Phone", "+15550100"],
  ["loyalty-balance", "phone", "Phone", "+15550100"],
  ["find-appointment", "phone", "Phone", "+15550100"],
  ["free-appointments", "service", "Service", ""],
] as const;

/** Looks something up the way a call does. */
export function LookupTrial() {
  const person = usePerson();
  const [kind, setKind] = useState<(typeof LOOKUPS)[number][0]>("order-status");
  const lookup = LOOKUPS.find(([name]) => name === kind) ?? LOOKUPS[0];
  const test = useMutation({
    mutationFn: (value: string) =>
      ask(api.POST("/api/connectors/test", { body: { kind, input: value ? { [lookup[1]]: value } : {} } })),
  });
  return (
    <Card>
      <CardTitle>Try a lookup</CardTitle>
      <form
        className="flex flex-col gap-3 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          test.mutate(String(new FormData(event.currentTarget).get("value")).trim());
        }}
      >
        <p className="text-ink-soft">
          It goes to the same queue, worker and connector that a call's lookup goes to. Nothing is changed.
        </p>
        <Field label="Lookup">
          {(ids) => (
            <Select
              {...ids}
              className="w-full"
              value={kind}
              onChange={(event) => {
                setKind(event.target.value as typeof kind);
                test.reset();
              }}
            >
              {LOOKUPS.map(([name]) => (
                <option key={name} value={name}>
                  {words(name)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={lookup[2]}>{(ids) => <Input {...ids} key={kind} name="value" defaultValue={lookup[3]} />}</Field>
        {person.role === "admin" ? (
          <Button type="submit" disabled={test.isPending}>
            {test.isPending ? "Looking it up…" : "Look it up"}
          </Button>
        ) : (
          <p className="text-ink-faint">Admins can run it.</p>
        )}
      </form>
      {test.isError && <Fault error={test.error} />}
      {test.data && <Found finding={test.data} />}
    </Card>
  );
}
