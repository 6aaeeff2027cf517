import { randomBytes } from "node:crypto";
import { type Clock, realClock, type Stop } from "@sidetone/platform";
import { Call, type CallSetup, type DialOutcome } from "./call.ts";
import { seededRandom } from "./line.ts";
import { type OpenMediaSocket, openWebSocket } from "./media-socket.ts";
import type { Notice } from "./notices.ts";
import { type PhoneNumber, RestApi, type TextMessage } from "./rest-api.ts";

const FRAME_MS = 20;
/** After a stall longer than this the rest of the lost time is not made up for. */
const MOST_BEATS_AT_ONCE = 50;

export interface CarrierOptions {
  accountSid: string;
  authToken: string;
  clock?: Clock;
  openSocket?: OpenMediaSocket;
  /** Where a public address is reached from here; addresses are signed as they are in TwiML. */
  resolve?: (url: URL) => URL;
  /** How dialled parties take calls. */
  dial?: (targets: string[]) => DialOutcome;
  /** Over how many moments of each 20 ms calls are spread, as real calls are; load tests set it. */
  phases?: number;
  /** The same SIDs each time; without it they are random. */
  sidSeed?: number;
  numbers?: PhoneNumber[];
}

/**
 * Twilio's side of one account: places calls to our webhooks, plays and records them, and answers our REST calls.
 * One beat of 20 ms drives every call; with a virtual clock that beat is the only source of time.
 */
export class Carrier {
  /** What Twilio would have written into the account's error log. */
  readonly notices: Notice[] = [];
  readonly calls = new Map<string, Call>();
  readonly numbers: PhoneNumber[];
  /** Texts that were sent by our REST calls, in order. */
  readonly messages: TextMessage[] = [];
  readonly accountSid: string;
  readonly authToken: string;
  readonly #options: CarrierOptions;
  readonly #clock: Clock;
  readonly #random: (() => number) | undefined;
  readonly #phases: Call[][];
  #placed = 0;
  #phase = 0;
  #stopBeat: Stop | undefined;
  #api: RestApi | undefined;

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.accountSid = options.accountSid;
    this.authToken = options.authToken;
    this.numbers = options.numbers ?? [];
    this.#clock = options.clock ?? realClock;
    this.#random = options.sidSeed === undefined ? undefined : seededRandom(options.sidSeed);
    this.#phases = Array.from({ length: options.phases ?? 1 }, () => []);
  }

  /** Rings `setup.to` at its voice URL. The call goes on by itself; `call.ended` settles when it is over. */
  placeCall(setup: CallSetup): Call {
    const call = new Call(
      {
        clock: this.#clock,
        accountSid: this.accountSid,
        authToken: this.authToken,
        openSocket: this.#options.openSocket ?? openWebSocket,
        resolve: this.#options.resolve ?? ((url) => url),
        dial: this.#options.dial ?? (() => ({ status: "completed", durationMs: 1000 })),
        newSid: (prefix) => this.newSid(prefix),
        notice: (found) => this.notices.push(found),
      },
      setup,
    );
    this.calls.set(call.sid, call);
    const phase = this.#phases[this.#placed++ % this.#phases.length]!;
    phase.push(call);
    this.#stopBeat ??= this.#clock.every(FRAME_MS / this.#phases.length, (_latenessMs, missed) => {
      for (let i = Math.min(missed + 1, MOST_BEATS_AT_ONCE); i > 0; i--) this.#beat();
    });
    void call.run().finally(() => {
      phase.splice(phase.indexOf(call), 1);
      if (this.#phases.every((calls) => calls.length === 0)) this.#stopBeats();
    });
    return call;
  }

  /** Starts the REST API on a free loopback port. @returns its address, for TWILIO_API_BASE */
  async listen(port = 0): Promise<string> {
    this.#api = new RestApi(this);
    return this.#api.listen(port);
  }

  /** Ends every call, as if each caller hung up, and stops the REST API once their callbacks are answered. */
  async close(): Promise<void> {
    const running = [...this.calls.values()].filter((call) => !call.over);
    for (const call of running) call.hangUp();
    await Promise.all(running.map((call) => call.ended));
    this.#stopBeats();
    await this.#api?.close();
  }

  newSid(prefix: string): string {
    const bytes = this.#random === undefined ? randomBytes(16) : Buffer.alloc(16);
    if (this.#random !== undefined) for (let i = 0; i < 16; i++) bytes[i] = Math.floor(this.#random() * 256);
    return prefix + bytes.toString("hex");
  }

  #beat(): void {
    for (const call of this.#phases[this.#phase]!) call.beat();
    this.#phase = (this.#phase + 1) % this.#phases.length;
  }

  #stopBeats(): void {
    this.#stopBeat?.();
    this.#stopBeat = undefined;
  }
}
