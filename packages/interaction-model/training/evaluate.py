"""The floor and the hearing in figures, on voices, people, wordings and noises that training never saw.

    /usr/bin/python3 evaluate.py --checkpoint run/last.pt --bank DIR [--count 200] [--thresholds OUT.json] [--report OUT.json]

Half of the held-out voices choose the thresholds, the other half give the figures.
"""

import argparse
import json

import numpy as np
import torch

import bank
import batches
import contract as c
import features
import model
import phones
import scenes
import simulator
from simulator import HOP, RATE

GRID = np.concatenate([np.linspace(0.02, 0.9, 45), 1 - np.geomspace(0.09, 0.0005, 25)])


MASKED = set()  # inputs to withhold ("agent", "expectation"): how much the trained network leans on them


def withhold(batch):
    """The batch without what `MASKED` names, changed in place."""
    if "agent" in MASKED:
        batch["agent"][:] = features.log_mel_fast(np.zeros(HOP, np.float32))[0, 0, 0]
    if "expectation" in MASKED:
        batch["context"][..., :len(c.EXPECTATIONS) + 1] = 0
        batch["context"][..., 0] = 1  # open, nothing lacking
    return batch


def run(floor, calls, size=25):
    """Streams calls of equal length; returns per call {decision, overlap, want, voice: [T, .] probabilities; letters, phones: [2T, S] log-probabilities}."""
    out = []
    for i in range(0, len(calls), size):
        part = calls[i:i + size]
        hops = len(part[0].expectation)
        batch = batches.collate(part, hops, False)
        withhold(batch)
        with torch.no_grad():
            heads = floor(*(torch.from_numpy(batch[k]).float() for k in ("caller", "agent", "context")))
        for b in range(len(part)):
            one = {k: torch.softmax(heads[k][:, b], -1).numpy() for k in ("decision", "overlap", "want")}
            one["voice"] = torch.sigmoid(heads["voice"][:, b]).numpy()
            for k in c.ALPHABETS:
                one[k] = heads[k][:, b].reshape(hops * 2, -1).numpy()
            out.append(one)
    return out


def first_crossing(p, threshold, low, high):
    hit = np.nonzero(p[low:high] > threshold)[0]
    return low + int(hit[0]) if len(hit) else None


# The pod's patience (src/patience.ts): sure at once, or less and less sure after 400 ms of quiet; what it was sure of since the caller was last heard counts.
CERTAIN_HOPS, DEAD_AIR_HOPS, LEAST_CERTAINTY, FULFILLED_WEIGHT = 10, 60, 0.3, 2


def patient(p, voice, fulfilled):
    """The begin track as the pod weighs it: its peak since the caller was last heard, divided by the share of the threshold that is still asked for.
    Quiet counts double where what was asked for is complete (`fulfilled` [hops] bool)."""
    out, peak, quiet = np.empty(len(p)), 0.0, 0
    for hop, (now, heard, whole) in enumerate(zip(p, voice > 0.5, fulfilled)):
        quiet = 0 if heard else quiet + 1
        peak = max(0.0 if heard else peak, now)
        weighed = quiet * (FULFILLED_WEIGHT if whole else 1)
        overdue = min(1.0, max(0.0, (weighed - CERTAIN_HOPS) / (DEAD_AIR_HOPS - CERTAIN_HOPS)))
        out[hop] = min(1.0, peak / (1 - (1 - LEAST_CERTAINTY) * overdue))
    return out


def turn_ends(calls, outs):
    """Per turn: the begin probability's track, with the pod's patience, and the script's times in hops."""
    rows = []
    for call, out in zip(calls, outs):
        t = call.turns[0]
        rows.append({"p": patient(out["decision"][:, c.BEGIN], out["voice"][:, 0], (call.expectation > 0) & (call.remaining == 0)), "start": t.start, "end": t.end, "gaps": [g for g in t.gaps if g[1] - g[0] >= 0.2 * RATE], "number": t.spoken.count > 0})
    return rows


