"""On-policy calls: the model's own timing drives the simulated agent and the caller reacts; the labels stay the oracle's for the state it got itself into.

One exchange a call, laid out twice from the same seed. First pass: the agent never answers (or never gives way), and the model is run over it to find
where it would have begun or yielded. Second pass: the agent does just that. A caller who was cut off goes on (and waits to be given way) or gives up,
lets the agent finish, and says it all again.
"""

import numpy as np
import torch

import acoustics
import batches
import contract as c
import phones
from simulator import HOP, RATE, Layout


def _truncate(lay, mark, at):
    """The caller falls silent at sample `at`, mid-turn."""
    lay.caller[at:] = 0
    lay.caller_voiced[at // 80:] = False
    lay.said[at // 160:] = phones.SILENCE
    lay.words = [w for w in lay.words if w[1] <= at]
    mark.clips = [(a, min(b, at)) for a, b in mark.clips if a < at]
    mark.gaps = [g for g in mark.gaps if g[1] < at]
    mark.end = at


class Exchange:
    """A seed's exchange; `call()` without decisions is the first pass."""

    def __init__(self, sim, seed, hops, human_share):
        self.sim, self.seed, self.hops, self.human_share = sim, seed, hops, human_share

    def call(self, begin_at=None, yield_at=None, first=False):
        """begin_at, yield_at: samples at which the agent begins or stops, or None."""
        sim = self.sim
        rng, channel = np.random.default_rng(self.seed), np.random.default_rng(self.seed + 1)
        lay = Layout(rng, sim.audio, self.hops)
        caller = sim.draw_caller(rng, self.human_share)
        agent = sim.pick(rng, [v for v in (sim.pick(rng, sim.voices) for _ in range(4)) if v.turns.get("agent")] or sim.voices[:1])
        level, agent_level = acoustics.db(rng.uniform(-12, 8)), acoustics.db(rng.uniform(-6, 4))
        speed = float(rng.uniform(0.88, 1.14)) if caller.human else 1.0
        self.interrupts = rng.random() < 0.35
        line, answer = (sim.short(rng, sim.pick(rng, agent.turns["agent"])) for _ in range(2))
        length = sum(x.length for x in line.clips)
        react, gives_up = rng.uniform(0.12, 0.7), rng.random() < 0.4
        t = int(rng.uniform(-2.0, 0.2) * RATE)
        if self.interrupts:
            at = max(0, t) + int(rng.uniform(0.2, 0.8) * length)
            lay.turn(caller, sim.spoken(rng, caller, ("interruption", "interruption", "want", "slot")), at, level, speed)
            lay.turns[0].takes_floor = True
            state = np.random.default_rng(self.seed + 2)
            lay.rng = state  # from here on the passes may differ
            lay.agent_line(agent, line, t, agent_level, yield_at)
        else:
            t = lay.agent_line(agent, line, t, agent_level) + int(rng.uniform(0.2, 1.0) * RATE)
            mark = lay.turn(caller, sim.spoken(rng, caller), max(0, t), level, speed)
            lay.rng = np.random.default_rng(self.seed + 2)
            self.turn = (mark.start, mark.end)
            if begin_at is not None:
                self._answered(lay, mark, agent, answer, agent_level, begin_at, react, gives_up, caller, level, speed)
        call = sim.finish(lay, channel, level, False, None)
        if first:
            call.intent[:] = c.INTENTS.index("answer")
        return call

    def _answered(self, lay, mark, agent, answer, agent_level, begin_at, react, gives_up, caller, level, speed):
        resumes = next((a for a, _ in mark.clips if a > begin_at), mark.end)
        cut_in = begin_at < mark.end - 0.1 * RATE
        if cut_in and gives_up and begin_at > 0:
            spoken = mark.spoken
            _truncate(lay, mark, min(mark.end, begin_at + int(react * RATE)))
            end = lay.agent_line(agent, answer, begin_at, agent_level)
            lay.turn(caller, spoken, end + int(lay.rng.uniform(0.2, 0.9) * RATE), level, speed)
        elif cut_in:
            lay.agent_line(agent, answer, begin_at, agent_level, resumes + int(react * RATE))
        else:
            end = lay.agent_line(agent, answer, begin_at, agent_level)
            if end < lay.n:
                lay.turn(caller, self.sim.spoken(lay.rng, caller), end + int(lay.rng.uniform(0.2, 0.9) * RATE), level, speed)


def calls(sim, floor, rng, count, hops, human_share):
    """`count` calls in which the agent acted as `floor` would, at a threshold drawn per call."""
    exchanges = [Exchange(sim, int(rng.integers(1 << 62)), hops, human_share) for _ in range(count)]
    first = [x.call(first=True) for x in exchanges]
    batch = batches.collate(first, hops, False)
    with torch.no_grad():
        decision = torch.softmax(floor(*(torch.from_numpy(batch[k]).float() for k in ("caller", "agent", "context")))["decision"], -1).numpy()
    out = []
    for b, x in enumerate(exchanges):
        threshold = rng.uniform(0.35, 0.9)
        if x.interrupts:
            start = first[b].turns[0].start
            hit = np.nonzero(decision[:, b, c.YIELD] > threshold)[0]
            hit = hit[hit >= start // HOP]
            out.append(x.call(yield_at=int(hit[0] + 2) * HOP if len(hit) else None))
        else:
            start = max(0, x.turn[0] + int(0.1 * RATE))
            hit = np.nonzero(decision[:, b, c.BEGIN] > threshold)[0]
            hit = hit[hit >= start // HOP]
            out.append(x.call(begin_at=int(hit[0] + 2) * HOP if len(hit) else None))
    return out
