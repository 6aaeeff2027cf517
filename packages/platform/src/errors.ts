/**
 * The one catalogue of errors. A code is stable (logs, metrics, API answers and runbooks name it);
 * the message says what was wrong and where, the remedy what to do about it.
 */
interface ErrorSpec {
  message: string;
  remedy: string;
  /** The same request may succeed later without anything being changed. */
  retryable: boolean;
  /** What an HTTP edge answers. */
  httpStatus: number;
}

const spec = (httpStatus: number, retryable: boolean, message: string, remedy: string): ErrorSpec => ({
  message,
  remedy,
  retryable,
  httpStatus,
});

export const ERRORS = {
  CONFIG_INVALID: spec(
    500,
    false,
    "The configuration is invalid.",
    "Mend the variables named below; `npm run config:check` lists them all.",
  ),
  SIGNATURE_MISSING: spec(
    403,
    false,
    "The request carries no X-Twilio-Signature.",
    "Only the carrier may call this address; check PUBLIC_URL and the number's webhook.",
  ),
  SIGNATURE_INVALID: spec(
    403,
    false,
    "X-Twilio-Signature does not match the request.",
    "Check that TWILIO_AUTH_TOKEN is the account's and that PUBLIC_URL is the address the carrier calls, scheme and port included.",
  ),
  REQUEST_INVALID: spec(
    400,
    false,
    "The request is not of the documented form.",
    "Compare the named field with the API's description.",
  ),
  NOT_FOUND: spec(404, false, "There is nothing at this address.", "Check the identifier."),
  UNAUTHENTICATED: spec(401, false, "Nobody is signed in.", "Sign in and try again."),
  FORBIDDEN: spec(403, false, "This role may not do that.", "Ask an admin for the role that may."),
  CONFLICT: spec(409, false, "Something newer is in the way.", "Load the newest version and apply the change to it."),
  RATE_LIMITED: spec(429, true, "Too many requests.", "Wait for the time that Retry-After names."),
  DRAINING: spec(503, true, "This process is draining and takes no new calls.", "Send new calls to another one."),
  TOKEN_MISSING: spec(
    403,
    false,
    "The stream's start carries no token.",
    "Open the socket with the TwiML that /voice answered.",
  ),
  TOKEN_INVALID: spec(
    403,
    false,
    "The stream's token is unknown or was used before.",
    "Every call needs a TwiML answer of its own.",
  ),
  TOKEN_EXPIRED: spec(403, false, "The stream's token has expired.", "Open the socket within the token's lifetime."),
  START_TIMEOUT: spec(
    408,
    false,
    "No valid start arrived in time.",
    "Send `start` within five seconds of opening the socket.",
  ),
  MESSAGE_MALFORMED: spec(
    400,
    false,
    "A socket message is not valid.",
    "Send Media Streams JSON text messages as documented.",
  ),
  MESSAGE_TOO_LARGE: spec(413, false, "A socket message is larger than allowed.", "Send 20 ms media frames."),
  MESSAGE_BINARY: spec(400, false, "A binary socket message arrived.", "Media Streams sends text messages only."),
  MESSAGE_RATE: spec(
    429,
    false,
    "Socket messages arrive faster than any call can produce them.",
    "Send audio in real time.",
  ),
  MESSAGE_OUT_OF_ORDER: spec(
    400,
    false,
    "A socket message arrived in a state that does not allow it.",
    "Send connected, one start, then media, dtmf, mark, and one stop.",
  ),
  ORIGIN_FORBIDDEN: spec(
    403,
    false,
    "The browser's origin may not open a call.",
    "Set DASHBOARD_ORIGIN to the address the dashboard is opened at.",
  ),
  NO_CAPACITY: spec(
    503,
    true,
    "No pod can take another call.",
    "Add pods, or raise POD_CAPACITY if the machine has headroom.",
  ),
  POD_UNREACHABLE: spec(503, true, "The inference pod does not answer.", "Check the pod's log and PODS."),
  POD_REFUSED: spec(503, true, "The inference pod refused the call.", "See the pod's own code in the log."),
  POD_CALL_UNKNOWN: spec(
    404,
    false,
    "The pod does not have this call.",
    "Open the call on this stream first; a call lives on the stream that opened it.",
  ),
  POD_CALL_DUPLICATE: spec(
    409,
    false,
    "The call's handle was opened twice on one stream; the pod has closed it.",
    "Choose another handle for a new call.",
  ),
  POD_CALL_FAILED: spec(
    500,
    true,
    "The pod could not go on with this call.",
    "The call may go on elsewhere from its last snapshot; the pod's log has the cause.",
  ),
  POD_WORKER_LOST: spec(
    503,
    true,
    "The pod's worker that held this call has died.",
    "The call may go on elsewhere from its last snapshot; the pod's log has the cause.",
  ),
  POD_MESSAGE_INVALID: spec(
    400,
    false,
    "A message to the pod is not of the documented form.",
    "Bridge and pod must be of the same release; see packages/protocol/src/pod.proto.",
  ),
  POD_STREAM_STALLED: spec(
    503,
    true,
    "The bridge does not read the pod's answers.",
    "The bridge is overloaded or stuck; see its tick lateness.",
  ),
  MODEL_UNAVAILABLE: spec(
    503,
    false,
    "The pod does not serve the model that the call asks for.",
    "Set MODEL_DIR to a folder with the model's files, or place the call on another pod.",
  ),
  MODEL_INVALID: spec(
    500,
    false,
    "The model's files do not match its manifest.",
    "Fetch the release's weights again; the cause names the file and the fault.",
  ),
  PLAYBOOK_INVALID: spec(
    422,
    false,
    "The playbook is not valid.",
    "Mend the lines named below; `npm run playbook -- check FILE` lists them all.",
  ),
  PLAYBOOK_UNKNOWN: spec(
    404,
    false,
    "No playbook has that name.",
    "Publish it, or route the number to one that exists.",
  ),
  TAPE_INVALID: spec(
    422,
    false,
    "The file is not a tape this version can read.",
    "Check the path, and the format version in its header.",
  ),
  TAPE_WRITE_FAILED: spec(500, true, "The tape could not be written.", "Check space and permissions under DATA_DIR."),
  REDIS_UNAVAILABLE: spec(
    503,
    true,
    "Redis does not answer.",
    "Check REDIS_URL and the server; calls go on without it.",
  ),
  STORE_UNAVAILABLE: spec(
    503,
    true,
    "The database does not answer.",
    "Check DATABASE_URL and the server; calls go on without it.",
  ),
  STORAGE_UNAVAILABLE: spec(
    503,
    true,
    "The tape storage does not answer.",
    "Check STORAGE_URL; tapes wait under DATA_DIR meanwhile.",
  ),
  TASK_INVALID: spec(
    422,
    false,
    "The task's input does not fit its kind.",
    "See the kind's schema in packages/protocol/src/tasks.ts.",
  ),
  TASK_EXPIRED: spec(
    504,
    false,
    "The task waited too long to be of use.",
    "Add workers; see the queue's wait in Health.",
  ),
  TASK_STOPPED: spec(409, false, "The task was cancelled or superseded while it ran.", "Nothing: a newer one answers."),
  TASK_UNCERTAIN: spec(
    409,
    false,
    "An interrupted attempt may have changed the other system.",
    "Look there, then retry or drop the dead letter.",
  ),
  TASK_TIMED_OUT: spec(504, true, "The task took longer than its kind allows.", "Check the connector's health."),
  TASK_FAILED: spec(502, true, "The task failed.", "The cause names the connector and what it said."),
  WORKER_UNREACHABLE: spec(
    502,
    true,
    "The worker does not answer.",
    "Start the worker, or set WORKER_URL to its side port.",
  ),
  CONNECTOR_UNSUPPORTED: spec(
    501,
    false,
    "The connector cannot do that.",
    "Choose another connector for this tool, or hand over to a person.",
  ),
  CONNECTOR_AUTH: spec(
    502,
    false,
    "The connector's credentials were refused.",
    "Renew them in Connectors; the test button says what the service answered.",
  ),
  CONNECTOR_DOWN: spec(
    503,
    true,
    "The connector's service is down; its circuit is open.",
    "It is tried again by itself; see Health.",
  ),
  SPEECH_FAILED: spec(
    502,
    true,
    "No speech engine could say the line.",
    "Check that flite or espeak-ng is installed, and the engine's address.",
  ),
  CARRIER_REFUSED: spec(502, true, "The carrier refused a request.", "The cause carries the carrier's own code."),
  STIMULI_INVALID: spec(
    400,
    false,
    "The recordings for the benchmark cannot be used.",
    "Mend the entry named below; docs/BENCHMARK.md describes manifest.json.",
  ),
  DEPENDENCY_MISSING: spec(
    500,
    false,
    "A program that Sidetone needs is not installed.",
    "Install the package named below.",
  ),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** An error of the catalogue. `detail` says where and with which value; it never holds a secret. */
export class SidetoneError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly httpStatus: number;

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    const found = ERRORS[code];
    super(detail ? `${found.message} ${detail}` : found.message, options);
    this.name = "SidetoneError";
    this.code = code;
    this.detail = detail;
    this.remedy = found.remedy;
    this.retryable = found.retryable;
    this.httpStatus = found.httpStatus;
  }

  /** What an API answers: no stack, no cause. */
  toJSON(): { code: ErrorCode; message: string; remedy: string; retryable: boolean } {
    return { code: this.code, message: this.message, remedy: this.remedy, retryable: this.retryable };
  }
}
