import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { toast } from "sonner";
import { api, ask } from "../api/client.ts";
import type { paths } from "../api/schema.generated.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input, Select } from "../ui/fields.tsx";
import { Dialog } from "../ui/overlays.tsx";

type Query = NonNullable<
  NonNullable<paths["/api/sets"]["post"]["requestBody"]>["content"]["application/json"]["query"]
>;

/** Keeps picked calls, or a search, under a name. */
export function SaveSet({
  callIds,
  query,
  found,
  onClose,
}: {
  callIds: string[];
  /** The search in force, offered where nothing is picked. */
  query: object;
  found: number;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const sets = useQuery({ queryKey: ["sets"], queryFn: () => ask(api.GET("/api/sets")) });
  const picked = callIds.length > 0;
  const save = useMutation({
    mutationFn: async (form: FormData) => {
      const into = String(form.get("into"));
      const given = picked ? { callIds } : { query: query as Query };
      if (into !== "") {
        const { added } = await ask(api.POST("/api/sets/{id}/calls", { params: { path: { id: into } }, body: given }));
        return { id: into, text: added === 1 ? "1 call added." : `${added} calls added.` };
      }
      const kind = form.get("kind") === "search" ? ("search" as const) : ("calls" as const);
      const { id } = await ask(api.POST("/api/sets", { body: { name: String(form.get("name")), kind, ...given } }));
      return { id, text: "Saved." };
    },
    onSuccess: async ({ id, text }) => {
      toast.success(text);
      await queries.invalidateQueries({ queryKey: ["sets"] });
      await navigate({ to: "/sets/$setId", params: { setId: id } });
    },
    onError: (error) => toast.error(error.message),
  });
  const what = picked
    ? callIds.length === 1
      ? "One picked call"
      : `${callIds.length} picked calls`
    : found === 1
      ? "The one call that was found"
      : `All ${found} calls that were found`;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Save as a set"
      description={`${what}, to look at and to run again.`}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(new FormData(event.currentTarget));
        }}
      >
        <Field label="Add to" hint="A set that follows a search cannot be added to.">
          {(ids) => (
            <Select {...ids} name="into" className="w-full">
              <option value="">A new set</option>
              {sets.data?.sets
                .filter((each) => each.kind === "calls")
                .map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
            </Select>
          )}
        </Field>
        <Field label="Name of the new set">
          {(ids) => <Input {...ids} name="name" defaultValue="New set" maxLength={120} autoFocus />}
        </Field>
        {!picked && (
          <Field label="Its calls">
            {(ids) => (
              <Select {...ids} name="kind" className="w-full">
                <option value="calls">Those that were found now</option>
                <option value="search">Whatever the search finds, whenever it is run</option>
              </Select>
            )}
          </Field>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
