import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Clock, Hash, Plus } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { ApiFault, api, ask } from "../api/client.ts";
import { usePerson } from "../api/session.ts";
import { phoneNumber } from "../format.ts";
import { type Rule, RulesDialog } from "../numbers/rules-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Field, Input } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, CardTitle, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";

const ANY = "*";
const nameOf = (number: string) => (number === ANY ? "Any other number" : phoneNumber(number));

/** The carrier's numbers, where they point, and the rules by which their calls find a playbook. */
export function NumbersPage() {
  const admin = usePerson().role === "admin";
  const queries = useQueryClient();
  const numbers = useQuery({ queryKey: ["numbers"], queryFn: () => ask(api.GET("/api/numbers")) });
  const routes = useQuery({ queryKey: ["number-routes"], queryFn: () => ask(api.GET("/api/numbers/routes")) });
  const [editing, setEditing] = useState<{ number: string; rules: Rule[] }>();
  const [adding, setAdding] = useState(false);
  const [fault, setFault] = useState<ApiFault>();
  const point = useMutation({
    mutationFn: async ({ sid, number }: { sid: string; number: string }) => {
      await ask(api.POST("/api/numbers/webhook", { body: { sid } }));
      toast.success(`${phoneNumber(number)} points here now.`);
    },
    onMutate: () => setFault(undefined),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["numbers"] }),
    onError: (error) => setFault(error instanceof ApiFault ? error : undefined),
  });
  const rulesOf = (number: string) => routes.data?.numbers.find((each) => each.number === number)?.rules ?? [];
  const carried = numbers.data?.numbers ?? [];
  const others = (routes.data?.numbers ?? [])
    .map((each) => each.number)
    .filter((number) => number !== ANY && !carried.some((each) => each.number === number));
  const edit = (number: string) => setEditing({ number, rules: rulesOf(number) });
  return (
    <>
      <PageHead title="Numbers">
        {admin && (
          <Button onClick={() => setAdding(true)}>
            <Plus /> Route a number
          </Button>
        )}
      </PageHead>
      <div className="flex flex-col gap-4 p-4 sm:p-6">
        {numbers.data && (
          <p className="text-ink-soft">
            Calls reach Sidetone at{" "}
            <code className="break-all rounded bg-hover px-1.5 py-0.5 text-ink">{numbers.data.webhook}</code>
          </p>
        )}
        {fault && <Fault error={fault} />}
        <Card>
          <CardTitle>The carrier's numbers</CardTitle>
          {numbers.isPending || routes.isPending ? (
            <Spinner label="Asking the carrier" />
          ) : numbers.isError ? (
            <Fault error={numbers.error} retry={() => void numbers.refetch()} />
          ) : numbers.data.fault !== null ? (
            <Empty title="The carrier's numbers are not available" icon={<Hash />}>
              <p>{numbers.data.fault}</p>
              <Button className="mt-3" onClick={() => void numbers.refetch()} disabled={numbers.isFetching}>
                Ask again
              </Button>
            </Empty>
          ) : carried.length === 0 ? (
            <Empty title="The carrier's account has no numbers" icon={<Hash />}>
              Buy one in the carrier's console; it appears here.
            </Empty>
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>Number</Th>
                  <Th>Points to</Th>
                  <Th className="w-1/2">Answered by</Th>
                </tr>
              </thead>
              <tbody>
                {carried.map((number) => (
                  <tr key={number.sid} className="align-top">
                    <Td>
                      <span className="tabular whitespace-nowrap font-medium">{phoneNumber(number.number)}</span>
                      <span className="block text-ink-faint text-xs">{number.name}</span>
                    </Td>
                    <Td>
                      {number.pointsHere ? (
                        <Badge tone="good">Here</Badge>
                      ) : !number.voice ? (
                        <Badge>messages only</Badge>
                      ) : (
                        <div className="flex flex-col items-start gap-1.5">
                          <span className="break-all text-ink-soft">{number.webhook || "nowhere"}</span>
                          {admin && (
                            <Button
                              size="sm"
                              disabled={point.isPending}
                              aria-label={`Point ${phoneNumber(number.number)} here`}
                              onClick={() => point.mutate(number)}
                            >
                              Point it here
                            </Button>
                          )}
                        </div>
                      )}
                    </Td>
                    <Td>
                      <RuleList
                        number={number.number}
                        rules={rulesOf(number.number)}
                        onEdit={admin ? edit : undefined}
                      />
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
        <Card>
          <CardTitle>Other calls</CardTitle>
          {routes.isError ? (
            <Fault error={routes.error} />
          ) : (
            <Table>
              <tbody>
                {[...others, ANY].map((number) => (
                  <tr key={number} className="align-top">
                    <Td className="tabular whitespace-nowrap font-medium">{nameOf(number)}</Td>
                    <Td className="w-2/3">
                      <RuleList number={number} rules={rulesOf(number)} onEdit={admin ? edit : undefined} />
                    </Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
        </Card>
      </div>
      {adding && (
        <Dialog
          open
          onOpenChange={setAdding}
          title="Route a number"
          description="One that the carrier's list does not have."
        >
          <form
            className="flex flex-col gap-3"
            onSubmit={(event) => {
              event.preventDefault();
              const number = String(new FormData(event.currentTarget).get("number")).replaceAll(/[ ()-]/g, "");
              setAdding(false);
              edit(number);
            }}
          >
            <Field label="Number" hint="With its country, such as +44 1632 960001.">
              {(ids) => <Input {...ids} name="number" type="tel" required pattern="\+[0-9 ()\-]{7,20}" autoFocus />}
            </Field>
            <Button type="submit" kind="primary" className="self-end">
              Make rules
            </Button>
          </form>
        </Dialog>
      )}
      {editing && (
        <RulesDialog
          number={editing.number}
          title={`Who answers ${editing.number === ANY ? "any other number" : phoneNumber(editing.number)}`}
          rules={editing.rules}
          onClose={() => setEditing(undefined)}
          onSaved={() => queries.invalidateQueries({ queryKey: ["number-routes"] })}
        />
      )}
    </>
  );
}

/** A number's rules as they read, those in force now marked. */
function RuleList({
  number,
  rules,
  onEdit,
}: {
  number: string;
  rules: readonly { id: string; reads: string; holdsNow: boolean }[];
  onEdit: ((number: string) => void) | undefined;
}) {
  return (
    <div className="flex flex-col items-start gap-2 sm:min-w-48 sm:flex-row sm:gap-3">
      <ol className="flex min-w-0 flex-1 flex-col gap-1">
        {rules.length === 0 && (
          <li className="text-ink-faint">{number === ANY ? "The default playbook" : "As any other number"}</li>
        )}
        {rules.map((rule) => (
          <li key={rule.id} className="flex items-start gap-2">
            <span
              aria-hidden
              className={cn("mt-1.5 size-2 shrink-0 rounded-full", rule.holdsNow ? "bg-good" : "bg-line-strong")}
            />
            <span className={cn(!rule.holdsNow && "text-ink-faint")}>
              {rule.reads}
              <span className="sr-only">{rule.holdsNow ? ", in force now" : ", not in force now"}</span>
            </span>
          </li>
        ))}
      </ol>
      {onEdit && (
        <Button size="sm" aria-label={`Rules of ${nameOf(number)}`} onClick={() => onEdit(number)}>
          <Clock /> Rules
        </Button>
      )}
    </div>
  );
}
