import { type Playbook, validatePlaybook } from "@sidetone/dialogue";
import type { ModelInfo } from "@sidetone/interaction-model";
import { type CompiledPronunciations, compilePronunciations, type Speaker } from "@sidetone/speech";
import type { LoopMaker, Opened } from "../shard/call-loop.ts";
import { PlaybookDialogue } from "./dialogue.ts";
import { deafEars } from "./ears.ts";
import { TalkLoop } from "./talk-loop.ts";
import { TalkState } from "./talk-state.ts";

/** Playbooks that a worker keeps ready; calls bring the document with them. */
const KEPT_PLAYBOOKS = 16;

interface ReadyPlaybook {
  playbook: Playbook;
  pronunciations: CompiledPronunciations;
}

/** Makes the loops of calls that talk: dialogue, ears and voice around the interaction model. */
export function talkLoopMaker(info: ModelInfo, speaker: Speaker): LoopMaker {
  const playbooks = new Map<string, ReadyPlaybook>();
  const ready = (opened: Opened): ReadyPlaybook => {
    const key = JSON.stringify(opened.playbook.document);
    let found = playbooks.get(key);
    if (!found) {
      const playbook = validatePlaybook(opened.playbook.document).document;
      found = { playbook, pronunciations: compilePronunciations(playbook.pronunciation) };
      playbooks.set(key, found);
      const [oldest] = playbooks.keys();
      if (playbooks.size > KEPT_PLAYBOOKS) playbooks.delete(oldest!);
    }
    return found;
  };
  return (opened, resumed) => {
    const { playbook, pronunciations } = ready(opened);
    const state = resumed === undefined ? undefined : TalkState.parse(resumed);
    const { callId, startedAt, timeZone, from, seed, taskMediansMs } = opened;
    const dialogue = new PlaybookDialogue(
      { callId, playbook, startedAt, timeZone, from, seed, taskMediansMs },
      state?.dialogue,
    );
    return new TalkLoop({
      info,
      dialogue,
      ears: deafEars,
      voice: { say: (text) => speaker.say(text, { voice: playbook.persona.voice, pronunciations }) },
      greets: opened.direction === "inbound",
      resumed: state,
    });
  };
}
