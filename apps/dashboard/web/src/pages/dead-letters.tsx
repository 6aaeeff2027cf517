import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { when, words } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Badge, Card, CardTitle, Spinner } from "../ui/surface.tsx";

type Letter =
  paths["/api/dead-letters"]["get"]["responses"]["200"]["content"]["application/json"]["deadLetters"][number];

/** Its first attempt may have done its effect: trying again wants somebody who has looked. */
const isUncertain = (letter: Letter): boolean => letter.reason.startsWith("TASK_UNCERTAIN");

/** Tasks that failed for good, and trying them again. */
export function DeadLetters() {
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Letter>();
  const letters = useQuery({
    queryKey: ["dead-letters"],
    refetchInterval: 15_000,
    retry: false,
    queryFn: () => ask(api.GET("/api/dead-letters", { params: { query: {} } })),
  });
  const retry = useMutation({
    mutationFn: ({ letter, force }: { letter: Letter; force: boolean }) =>
      ask(
        api.POST("/api/dead-letters/{queue}/{id}/retry", {
          params: { path: { queue: letter.queue, id: letter.id } },
          body: { force },
        }),
      ),
    onSuccess: () => {
      setAsking(undefined);
      toast.success("It is tried again.");
      return Promise.all([
        queries.invalidateQueries({ queryKey: ["dead-letters"] }),
        queries.invalidateQueries({ queryKey: ["health"] }),
      ]);
    },
    onError: (error) => toast.error(error.message),
  });
  const found = letters.data?.deadLetters ?? [];
  return (
    <Card>
      <CardTitle>Tasks that failed for good</CardTitle>
      {letters.isPending ? (
        <Spinner />
      ) : letters.isError ? (
        // The list of parts beside this one says it loudly already.
        <p className="px-4 py-3 text-ink-soft">Not known: {letters.error.message}</p>
      ) : found.length === 0 ? (
        <p className="px-4 py-3 text-ink-soft">
          None. What fails after all its attempts stays here until it is tried again.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {found.map((letter) => (
            <li key={`${letter.queue} ${letter.id}`} className="flex items-start gap-3 px-4 py-2.5">
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-x-2 font-medium">
                  {words(letter.kind)} {isUncertain(letter) && <Badge tone="warn">may have been done</Badge>}
                  <span className="font-normal text-ink-faint text-xs">
                    {letter.attempts === 1 ? "1 attempt" : `${letter.attempts} attempts`}
                    {letter.failedAt && `, ${when(letter.failedAt)}`}
                  </span>
                </p>
                <p className="break-words text-ink-soft text-xs">{letter.reason}</p>
                {letter.callId && (
                  <Link
                    to="/calls/$callId"
                    params={{ callId: letter.callId }}
                    className="text-agent-ink text-xs underline"
                  >
                    The call it was for
                  </Link>
                )}
              </div>
              <Button
                size="sm"
                aria-label={`Try ${words(letter.kind)} again`}
                disabled={retry.isPending}
                onClick={() => (isUncertain(letter) ? setAsking(letter) : retry.mutate({ letter, force: false }))}
              >
                <RotateCcw /> Retry
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Dialog
        open={asking !== undefined}
        onOpenChange={(open) => !open && setAsking(undefined)}
        title="It may have been done already"
        description="The first attempt broke off in the middle: whether it took effect is not known. Look in the system that it writes to before you go on."
      >
        <p className="break-words text-ink-soft text-xs">{asking?.reason}</p>
        <div className="mt-4 flex flex-wrap justify-end gap-2">
          <Button onClick={() => setAsking(undefined)}>Cancel</Button>
          <Button
            onClick={() => asking && retry.mutate({ letter: asking, force: false })}
            disabled={retry.isPending}
            title="Finishes it only where that is safe"
          >
            Retry with care
          </Button>
          <Button
            kind="danger"
            onClick={() => asking && retry.mutate({ letter: asking, force: true })}
            disabled={retry.isPending}
          >
            I have looked: do it again
          </Button>
        </div>
      </Dialog>
    </Card>
  );
}
