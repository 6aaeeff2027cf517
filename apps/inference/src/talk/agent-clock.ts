import { z } from "zod";

export const AgentClockState = z.object({ playing: z.boolean(), hopsSinceChange: z.number().int() });
export type AgentClockState = z.infer<typeof AgentClockState>;

/** Whether an utterance of the agent plays, and for how long that has been so. `verify` rebuilds it from the tape. */
export class AgentClock {
  playing = false;
  /** Hops since `playing` changed, 0 in the hop of the change; since the call began if it never did. */
  hopsSinceChange = -1;

  tick(playing: boolean): void {
    this.hopsSinceChange = playing === this.playing ? this.hopsSinceChange + 1 : 0;
    this.playing = playing;
  }

  snapshot(): AgentClockState {
    return { playing: this.playing, hopsSinceChange: this.hopsSinceChange };
  }

  restore(state: AgentClockState): void {
    this.playing = state.playing;
    this.hopsSinceChange = state.hopsSinceChange;
  }
}
