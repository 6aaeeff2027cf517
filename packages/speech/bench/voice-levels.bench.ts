/** Prints the gain that brings each embedded voice to telephone level; its output is `VOICE_GAINS_DB`. */
import { ulawLevelDbfs } from "@sidetone/audio";
import { VOICE_GAINS_DB } from "../src/engines/native-voice.ts";
import { ESPEAK_VOICES, FLITE_VOICES, NativeEngine, Speaker, SpeechCache } from "../src/index.ts";

const LINES = [
  "Thank you for calling, this is the automated assistant.",
  "Your order four seven two nine one has been shipped and arrives on Tuesday.",
  "Could you tell me the order number, please?",
  "I am sorry, I did not catch the last two digits.",
];

for (const [library, voices] of [
  ["flite", FLITE_VOICES],
  ["espeak", ESPEAK_VOICES],
] as const) {
  const engine = new NativeEngine({ library, voice: voices[0] });
  for (const name of voices) {
    const voice = `${library}/${name}`;
    const speaker = new Speaker({ engines: [engine], voice, fallbackVoice: voice, cache: await SpeechCache.open({}) });
    let power = 0;
    for (const line of LINES) {
      const utterance = speaker.say(line);
      await utterance.finished;
      const spoken = utterance.words.flatMap((word) => [
        ...utterance.muLaw.subarray(word.startSamples, word.endSamples),
      ]);
      power += 10 ** (ulawLevelDbfs(Uint8Array.from(spoken)) / 10) / LINES.length;
    }
    const gainDb = (VOICE_GAINS_DB[voice] ?? 0) - 20 - 10 * Math.log10(power);
    console.log(`"${voice}": ${gainDb.toFixed(1)},`);
  }
  await engine.close();
}
