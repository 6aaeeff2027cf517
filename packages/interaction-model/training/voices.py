"""Synthetic voices: espeak-ng and flite through their C libraries, in process. 16-bit mono out, resampled to 8 kHz."""

import ctypes
import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import firwin, resample_poly

import phones

ACCENTS = ["en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"]
VARIANTS = (
    "adam Alex Alicia Andrea Andy Annie antonio aunty belinda benjamin boris caleb david Denis Diogo ed edward edward2 Gene Gene2 gustave "
    "Henrique Hugo iven iven2 iven3 iven4 Jacky john Lee linda marcelo Marco Mario max Michael michel miguel pablo paul pedro quincy rob robert "
    "steph steph2 steph3 zac anika f1 f2 f3 f5 grandpa m1 m2 m3 m4 m6 m7 norbert sandro shelby travis victor m8 grandma klatt klatt2 klatt3 klatt4"
).split()
# Never used in training: evaluation only.
HELD_OUT_VARIANTS = ["f4", "m5", "Mike", "Nguyen", "AnxiousAndy", "announcer"]
FLITE = ["kal", "kal16", "slt", "awb"]
HELD_OUT_FLITE = ["rms"]
ESPEAK_RATE_HZ = 22050


@dataclass(frozen=True)
class Voice:
    engine: str
    name: str
    tract: float  # >1 raises formants and pitch
    rate: int  # words a minute (espeak)
    pitch: int
    range: int


