import { ulawLevelDbfs } from "@sidetone/audio";
import { HOP_SAMPLES, MU_LAW_SILENCE } from "@sidetone/protocol";

/** Above this a hop of the caller counts as speech: the level that the figures of a call use. */
const SPEECH_DBFS = -40;
/** Quiet that ends a turn: 1.2 s. A pause inside a number is shorter, or the agent says nothing in it. */
const TURN_GAP_HOPS = 30;
/** Clicks are no speech: 80 ms. */
const LEAST_LOUD_HOPS = 2;
/** A turn keeps the breath before its first loud hop and the end after its last: 200 ms and 320 ms. */
const LEAD_IN_HOPS = 5;
const TAIL_HOPS = 8;
/** How long a caller waits for an agent that does not get where it had been: 15 s. */
const PATIENCE_HOPS = 375;
/** Quiet of the line that is repeated while a caller waits: 400 ms. */
const ROOM_HOPS = 10;
/** Somebody who wanted to interrupt speaks soon after the agent is done: 200 ms. */
const SOON_HOPS = 5;

/** What the re-run needs to know of one hop as it was. */
export interface TapedHop {
  caller: Uint8Array;
  agentPlaying: boolean;
  /** Tasks without an end, at the end of the hop. */
  openTasks: number;
  withheld: boolean;
}

/** When a turn of the caller may begin. */
type Anchor =
  /** The agent said nothing since the turn before: the caller simply went on. */
  | { kind: "on" }
  /** After the agent was done and quiet for so many hops. */
  | { kind: "after"; quietHops: number; beforeAnswer: boolean }
  /** While the agent was speaking for so many hops. */
  | { kind: "over"; intoHops: number };

export interface CallerTurn {
  fromHop: number;
  /** Exclusive. */
  toHop: number;
  /** Quiet before its first sound. */
  leadHops: number;
  anchor: Anchor;
}

/** Where the agent is, in the call as it is run again. */
export interface AgentView {
  playing: boolean;
  /** Hops since `playing` last changed. */
  hopsSinceChange: number;
  /** It has been heard since the caller's last turn. */
  spoke: boolean;
  /** It has nothing to say, and nothing on its way. */
  done: boolean;
  openTasks: number;
}

/** Finds the caller's turns by their sound, and what each of them waited for. */
export function turnsOf(hops: readonly TapedHop[]): CallerTurn[] {
  const stretches: { from: number; to: number }[] = [];
  let loudFrom = -1;
  let loudHops = 0;
  let lastLoud = -1;
  const close = () => {
    if (loudFrom >= 0 && loudHops >= LEAST_LOUD_HOPS) stretches.push({ from: loudFrom, to: lastLoud + 1 });
    loudFrom = -1;
    loudHops = 0;
  };
  for (const [index, hop] of hops.entries()) {
    const loud = !hop.withheld && ulawLevelDbfs(hop.caller, 0, HOP_SAMPLES) > SPEECH_DBFS;
    if (!loud) {
      if (loudFrom >= 0 && index - lastLoud > TURN_GAP_HOPS) close();
      continue;
    }
    if (loudFrom < 0) loudFrom = index;
    loudHops++;
    lastLoud = index;
  }
  close();
  const turns: CallerTurn[] = [];
  let beforeHop = 0;
  for (const { from, to } of stretches) {
    const fromHop = Math.max(beforeHop, from - LEAD_IN_HOPS);
    const toHop = Math.min(hops.length, to + TAIL_HOPS);
    turns.push({ fromHop, toHop, leadHops: from - fromHop, anchor: anchorOf(hops, beforeHop, from) });
    beforeHop = toHop;
  }
  return turns;
}

/** What the caller's first sound at `at` came after, looking back to the turn before. */
function anchorOf(hops: readonly TapedHop[], beforeHop: number, at: number): Anchor {
  if (hops[at]?.agentPlaying) {
    let began = at;
    while (began > 0 && hops[began - 1]?.agentPlaying) began--;
    return { kind: "over", intoHops: at - began };
  }
  let lastPlaying = at - 1;
  while (lastPlaying >= beforeHop && !hops[lastPlaying]?.agentPlaying) lastPlaying--;
  if (lastPlaying < beforeHop) return { kind: "on" };
  const beforeAnswer = (hops[at]?.openTasks ?? 0) > 0;
  return { kind: "after", quietHops: at - lastPlaying - 1, beforeAnswer };
}

