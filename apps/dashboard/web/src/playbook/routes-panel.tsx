import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "../api/client.ts";
import { phoneNumber } from "../format.ts";
import { type Rule, RulesDialog } from "../numbers/rules-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Card, CardTitle } from "../ui/surface.tsx";

const ANY = "*";

/** The numbers, times of day and shares by which callers come to a playbook. */
export function RoutesPanel({ playbookId, admin }: { playbookId: string; admin: boolean }) {
  const queries = useQueryClient();
  const routes = useQuery({ queryKey: ["number-routes"], queryFn: () => ask(api.GET("/api/numbers/routes")) });
  const [editing, setEditing] = useState<{ number: string; rules: Rule[] }>();
  const leading = (routes.data?.numbers ?? []).filter(({ rules }) =>
    rules.some((rule) => rule.playbookId === playbookId),
  );
  const nameOf = (number: string) => (number === ANY ? "Any other number" : phoneNumber(number));
  return (
    <Card>
      <CardTitle
        actions={
          <Button size="sm" kind="ghost" asChild>
            <Link to="/numbers">All numbers</Link>
          </Button>
        }
      >
        Who comes here
      </CardTitle>
      {leading.length === 0 ? (
        <p className="px-4 py-3 text-ink-soft">
          No rule leads here: callers meet it only where it is the default playbook.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {leading.map(({ number, rules }) => (
            <li key={number} className="flex items-start gap-2 px-4 py-2">
              <span className="min-w-0 flex-1">
                <span className="tabular font-medium">{nameOf(number)}</span>
                {rules
                  .filter((rule) => rule.playbookId === playbookId)
                  .map((rule) => (
                    <span key={rule.id} className="flex items-start gap-2 text-xs">
                      <span
                        aria-hidden
                        className={cn(
                          "mt-1.5 size-1.5 shrink-0 rounded-full",
                          rule.holdsNow ? "bg-good" : "bg-line-strong",
                        )}
                      />
                      <span className="text-ink-soft">
                        {rule.reads}
                        <span className="sr-only">{rule.holdsNow ? ", in force now" : ", not in force now"}</span>
                      </span>
                    </span>
                  ))}
              </span>
              {admin && (
                <Button
                  size="sm"
                  kind="ghost"
                  aria-label={`Rules of ${nameOf(number)}`}
                  onClick={() => setEditing({ number, rules })}
                >
                  Rules
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {editing && (
        <RulesDialog
          number={editing.number}
          title={`Who answers ${nameOf(editing.number)}`}
          rules={editing.rules}
          onClose={() => setEditing(undefined)}
          onSaved={() => queries.invalidateQueries({ queryKey: ["number-routes"] })}
        />
      )}
    </Card>
  );
}