class _Event(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
                ("audio_position", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", ctypes.c_char * 8)]


class _Wave(ctypes.Structure):
    _fields_ = [("type", ctypes.c_char_p), ("sample_rate", ctypes.c_int), ("num_samples", ctypes.c_int), ("num_channels", ctypes.c_int),
                ("samples", ctypes.POINTER(ctypes.c_short))]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    def __init__(self):
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.lib.espeak_Initialize(2, 0, None, 1)  # with phoneme events
        self.chunks, self.word_ms, self.phone_ms = [], [], []
        self.callback = _CALLBACK(self._on_audio)
        self.lib.espeak_SetSynthCallback(self.callback)
        self.current = None

    def _on_audio(self, wav, count, events):
        if wav and count > 0:
            self.chunks.append(np.ctypeslib.as_array(wav, (count,)).copy())
        i = 0
        while events[i].type != 0:
            if events[i].type == 1:
                self.word_ms.append(events[i].audio_position)
            elif events[i].type == 7:
                self.phone_ms.append((events[i].audio_position, len(self.word_ms) - 1, phones.of_espeak(events[i].id.decode("ascii", "replace"))))
            i += 1
        return 0

    def speak(self, voice, text):
        """Returns (int16 at 22,050 Hz, word starts in ms, (start in ms, word, phone) of every phone)."""
        if self.current != voice:
            self.lib.espeak_SetVoiceByName(voice.name.encode())
            self.lib.espeak_SetParameter(1, voice.rate, 0)
            self.lib.espeak_SetParameter(3, voice.pitch, 0)
            self.lib.espeak_SetParameter(4, voice.range, 0)
            self.current = voice
        self.chunks, self.word_ms, self.phone_ms = [], [], []
        data = text.encode()
        self.lib.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1 | 0x100, None, None)
        self.lib.espeak_Synchronize()
        return (np.concatenate(self.chunks) if self.chunks else np.zeros(1, np.int16)), list(self.word_ms), list(self.phone_ms)


class Flite:
    def __init__(self):
        mode = ctypes.RTLD_GLOBAL
        for name in ("libflite.so.1", "libflite_cmulex.so.1", "libflite_usenglish.so.1"):
            ctypes.CDLL(name, mode)
        self.lib = ctypes.CDLL("libflite.so.1", mode)
        self.lib.flite_init()
        for name, result, *arguments in (
            ("flite_synth_text", ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p), ("utt_wave", ctypes.POINTER(_Wave), ctypes.c_void_p),
            ("utt_relation", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p), ("relation_head", ctypes.c_void_p, ctypes.c_void_p),
            ("item_next", ctypes.c_void_p, ctypes.c_void_p), ("item_parent", ctypes.c_void_p, ctypes.c_void_p),
            ("item_as", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p), ("item_feat_float", ctypes.c_float, ctypes.c_void_p, ctypes.c_char_p),
            ("item_feat_string", ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p), ("delete_utterance", None, ctypes.c_void_p),
        ):
            function = getattr(self.lib, name)
            function.restype, function.argtypes = result, arguments
        self.voices = {}

    def speak(self, voice, text):
        """Returns (int16, rate in Hz, word starts in ms, (start in ms, word, phone) of every phone)."""
        if voice.name not in self.voices:
            library = ctypes.CDLL(f"libflite_cmu_us_{voice.name}.so.1", ctypes.RTLD_GLOBAL)
            register = getattr(library, f"register_cmu_us_{voice.name}")
            register.restype = ctypes.c_void_p
            self.voices[voice.name] = register(None)
        utterance = self.lib.flite_synth_text(text.encode(), self.voices[voice.name])
        wave = self.lib.utt_wave(utterance)
        samples = np.ctypeslib.as_array(wave.contents.samples, (max(1, wave.contents.num_samples),)).copy()
        rate = wave.contents.sample_rate
        word_ms, said, last_word, at_ms = [], [], None, 0.0
        segment = self.lib.relation_head(self.lib.utt_relation(utterance, b"Segment"))
        while segment:
            place = self.lib.item_as(segment, b"SylStructure")
            word = self.lib.item_parent(self.lib.item_parent(place)) if place else None
            if word and word != last_word:
                if not self.lib.item_feat_string(word, b"name").startswith(b"'"):  # "where's" is two words to flite
                    word_ms.append(at_ms)
                last_word = word
            said.append((at_ms, len(word_ms) - 1, phones.of_flite(self.lib.item_feat_string(segment, b"name").decode())))
            at_ms = 1000 * self.lib.item_feat_float(segment, b"end")
            segment = self.lib.item_next(segment)
        self.lib.delete_utterance(utterance)
        return samples, rate, word_ms, said


_FILTERS = {}


def to_8k(samples, rate, tract):
    """Resamples to 8 kHz; tract > 1 plays faster (raises formants)."""
    down = int(round(rate * tract / 50))
    up = 160
    common = math.gcd(up, down)
    up, down = up // common, down // common
    key = (up, down)
    if key not in _FILTERS:
        widest = max(up, down)
        _FILTERS[key] = firwin(2 * 8 * widest + 1, 1.0 / widest, window=("kaiser", 5.0)).astype(np.float32)
    return resample_poly(samples.astype(np.float32), up, down, window=_FILTERS[key])


class Mouth:
    """Speaks a piece in a voice: returns float32 -1..1 at 8 kHz, trimmed to the speech, each word's (start, end) samples, each word's phones by the
    dictionary (None where unknown), and the sound of every 20 ms (`phones`)."""

    def __init__(self):
        self.espeak, self.flite = Espeak(), Flite()

    def say(self, voice, words, rising):
        letter = {"espeak": lambda x: "[[eI]]" if x == "a" and len(words) > 1 and all(len(v) <= 5 for v in words[:2]) and words[0] in "abcdefghijklmnopqrstuvwxyz" else x,
                  "flite": lambda x: x}[voice.engine]
        spoken = {"mhm": "mm hmm", "hm": "hmm", "mm": "mm"}
        text = " ".join(spoken.get(x, letter(x)) for x in words) + ("," if rising else ".")
        if voice.engine == "espeak":
            raw, starts_ms, said = self.espeak.speak(voice, text)
            rate = ESPEAK_RATE_HZ
        else:
            raw, rate, starts_ms, said = self.flite.speak(voice, text)
        audio = to_8k(raw, rate, voice.tract) / 32768.0
        low, high = speech_bounds(audio)
        starts = [int(ms * 8 / voice.tract) - low for ms in starts_ms]
        audio = audio[low:high]
        sounds = _sounds([(int(ms * 8 / voice.tract) - low, phone) for ms, _, phone in said], len(audio))
        heard = [[phone for _, at, phone in said if at == i and phone] for i in range(len(words))]
        if len(starts) != len(words):
            heard = [None] * len(words)
            lengths = np.cumsum([0] + [len(x) + 1 for x in words])
            starts = [int(len(audio) * x / lengths[-1]) for x in lengths[:-1]]
        starts = [min(max(0, x), len(audio)) for x in starts]
        said_as = [phones.pronounce(word, h) for word, h in zip(words, heard)]
        return audio.astype(np.float32), [(a, b) for a, b in zip(starts, starts[1:] + [len(audio)])], said_as, sounds


def _sounds(starts, length):
    """[(sample, phone)] to the sound of every 20 ms."""
    out = np.full(-(-length // 160), phones.SILENCE, np.uint8)
    sound = phones.SILENCE
    for at, phone in starts:
        if phone != "":
            sound = phones.SILENCE if phone is None else phones.SOUND_OF[phone]
        out[max(0, (at + 80) // 160):] = sound
    return out


def speech_bounds(audio, below_db=35.0):
    """First and last+1 sample within `below_db` of the loudest 10 ms."""
    n = len(audio) // 80
    if n == 0:
        return 0, len(audio)
    level = 10 * np.log10(np.mean(audio[:n * 80].reshape(n, 80) ** 2, 1) + 1e-10)
    loud = np.nonzero(level > level.max() - below_db)[0]
    return int(loud[0]) * 80, min(len(audio), int(loud[-1] + 1) * 80)


def draw(rng, held_out=False):
    """A random speaker."""
    tract = float(rng.uniform(0.87, 1.17))
    if rng.random() < 0.14:
        return Voice("flite", str(rng.choice(HELD_OUT_FLITE if held_out else FLITE)), tract, 0, 0, 0)
    variant = str(rng.choice(HELD_OUT_VARIANTS if held_out else VARIANTS))
    return Voice("espeak", f"{rng.choice(ACCENTS)}+{variant}", float(rng.uniform(0.93, 1.1)), int(rng.integers(125, 215)), int(rng.integers(30, 75)), int(rng.integers(30, 90)))
