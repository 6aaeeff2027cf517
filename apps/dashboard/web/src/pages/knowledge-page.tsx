import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { BookOpen, FileText, Upload } from "lucide-react";
import { useRef } from "react";
import { toast } from "sonner";
import { ApiFault, api, ask, csrfHeaders } from "../api/client.ts";
import { mayListen, usePerson } from "../api/session.ts";
import { when } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Input } from "../ui/fields.tsx";
import { Found } from "../ui/finding.tsx";
import { Card, CardTitle, Empty, Fault, PageHead, Spinner } from "../ui/surface.tsx";

interface Answer {
  answer?: string;
  passages?: { text: string; source: string; score: number }[];
}

/** Documents that questions are answered from, and a box to try them. */
export function KnowledgePage() {
  const person = usePerson();
  const admin = person.role === "admin";
  const queries = useQueryClient();
  const chooser = useRef<HTMLInputElement>(null);
  const documents = useQuery({ queryKey: ["knowledge"], queryFn: () => ask(api.GET("/api/knowledge")) });
  const refresh = () => queries.invalidateQueries({ queryKey: ["knowledge"] });
  const upload = useMutation({
    mutationFn: async (file: File) => {
      const response = await fetch(`/api/knowledge/${encodeURIComponent(file.name)}`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream", ...csrfHeaders() },
        body: file,
      });
      if (!response.ok) throw new ApiFault(response.status, await response.json());
    },
    onSuccess: async (_, file) => {
      await refresh();
      toast.success(`${file.name} is there.`);
    },
    onError: (error) => toast.error(error.message),
  });
  const remove = useMutation({
    mutationFn: (name: string) => ask(api.DELETE("/api/knowledge/{name}", { params: { path: { name } } })),
    onSuccess: refresh,
    onError: (error) => toast.error(error.message),
  });
  const trial = useMutation({
    mutationFn: (question: string) => ask(api.POST("/api/knowledge/try", { body: { question } })),
  });
  const found = trial.data?.output as Answer | undefined;
  return (
    <>
      <PageHead title="Knowledge">
        {admin && (
          <>
            <input
              ref={chooser}
              type="file"
              accept=".md,.html,.pdf"
              className="hidden"
              aria-label="Document to upload"
              onChange={(event) => {
                const file = event.target.files?.[0];
                if (file) upload.mutate(file);
                event.target.value = "";
              }}
            />
            <Button kind="primary" disabled={upload.isPending} onClick={() => chooser.current?.click()}>
              <Upload /> Upload
            </Button>
          </>
        )}
      </PageHead>
      <div className="grid items-start gap-4 p-4 sm:p-6 xl:grid-cols-2">
        <Card>
          <CardTitle>Documents</CardTitle>
          {documents.isPending ? (
            <Spinner />
          ) : documents.isError ? (
            <Fault error={documents.error} />
          ) : documents.data.documents.length === 0 ? (
            <Empty title="No documents uploaded" icon={<BookOpen />}>
              Markdown, HTML or PDF: opening hours, return policies, whatever callers ask. Answers name the document.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {documents.data.documents.map((document) => (
                <li key={document.name} className="flex items-center gap-3 px-4 py-2">
                  <FileText className="size-4 shrink-0 text-ink-faint" aria-hidden />
                  <span className="min-w-0">
                    <span className="block truncate font-medium">{document.name}</span>
                    <span className="text-ink-faint text-xs">
                      {Math.max(1, Math.round(document.bytes / 1024))} kB, {when(document.changedAt)}
                    </span>
                  </span>
                  {admin && (
                    <Button
                      size="sm"
                      kind="ghost"
                      className="ml-auto"
                      aria-label={`Remove ${document.name}`}
                      onClick={() => confirm(`Remove ${document.name}?`) && remove.mutate(document.name)}
                    >
                      Remove
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Card>
        {mayListen(person) && (
          <Card>
            <CardTitle>Try a question</CardTitle>
            <form
              className="flex gap-2 p-4"
              onSubmit={(event) => {
                event.preventDefault();
                const question = String(new FormData(event.currentTarget).get("question")).trim();
                if (question) trial.mutate(question);
              }}
            >
              <Input
                name="question"
                aria-label="Question"
                placeholder="How long do I have to return something?"
                required
              />
              <Button type="submit" disabled={trial.isPending}>
                {trial.isPending ? "Asking…" : "Ask"}
              </Button>
            </form>
            {trial.isError && <Fault error={trial.error} />}
            {trial.data && (
              <Found finding={trial.data}>
                {found?.answer && <p className="text-base">{found.answer}</p>}
                <ul className="flex flex-col gap-2">
                  {found?.passages?.map((passage) => (
                    <li key={`${passage.source} ${passage.text}`} className="rounded-md bg-sunken p-3">
                      <p>{passage.text}</p>
                      <p className="mt-1 text-ink-faint text-xs">
                        {passage.source}, score {passage.score.toFixed(2)}
                      </p>
                    </li>
                  ))}
                </ul>
              </Found>
            )}
          </Card>
        )}
      </div>
    </>
  );
}
