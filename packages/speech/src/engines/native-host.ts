/**
 * The process in which a native speech library runs, apart from the pod: a fault in the library ends this process, and
 * no call. Started by `NativeEngine` with the library's name as its argument; speaks one clause at a time.
 */
import { TelephoneEncoder } from "../telephone-encoder.ts";
import { openEspeak } from "./espeak-library.ts";
import { openFlite } from "./flite-library.ts";
import type { HostReply, HostRequest } from "./native-messages.ts";
import { type NativeVoice, VOICE_GAINS_DB } from "./native-voice.ts";

/** Audio is sent in pieces of at least 20 ms. */
const PIECE_BYTES = 160;

const library = process.argv[2];
const voices = new Map<string, NativeVoice>();

function voiceNamed(name: string): NativeVoice {
  let voice = voices.get(name);
  if (!voice) {
    voice = library === "espeak" ? openEspeak(name) : openFlite(name);
    voices.set(name, voice);
  }
  return voice;
}

function reply(message: HostReply): void {
  // A parent that is gone needs no answer; "disconnect" ends this process.
  process.send?.(message, () => undefined);
}

function speak(request: HostRequest): void {
  const voice = voiceNamed(request.voice);
  if (request.text === "") return;
  const gainDb = VOICE_GAINS_DB[`${library}/${request.voice}`] ?? 0;
  const encoder = new TelephoneEncoder({ fromHz: voice.rateHz, gainDb, adaptive: false });
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const send = (atLeast: number): void => {
    if (bytes <= atLeast) return;
    reply({ id: request.id, kind: "audio", muLaw: Buffer.concat(pieces) });
    pieces = [];
    bytes = 0;
  };
  voice.speak(
    request.text,
    request.rate,
    (linear) => {
      const muLaw = encoder.encode(linear);
      pieces.push(muLaw);
      bytes += muLaw.length;
      send(PIECE_BYTES);
    },
    (bounds) =>
      reply({ id: request.id, kind: "tokens", bounds: bounds.map((at) => Math.round((at * 8000) / voice.rateHz)) }),
  );
  const rest = encoder.finish();
  pieces.push(rest);
  bytes += rest.length;
  send(0);
}

process.on("message", (request: HostRequest) => {
  try {
    speak(request);
    reply({ id: request.id, kind: "done" });
  } catch (error) {
    reply({ id: request.id, kind: "failed", detail: error instanceof Error ? error.message : String(error) });
  }
});
// The parent is gone: there is nobody left to speak for.
process.on("disconnect", () => process.exit(0));
