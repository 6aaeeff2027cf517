"""One simulated call as a stereo WAV (left: caller, right: agent) with its labels as text, to be listened to.

    /usr/bin/python3 listen.py --seed 7 --out DIR [--bank DIR] [--human DIR] [--scene dialogue|dense|quiet]
"""

import argparse
import os
import wave

import numpy as np

import bank
import contract as c
import simulator

LETTER = {"listen": ".", "begin": "B", "backchannel": "m", "hold": "h", "duck": "d", "yield": "Y"}


def describe(call):
    """Labels as lines: one character a hop, 50 hops (2 s) a line; then words, turns, sounds."""
    hops = len(call.expectation)
    lines = [f"{hops} hops of 40 ms. Rows: d decision (. listen, B begin, m backchannel, h hold, d duck, Y yield), o overlap (n none, f floor, b backchannel, s side talk, g background),",
             "c caller's voice, a agent playing, e expectation (index), r remaining (to 9), i intent (index).", ""]
    rows = {
        "d": [LETTER[c.DECISIONS[x]] for x in call.decision], "o": ["nfbsg"[x] for x in call.overlap], "c": [".#"[int(x)] for x in call.voice[:, 0]],
        "a": [".#"[int(x)] for x in call.clock[:hops, 1]], "e": ["0123456789ab"[x] for x in call.expectation],
        "r": [str(min(9, int(x))) for x in call.remaining], "i": [str(x) for x in call.intent],
    }
    for at in range(0, hops, 50):
        lines.append(f"{at * c.HOP_MS / 1000:7.2f} s")
        lines += [f"  {name} {''.join(row[at:at + 50])}" for name, row in rows.items()]
    lines.append("")
    lines += [f"word   {a / 8000:7.2f} {b / 8000:7.2f} {' '.join(words)}" for a, b, words, *_ in sorted(call.words, key=lambda w: w[:2])]
    lines += [f"turn   {t.start / 8000:7.2f} {t.end / 8000:7.2f} {t.spoken.kind} want={t.spoken.want} expectation={t.spoken.expectation}({t.spoken.count}) pauses="
              + " ".join(f"{a / 8000:.2f}-{b / 8000:.2f}" for a, b, _ in t.gaps) for t in call.turns]
    lines += [f"sound  {a / 8000:7.2f} {b / 8000:7.2f} {kind}" for kind, a, b in call.sounds]
    lines += [f"agent  {a / 8000:7.2f} {b / 8000:7.2f}" for a, b in call.agent_spans]
    return "\n".join(lines) + "\n"


def write(call, path):
    """PATH.wav and PATH.txt."""
    pcm = np.stack([call.caller, call.agent], 1)
    with wave.open(path + ".wav", "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(simulator.RATE)
        f.writeframes(np.clip(np.round(pcm * 32767), -32768, 32767).astype("<i2").tobytes())
    with open(path + ".txt", "w") as f:
        f.write(describe(call))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=".data/listen")
    parser.add_argument("--bank", help="folder of a voice bank; without it a small one is made")
    parser.add_argument("--human")
    parser.add_argument("--scene", choices=["dialogue", "dense", "quiet"])
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    folder = options.bank or os.path.join(options.out, "bank")
    if not os.path.exists(os.path.join(folder, "training.pickle")):
        bank.build(folder, options.human, 8, 60, False, 1)
    call = simulator.Simulator(*bank.load(folder, "training")).call(options.seed, options.seconds * 25, options.scene)
    path = os.path.join(options.out, f"call-{options.seed}")
    write(call, path)
    print(f"{path}.wav {path}.txt")


if __name__ == "__main__":
    main()
