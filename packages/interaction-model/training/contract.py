"""The names and shapes that training, export and runtime share. Order is meaning: append, never reorder."""

import string

import phones

HOP_MS = 40
SYMBOL_FRAMES_PER_HOP = 2  # one symbol frame is 20 ms

DECISIONS = ["listen", "begin", "backchannel", "hold", "duck", "yield"]
LISTEN, BEGIN, BACKCHANNEL, HOLD, DUCK, YIELD = range(6)

OVERLAP_KINDS = ["none", "floor-taking", "backchannel", "side-talk", "background"]
NO_OVERLAP, FLOOR_TAKING, OVERLAP_BACKCHANNEL, SIDE_TALK, BACKGROUND = range(5)

EXPECTATIONS = [
    "open", "yes-no", "digits", "alphanumeric", "name", "date", "time", "money", "choice", "phone", "email", "address",
]
INTENTS = ["nothing", "answer", "filler", "urgent"]
CLOCKS = ["sinceStart", "agentPlaying", "sinceAgentChange"]

PROJECTION_BINS_MS = [0, 200, 600, 1200, 2000]
SPEAKERS = ["caller", "agent"]
VOICES = ["caller", "other"]  # now: the caller's own voice; anybody else's (side talk excluded: that is the caller)

BLANK, SPACE = 0, 1
SYMBOLS = ["<blank>", " "] + list(string.ascii_lowercase) + ["'"]
SYMBOL_INDEX = {symbol: index for index, symbol in enumerate(SYMBOLS)}
PHONE_SYMBOLS = SYMBOLS[:2] + phones.PHONES
PHONE_INDEX = {symbol: index for index, symbol in enumerate(PHONE_SYMBOLS)}
SOUNDS = ["silence"] + phones.PHONES  # what is being said in a frame
ALPHABETS = {"letters": SYMBOLS, "phones": PHONE_SYMBOLS}  # what the network may hear words by

WANTS = [
    "nothing-yet", "none",
    "order-status", "delivery", "return", "refund", "cancel", "change-address", "invoice", "store-hours", "loyalty",
    "complaint", "human",
    "book", "reschedule", "cancel-appointment", "check-appointment",
    "yes", "no", "never-mind", "hold-on", "slot-value",
]
WANT_INDEX = {want: index for index, want in enumerate(WANTS)}

REMAINING_SCALE = 10.0  # the network sees min(remaining, 20) / 10


def spell(words):
    """Words to symbol indices: every word is preceded by a space symbol."""
    return [SYMBOL_INDEX[c] for word in words for c in " " + word if c in SYMBOL_INDEX]


def sound_out(pronunciations):
    """Lists of phones, one for each word, to symbol indices; None where a word has none."""
    if any(said is None for said in pronunciations):
        return None
    return [index for said in pronunciations for index in [SPACE] + [PHONE_INDEX[phone] for phone in said]]