/**
 * The caller of a re-run: the recorded sound, hop by hop. A turn waits until the agent is where it was when the caller
 * began it, so that an agent that is slower, quicker or says something else is still talked with and not past.
 */
export class CallerFeed {
  readonly turns: readonly CallerTurn[];
  /** The hop of the re-run at which each turn began. */
  readonly beganAt: number[] = [];
  /** Turns that came because the caller's patience was over. */
  forced = 0;
  readonly #hops: readonly TapedHop[];
  readonly #silence = new Uint8Array(HOP_SAMPLES).fill(MU_LAW_SILENCE);
  /** The hop on the tape that comes next. */
  #at: number;
  #turn = 0;
  #heldHops = 0;
  #hop = 0;

  constructor(hops: readonly TapedHop[], turns: readonly CallerTurn[] = turnsOf(hops)) {
    this.#hops = hops;
    this.turns = turns;
    const first = hops.findIndex((hop) => !hop.withheld);
    this.#at = first < 0 ? hops.length : first;
  }

  /** Everything of the tape was heard. */
  get over(): boolean {
    return this.#at >= this.#hops.length;
  }

  /** How far the tape has been played, 0 to 1. */
  get progress(): number {
    return this.#hops.length === 0 ? 1 : this.#at / this.#hops.length;
  }

  /** Position on the tape; inputs of the call that lie before it are due. */
  get tapeHop(): number {
    return this.#at;
  }

  /** The caller's next hop. The view is that of the hop before. */
  next(agent: AgentView): Uint8Array {
    const hop = this.#hop++;
    const turn = this.turns[this.#turn];
    if (turn && this.#at < turn.toHop && this.beganAt.length > this.#turn) return this.#take();
    const coming = turn && this.beganAt.length > this.#turn ? this.turns[++this.#turn] : turn;
    if (!coming) return this.#take();
    const isDue = coming.anchor.kind === "on" ? this.#at >= coming.fromHop : isReady(coming, agent);
    if (!isDue && this.#at < coming.fromHop) return this.#take();
    if (!isDue && this.#heldHops < PATIENCE_HOPS) return this.#room(coming.fromHop);
    if (!isDue) this.forced++;
    this.#heldHops = 0;
    this.#at = coming.fromHop;
    this.beganAt.push(hop);
    return this.#take();
  }

  #take(): Uint8Array {
    const hop = this.#hops[this.#at++];
    return hop === undefined || hop.withheld ? this.#silence : hop.caller;
  }

  /** The quiet of the line just before a turn, forth and back. */
  #room(beforeHop: number): Uint8Array {
    const step = this.#heldHops++ % (2 * ROOM_HOPS);
    const back = step < ROOM_HOPS ? step : 2 * ROOM_HOPS - 1 - step;
    const hop = this.#hops[beforeHop - 1 - back];
    const isQuiet = hop && !hop.withheld && ulawLevelDbfs(hop.caller, 0, HOP_SAMPLES) <= SPEECH_DBFS;
    return isQuiet ? hop.caller : this.#silence;
  }
}

function isReady({ anchor, leadHops }: CallerTurn, agent: AgentView): boolean {
  // The view is that of the hop before, and the turn's first sound comes after its lead-in.
  const hops = agent.hopsSinceChange + 1 + leadHops;
  const isDone = agent.spoke && agent.done && !agent.playing;
  switch (anchor.kind) {
    case "on":
      return true;
    case "after":
      return isDone && (anchor.beforeAnswer || agent.openTasks === 0) && hops >= anchor.quietHops;
    case "over":
      if (agent.playing) return hops >= anchor.intoHops;
      return isDone && agent.openTasks === 0 && agent.hopsSinceChange >= SOON_HOPS;
  }
}
