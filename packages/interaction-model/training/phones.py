"""Phones: the 39 of the CMU pronouncing dictionary, what espeak-ng and flite call them, and how words are said."""

import os
import re

# Without stress. `contract.PHONE_SYMBOLS` puts blank and space before them.
PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()
SILENCE, UNKNOWN = 0, 255  # sounds (frame labels): silence, 1 + index in PHONES, or not known
SOUND_OF = {phone: 1 + index for index, phone in enumerate(PHONES)}

_ESPEAK = {
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "f": "F", "v": "V", "T": "TH", "D": "DH", "s": "S", "z": "Z", "S": "SH", "Z": "ZH",
    "h": "HH", "m": "M", "n": "N", "N": "NG", "l": "L", "r": "R", "j": "Y", "w": "W", "tS": "CH", "dZ": "JH", "x": "K",
    "I": "IH", "i": "IY", "i@": "IY", "i@3": "IH", "E": "EH", "e@": "EH", "e": "EH", "a": "AE", "aa": "AE", "a#": "AH", "A": "AA", "A@": "AA", "0": "AA", "O2": "AA",
    "V": "AH", "VR": "ER", "@": "AH", "@L": "L", "3": "ER", "IR": "ER", "O": "AO", "O@": "AO", "o@": "AO", "o": "OW", "oU": "OW", "U": "UH", "U@": "UH", "u": "UW",
    "aI": "AY", "aU": "AW", "eI": "EY", "OI": "OY",
}
_FLITE = {"ax": "AH", "pau": None, "dx": "T", "axr": "ER", "el": "L", "en": "N", "em": "M"}


def of_espeak(mnemonic):
    """A phone, None for silence, "" for what is part of the phone before (a glide, a glottal stop) or not known."""
    if mnemonic.startswith("_"):
        return None
    return _ESPEAK.get(mnemonic) or _ESPEAK.get(mnemonic.rstrip("0123456789#-[]:^*~"), "")


def of_flite(name):
    return _FLITE[name] if name in _FLITE else name.upper() if name.upper() in SOUND_OF else ""


_DICTIONARY = {}


def dictionary():
    """Word -> its pronunciations (lists of phones), from the npm package cmu-pronouncing-dictionary."""
    if not _DICTIONARY:
        folder = os.path.dirname(os.path.abspath(__file__))
        while not os.path.exists(os.path.join(folder, "node_modules", "cmu-pronouncing-dictionary")):
            if folder == os.path.dirname(folder):
                raise RuntimeError("cmu-pronouncing-dictionary is not installed: run npm install")
            folder = os.path.dirname(folder)
        line = re.compile(r'\s*"([a-z\']+)(?:\(\d\))?": "([^"#]+)')
        with open(os.path.join(folder, "node_modules", "cmu-pronouncing-dictionary", "index.js")) as f:
            for match in filter(None, map(line.match, f)):
                said = [phone.rstrip("012") for phone in match[2].split()]
                if said not in _DICTIONARY.setdefault(match[1], []):
                    _DICTIONARY[match[1]].append(said)
    return _DICTIONARY


def distance(a, b):
    """Insertions, deletions and substitutions (Levenshtein) between two sequences."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def pronounce(word, heard=None):
    """The dictionary's pronunciation nearest to what a synthesiser said (`heard`, phones), or the first; `heard` itself where the word is not in the
    dictionary or is said quite differently there. None where nothing is known."""
    known = dictionary().get(word)
    if not known:
        return heard or None
    if not heard:
        return known[0]
    best = min(known, key=lambda said: distance(said, heard))
    return best if distance(best, heard) <= max(2, len(best) // 2) else heard
