import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, ask, setCsrfToken } from "./client.ts";

export type Role = "admin" | "supervisor" | "qa" | "viewer";
export interface Person {
  id: string;
  name: string;
  email: string;
  role: Role;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  staleTime: 60_000,
  queryFn: async () => {
    const session = await ask(api.GET("/api/session"));
    setCsrfToken(session.csrfToken);
    return session;
  },
});

/** The person who is signed in; pages inside the shell have one. */
export function usePerson(): Person {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data.person) throw new Error("Nobody is signed in.");
  return data.person;
}

export const may = (person: Person, ...roles: Role[]): boolean => roles.includes(person.role);
export const maySteer = (person: Person): boolean => may(person, "admin", "supervisor");
export const mayListen = (person: Person): boolean => person.role !== "viewer";
