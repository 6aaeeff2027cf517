import type { ModelInfo } from "@sidetone/interaction-model";
import type { Logger } from "@sidetone/platform";
import type { LoopMaker } from "../shard/call-loop.ts";
import { PlaybookDialogue } from "./dialogue.ts";
import { decoderEars } from "./ears.ts";
import { ReadyPlaybooks, type TalkSpeaker } from "./ready-playbooks.ts";
import { TalkLoop } from "./talk-loop.ts";
import { TalkState } from "./talk-state.ts";

/** Makes the loops of calls that talk: dialogue, ears and voice around the interaction model. */
export function talkLoopMaker(info: ModelInfo, speaker: TalkSpeaker, log: Logger): LoopMaker {
  const playbooks = new ReadyPlaybooks(info, speaker, log);
  return (opened, resumed) => {
    const { playbook, saying, grammar } = playbooks.of(opened.playbook.document);
    const state = resumed === undefined ? undefined : TalkState.parse(resumed);
    const { callId, startedAt, timeZone, from, seed, taskMediansMs } = opened;
    return new TalkLoop({
      info,
      dialogue: new PlaybookDialogue(
        { callId, playbook, startedAt, timeZone, from, seed, taskMediansMs },
        state?.dialogue,
      ),
      ears: decoderEars(grammar),
      voice: { say: (text, rate = 1) => speaker.say(text, { ...saying, rate }) },
      greets: opened.direction === "inbound",
      resumed: state,
    });
  };
}
