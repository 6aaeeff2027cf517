import { useQueryClient } from "@tanstack/react-query";
import { MessageSquarePlus } from "lucide-react";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import { usePerson } from "../api/session.ts";
import { moment } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { TextArea } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";
import { Empty, Kbd } from "../ui/surface.tsx";
import type { CallComment } from "./replay-data.ts";

/** What people noted at moments of the call. */
export function CommentsPanel({
  comments,
  callId,
  onSeek,
  onAdd,
}: {
  comments: readonly CallComment[];
  callId: string;
  onSeek: (ms: number) => void;
  onAdd: () => void;
}) {
  const person = usePerson();
  const queries = useQueryClient();
  const remove = (commentId: string) => {
    const path = { id: callId, commentId };
    ask(api.DELETE("/api/calls/{id}/comments/{commentId}", { params: { path } }))
      .then(() => queries.invalidateQueries({ queryKey: ["comments", callId] }))
      .catch((error: Error) => toast.error(error.message));
  };
  return (
    <div>
      {comments.length === 0 ? (
        <Empty title="No comments yet">
          Go to a moment and press <Kbd>C</Kbd>
        </Empty>
      ) : (
        <ul className="max-h-[28rem] divide-y divide-line overflow-y-auto">
          {comments.map((comment) => (
            <li key={comment.id} className="px-4 py-2.5">
              <div className="flex items-center gap-2 text-xs">
                <button
                  type="button"
                  onClick={() => onSeek(comment.atMs)}
                  className="tabular rounded bg-accent-soft px-1.5 font-medium text-agent-ink hover:underline"
                >
                  {moment(comment.atMs)}
                </button>
                <span className="truncate text-ink-faint">{comment.author}</span>
                {(person.role === "admin" || person.email === comment.author) && (
                  <button
                    type="button"
                    onClick={() => remove(comment.id)}
                    className="ml-auto text-ink-faint hover:text-bad hover:underline"
                  >
                    Remove
                  </button>
                )}
              </div>
              <p className="mt-1 whitespace-pre-wrap break-words">{comment.text}</p>
            </li>
          ))}
        </ul>
      )}
      <div className="border-line border-t p-3">
        <Button size="sm" onClick={onAdd}>
          <MessageSquarePlus /> Comment at the playhead
        </Button>
      </div>
    </div>
  );
}

/** Where a comment is written; `atMs` opens it. */
export function CommentDialog({
  atMs,
  onClose,
  onSave,
}: {
  atMs: number | undefined;
  onClose: () => void;
  onSave: (text: string) => Promise<void>;
}) {
  return (
    <Dialog
      open={atMs !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Comment at ${moment(atMs ?? 0)}`}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          const text = String(new FormData(event.currentTarget).get("text") ?? "").trim();
          if (text) onSave(text).catch((error: Error) => toast.error(error.message));
        }}
      >
        <TextArea
          name="text"
          aria-label="Comment"
          required
          autoFocus
          rows={4}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary">
            Save <Kbd>⌘↵</Kbd>
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
