"""The bank: turns spoken once by many voices, and people's clips, cached as one int16 file and an index.

    /usr/bin/python3 bank.py --out .data/training [--human DIR] [--speakers 480] [--turns 110]
"""

import argparse
import json
import os
import pickle
import time
import zlib
from dataclasses import dataclass, field

import numpy as np

import phones
import scripts
import voices
import wordings

# People whose recordings are for evaluation only; of the other sources, a tenth of speakers (or of clips, where speakers are unknown).
HELD_OUT_PEOPLE = {"fsdd:nicolas", "fsdd:lucas"}


@dataclass
class Clip:
    start: int  # in the bank's audio
    length: int
    words: list  # may be None: speech with unknown words
    bounds: list  # (start, end) samples of each word
    gap: str = "tight"
    chars: int = 0
    phones: list = None  # of each word; None where unknown
    sounds: np.ndarray = None  # of every 20 ms (`phones`); None where unknown


@dataclass
class Spoken:
    kind: str
    want: str
    expectation: str
    count: int
    clips: list


@dataclass
class Speaker:
    name: str
    human: bool
    turns: dict = field(default_factory=dict)  # kind -> [Spoken]
    digits: dict = field(default_factory=dict)  # people only: word -> [Clip]
    singles: list = field(default_factory=list)  # people only: [Clip]


class Recorder:
    def __init__(self):
        self.parts, self.at = [], 0

    def add(self, audio):
        """Levels a piece to -20 dBFS and stores it; returns its offset."""
        rms = np.sqrt(np.mean(audio.astype(np.float64) ** 2)) + 1e-9
        audio = np.clip(audio * (0.1 / rms), -1, 1)
        self.parts.append(np.round(audio * 32000).astype(np.int16))
        start = self.at
        self.at += len(audio)
        return start


PLAN = {"want": 0.30, "slot": 0.20, "counted": 0.14, "real": 0.10, "random": 0.07, "backchannel": 0.05, "interruption": 0.07, "side-talk": 0.02, "agent": 0.05}


def synthesise(recorder, rng, speakers, turns, held_out, human):
    writer = scripts.Writer(rng, held_out, human)
    mouth = voices.Mouth()
    out = []
    began = time.time()
    for index in range(speakers):
        voice = voices.draw(rng, held_out)
        speaker = Speaker(f"{voice.engine}:{voice.name}:{voice.tract:.2f}", False)
        n = turns if voice.engine == "espeak" else max(20, turns // 3)
        for kind, share in PLAN.items():
            for _ in range(max(1, round(share * n))):
                turn = {"want": writer.want, "slot": writer.slot, "counted": writer.counted, "real": writer.real, "random": writer.random, "agent": writer.agent_line}.get(kind, lambda: writer.simple(kind))()
                clips = []
                for piece in turn.pieces:
                    rising = piece.rising if rng.random() > 0.12 else not piece.rising
                    audio, bounds, said_as, sounds = mouth.say(voice, piece.words, rising)
                    if len(audio) < 400:
                        continue
                    clips.append(Clip(recorder.add(audio), len(audio), piece.words, bounds, piece.gap, piece.chars, said_as, sounds))
                if clips:
                    speaker.turns.setdefault(turn.kind, []).append(Spoken(turn.kind, turn.want, turn.expectation, turn.count, clips))
        out.append(speaker)
        if index % 50 == 49:
            print(f"bank: {index + 1}/{speakers} voices, {recorder.at / 8000 / 3600:.1f} h, {time.time() - began:.0f} s", flush=True)
    return out


MU = None


def decode_mu(data):
    global MU
    if MU is None:
        u = ~np.arange(256, dtype=np.uint8)
        magnitude = (((u & 0x0F).astype(np.int32) << 3) + 0x84 << ((u & 0x70) >> 4)) - 0x84
        MU = np.where(u & 0x80, -magnitude, magnitude).astype(np.int16)
    return MU[data]


def is_held_out(row):
    speaker = row["speaker"]
    if speaker in HELD_OUT_PEOPLE:
        return True
    if speaker.startswith("fsdd:"):
        return False
    key = row["id"] if speaker in ("unknown", "none") else speaker
    return zlib.crc32(key.encode()) % 10 == 0


def people(recorder, human, held_out):
    """(speakers, noises) of the human pack's half; noises are (start, length) in the bank, at their own level."""
    files, speakers, noises = {}, {}, []
    strangers = Speaker("unknown", True)
    with open(os.path.join(human, "manifest.jsonl")) as f:
        rows = [json.loads(line) for line in f]
    for row in rows:
        if is_held_out(row) != held_out:
            continue
        if row["path"] not in files:
            files[row["path"]] = np.fromfile(os.path.join(human, row["path"]), np.uint8)[58:]
        audio = decode_mu(files[row["path"]][row["offsetSamples"]:row["offsetSamples"] + row["numSamples"]]) / 32768.0
        if row["kind"] in ("noise", "babble"):
            noises.append((recorder.add(audio), len(audio), row["kind"]))
            continue
        low, high = voices.speech_bounds(audio, 30.0)
        if "speechStartMs" in row:
            low, high = max(0, int(row["speechStartMs"]) * 8 - 160), min(len(audio), int(row["speechEndMs"]) * 8 + 160)
        if high - low < 800:
            continue
        audio = audio[low:high]
        words = row["words"].replace(".", "").replace(",", "").split() if row["words"] else None
        clip = Clip(recorder.add(audio), len(audio), words, [] if words is None else [(int(len(audio) * i / len(words)), int(len(audio) * (i + 1) / len(words))) for i in range(len(words))],
                    phones=None if words is None else [phones.pronounce(word) for word in words])
        speaker = strangers if row["speaker"] == "unknown" else speakers.setdefault(row["speaker"], Speaker(row["speaker"], True))
        if row["kind"] == "digit":
            speaker.digits.setdefault(row["words"], []).append(clip)
        else:
            speaker.singles.append(clip)
    return list(speakers.values()) + [strangers], noises


def build(out, human, speakers, turns, held_out, seed):
    os.makedirs(out, exist_ok=True)
    name = "evaluation" if held_out else "training"
    recorder = Recorder()
    rng = np.random.default_rng(seed)
    index = {"voices": synthesise(recorder, rng, speakers, turns, held_out, human), "people": [], "noises": []}
    if human:
        index["people"], index["noises"] = people(recorder, human, held_out)
    np.save(os.path.join(out, f"{name}.npy"), np.concatenate(recorder.parts))
    with open(os.path.join(out, f"{name}.pickle"), "wb") as f:
        pickle.dump(index, f)
    print(f"bank: {name}, {recorder.at / 8000 / 3600:.1f} h", flush=True)


def load(folder, name):
    with open(os.path.join(folder, f"{name}.pickle"), "rb") as f:
        index = pickle.load(f)
    return np.load(os.path.join(folder, f"{name}.npy"), mmap_mode="r"), index


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--human")
    parser.add_argument("--speakers", type=int, default=480)
    parser.add_argument("--turns", type=int, default=110)
    options = parser.parse_args()
    if not options.human:
        print("bank: warning, no --human DIR: synthetic voices only; people will be heard much worse", flush=True)
    build(options.out, options.human, options.speakers, options.turns, False, 1)
    build(options.out, options.human, max(8, options.speakers // 8), options.turns, True, 2)


if __name__ == "__main__":
    import bank  # so that pickled classes are bank.Clip, not __main__.Clip

    bank.main()
