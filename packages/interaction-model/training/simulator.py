"""The call simulator: two parties, who says what when, and the labels of every hop. Seeded: the same seed gives the same call.

A call is laid out on a timeline of samples (caller's voice, other sounds on the caller's side, agent), rendered through `acoustics`,
and labelled from the layout. `MARGIN_HOPS` beyond the end are laid out too, so that the projection's future is known.
"""

from dataclasses import dataclass, field, replace

import numpy as np

import acoustics
import contract as c
import phones
from bank import Clip, Spoken
from labels import HOP, MARGIN_HOPS, RATE, label

# Of counted answers: the runtime's decoder misses one or two, or hears one too many (about as often as `npm run model:eval` shows).
MISSED_SHARE, INVENTED_SHARE = 0.18, 0.05
CHOIR_SHARE = 0.4  # of people's strings of digits
SHORT_SHARE, SHORT_SAMPLES = 0.2, 6400  # of turns are drawn among those of less than 0.8 s


@dataclass
class TurnMark:
    start: int
    end: int
    spoken: Spoken
    human: bool
    clips: list  # (start, end) samples of every piece
    gaps: list  # (start, end, kind) between pieces
    takes_floor: bool = False  # began over the agent
    expectation: int = 0
    remaining: list = field(default_factory=list)  # (sample, remaining) steps




def gap_seconds(rng, kind):
    u = rng.random()
    if kind == "tight":
        return rng.uniform(0, 0.08) if u < 0.88 else rng.uniform(0.15, 0.5)
    if kind == "group":
        return rng.uniform(0.0, 0.12) if u < 0.2 else rng.uniform(0.15, 0.6) if u < 0.72 else rng.uniform(0.5, 1.8)
    if kind == "think":
        return rng.uniform(0.02, 0.15) if u < 0.35 else rng.uniform(0.2, 0.7) if u < 0.68 else rng.uniform(0.6, 2.2)
    return rng.uniform(0.03, 0.2) if u < 0.4 else rng.uniform(0.2, 0.6) if u < 0.8 else rng.uniform(0.6, 1.5)


