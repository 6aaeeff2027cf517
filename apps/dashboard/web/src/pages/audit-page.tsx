import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../api/client.ts";
import { when, whenExactly, words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/fields.tsx";
import { Badge, Card, Empty, Fault, PageHead, Spinner, Table, Td, Th } from "../ui/surface.tsx";
import { roleName } from "./roles.tsx";

/** Who did what. */
export function AuditPage() {
  const [act, setAct] = useState("");
  const entries = useInfiniteQuery({
    queryKey: ["audit", act],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/api/audit", {
          params: { query: { limit: 100, ...(act && { act }), ...(pageParam && { before: pageParam }) } },
        }),
      ),
    getNextPageParam: (page) => (page.entries.length === 100 ? page.entries.at(-1)?.at : undefined),
  });
  const rows = entries.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <PageHead title="Audit log">
        <Select aria-label="Show" value={act} onChange={(event) => setAct(event.target.value)}>
          <option value="">Everything</option>
          {[
            "session",
            "call",
            "playbook",
            "set",
            "rerun",
            "person",
            "token",
            "number",
            "connector",
            "score",
            "knowledge",
            "refused",
          ].map((each) => (
            <option key={each} value={each}>
              {words(each)}
            </option>
          ))}
        </Select>
      </PageHead>
      <div className="p-4 sm:p-6">
        <Card>
          {entries.isPending ? (
            <Spinner />
          ) : entries.isError ? (
            <Fault error={entries.error} />
          ) : rows.length === 0 ? (
            <Empty title="Nothing of that kind" />
          ) : (
            <Table>
              <thead>
                <tr>
                  <Th>When</Th>
                  <Th className="max-sm:hidden">Who</Th>
                  <Th>Did what</Th>
                  <Th className="max-md:hidden">To what</Th>
                  <Th className="max-lg:hidden">From</Th>
                </tr>
              </thead>
              <tbody>
                {rows.map((entry) => (
                  <tr key={entry.id}>
                    <Td className="tabular whitespace-nowrap max-sm:align-top" title={whenExactly(entry.at)}>
                      {when(entry.at)}
                    </Td>
                    <Td className="max-sm:hidden">
                      {entry.actor} {entry.role && <span className="text-ink-faint">{roleName(entry.role)}</span>}
                    </Td>
                    <Td>
                      <code className="text-xs">{entry.act}</code>{" "}
                      {entry.outcome !== "done" && <Badge tone="bad">{entry.outcome}</Badge>}
                      <span className="block break-all text-ink-soft text-xs sm:hidden">
                        {entry.actor}
                        {entry.subject && `, ${entry.subject}`}
                      </span>
                      {entry.detail && (
                        <span className="block max-w-md truncate text-ink-faint text-xs max-sm:max-w-52">
                          {entry.detail}
                        </span>
                      )}
                    </Td>
                    <Td className="max-w-56 truncate text-ink-soft max-md:hidden">{entry.subject}</Td>
                    <Td className="tabular text-ink-faint max-lg:hidden">{entry.ip}</Td>
                  </tr>
                ))}
              </tbody>
            </Table>
          )}
          {entries.hasNextPage && (
            <div className="flex justify-center p-3">
              <Button onClick={() => void entries.fetchNextPage()}>Older</Button>
            </div>
          )}
        </Card>
      </div>
    </>
  );
}
