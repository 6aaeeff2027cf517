"""Held-out turns of one caller each as a folder of clips for `npm run model:eval`: the same lines, voices and noises as in `evaluate.py`, with the
runtime's own decoder and Silero beside it.

    /usr/bin/python3 testset.py --out DIR --bank DIR [--count 60] [--snr 20 10]

Writes one mu-law WAV per kind, `manifest.jsonl`, and `phrases.txt`: wordings of the training half and the commands,
as a playbook that covers these wants would list them.
"""

import argparse
import json
import os
import struct

import numpy as np

import bank
import evaluate
import scripts
import simulator
from simulator import RATE

PHRASES = 3000


def mu_law_bytes(x):
    """float -1..1 to G.711 mu-law bytes."""
    pcm = np.clip(np.round(x * 32767), -32635, 32635).astype(np.int32)
    magnitude = np.abs(pcm) + 132
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 15
    return (~((np.where(pcm < 0, 0x80, 0) | (exponent << 4) | mantissa)) & 0xFF).astype(np.uint8)


def write_wav(path, data):
    """8 kHz mono mu-law."""
    body = data.tobytes()
    head = struct.pack("<4sI4s4sIHHIIHHH4sII4sI", b"RIFF", 50 + len(body) + len(body) % 2, b"WAVE", b"fmt ", 18, 7, 1, RATE, RATE, 1, 8, 0, b"fact", 4, len(body), b"data", len(body))
    with open(path, "wb") as f:
        f.write(head + body + b"\0" * (len(body) % 2))


def line(call, kind, number, offset, size):
    turn = call.turns[0]
    spoken = turn.spoken
    return {
        "id": f"{kind}/{number}", "path": f"{kind}.wav", "offsetSamples": offset, "numSamples": size, "kind": kind, "speaker": call.speaker,
        "words": " ".join(x for clip in spoken.clips for x in clip.words), "speechStartMs": turn.start / 8, "speechEndMs": turn.end / 8,
        "expectation": spoken.expectation, "length": spoken.count, "want": spoken.want,
        "pauses": [{"startMs": a / 8, "endMs": b / 8} for a, b, _ in turn.gaps if 0.2 * RATE <= b - a <= 2.0 * RATE],
    }


def choosers(sim):
    """By kind: a function of a generator that gives a speaker and what is said."""
    pick = evaluate.choosers(sim)
    kind = lambda name, wanted: lambda rng: next(x for x in iter(lambda: pick[name](rng), None) if wanted(x[1]))
    out = {"wants": kind("wants", lambda t: t.kind == "want"), "other texts": kind("wants", lambda t: t.kind == "none"), "digit strings": pick["digits"], "answers": pick["fulfilled"]}
    if "people" in pick:
        out["people's digit strings"] = pick["people"]
    if sim.single_people:
        def single(rng):
            speaker = sim.draw_caller(rng, 1.0)
            while not any(x.words for x in speaker.singles):
                speaker = sim.draw_caller(rng, 1.0)
            clip = sim.pick(rng, [x for x in speaker.singles if x.words])
            return speaker, bank.Spoken("random", "none", "open", 0, [clip])
        out["people's commands"] = single
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--bank", required=True)
    parser.add_argument("--count", type=int, default=60, help="clips of each kind")
    parser.add_argument("--snr", type=float, nargs="+", default=[20, 10], help="noise levels in dB")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    audio, index = bank.load(options.bank, "evaluation")
    sim = simulator.Simulator(audio, evaluate.half(index, 1))
    lines = []
    for snr in options.snr:
        for name, choose in choosers(sim).items():
            speakers = {}

            def remembered(rng):
                speaker, spoken = choose(rng)
                speakers[id(spoken)] = speaker.name
                return speaker, spoken

            kind = f"{name}, {snr:g} dB"
            parts, offset = [], 0
            for number, call in enumerate(evaluate.make(sim, options.count, remembered, snr, 130_000)):
                call.speaker = speakers[id(call.turns[0].spoken)]
                data = mu_law_bytes(call.caller)
                lines.append(line(call, kind, number, offset, len(data)))
                parts.append(data)
                offset += len(data)
            write_wav(os.path.join(options.out, f"{kind}.wav"), np.concatenate(parts))
    with open(os.path.join(options.out, "manifest.jsonl"), "w") as f:
        f.writelines(json.dumps(x) + "\n" for x in lines)
    writer = scripts.Writer(np.random.default_rng(1))
    phrases = {" ".join(writer.fill(writer.pick(writer.wants[writer.pick(list(writer.wants))]))) for _ in range(PHRASES)}
    phrases |= {" ".join(clip.words) for speaker in sim.single_people for clip in speaker.singles if clip.words and len(clip.words) == 1}
    with open(os.path.join(options.out, "phrases.txt"), "w") as f:
        f.writelines(text + "\n" for text in sorted(phrases))
    print(f"{len(lines)} clips in {options.out}")


if __name__ == "__main__":
    main()
