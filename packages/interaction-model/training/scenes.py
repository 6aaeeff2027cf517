"""Controlled calls for evaluation: one thing happens in each, on held-out voices, wordings and noises."""

import numpy as np

import acoustics
import contract as c
import simulator
from simulator import RATE, Layout

REMAINING_DELAY_S = 0.12  # of the decoder that the runtime has; a perfect one here


def _steps(mark):
    """The truth about what is lacking, as a decoder with a short delay would know it."""
    spoken, delay = mark.spoken, int(REMAINING_DELAY_S * RATE)
    if spoken.expectation == "open":
        return [(mark.start, 0)]
    if not spoken.count:
        return [(mark.start, 1), (mark.end + delay, 0)]
    left, steps = spoken.count, [(mark.start, spoken.count)]
    for (start, end), clip in zip(mark.clips, spoken.clips):
        for i in range(clip.chars):
            left -= 1
            steps.append((start + int((end - start) * (i + 1) / max(1, len(clip.words))) + delay, left))
    return steps


def _force_answer(call):
    call.intent[:] = c.INTENTS.index("answer")
    return call


def turn(sim, seed, choose, snr_db, hops=300):
    """The caller says one turn (`choose(rng)` gives speaker and Spoken), then nothing. None where it does not fit."""
    rng = np.random.default_rng(seed)
    lay = Layout(rng, sim.audio, hops)
    speaker, spoken = choose(rng)
    level = acoustics.db(rng.uniform(-10, 6))
    mark = lay.turn(speaker, spoken, int(rng.uniform(0.4, 1.0) * RATE), level)
    if mark.end > (hops - 70) * simulator.HOP:
        return None
    mark.remaining = _steps(mark)
    return _force_answer(sim.finish(lay, rng, level, False, snr_db))


def over_agent(sim, seed, event, snr_db, hops=340):
    """The caller says a turn, the agent speaks from then on, and `event` happens once: interruption, backchannel, side-talk, television, cough, echo."""
    rng = np.random.default_rng(seed)
    lay = Layout(rng, sim.audio, hops)
    agent = sim.pick(rng, [v for v in sim.voices if v.turns.get("agent")])
    caller = sim.pick(rng, [v for v in sim.voices if v.turns.get("backchannel") and v.turns.get("interruption")])
    level, agent_level = acoustics.db(rng.uniform(-10, 6)), acoustics.db(rng.uniform(-6, 4))
    first = lay.turn(caller, min((sim.pick(rng, caller.turns["want"]) for _ in range(5)), key=lambda x: sum(y.length for y in x.clips)), int(0.3 * RATE), level)
    first.remaining = _steps(first)
    t = begins = min(first.end + int(rng.uniform(0.3, 1.0) * RATE), 5 * RATE)
    while t < lay.n:
        t = lay.agent_line(agent, sim.pick(rng, agent.turns["agent"]), t, agent_level) + int(0.15 * RATE)
    lay.agent_spans = [(lay.agent_spans[0][0], lay.n)]
    at = begins + int(rng.uniform(1.0, 3.5) * RATE)
    if event == "interruption":
        mark = lay.turn(caller, sim.pick(rng, caller.turns["interruption"] + caller.turns["want"]), at, level)
        mark.takes_floor = True
    elif event == "backchannel":
        spoken = sim.pick(rng, caller.turns["backchannel"])
        done = at
        for clip in spoken.clips:
            done = lay.put(lay.caller, lay.caller_voiced, clip, done, level * acoustics.db(rng.uniform(-8, 0)))
        lay.sounds.append(("backchannel", at, done))
    elif event == "side-talk":
        spoken = sim.pick(rng, caller.turns.get("side-talk") or caller.turns["random"])
        track = np.zeros(lay.n, np.float32)
        lay.sound("side-talk", spoken.clips, at, level * acoustics.db(rng.uniform(-18, -5)), track)
        lay.other += acoustics.room(rng, acoustics.lfilter([0.5, 0.5], [1.0], track).astype(np.float32))
    elif event == "television":
        sim.television(lay, rng, level * acoustics.db(rng.uniform(-24, -8)), 1.0)
    elif event == "cough":
        x = acoustics.burst(rng) * level * acoustics.db(rng.uniform(-16, -2))
        lay.other[at:at + len(x)] += x
        lay.sounds.append(("cough", at, at + len(x)))
    call = sim.finish(lay, rng, level, False, snr_db)
    if event == "echo":
        pure = acoustics.echo(rng, call.agent) + acoustics.coloured(rng, len(call.agent)) * np.float32(0.1 * level * acoustics.db(-snr_db))
        call.caller = acoustics.line(rng, pure.astype(np.float32)).astype(np.float32)
    return _force_answer(call)
