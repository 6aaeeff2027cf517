import type { Role } from "@sidetone/store";

/**
 * Who may do what: one row a route and socket, and nothing else decides. A route that is missing here
 * stops the server from starting. `public` needs no sign-in; a list names the roles that may.
 */
export type Access = "public" | readonly Role[];

const EVERYBODY = ["admin", "supervisor", "qa", "viewer"] as const;
/** May hear callers and read unmasked text. */
const LISTENERS = ["admin", "supervisor", "qa"] as const;
/** May act on live calls. */
const STEERING = ["admin", "supervisor"] as const;
const ADMIN = ["admin"] as const;

export const ACCESS: Readonly<Record<string, Access>> = {
  // The door.
  "GET /health": "public",
  "GET /ready": "public",
  "GET /metrics": "public",
  "GET /api/session": "public",
  "POST /api/session": "public",
  "DELETE /api/session": "public",
  "POST /api/invites/look": "public",
  "POST /api/invites/accept": "public",
  "POST /api/me/password": EVERYBODY,
  // The web app's own files hold no data.
  "GET /*": "public",

  // Phone.
  "POST /api/phone": EVERYBODY,

  // Live calls.
  "GET /api/live": EVERYBODY,
  "GET /api/live/:id": EVERYBODY,
  "WS /api/socket": EVERYBODY,
  "WS /api/live/:id/audio": LISTENERS,
  "POST /api/live/:id/whisper": STEERING,
  "POST /api/live/:id/take-over": STEERING,
  "POST /api/live/:id/hand-back": STEERING,
  "POST /api/live/:id/transfer": STEERING,
  "POST /api/live/:id/end": STEERING,

  // Past calls.
  "GET /api/calls": EVERYBODY,
  "GET /api/calls/facets": EVERYBODY,
  "GET /api/calls/:id": EVERYBODY,
  "GET /api/calls/:id/replay": EVERYBODY,
  "GET /api/calls/:id/replay/columns": EVERYBODY,
  "GET /api/calls/:id/replay/scores": LISTENERS,
  "GET /api/calls/:id/audio.wav": LISTENERS,
  "POST /api/calls/:id/verify": LISTENERS,
  "GET /api/calls/:id/comments": LISTENERS,
  "POST /api/calls/:id/comments": LISTENERS,
  "DELETE /api/calls/:id/comments/:commentId": LISTENERS,
  "GET /api/calls/:id/scores": LISTENERS,
  "PUT /api/calls/:id/scores": LISTENERS,
  "POST /api/calls/:id/scores/auto": LISTENERS,
  "POST /api/scores/:id/dispute": LISTENERS,

  // Scoring.
  "GET /api/scorecards": LISTENERS,
  "PUT /api/scorecards": ADMIN,
  "GET /api/scoring/calibration": LISTENERS,
  "GET /api/scoring/queue": LISTENERS,
  "GET /api/scoring/sampling": LISTENERS,
  "PUT /api/scoring/sampling": ADMIN,
  "GET /api/scoring/export": LISTENERS,

  // Saved sets and re-runs.
  "GET /api/sets": LISTENERS,
  "POST /api/sets": LISTENERS,
  "GET /api/sets/:id": LISTENERS,
  "PATCH /api/sets/:id": LISTENERS,
  "DELETE /api/sets/:id": LISTENERS,
  "POST /api/sets/:id/calls": LISTENERS,
  "DELETE /api/sets/:id/calls/:callId": LISTENERS,
  "PUT /api/sets/:id/calls/:callId/expected": LISTENERS,
  "GET /api/reruns": LISTENERS,
  "POST /api/reruns": LISTENERS,
  "GET /api/reruns/models": LISTENERS,
  "GET /api/reruns/:id": LISTENERS,
  "GET /api/reruns/:id/calls/:callId": LISTENERS,
  "GET /api/reruns/:id/calls/:callId/replay": LISTENERS,
  "GET /api/reruns/:id/calls/:callId/replay/columns": LISTENERS,
  "GET /api/reruns/:id/calls/:callId/replay/scores": LISTENERS,
  "GET /api/reruns/:id/calls/:callId/audio.wav": LISTENERS,
  "POST /api/reruns/:id/cancel": LISTENERS,

  // Playbooks.
  "GET /api/playbooks": EVERYBODY,
  "POST /api/playbooks": ADMIN,
  "POST /api/playbooks/check": ADMIN,
  "GET /api/playbooks/schema": EVERYBODY,
  "GET /api/playbooks/:id/versions": EVERYBODY,
  "GET /api/playbooks/:id/versions/:version": EVERYBODY,
  "PUT /api/playbooks/:id/versions/:version": ADMIN,
  "POST /api/playbooks/:id/versions/:version/test": ADMIN,
  "POST /api/playbooks/:id/versions/:version/try": ADMIN,
  "GET /api/playbooks/:id/versions/:version/gate": EVERYBODY,
  "POST /api/playbooks/:id/versions/:version/publish": ADMIN,
  "GET /api/playbooks/:id/gate": EVERYBODY,
  "PUT /api/playbooks/:id/gate": ADMIN,

  // Numbers, connectors, knowledge.
  "GET /api/numbers": STEERING,
  "POST /api/numbers/webhook": ADMIN,
  "GET /api/numbers/routes": STEERING,
  "PUT /api/numbers/routes": ADMIN,
  "POST /api/numbers/preview": STEERING,
  "GET /api/connectors": STEERING,
  "PUT /api/connectors/routes": ADMIN,
  "PUT /api/connectors/:name": ADMIN,
  "PATCH /api/connectors/:name": ADMIN,
  "DELETE /api/connectors/:name": ADMIN,
  "POST /api/connectors/:name/check": ADMIN,
  "POST /api/connectors/test": ADMIN,
  "GET /api/knowledge": EVERYBODY,
  "PUT /api/knowledge/:name": ADMIN,
  "DELETE /api/knowledge/:name": ADMIN,
  "POST /api/knowledge/try": LISTENERS,

  // People.
  "GET /api/people": ADMIN,
  "POST /api/people": ADMIN,
  "PATCH /api/people/:id": ADMIN,
  "POST /api/people/:id/reset": ADMIN,
  "GET /api/tokens": ADMIN,
  "POST /api/tokens": ADMIN,
  "DELETE /api/tokens/:id": ADMIN,
  "GET /api/audit": ADMIN,

  // Figures and state.
  "GET /api/analytics": EVERYBODY,
  "GET /api/health": EVERYBODY,
  "GET /api/dead-letters": ADMIN,
  "POST /api/dead-letters/:queue/:id/retry": ADMIN,

  // The API's own description, and the queues.
  "GET /api/docs*": EVERYBODY,
  "GET /queues*": ADMIN,
  "POST /queues*": ADMIN,
  "PUT /queues*": ADMIN,
  "PATCH /queues*": ADMIN,
};

/** The row of a route: its own, or the longest one that ends in `*` and fits. */
export function accessOf(method: string, url: string): Access | undefined {
  const verb = method === "HEAD" ? "GET" : method;
  const own = ACCESS[`${verb} ${url}`];
  if (own) return own;
  let best: string | undefined;
  for (const key of Object.keys(ACCESS)) {
    if (!key.endsWith("*") || key === "GET /*") continue;
    const prefix = key.slice(0, -1);
    if (`${verb} ${url}`.startsWith(prefix) && key.length > (best?.length ?? 0)) best = key;
  }
  return best === undefined ? undefined : ACCESS[best];
}