class Layout:
    """The timeline under construction."""

    def __init__(self, rng, audio, hops):
        self.rng, self.audio, self.hops = rng, audio, hops
        self.n = (hops + MARGIN_HOPS) * HOP
        self.caller = np.zeros(self.n, np.float32)
        self.other = np.zeros(self.n, np.float32)
        self.agent = np.zeros(self.n, np.float32)
        self.caller_voiced = np.zeros(self.n // 80, bool)
        self.other_voiced = np.zeros(self.n // 80, bool)
        self.agent_voiced = np.zeros(self.n // 80, bool)
        self.said = np.zeros(self.n // 160, np.uint8)
        self.turns, self.sounds, self.agent_spans, self.words = [], [], [], []
        self.pieces = 0

    def put(self, track, voiced, clip, at, gain, speed=1.0):
        """Adds a clip at sample `at` (may be negative or run over); returns its end."""
        x = self.audio[clip.start:clip.start + clip.length]
        if speed != 1.0:
            x = np.interp(np.arange(0, len(x) - 1, speed), np.arange(len(x)), x)
        length = len(x)
        low, high = max(0, at), min(self.n, at + length)
        if high > low:
            track[low:high] += np.asarray(x[low - at:high - at], np.float32) * np.float32(gain / 32000.0)
            voiced[low // 80:high // 80] = True
        return at + length

    def say(self, clip, at, end):
        """Labels the sounds of a clip of the caller's that was put between these samples."""
        first, last = max(0, -(-at // 160)), min(len(self.said), -(-end // 160))
        if clip.sounds is None or last <= first:
            self.said[first:max(first, last)] = phones.UNKNOWN
            return
        heard = clip.sounds[np.clip((np.arange(first, last) * 160 - at) // 160, 0, len(clip.sounds) - 1)]
        # Where something is said already nobody can tell which of the two is meant.
        now = self.said[first:last]
        self.said[first:last] = np.where(now == phones.SILENCE, heard, np.where(heard == phones.SILENCE, now, phones.UNKNOWN))

    def word_phones(self, clip, k):
        return [None if clip.phones is None else clip.phones[k]]

    def turn(self, speaker, spoken, at, gain, speed=1.0):
        rng = self.rng
        mark = TurnMark(at, at, spoken, speaker.human, [], [])
        delivered = [(at, 0)]
        t = at
        for i, clip in enumerate(spoken.clips):
            end = self.put(self.caller, self.caller_voiced, clip, t, gain, speed)
            mark.clips.append((t, end))
            self.say(clip, t, end)
            if clip.words is not None:
                scale = (end - t) / max(1, clip.length)
                for k, ((a, b), word) in enumerate(zip(clip.bounds, clip.words)):
                    self.words.append((t + int(a * scale), t + int(b * scale), [word], self.pieces, self.word_phones(clip, k)))
                    if k < clip.chars:
                        delivered.append((t + int(b * scale), 1))
            self.pieces += 1
            t = end
            if i + 1 < len(spoken.clips):
                t += int(gap_seconds(rng, clip.gap) * RATE)
                mark.gaps.append((end, t, clip.gap))
        mark.end = end
        self._remaining(mark, spoken, delivered)
        self.turns.append(mark)
        return mark

    def _remaining(self, mark, spoken, delivered):
        """What the runtime's decoder would believe is still lacking, with its delay and its mistakes."""
        rng = self.rng
        mark.expectation = c.EXPECTATIONS.index(spoken.expectation)
        delay = int(rng.uniform(0.06, 0.28) * RATE)
        if spoken.expectation == "open":
            mark.remaining = [(mark.start, 0)]
        elif spoken.count:
            wrong = rng.random()
            expected = spoken.count
            if wrong < MISSED_SHARE:
                expected += int(rng.integers(1, 3))  # fewer were said than expected, or one was missed
            elif wrong < MISSED_SHARE + INVENTED_SHARE:
                expected = max(1, expected - 1)
            left, steps = expected, [(mark.start, expected)]
            for at, n in delivered[1:]:
                left = max(0, left - n)
                steps.append((at + delay, left))
            mark.remaining = steps
        else:
            steps = [(mark.start, 1)]
            last = len(mark.clips) - 1
            u = rng.random()
            if u < 0.7 or (u < 0.88 and last == 0):
                steps.append((mark.clips[last][1] + int(rng.uniform(-0.1, 0.2) * RATE), 0))
            elif u < 0.88:
                steps.append((mark.clips[last - 1][1] + delay, 0))
            mark.remaining = steps

    def agent_line(self, speaker, spoken, at, gain, cut=None):
        """Places an agent's utterance, cut short at sample `cut`."""
        t = at
        before = self.agent.copy() if cut is not None else None
        for i, clip in enumerate(spoken.clips):
            end = self.put(self.agent, self.agent_voiced, clip, t, gain)
            t = end + (int(self.rng.uniform(0.05, 0.4) * RATE) if i + 1 < len(spoken.clips) else 0)
            if cut is not None and t > cut:
                break
        if cut is not None and end > cut:
            low = max(0, min(self.n, cut))
            self.agent[low:] = before[low:]
            self.agent_voiced[low // 80:] = False
            end = cut
        self.agent_spans.append((at, end))
        return end

    def sound(self, kind, clips, at, gain, track=None, speed=1.0):
        t = at
        track = self.other if track is None else track
        for clip in clips:
            t = self.put(track, self.other_voiced if kind == "television" else np.zeros(self.n // 80, bool), clip, t, gain, speed) + int(self.rng.uniform(0.02, 0.4) * RATE)
        self.sounds.append((kind, at, t))
        return t


class Simulator:
    def __init__(self, audio, index):
        self.audio = audio
        self.voices = index["voices"]
        self.people = [s for s in index["people"] if s.digits or s.singles]
        self.digit_sayers = [s for s in self.people if s.digits]
        self.digit_people = [s for s in self.people if sum(map(len, s.digits.values())) >= 4]
        self.rich_people = [s for s in self.digit_people if len(s.digits) == 10]
        self.single_people = [s for s in self.people if len(s.singles) >= 2]
        self.noises = index["noises"]

    def pick(self, rng, options):
        return options[int(rng.integers(len(options)))]

    def spoken(self, rng, speaker, kinds=("want", "want", "want", "slot", "slot", "none", "random")):
        """Something that this speaker says as a turn."""
        if speaker.human:
            return self.human_turn(rng, speaker)
        kind = self.pick(rng, [k for k in kinds if speaker.turns.get(k)] or list(speaker.turns))
        options = speaker.turns[kind]
        if rng.random() < SHORT_SHARE:
            # "Yes", "at home", "the blue one": most answers of real calls, few of the grammar's.
            options = [x for x in options if sum(y.length for y in x.clips) < SHORT_SAMPLES] or options
        return self.pick(rng, options)

    def human_turn(self, rng, speaker, alone=False):
        if speaker.digits and (not speaker.singles or rng.random() < 0.6):
            n = int(rng.integers(3, 9))
            size = int(self.pick(rng, [1, 2, 3, 3, 4, 9]))
            clips = []
            # Few people say all ten digits. So that their two voices are not all that is known of numbers, many strings go from mouth to mouth.
            together = not alone and rng.random() < CHOIR_SHARE
            for i in range(n):
                speaker = self.pick(rng, self.digit_sayers) if together else speaker
                word = self.pick(rng, sorted(speaker.digits))
                clip = self.pick(rng, speaker.digits[word])
                clips.append(replace(clip, gap="group" if (i + 1) % size == 0 else "tight", chars=1))
            return Spoken("slot", "slot-value", self.pick(rng, ["digits"] * 6 + ["phone"]), n, clips)
        clips = [self.pick(rng, speaker.singles) for _ in range(int(self.pick(rng, [1, 1, 1, 1, 2, 3])))]
        clips = [replace(x, gap=self.pick(rng, ["tight", "think", "group"]), chars=0) for x in clips]
        first = clips[0].words
        if len(clips) == 1 and first in (["yes"], ["no"]):
            return Spoken("want", first[0], "yes-no", 0, clips)
        return Spoken("random", "none", self.pick(rng, ["open", "open", "choice", "yes-no", "name"]), 0, clips)

    def draw_caller(self, rng, human_share):
        if self.people and rng.random() < human_share:
            u = rng.random()
            if u < 0.45 and self.rich_people:
                return self.pick(rng, self.rich_people)
            if u < 0.6 and self.digit_people:
                return self.pick(rng, self.digit_people)
            # Weighted by clips, so that everybody's clips are heard about equally often.
            weights = np.array([min(len(s.singles), 400) for s in self.single_people], float)
            return self.single_people[int(rng.choice(len(weights), p=weights / weights.sum()))]
        return self.pick(rng, self.voices)

    def call(self, seed, hops=256, scene=None, human_share=0.35, clean=False, snr_db=None):
        rng = np.random.default_rng(seed)
        scene = scene or self.pick(rng, ["dialogue"] * 12 + ["dense"] * 6 + ["quiet"] * 2)
        lay = Layout(rng, self.audio, hops)
        caller = self.draw_caller(rng, human_share)
        agent = self.pick(rng, [v for v in (self.pick(rng, self.voices) for _ in range(4)) if v.turns.get("agent")] or self.voices[:1])
        level = acoustics.db(rng.uniform(-12, 8))  # clips are at -20 dBFS
        agent_level = acoustics.db(rng.uniform(-6, 4))
        speed = float(rng.uniform(0.88, 1.14)) if caller.human else 1.0
        if scene == "dialogue":
            self.dialogue(lay, caller, agent, level, agent_level, speed)
        elif scene == "dense":
            t = int(rng.uniform(0.1, 1.0) * RATE)
            while t < hops * HOP:
                mark = lay.turn(caller, self.spoken(rng, caller), t, level, speed)
                t = mark.end + int((rng.uniform(0.35, 1.2) if rng.random() < 0.8 else rng.uniform(1.2, 3.0)) * RATE)
        else:
            t = int(rng.uniform(-1, 2) * RATE)
            while rng.random() < 0.75 and t < hops * HOP:
                end = lay.agent_line(agent, self.pick(rng, agent.turns["agent"]), t, agent_level)
                self.disturb(lay, rng, caller, max(0, t), end, level)
                t = end + int(rng.uniform(0.3, 3) * RATE)
        if scene == "quiet" or rng.random() < 0.12:
            self.television(lay, rng, level * acoustics.db(rng.uniform(-24, -8)), 0.9 if scene == "quiet" else 1.0)
        return self.finish(lay, rng, level, clean, snr_db)

    def dialogue(self, lay, caller, agent, level, agent_level, speed):
        rng = lay.rng
        limit = lay.hops * HOP
        t = int(rng.uniform(-3.5, 0.3) * RATE)
        if rng.random() < 0.35:
            t = None
        while t is None or t < limit:
            cut_turn = None
            if t is not None:
                line = self.short(rng, self.pick(rng, agent.turns["agent"]))
                length = sum(x.length for x in line.clips) + 1600 * len(line.clips)
                u = rng.random()
                if u < 0.44:
                    at = max(0, t) + int(rng.uniform(0.15, 0.95) * max(1600, length))
                    cut = at + int(np.exp(rng.uniform(np.log(0.15), np.log(1.5))) * RATE)
                    end = lay.agent_line(agent, line, t, agent_level, cut if rng.random() < 0.9 else None)
                    if at < end:
                        kinds = ("interruption", "interruption", "want", "slot", "none")
                        cut_turn = lay.turn(caller, self.spoken(rng, caller, kinds), at, level, speed)
                        cut_turn.takes_floor = True
                        turn_end = cut_turn.end
                else:
                    end = lay.agent_line(agent, line, t, agent_level)
                    if u < 0.85:
                        self.disturb(lay, rng, caller, max(0, t), end, level, speed)
                t = max(end, 0) + int((rng.uniform(0.15, 0.9) if rng.random() < 0.75 else rng.uniform(0.9, 3.0)) * RATE)
                if rng.random() < 0.08 and cut_turn is None:
                    continue  # the caller says nothing and the agent speaks again
            else:
                t = int(rng.uniform(0.05, 0.8) * RATE)
            if cut_turn is None:
                cut_turn = lay.turn(caller, self.spoken(rng, caller), t, level, speed)
                turn_end = cut_turn.end
                long_gaps = [g for g in cut_turn.gaps if g[1] - g[0] > 0.45 * RATE and g[0] > 0]
                if long_gaps and rng.random() < 0.15:
                    # The agent's mistake: it starts in a pause, the caller goes on, the agent has to give way.
                    gap = self.pick(rng, long_gaps)
                    start = int(rng.uniform(gap[0] + 0.2 * RATE, gap[1] - 0.05 * RATE))
                    lay.agent_line(agent, self.pick(rng, agent.turns["agent"]), start, agent_level, gap[1] + int(rng.uniform(0.12, 0.7) * RATE))
            wait = np.exp(rng.normal(np.log(0.55), 0.6))
            t = max(turn_end, lay.agent_spans[-1][1] if lay.agent_spans else 0) + int(np.clip(wait, 0.08, 3.5) * RATE)
            if rng.random() < 0.12:
                t = None if t > limit else t
                if t is None:
                    break

    def short(self, rng, line):
        """Most of what the agent says is a clause or two."""
        n = int(self.pick(rng, [1, 1, 1, 2, 3]))
        return Spoken(line.kind, line.want, line.expectation, line.count, line.clips[:n])

    def disturb(self, lay, rng, caller, start, end, level, speed=1.0):
        """Things that happen on the caller's side while the agent speaks and that should not stop it."""
        if end - start < 0.6 * RATE:
            return
        at = int(rng.uniform(start + 0.1 * RATE, end - 0.3 * RATE))
        u = rng.random()
        voice = caller if not caller.human and rng.random() < 0.85 else self.pick(rng, self.voices)
        if u < 0.42:
            for _ in range(int(rng.integers(1, 3))):
                spoken = self.pick(rng, voice.turns["backchannel"])
                done = at
                for clip in spoken.clips:
                    for k, ((a, b), word) in enumerate(zip(clip.bounds, clip.words)):
                        lay.words.append((done + a, done + b, [word], lay.pieces, lay.word_phones(clip, k)))
                    lay.pieces += 1
                    lay.say(clip, done, done + clip.length)
                    done = lay.put(lay.caller, lay.caller_voiced, clip, done, level * acoustics.db(rng.uniform(-8, 0)))
                lay.sounds.append(("backchannel", at, done))
                at = done + int(rng.uniform(0.6, 2.5) * RATE)
        elif u < 0.65:
            # To somebody else: turned away from the handset, so quieter and duller.
            spoken = self.pick(rng, voice.turns.get("side-talk") or voice.turns["random"])
            track = np.zeros(lay.n, np.float32)
            lay.sound("side-talk", spoken.clips, at, level * acoustics.db(rng.uniform(-18, -5)), track)
            lay.other += acoustics.room(rng, acoustics.lfilter([0.5, 0.5], [1.0], track).astype(np.float32))
        elif u < 0.85:
            x = acoustics.burst(rng) * level * acoustics.db(rng.uniform(-16, -2))
            high = min(lay.n, at + len(x))
            if high > at:
                lay.other[at:high] += x[:high - at]
            lay.sounds.append(("cough", at, high))
        elif self.noises:
            s, n, _ = self.pick(rng, self.noises)
            n = min(n, int(rng.uniform(0.2, 1.5) * RATE))
            clip = Clip(s, n, None, [])
            lay.sound("cough", [clip], at, level * acoustics.db(rng.uniform(-12, 0)))

    def television(self, lay, rng, gain, share):
        voice = self.pick(rng, self.voices)
        t = int(rng.uniform(-2, 1) * RATE)
        while t < lay.n and rng.random() < share:
            spoken = self.pick(rng, voice.turns[self.pick(rng, [k for k in ("none", "agent", "random") if voice.turns.get(k)])])
            t = lay.sound("television", spoken.clips, t, gain) + int(rng.uniform(0.05, 0.6) * RATE)
            if rng.random() < 0.3:
                voice = self.pick(rng, self.voices)

    def background(self, rng, n):
        """Noise at unit RMS."""
        u = rng.random()
        if self.noises and u < 0.35:
            out = np.zeros(0, np.float32)
            while len(out) < n:
                s, length, _ = self.pick(rng, self.noises)
                out = np.concatenate([out, self.audio[s:s + length].astype(np.float32)])
            out = out[:n]
        elif u < 0.45:
            out = np.zeros(n, np.float32)
            for _ in range(int(rng.integers(3, 7))):
                voice = self.pick(rng, self.voices)
                t = 0
                while t < n:
                    clip = self.pick(rng, self.pick(rng, voice.turns["none"] if voice.turns.get("none") else voice.turns["random"]).clips)
                    length = min(clip.length, n - t)
                    out[t:t + length] += self.audio[clip.start:clip.start + length]
                    t += length
        elif u < 0.5:
            out = acoustics.music(rng, n)
        else:
            return acoustics.coloured(rng, n)
        return out / (np.std(out) + 1e-9)

    def finish(self, lay, rng, level, clean, snr_db):
        n = lay.hops * HOP
        caller, agent = lay.caller[:n], lay.agent[:n]
        if rng.random() < 0.25:
            caller = acoustics.room(rng, caller)
        mix = acoustics.colour(rng, caller) + lay.other[:n]
        if rng.random() < 0.6:
            mix = mix + acoustics.echo(rng, agent)
        ratio = float(np.clip(rng.normal(20, 8), 4, 45)) if snr_db is None else snr_db
        if not clean:
            mix = mix + self.background(rng, n) * np.float32(0.1 * level * acoustics.db(-ratio))
        mix = acoustics.line(rng, mix)
        if rng.random() < 0.5:
            agent = acoustics.mu_law(agent)
        return label(lay, rng, mix.astype(np.float32), np.clip(agent, -1, 1).astype(np.float32))
