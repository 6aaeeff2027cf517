import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hash, verify } from "@node-rs/argon2";
import { SidetoneError } from "@sidetone/platform";
import { type Database, ROLES, type Role } from "@sidetone/store";
import { betterAuth, createLocalAccountIssuer } from "better-auth";

/** OWASP's second choice of argon2id parameters: 19 MiB, two passes, one lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const SESSION_SECONDS = 12 * 3600;
export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 200;

/** The secret that signs cookies and CSRF tokens: made once, readable by this user only. */
export function authSecret(dataDir: string): string {
  const folder = join(dataDir, "secrets");
  const path = join(folder, "dashboard-auth");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    try {
      writeFileSync(path, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx" });
    } catch (error) {
      // Another process of the same start may have been first; its secret counts.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return readFileSync(path, "utf8").trim();
}

function createBetterAuth(options: { database: Database; secret: string; origin: string }) {
  return betterAuth({
    appName: "Sidetone",
    baseURL: options.origin,
    basePath: "/api/auth",
    secret: options.secret,
    trustedOrigins: [options.origin],
    database: { db: options.database.db, type: options.database.kind },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_MIN,
      maxPasswordLength: PASSWORD_MAX,
      password: {
        hash: (password) => hash(password, ARGON2),
        verify: ({ hash: hashed, password }) => verify(hashed, password),
      },
    },
    user: {
      additionalFields: {
        role: { type: "string", required: true, input: false },
        disabled: { type: "number", required: false, input: false, defaultValue: 0 },
      },
    },
    session: { expiresIn: SESSION_SECONDS, updateAge: 3600 },
    advanced: {
      cookiePrefix: "sidetone",
      useSecureCookies: options.origin.startsWith("https:"),
      defaultCookieAttributes: { sameSite: "strict", httpOnly: true, path: "/" },
    },
    // The routes are this server's own, under its own limits; better-auth's router is not mounted.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
}

export interface SignedIn {
  userId: string;
  sessionId: string;
  name: string;
  email: string;
  role: Role;
}

const isRole = (value: unknown): value is Role => ROLES.includes(value as Role);

/** People and their sessions, over better-auth. */
export class Accounts {
  readonly #auth: ReturnType<typeof createBetterAuth>;
  readonly #database: Database;

  constructor(options: { database: Database; secret: string; origin: string }) {
    this.#auth = createBetterAuth(options);
    this.#database = options.database;
  }

  async whoIs(headers: Headers): Promise<SignedIn | undefined> {
    const found = await this.#auth.api.getSession({ headers });
    if (!found) return undefined;
    const { user, session } = found;
    if (!isRole(user.role) || user.disabled) return undefined;
    return { userId: user.id, sessionId: session.id, name: user.name, email: user.email, role: user.role };
  }

  /** Signs in; the answer's cookies go to the browser. `undefined` when address and password do not fit. */
  async signIn(email: string, password: string, headers: Headers): Promise<string[] | undefined> {
    const user = await this.findByEmail(email);
    // The password is checked for unknown and disabled people too, so that the time taken tells nothing.
    const response = await this.#auth.api.signInEmail({ body: { email, password }, headers, asResponse: true });
    if (!response.ok || !user || user.disabled) return undefined;
    return response.headers.getSetCookie();
  }

  async signOut(headers: Headers): Promise<string[]> {
    const response = await this.#auth.api.signOut({ headers, asResponse: true });
    return response.headers.getSetCookie();
  }

  findByEmail(email: string) {
    return this.#database.db
      .selectFrom("user")
      .select(["id", "email", "name", "role", "disabled"])
      .where("email", "=", email.toLowerCase())
      .executeTakeFirst();
  }

  async count(): Promise<number> {
    const row = await this.#database.db
      .selectFrom("user")
      .select((eb) => eb.fn.countAll().as("people"))
      .executeTakeFirstOrThrow();
    return Number(row.people);
  }

  /** @throws SidetoneError CONFLICT when the address is taken. */
  async create(person: { email: string; name: string; role: Role; password: string }): Promise<string> {
    if (await this.findByEmail(person.email)) throw new SidetoneError("CONFLICT", "This address has an account.");
    const context = await this.#auth.$context;
    const user = await context.internalAdapter.createUser(
      {
        email: person.email.toLowerCase(),
        name: person.name,
        role: person.role,
        disabled: 0,
        emailVerified: true,
      },
      { method: "email-password" },
    );
    await context.internalAdapter.linkAccount({
      userId: user.id,
      providerId: "credential",
      issuer: createLocalAccountIssuer("credential"),
      accountId: user.id,
      password: await hash(person.password, ARGON2),
    });
    return user.id;
  }

  /** Sets a password and ends every session of that person. */
  async setPassword(userId: string, password: string): Promise<void> {
    const context = await this.#auth.$context;
    await context.internalAdapter.updatePassword(userId, await hash(password, ARGON2));
    await this.endSessions(userId);
  }

  async passwordFits(userId: string, password: string): Promise<boolean> {
    const account = await this.#database.db
      .selectFrom("account")
      .select("password")
      .where("userId", "=", userId)
      .where("providerId", "=", "credential")
      .executeTakeFirst();
    return account?.password ? verify(account.password, password) : false;
  }

  async endSessions(userId: string): Promise<void> {
    await this.#database.db.deleteFrom("session").where("userId", "=", userId).execute();
  }
}
