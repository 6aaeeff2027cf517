"""Turns as scripts: pieces of words, what may happen between them, and what the dialogue was waiting for.

A piece is spoken without a pause; after every piece but the last the speaker may pause. `gap` says how likely that is:
"tight" (a breath at most), "group" (between digit groups or spelled letters), "think" (hesitation), "clause" (end of a clause, more to come).
"""

import json
import os
import re
import zlib
from dataclasses import dataclass, field

import wordings as w


@dataclass
class Piece:
    words: list
    gap: str = "tight"  # what follows, unless last
    rising: bool = True  # spoken with continuing melody; the last piece falls
    chars: int = 0  # slot characters delivered by this piece (digits or letters)


@dataclass
class Turn:
    kind: str  # want, none, slot, random, backchannel, interruption, side-talk, agent, television
    pieces: list
    want: str = "none"
    expectation: str = "open"
    count: int = 0  # characters that the slot expects, 0 where uncounted

    def words(self):
        return [x for p in self.pieces for x in p.words]


def _number(rng, below=100):
    n = int(rng.integers(0, below))
    return number_words(n)


def number_words(n):
    if n < 10:
        return [w.DIGITS[n]]
    if n < 20:
        return [w.TEENS[n - 10]]
    if n < 100:
        return [w.TENS[n // 10 - 2]] + ([w.DIGITS[n % 10]] if n % 10 else [])
    return [w.DIGITS[n // 100], "hundred"] + ((["and"] if n % 3 else []) + number_words(n % 100) if n % 100 else [])


class Writer:
    """Writes turns. `held_out` picks the evaluation wordings; texts are real sentences (a hash keeps a tenth for evaluation)."""

    def __init__(self, rng, held_out=False, human=None):
        self.rng = rng
        half = 1 if held_out else 0
        self.wants = {k: w.held_out(v)[half] for k, v in w.WANTS.items()}
        self.interruptions = w.held_out(w.INTERRUPTIONS)[half]
        self.side = w.held_out(w.SIDE_TALK)[half]
        self.agent = w.held_out(w.AGENT_LINES)[half]
        self.television = w.held_out(w.TELEVISION)[half]
        self.texts = [t for t in real_texts(human) if (zlib.crc32(t.encode()) % 10 == 0) == held_out]
        self.vocabulary = sorted({x for v in w.WANTS.values() for t in v for x in t.split() if "{" not in x}
                                 | {x for t in self.texts for x in t.split()} | set(w.FIRST_NAMES) | set(w.LAST_NAMES))

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p):
        return self.rng.random() < p

    def fill(self, text):
        return text.format(item=self.pick(w.ITEMS), service=self.pick(w.SERVICES), when=self.pick(w.WHENS)).split()

    def broken(self, words, p_split=0.5):
        """Splits words where people hesitate, sometimes with a filled pause or a restart."""
        pieces = []
        rest = list(words)
        splits = 0
        while len(rest) > 2 and splits < 3 and self.chance(p_split):
            n = int(self.rng.integers(1, min(len(rest) - 1, 6) + 1))
            head, rest = rest[:n], rest[n:]
            if self.chance(0.12) and n < 4:
                pieces.append(Piece(head, "tight"))
                rest = head + rest  # a restart: says it again
                splits += 1
                continue
            pieces.append(Piece(head, "think"))
            if self.chance(0.3):
                pieces.append(Piece(self.pick(w.HESITATIONS).split(), "think"))
            splits += 1
        pieces.append(Piece(rest, rising=False))
        return pieces

    def want(self, want=None):
        want = want or self.pick([k for k in self.wants])
        words = self.fill(self.pick(self.wants[want]))
        pieces = []
        if want in ("yes", "no", "never-mind", "hold-on"):
            lead = self.pick(["", "", "", "um", "oh", "well", "uh"])
            if lead:
                pieces.append(Piece(lead.split(), "think"))
            pieces += self.broken(words, 0.1)
            return Turn("want", pieces, want, "yes-no" if want in ("yes", "no") else self.pick(["open", "yes-no"]))
        lead = self.pick(w.LEADS)
        if lead:
            pieces.append(Piece(lead.split(), "clause"))
        tail = self.pick(w.TAILS).split()
        body = self.broken(words + tail)
        if self.chance(0.2) and self.texts:
            # A long turn: a clause of a real sentence before the want, so that there are stretches to murmur into.
            body = [Piece(self.pick(self.texts).split()[:14], "clause")] + body
        return Turn("want", pieces + body, want)

    def real(self):
        if not self.texts:
            return self.random()
        words = self.pick(self.texts).split()
        pieces, rest = [], words
        while len(rest) > 8:
            n = int(self.rng.integers(3, 9))
            pieces.append(Piece(rest[:n], self.pick(["tight", "clause", "think"])))
            rest = rest[n:]
        pieces += self.broken(rest, 0.3) if rest else []
        pieces[-1].rising = False
        return Turn("none", pieces, "none")

    def random(self):
        n = int(self.rng.integers(1, 8))
        pool = [self.pick(self.vocabulary) for _ in range(n)]
        if self.chance(0.4):
            pool = [self.pick(w.DIGITS + w.TEENS + w.TENS + w.DAYS + w.MONTHS + list(self.pick(w.LAST_NAMES))) for _ in range(n)]
        return Turn("random", self.broken(pool, 0.2), "none")

    def digit_words(self, n):
        out = [self.pick(w.DIGITS) for _ in range(n)]
        return ["oh" if x == "zero" and self.chance(0.35) else x for x in out]

    def groups(self, items, kind="group"):
        """Counted items in groups of 1 to 5, with the pauses between that people make; returns pieces."""
        pieces, i = [], 0
        size = self.pick([1, 2, 3, 3, 4, 5, 9])
        while i < len(items):
            n = min(len(items) - i, max(1, size + int(self.rng.integers(-1, 2)) if self.chance(0.3) else size))
            pieces.append(Piece(items[i:i + n], kind, True, n))
            i += n
            if i < len(items) and self.chance(0.06):
                pieces.append(Piece(self.pick(["um", "uh", "er", "and", "then", "hang on"]).split(), "think"))
        pieces[-1].rising = False
        return pieces

    def lead_in(self, options, p=0.4):
        return [Piece(self.pick(options).split(), self.pick(["tight", "think", "clause"]))] if self.chance(p) else []

    def counted(self, expectation=None):
        expectation = expectation or self.pick(["digits"] * 5 + ["alphanumeric", "phone"])
        if expectation == "phone":
            n = self.pick([7, 10, 10, 11])
            items = self.digit_words(n)
        elif expectation == "alphanumeric":
            n = int(self.rng.integers(4, 9))
            items = [self.pick("abcdefghijklmnopqrstuvwxyz") if self.chance(0.4) else x for x in self.digit_words(n)]
        else:
            n = int(self.rng.integers(4, 9))
            items = self.digit_words(n)
        pieces = self.lead_in(["it's", "the number is", "yes it's", "that's", "um", "my number is", "okay", "it is", "sure", "so that's"])
        return Turn("slot", pieces + self.groups(items), "slot-value", expectation, n)

    def slot(self, expectation=None):
        expectation = expectation or self.pick(["digits"] * 4 + ["alphanumeric", "phone", "name", "name", "date", "time", "money", "choice", "email", "address", "address"])
        if expectation in ("digits", "alphanumeric", "phone"):
            return self.counted(expectation)
        lead = self.lead_in(["it's", "um", "that would be", "i think it's", "uh", "so", "my", "okay"], 0.35)
        first, last = self.pick(w.FIRST_NAMES), self.pick(w.LAST_NAMES)
        if expectation == "name":
            style = int(self.rng.integers(4))
            pieces = [Piece([first], self.pick(["tight", "think"])), Piece([last], rising=False)]
            if style == 1:
                pieces = [Piece([first, last], "think")] + self.groups(list(last))
            elif style == 2:
                pieces = self.groups(list(last))
            elif style == 3:
                pieces = [Piece(["my", "name", "is"], "think"), Piece([first, last], rising=False)]
        elif expectation == "date":
            day = self.pick(w.ORDINALS).split()
            pieces = [Piece(["the"] + day, self.pick(["tight", "think"])), Piece(["of", self.pick(w.MONTHS)], self.pick(["tight", "think"]))]
            if self.chance(0.5):
                pieces.append(Piece(["nineteen"] + _number(self.rng), "group"))
            if self.chance(0.3):
                pieces = [Piece([self.pick(["next", "on", "this"]), self.pick(w.DAYS)], "think")] + (pieces[:2] if self.chance(0.5) else [])
        elif expectation == "time":
            pieces = [Piece([self.pick(["at", "around", "about"])] + number_words(int(self.rng.integers(1, 13))), self.pick(["tight", "think"]))]
            if self.chance(0.6):
                pieces.append(Piece(self.pick(["thirty", "fifteen", "in the morning", "in the afternoon", "o'clock", "forty five"]).split(), "think"))
        elif expectation == "money":
            pieces = [Piece(number_words(int(self.rng.integers(1, 500))) + [self.pick(["pounds", "dollars", "euros"])], self.pick(["tight", "think"]))]
            if self.chance(0.4):
                pieces.append(Piece(["and"] + _number(self.rng) + [self.pick(["pence", "cents"])], "think"))
        elif expectation == "choice":
            pieces = lead + [Piece(["the"], "think"), Piece(self.pick(["first one", "second one", "blue one", "large one", "other one", "last one", "cheaper one", "morning", "afternoon"]).split(), rising=False)]
            lead = []
        elif expectation == "email":
            pieces = [Piece([first], self.pick(["tight", "think"])), Piece(["dot", last], self.pick(["tight", "think"])),
                      Piece(["at", self.pick(["gmail", "hotmail", "example", "yahoo", "outlook"])], self.pick(["tight", "think"])), Piece(["dot", self.pick(["com", "net", "org"])])]
        else:
            pieces = [Piece(_number(self.rng), self.pick(["tight", "think"])), Piece(self.pick(w.STREETS).split(), self.pick(["think", "clause"])), Piece([self.pick(w.TOWNS)], "clause")]
            if self.chance(0.4):
                pieces += self.groups([self.pick("abcdefghijklmnoprstuwxyz"), self.pick("abcdefghijklmnoprstuwxyz")] + self.digit_words(2) + [self.pick("abdefghjlnpqrstuwxyz"), self.pick("abdefghjlnpqrstuwxyz")])
        pieces = lead + pieces
        pieces[-1].rising = False
        return Turn("slot", pieces, "slot-value", expectation)

    def simple(self, kind):
        options = {"backchannel": w.BACKCHANNELS, "interruption": self.interruptions, "side-talk": self.side, "television": self.television}[kind]
        words = self.pick(options).split()
        return Turn(kind, self.broken(words, 0.15) if kind in ("interruption", "side-talk") else [Piece(words, rising=False)], "none")

    def agent_line(self):
        pieces = [Piece(self.pick(self.agent).split(), "clause") for _ in range(int(self.rng.integers(1, 4)))]
        pieces[-1].rising = False
        return Turn("agent", pieces, "none")


def real_texts(human):
    """Sentences from the data pack's intent sets, lower case, words only; none where there is no pack."""
    if not human:
        return []
    out = []
    for name in ("banking77_train.jsonl", "nlupp_banking.jsonl", "nlupp_hotels.jsonl"):
        with open(os.path.join(human, "text", name)) as f:
            for line in f:
                text = json.loads(line)["text"].lower()
                if re.search(r"\d", text):
                    continue
                text = " ".join(re.sub(r"[^a-z' ]+", " ", text).split())
                if 2 <= len(text.split()) <= 24:
                    out.append(text)
    return sorted(set(out))