def end_figures(rows, threshold):
    """Cut-off share, latencies (ms) of the turns not cut off, share of pauses (0.2-2 s) taken over, the same inside digit groups."""
    cut, latency, never = 0, [], 0
    pauses, taken, group, group_taken = 0, 0, 0, 0
    for r in rows:
        start, end = r["start"] // HOP, r["end"] // HOP
        early = first_crossing(r["p"], threshold, start, end)
        if early is not None:
            cut += 1
        else:
            at = first_crossing(r["p"], threshold, end, min(len(r["p"]), end + 63))
            if at is None:
                never += 1
                latency.append(2500.0)
            else:
                latency.append(((at + 1) * HOP - r["end"]) / 8.0)
        for a, b, kind in r["gaps"]:
            if b - a > 2.0 * RATE:
                continue
            fired = first_crossing(r["p"], threshold, a // HOP, b // HOP) is not None
            pauses, taken = pauses + 1, taken + fired
            if r["number"] and kind == "group":
                group, group_taken = group + 1, group_taken + fired
    n = len(rows)
    return {"threshold": float(threshold), "cut": cut / n, "never": never / n, "medianMs": float(np.median(latency)) if latency else 2500.0, "p90Ms": float(np.percentile(latency, 90)) if latency else 2500.0,
            "meanMs": float(np.mean(latency)) if latency else 2500.0,
            "taken": taken / max(1, pauses), "takenInNumbers": group_taken / max(1, group), "pauses": pauses, "turns": n}


def timer_figures(rows, ms):
    """An ideal energy timer on the script's own silences."""
    cut = sum(any(b - a >= ms * 8 for a, b, _ in r["gaps"]) for r in rows)
    return {"ms": ms, "cut": cut / len(rows)}


def curve(rows):
    return [end_figures(rows, t) for t in GRID]


def at_cuts(points, share):
    """The fastest point with at most this share of turns cut off."""
    fine = [p for p in points if p["cut"] <= share]
    return min(fine, key=lambda p: p["medianMs"]) if fine else points[-1]


def at_latency(points, ms):
    return min(points, key=lambda p: abs(p["medianMs"] - ms))


def cheapest(points, cut_ms):
    """The point with the least mean wait, where cutting somebody off counts as `cut_ms` (and no answer at all as 2.5 s)."""
    return min(points, key=lambda p: p["cut"] * cut_ms + p["meanMs"])


def timer_at(rows, share):
    """The shortest ideal timer with at most this share cut."""
    for ms in range(40, 3000, 20):
        if timer_figures(rows, ms)["cut"] <= share:
            return ms
    return 3000


def overlaps(calls, outs, event):
    """Per call: the yield track, duck+yield track, onset and end in hops (whole call for echo and television)."""
    rows = []
    for call, out in zip(calls, outs):
        y, d = out["decision"][:, c.YIELD], out["decision"][:, c.YIELD] + out["decision"][:, c.DUCK]
        if event == "interruption":
            low, high = call.turns[-1].start, call.turns[-1].end
        elif event in ("echo", "television"):
            low, high = call.agent_spans[0][0], len(y) * HOP
        else:
            low, high = call.sounds[0][1], call.sounds[0][2] + int(0.4 * RATE)
        rows.append((y, d, low, min(high // HOP + 1, len(y))))
    return rows


def yielded(rows, threshold):
    return sum(first_crossing(y, threshold, low // HOP, high) is not None for y, _, low, high in rows) / max(1, len(rows))


def interruption(rows, yield_threshold, duck_threshold):
    recall, stop, either = 0, [], []
    for y, d, low, high in rows:
        at = first_crossing(y, yield_threshold, low // HOP, min(high + 12, len(y)))
        ducked = first_crossing(d, duck_threshold, low // HOP, min(high + 12, len(y)))
        if at is not None:
            recall += 1
            stop.append(((at + 1) * HOP - low) / 8)
        first = min(x for x in (at, ducked, 10 ** 6) if x is not None)
        if first < 10 ** 6:
            either.append(((first + 1) * HOP - low) / 8)
    return {"recall": recall / len(rows), "stopMedianMs": float(np.median(stop)) if stop else None, "stopP90Ms": float(np.percentile(stop, 90)) if stop else None,
            "duckOrStopMedianMs": float(np.median(either)) if either else None, "calls": len(rows)}


DIGIT_LEXICON = {w: w for w in "zero oh one two three four five six seven eight nine".split()}


class WordLoop:
    """Viterbi over any sequence of lexicon words (each preceded by a space symbol) on CTC log-probabilities."""

    def __init__(self, words, hearing, penalty=0.0):
        self.words = list(words)
        labels, owner, first, last = [], [], [], []
        for i, word in enumerate(self.words):
            symbols = c.spell([word]) if hearing == "letters" else c.sound_out([phones.pronounce(word)])
            chain = []
            for s in symbols:
                chain += [s, c.BLANK]
            first.append(len(labels))
            labels += chain
            owner += [i] * len(chain)
            last.append(len(labels) - 1)
        self.labels, self.first, self.last = np.array(labels), np.array(first), np.array(last)
        self.start = np.zeros(len(labels), bool)
        self.start[self.first] = True
        self.skip = np.zeros(len(labels), bool)  # may come from two back (over the blank between differing symbols)
        for j in range(2, len(labels)):
            if owner[j] == owner[j - 2] and labels[j] != c.BLANK and labels[j] != labels[j - 2]:
                self.skip[j] = True
        self.penalty = penalty

    def decode(self, frames):
        """[F, S] to words."""
        n, count = len(self.labels), len(self.words)
        score = np.full(n, -1e9)
        node = np.full(n, -1)  # the last word entered on the best path into each state; -1: none
        parents = []  # node k * count + w: word w entered at frame k; its predecessor
        idle = 0.0
        ends = np.concatenate([self.last, self.last - 1])
        states = np.arange(n)
        for k, frame in enumerate(frames):
            best_end = ends[int(np.argmax(score[ends]))]
            enter, parent = (idle, -1) if idle >= score[best_end] else (score[best_end], node[best_end])
            parents.append(parent)
            one = np.concatenate([[-1e9], score[:-1]])
            one[self.start] = -1e9
            two = np.where(self.skip, np.concatenate([[-1e9, -1e9], score[:-2]]), -1e9)
            options = np.stack([score, one, two])
            choice = np.argmax(options, 0)
            score, node = options[choice, states], node[states - choice]
            better = enter + self.penalty > score[self.first]
            score[self.first[better]] = enter + self.penalty
            node[self.first[better]] = k * count + np.nonzero(better)[0]
            score = score + frame[self.labels]
            idle += frame[c.BLANK]
        best = ends[int(np.argmax(score[ends]))]
        at, chosen = (-1 if idle >= score[best] else int(node[best])), []
        while at >= 0:
            chosen.append(self.words[at % count])
            at = int(parents[at // count])
        return chosen[::-1]


def digits(calls, outs, hearing, penalty=0.0):
    loop = WordLoop(DIGIT_LEXICON, hearing, penalty)
    wrong = total = whole = 0
    same = lambda words: ["zero" if x == "oh" else x for x in words]
    for call, out in zip(calls, outs):
        t = call.turns[0]
        truth = same([w for clip in t.spoken.clips if clip.chars for w in clip.words])
        heard = same(loop.decode(out[hearing][:t.end // 160 + 20]))
        d = phones.distance(heard, truth)
        wrong, total, whole = wrong + d, total + len(truth), whole + (d == 0)
    return {"digitError": wrong / total, "whole": whole / len(calls), "strings": len(calls)}


def wants(calls, outs, threshold):
    """Of shipped wants: right and accepted; of out-of-scope turns: rejected (none, or not over the threshold). Read 320 ms after the end."""
    right = known = rejected = outside = 0
    for call, out in zip(calls, outs):
        t = call.turns[0]
        p = out["want"][min(t.end // HOP + 8, len(out["want"]) - 1)]
        best = int(np.argmax(p))
        accepted = p[best] > threshold and c.WANTS[best] not in ("none", "nothing-yet", "slot-value")
        if t.spoken.want == "none":
            outside, rejected = outside + 1, rejected + (not accepted)
        else:
            known, right = known + 1, right + (accepted and c.WANTS[best] == t.spoken.want)
    return {"right": right / max(1, known), "rejected": rejected / max(1, outside), "known": known, "outside": outside}


def backchannels(calls, outs, threshold):
    """(share placed in allowed windows, number fired in numbers, number fired). Allowed: a pause of an open turn."""
    good = fired = numbers = 0
    for call, out in zip(calls, outs):
        t = call.turns[0]
        last = -100
        for h in np.nonzero(out["decision"][:t.end // HOP, c.BACKCHANNEL] > threshold)[0]:
            if h - last < 100:
                continue
            last = h
            fired += 1
            inside = any(a // HOP <= h <= b // HOP for a, b, _ in t.gaps)
            numbers += t.spoken.count > 0
            good += inside and t.spoken.expectation == "open"
    return {"allowed": good / max(1, fired), "inNumbers": numbers, "fired": fired, "calls": len(calls)}


def make(sim, count, choose, snr_db, seed):
    calls, i = [], 0
    while len(calls) < count and i < count * 4:
        call = scenes.turn(sim, seed + i, choose, snr_db)
        i += 1
        if call is not None:
            calls.append(call)
    return calls


def choosers(sim):
    voice = lambda rng: sim.pick(rng, sim.voices)

    def of(kinds, keep):
        def choose(rng):
            while True:
                v = voice(rng)
                options = [t for t in v.turns.get(sim.pick(rng, kinds), []) if keep(t)]
                if options:
                    return v, sim.pick(rng, options)
        return choose

    def person(rng):
        s = sim.pick(rng, sim.rich_people)
        while True:
            t = sim.human_turn(rng, s, alone=True)
            if t.kind == "slot" and 4 <= t.count <= 8 and t.expectation == "digits":
                return s, t

    out = {
        "open": of(("want", "none"), lambda t: t.expectation == "open"),
        "fulfilled": of(("slot",), lambda t: True),
        "digits": of(("slot",), lambda t: t.expectation == "digits" and 4 <= t.count <= 8),
        "wants": of(("want", "want", "none"), lambda t: True),
    }
    if sim.rich_people:
        out["people"] = person
    return out


CUT_MS = 4000.0  # what cutting a caller off is worth in waiting, for the choice of thresholds
EVENTS = ["interruption", "backchannel", "side-talk", "television", "cough", "echo"]


def half(index, which):
    return {**index, "voices": index["voices"][which::2]}


def choose_thresholds(floor, sim, count):
    pick = choosers(sim)
    sets = {}
    for name in ("open", "fulfilled"):
        calls = make(sim, count, pick[name], 15, 50_000)
        sets[name] = (calls, turn_ends(calls, run(floor, calls)))
    t = {}
    t["beginOpen"] = cheapest(curve(sets["open"][1]), CUT_MS)["threshold"]
    t["beginFulfilled"] = cheapest(curve(sets["fulfilled"][1]), 2 * CUT_MS)["threshold"]
    # Until a slot is fulfilled its pauses must not be taken, whatever is said; turns that end early are met by a later, surer begin.
    t["beginUnfulfilled"] = max(min(0.98, t["beginFulfilled"] + 0.1), at_cuts(curve(sets["fulfilled"][1]), 0.005)["threshold"])
    rows = {e: overlaps(*(lambda x: (x, run(floor, x)))([scenes.over_agent(sim, 60_000 + i, e, 15) for i in range(count // 2)]), e) for e in EVENTS}
    false = lambda th: np.mean([yielded(rows[e], th) for e in EVENTS[1:]])
    t["yield"] = float(min((th for th in GRID if false(th) <= 0.05), default=0.9))
    t["duck"] = float(min((th for th in GRID if np.mean([sum(first_crossing(d, th, low // HOP, high) is not None for _, d, low, high in rows[e]) / len(rows[e]) for e in ("television", "cough", "echo")]) <= 0.08), default=0.7))
    calls = make(sim, count, pick["wants"], 15, 70_000)
    outs = run(floor, calls)
    grid = np.linspace(0.2, 0.95, 26)
    fine = [th for th in grid if wants(calls, outs, th)["rejected"] >= 0.9]
    t["want"] = float(min(fine)) if fine else 0.9
    calls = sets["open"][0]
    outs = run(floor, calls)
    fine = [th for th in np.linspace(0.15, 0.9, 31) if backchannels(calls, outs, th)["allowed"] >= 0.9]
    t["backchannel"] = float(min(fine)) if fine else 0.9
    return {k: round(float(v), 4) for k, v in t.items()}


def report(floor, sim, thresholds, count, hearing, snrs=(20, 10)):
    pick = choosers(sim)
    out = {"thresholds": thresholds, "turnEnds": {}, "overlap": {}, "digits": {}, "wants": {}, "backchannel": {}}
    for snr in snrs:
        for name in [n for n in ("open", "fulfilled", "people") if n in pick]:
            calls = make(sim, count, pick[name], snr, 80_000)
            rows = turn_ends(calls, run(floor, calls))
            points = curve(rows)
            threshold = thresholds["beginOpen" if name == "open" else "beginFulfilled"]
            out["turnEnds"][f"{name}@{snr}dB"] = {
                "at300ms": at_latency(points, 300), "at250ms": at_latency(points, 250), "at5percent": at_cuts(points, 0.05), "at2percent": at_cuts(points, 0.02), "shipped": end_figures(rows, threshold),
                "timer": [timer_figures(rows, ms) for ms in (300, 600, 1000)], "timerAt5percentMs": timer_at(rows, 0.05), "timerAt2percentMs": timer_at(rows, 0.02),
            }
        for event in EVENTS:
            calls = [scenes.over_agent(sim, 90_000 + i, event, snr) for i in range(count // 2)]
            rows = overlaps(calls, run(floor, calls), event)
            out["overlap"][f"{event}@{snr}dB"] = interruption(rows, thresholds["yield"], thresholds["duck"]) if event == "interruption" else {"ignored": 1 - yielded(rows, thresholds["yield"]), "calls": len(rows)}
        for name in [n for n in ("digits", "people") if n in pick]:
            calls = make(sim, count, pick[name], snr, 100_000)
            out["digits"][f"{name}@{snr}dB"] = digits(calls, run(floor, calls), hearing)
            if name == "people":
                outs = run(floor, calls)
                for s in sim.rich_people:
                    mine = [(a, b) for a, b in zip(calls, outs) if a.turns[0].spoken.clips[0].start in {x.start for v in s.digits.values() for x in v}]
                    if mine:
                        out["digits"][f"{s.name}@{snr}dB"] = digits(*zip(*mine), hearing)
        calls = make(sim, count, pick["wants"], snr, 110_000)
        out["wants"][f"{snr}dB"] = wants(calls, run(floor, calls), thresholds["want"])
        for name in ("open", "digits"):
            calls = make(sim, count, pick[name], snr, 120_000)
            out["backchannel"][f"{name}@{snr}dB"] = backchannels(calls, run(floor, calls), thresholds["backchannel"])
    return out


def lines(found):
    """A readable summary."""
    out = []
    for name, r in found["turnEnds"].items():
        s = r["shipped"]
        out.append(f"{name:18} cut at 300 ms {r['at300ms']['cut']:.3f} | ms at 5% {r['at5percent']['medianMs']:.0f} (timer {r['timerAt5percentMs']}) | at 2% {r['at2percent']['medianMs']:.0f} (timer {r['timerAt2percentMs']})"
                   f" | shipped: cut {s['cut']:.3f} median {s['medianMs']:.0f} p90 {s['p90Ms']:.0f} never {s['never']:.3f} taken {s['taken']:.3f} in numbers {s['takenInNumbers']:.3f}"
                   f" | timer cuts 300/600/1000: " + " ".join(f"{t['cut']:.3f}" for t in r["timer"]))
    for name, r in found["overlap"].items():
        out.append(f"{name:18} " + " ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in r.items()))
    for part in ("digits", "wants", "backchannel"):
        for name, r in found[part].items():
            out.append(f"{part} {name:18} " + " ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in r.items()))
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--bank", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--thresholds", help="write the chosen thresholds here")
    parser.add_argument("--fixed", help="use the thresholds of this file instead of choosing")
    parser.add_argument("--without", action="append", default=[], choices=["agent", "expectation"], help="withhold an input from the trained network")
    parser.add_argument("--report")
    parser.add_argument("--hearing", default="phones", choices=list(c.ALPHABETS))
    parser.add_argument("--snr", type=float, nargs="+", default=[20, 10], help="noise levels in dB")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    floor, _ = model.load(options.checkpoint)
    floor.eval()
    audio, index = bank.load(options.bank, "evaluation")
    MASKED.update(options.without)
    if options.fixed:
        with open(options.fixed) as f:
            thresholds = json.load(f)
    else:
        thresholds = choose_thresholds(floor, simulator.Simulator(audio, half(index, 0)), options.count)
    print("thresholds:", json.dumps(thresholds), flush=True)
    found = report(floor, simulator.Simulator(audio, half(index, 1)), thresholds, options.count, options.hearing, [int(x) for x in options.snr])
    print(lines(found), flush=True)
    for path, value in ((options.thresholds, thresholds), (options.report, found)):
        if path:
            with open(path, "w") as f:
                json.dump(value, f, indent=1)
                f.write("\n")


if __name__ == "__main__":
    main()
