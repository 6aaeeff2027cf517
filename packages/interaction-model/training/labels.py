"""A call and the labels of every hop, by its script.

Decisions (ideal, by the script):
    agent playing   hold; where the caller takes the floor: duck for DUCK_HOPS, then yield; in a backchannel: duck for DUCK_HOPS, then hold
    agent silent    listen; from the end of a caller's turn on: begin (intent answer or urgent; filler: 400 ms later; nothing: listen);
                    inside an urgent turn's pause of 320 ms: begin; in a long stretch's clause pause, not in numbers: backchannel
"""

from dataclasses import dataclass

import numpy as np

import contract as c

HOP = 320
MARGIN_HOPS = 50
DUCK_HOPS = 3
RATE = 8000


@dataclass
class Call:
    caller: np.ndarray
    agent: np.ndarray
    expectation: np.ndarray
    remaining: np.ndarray
    intent: np.ndarray
    clock: np.ndarray
    decision: np.ndarray
    weight: np.ndarray
    overlap: np.ndarray
    voice: np.ndarray
    activity: np.ndarray
    want: np.ndarray
    words: list  # (start, end, [words], piece number, [phones of each]) in samples; inside the call only
    said: np.ndarray  # [hops * 2] the caller's sound in every 20 ms (`phones`)
    turns: list
    sounds: list  # (kind, start, end) of backchannels, side talk, television, coughs on the caller's side
    agent_spans: list


def label(lay, rng, mix, agent_audio):
    hops, total = lay.hops, lay.hops + MARGIN_HOPS
    per_hop = lambda v: v.reshape(total, 4).mean(1)
    caller_now, other_now, agent_now = (per_hop(v) for v in (lay.caller_voiced, lay.other_voiced, lay.agent_voiced))
    ends = (np.arange(total) + 1) * HOP
    playing = np.zeros(total, bool)
    for a, b in lay.agent_spans:
        playing |= (ends > a + HOP // 2) & (ends - HOP < b)

    decision = np.where(playing, c.HOLD, c.LISTEN).astype(np.int64)
    weight = np.ones(total, np.float32)
    overlap = np.zeros(total, np.int64)
    want = np.full(total, -1, np.int64)
    expectation = np.zeros(total, np.int64)
    remaining = np.zeros(total, np.float32)
    intent = np.full(total, c.INTENTS.index("answer"), np.int64)
    hop_of = lambda sample: int(np.clip(sample // HOP, 0, total))

    for kind, a, b in lay.sounds:
        low, high = hop_of(a), hop_of(b + HOP)
        if kind == "backchannel":
            overlap[low:high] = c.OVERLAP_BACKCHANNEL
            span = np.arange(low, min(high, low + DUCK_HOPS))
            decision[span[playing[span]]] = c.DUCK
        else:
            overlap[low:high] = np.where(overlap[low:high] == 0, c.SIDE_TALK if kind == "side-talk" else c.BACKGROUND, overlap[low:high])

    turns = sorted(lay.turns, key=lambda x: x.start)
    want[:hop_of(turns[0].start) if turns else total] = c.WANT_INDEX["nothing-yet"]
    for i, turn in enumerate(turns):
        low, high = hop_of(turn.start + HOP // 2), hop_of(turn.end - 1)
        following = hop_of(turns[i + 1].start) if i + 1 < len(turns) else total
        previous = hop_of(turns[i - 1].end + 0.3 * RATE) if i else 0
        expectation[previous:] = turn.expectation
        remaining[previous:] = turn.remaining[0][1]
        for at, left in turn.remaining[1:]:
            remaining[hop_of(at):] = left
        if turn.end <= 0:
            continue
        # Inside the turn.
        decision[low:high] = np.where(playing[low:high], c.HOLD, c.LISTEN)
        run = np.nonzero(playing[low:high])[0] + low
        voiced = [h for h in run if caller_now[h] >= 0.5]
        if voiced:
            over = run[run >= voiced[0]]
            decision[over] = c.YIELD
            decision[over[over < voiced[0] + DUCK_HOPS]] = c.DUCK
            overlap[over] = c.FLOOR_TAKING
        u = rng.random()
        mode = "answer" if u < 0.86 else "nothing" if u < 0.92 else "filler" if u < 0.96 else "urgent"
        intent[low:following] = c.INTENTS.index(mode)
        if turn.expectation == 0 and turn.spoken.kind != "random":
            for a, b, kind in turn.gaps:
                if kind in ("clause", "think") and b - a > 0.3 * RATE and a - turn.start > 2.5 * RATE:
                    span = np.arange(hop_of(a + 0.12 * RATE), min(hop_of(a + 0.44 * RATE), hop_of(b)))
                    decision[span[~playing[span]]] = c.BACKCHANNEL
        if mode == "urgent":
            for a, b, _ in turn.gaps:
                span = np.arange(hop_of(a + 0.32 * RATE), hop_of(b))
                decision[span[~playing[span]]] = c.BEGIN
        # After it: until the agent has spoken or the caller goes on.
        after = np.arange(high, following)
        spoken_since = np.cumsum(playing[after]) > 0
        free = after[~spoken_since]
        if mode in ("answer", "urgent"):
            decision[free] = c.BEGIN
        elif mode == "filler":
            decision[free[10:]] = c.BEGIN
        weight[free[40:]] = 0.6
        if turn.spoken.kind == "random" and not (turn.human and len(turn.clips) == 1):
            # Words without sense: nobody can tell where they end. (One person's one word does end.)
            senseless = np.arange(low, following)
            weight[senseless[~playing[senseless]]] *= 0.2
        code = c.WANT_INDEX[turn.spoken.want]
        want[low:following] = -1
        if turn.spoken.kind in ("want", "none", "slot"):
            want[max(low, high - 1):high + 12] = code
            want[free[:25]] = code
        else:
            want[low:following] = -1

    changes = np.concatenate([[True], playing[1:] != playing[:-1]])
    since = np.arange(total) - np.maximum.accumulate(np.where(changes, np.arange(total), 0))
    since[:np.argmax(changes[1:]) + 1 if changes[1:].any() else total] += int(rng.integers(0, 80))
    offset = 0 if rng.random() < 0.15 else int(rng.integers(0, 6000))
    clock = np.stack([np.log1p(np.arange(total) + offset) / 8, playing, np.log1p(since) / 8], 1).astype(np.float32)

    activity = np.zeros((hops, 2, 4), np.float32)
    for s, now in enumerate((caller_now, agent_now)):
        sums = np.concatenate([[0], np.cumsum(now)])
        for b, (low, high) in enumerate(zip(c.PROJECTION_BINS_MS[:-1], c.PROJECTION_BINS_MS[1:])):
            a, z = low // c.HOP_MS, high // c.HOP_MS
            h = np.arange(hops) + 1
            activity[:, s, b] = (sums[h + z] - sums[h + a]) / (z - a) >= 0.5
    voice = np.stack([caller_now, other_now], 1)[:hops] >= 0.4
    cut = slice(0, hops)
    return Call(
        mix, agent_audio, expectation[cut], np.minimum(remaining[cut], 20).astype(np.float32), intent[cut], clock[cut], decision[cut], weight[cut],
        overlap[cut], voice.astype(np.float32), activity, want[cut], lay.words, lay.said[:hops * 2], turns, lay.sounds, lay.agent_spans,
    )
