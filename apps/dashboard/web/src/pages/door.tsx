import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, type SubmitEvent, useState } from "react";
import { ApiFault, api, ask } from "../api/client.ts";
import { sessionQuery } from "../api/session.ts";
import { Mark } from "../shell/shell.tsx";
import { Button } from "../ui/button.tsx";
import { Field, Input } from "../ui/fields.tsx";
import { Fault, Spinner } from "../ui/surface.tsx";

function Door({ title, intro, children }: { title: string; intro?: string; children: ReactNode }) {
  return (
    <main className="flex min-h-dvh items-center justify-center bg-sunken p-4">
      <div className="w-full max-w-sm rounded-xl border border-line bg-panel p-7 shadow-pop">
        <Mark className="size-9" />
        <h1 className="mt-5 font-semibold text-xl tracking-tight">{title}</h1>
        {intro && <p className="mt-1 text-ink-soft">{intro}</p>}
        <div className="mt-5">{children}</div>
      </div>
    </main>
  );
}

const said = (error: unknown): string =>
  error instanceof ApiFault && error.code === "UNAUTHENTICATED"
    ? "Address and password do not fit."
    : error instanceof Error
      ? error.message
      : "Something failed.";

/** Signing in. */
export function LoginPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFault(undefined);
    try {
      await ask(
        api.POST("/api/session", {
          body: { email: String(form.get("email")), password: String(form.get("password")) },
        }),
      );
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
      const next = new URLSearchParams(location.search).get("next");
      // Only a path of our own: a link may not send people elsewhere.
      await navigate({ href: next?.startsWith("/") && !next.startsWith("//") ? next : "/phone" });
    } catch (error) {
      setFault(said(error));
      setBusy(false);
    }
  };

  if (session?.firstStart) {
    return (
      <Door
        title="Nobody has an account yet"
        intro="The first admin makes theirs with the one-time link that Sidetone printed when it started."
      >
        <p className="text-ink-soft">
          Look for “First start” in the terminal. A restart prints a new link as long as there is no account.
        </p>
      </Door>
    );
  }
  return (
    <Door title="Sign in to Sidetone">
      <form className="flex flex-col gap-3.5" onSubmit={(event) => void submit(event)}>
        <Field label="Email">
          {(ids) => (
            <Input {...ids} name="email" type="email" autoComplete="username" required autoFocus className="h-9" />
          )}
        </Field>
        <Field label="Password" error={fault}>
          {(ids) => (
            <Input {...ids} name="password" type="password" autoComplete="current-password" required className="h-9" />
          )}
        </Field>
        <Button type="submit" kind="primary" size="lg" disabled={busy} className="mt-1 w-full">
          {busy ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </Door>
  );
}

/** A one-time link: the first admin, somebody invited, or a new password. The token is in the fragment. */
export function JoinPage() {
  const token = location.hash.slice(1);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const invite = useQuery({
    queryKey: ["invite", token],
    retry: false,
    queryFn: () => ask(api.POST("/api/invites/look", { body: { token } })),
  });
  if (invite.isPending) return <Spinner />;
  if (invite.isError) {
    return (
      <Door title="This link does not work">
        <Fault error={invite.error} />
      </Door>
    );
  }
  const { kind, email, role } = invite.data;
  const reset = kind === "reset";
  const submit = async (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (name: string) => String(form.get(name) ?? "") || undefined;
    setBusy(true);
    setFault(undefined);
    try {
      const [name, address] = [given("name"), given("email")];
      await ask(
        api.POST("/api/invites/accept", {
          body: { token, password: given("password") ?? "", ...(name && { name }), ...(address && { email: address }) },
        }),
      );
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await navigate({ to: "/phone" });
    } catch (error) {
      setFault(said(error));
      setBusy(false);
    }
  };
  return (
    <Door
      title={reset ? "Set a new password" : kind === "first-admin" ? "Welcome to Sidetone" : "Join Sidetone"}
      intro={
        reset
          ? `For ${email}.`
          : kind === "first-admin"
            ? "You are the first here: make the admin's account."
            : `You were invited as ${role === "qa" ? "QA" : role}.`
      }
    >
      <form className="flex flex-col gap-3.5" onSubmit={(event) => void submit(event)}>
        {!reset && (
          <Field label="Your name">
            {(ids) => <Input {...ids} name="name" autoComplete="name" required autoFocus className="h-9" />}
          </Field>
        )}
        {email === null && (
          <Field label="Email">
            {(ids) => <Input {...ids} name="email" type="email" autoComplete="username" required className="h-9" />}
          </Field>
        )}
        <Field label="Password" hint="Ten characters or more." error={fault}>
          {(ids) => (
            <Input
              {...ids}
              name="password"
              type="password"
              autoComplete="new-password"
              minLength={10}
              required
              className="h-9"
            />
          )}
        </Field>
        <Button type="submit" kind="primary" size="lg" disabled={busy} className="mt-1 w-full">
          {reset ? "Set the password" : "Make the account"}
        </Button>
      </form>
    </Door>
  );
}
