"""What each part of the recipe is worth: small networks, trained from nothing for the same time, that differ in one thing.

    /usr/bin/python3 ablate.py --bank DIR --out DIR [--minutes 4] [--only NAME ...] [--parallel 1]

Every variant runs in a process of its own and leaves DIR/<name>.json; the table of all that are there is printed at the end and written to DIR/table.md.
Held-out voices and wordings. A second seed of the base shows how much of a difference is luck.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn

import bank
import batches
import contract as c
import evaluate
import losses
import model
import onpolicy
import phones
import recurrence
import simulator
import train

SHAPE = model.Shape(first=64, ear=160, layers=2, agent=32, context=32, judge=96)
HOPS, BATCH, SNR_DB = 224, 12, 20
NO_PHONES = {"phones": 0.0, "sounds": 0.0, "blank": 0.0, "letters": 2.0, "letter-blank": 0.3}
NO_LETTERS = {"letters": 0.0, "letter-blank": 0.0}

# name: what differs from the base (both alphabets, times of the sounds, all streams, people in a third of the calls, hops of 40 ms, dense, no on-policy calls)
VARIANTS = {
    "base": {}, "base, another seed": {"seed": 2},
    "letters alone": {"share": NO_PHONES, "hearing": "letters"},
    "phones alone, their times unknown": {"share": {**NO_LETTERS, "sounds": 0.0}},
    "phones alone, their times known": {"share": NO_LETTERS},
    "without the agent's stream": {"without": "agent"},
    "without the expectation": {"without": "expectation"},
    "without people": {"human_share": 0.0},
    "on-policy calls, a third": {"on_policy": 0.33},
    "hop of 20 ms": {"hop_ms": 20}, "hop of 80 ms": {"hop_ms": 80},
    "a dense layer more": {"experts": 1}, "four experts, one at a time": {"experts": 4},
}


class Experts(nn.Module):
    """A residual two-layer block. With several experts a router sends every hop to one of them, so that the cost of a hop stays that of one."""

    def __init__(self, width, count):
        super().__init__()
        self.router = nn.Linear(width, count)
        self.inner = nn.ModuleList(nn.Linear(width, width) for _ in range(count))
        self.outer = nn.ModuleList(nn.Linear(width, width) for _ in range(count))

    def forward(self, x):
        rows = x.reshape(-1, x.shape[-1])
        share = torch.softmax(self.router(rows), -1)
        weight, chosen = share.max(-1)
        out = rows.clone()
        for i, (inner, outer) in enumerate(zip(self.inner, self.outer)):
            at = (chosen == i).nonzero()[:, 0]
            if len(at):
                out = out.index_add(0, at, weight[at, None] * outer(torch.relu(inner(rows[at]))))
        return out.reshape(x.shape)


class Variant(model.Floor):
    """`model.Floor` with another hop of the ear or with experts. Its outputs stay one for each 40 ms."""

    def __init__(self, shape, hop_ms=40, experts=0):
        super().__init__(shape)
        self.hop_ms = hop_ms
        self.block = Experts(shape.ear, experts) if experts else None

    def hear(self, caller, agent, states=None):
        steps, batch = caller.shape[:2]
        s, stride = self.shape, self.hop_ms // 20  # of the second layer, over frames of 20 ms
        frames = caller.permute(1, 0, 2, 3).reshape(batch, steps * 4, s.bands)
        x = torch.cat([frames.new_zeros(batch, 3, s.bands), frames], 1)
        x = torch.relu(self.first(x.unfold(1, 5, 2).transpose(2, 3).reshape(batch, steps * 2, 5 * s.bands)))
        x = torch.cat([x.new_zeros(batch, 5 - stride, s.first), x], 1)
        x = self.second(x.unfold(1, 5, stride).transpose(2, 3).reshape(batch, steps * 2 // stride, 5 * s.first)).transpose(0, 1)
        a = torch.relu(self.agent(agent.reshape(steps, batch, s.frames * s.bands)))
        ratio = self.hop_ms / 40
        # The agent's embedding at the ear's rate: what was known when the ear's hop ended.
        at = torch.arange(x.shape[0])
        x = torch.relu(x + self.agent_to_ear(a[((at + 1) * ratio - 1).floor().long().clamp(0, steps - 1)]))
        finals = []
        for i, gru in enumerate(self.ears):
            y, h = recurrence.run(gru, x, None if states is None else states[i])
            x = y if i == 0 else x + y
            finals.append(h)
        if self.block is not None:
            x = self.block(x)
        # Back to 40 ms: the newest hop of the ear that has ended.
        last = (((torch.arange(steps) + 1) / ratio).floor().long() - 1)
        x = x[last.clamp(0)] * (last >= 0).float()[:, None, None]
        return x, a, finals


def word_error(calls, outs, hearing):
    """Share of words wrong in a loop over the words of these turns, without any order of words."""
    words = sorted({w for call in calls for clip in call.turns[0].spoken.clips for w in clip.words if phones.dictionary().get(w)})
    loop = evaluate.WordLoop(words, hearing, -2.0)
    wrong = total = 0
    for call, out in zip(calls, outs):
        turn = call.turns[0]
        truth = [w for clip in turn.spoken.clips for w in clip.words]
        wrong += phones.distance(loop.decode(out[hearing][:turn.end // 160 + 20]), truth)
        total += len(truth)
    return wrong / total


def measure(floor, folder, hearing, count):
    audio, index = bank.load(folder, "evaluation")
    sim = simulator.Simulator(audio, index)
    pick = evaluate.choosers(sim)
    made = {name: evaluate.make(sim, count, pick[name], SNR_DB, 80_000) for name in ("open", "fulfilled", "digits", "people") if name in pick}
    outs = {name: evaluate.run(floor, calls) for name, calls in made.items()}
    found = {"words": word_error(made["open"][:30], outs["open"][:30], hearing)}
    for name in ("digits", "people"):
        if name in made:
            found[f"{name}: digits"] = evaluate.digits(made[name], outs[name], hearing)["digitError"]
    for name in ("open", "fulfilled"):
        rows = evaluate.turn_ends(made[name], outs[name])
        found[f"{name}: cut at 300 ms"] = evaluate.at_latency(evaluate.curve(rows), 300)["cut"]
        found[f"{name}: ms at 5%"] = evaluate.at_cuts(evaluate.curve(rows), 0.05)["medianMs"]
        for micro_ms in (80, 200):
            # Decisions taken at micro-turns only: what was sure within one is acted on at its end.
            size = micro_ms // c.HOP_MS
            held = [{**r, "p": np.repeat(r["p"][size - 1::size], size)[:len(r["p"])]} for r in rows]
            held = [{**r, "p": np.concatenate([np.zeros(size - 1), r["p"]])} for r in held]
            found[f"{name}: ms at 5%, micro-turns of {micro_ms}"] = evaluate.at_cuts(evaluate.curve(held), 0.05)["medianMs"]
    events = {}
    for event in ("interruption", "backchannel", "side-talk", "echo"):
        calls = [evaluate.scenes.over_agent(sim, 90_000 + i, event, SNR_DB) for i in range(count // 2)]
        events[event] = evaluate.overlaps(calls, evaluate.run(floor, calls), event)
    others = [row for event in ("backchannel", "side-talk", "echo") for row in events[event]]
    fine = [t for t in evaluate.GRID if evaluate.yielded(others, t) <= 0.05]
    found["interruption: recall at 5% false"] = evaluate.yielded(events["interruption"], min(fine)) if fine else 0.0
    # Calls in which the agent did what the network decided: are its decisions right in the states it gets itself into?
    training = simulator.Simulator(audio, index)
    batch = batches.collate(onpolicy.calls(training, floor, np.random.default_rng(5), count, HOPS, 0.3), HOPS, False)
    with torch.no_grad():
        heads = floor(*train.tensors(batch, "cpu"))
    found["on-policy: decision loss"] = float(losses.floor_losses(heads, batch)["decision"])
    return found


def run_one(name, folder, out, minutes, count):
    what = VARIANTS[name]
    losses.SHARE.update(what.get("share", {}))
    hearing = what.get("hearing", "phones")
    if what.get("without"):
        evaluate.MASKED.add(what["without"])
        whole = train.tensors

        def withheld(batch, device):
            return whole(evaluate.withhold(batch), device)
        train.tensors = withheld
    model.CONFIGS["cpu"] = SHAPE
    torch.manual_seed(what.get("seed", 1))
    options = argparse.Namespace(config="cpu", seed=what.get("seed", 1), out=out, resume=False, start=None, minutes=minutes, anneal_again=False, dense=0.4)
    run = train.Run(options, None)
    run.floor, run.average = (Variant(SHAPE, what.get("hop_ms", 40), what.get("experts", 0)) for _ in range(2))
    run.average.load_state_dict(run.floor.state_dict())
    run.optimizer = torch.optim.AdamW(run.floor.parameters(), lr=train.PEAK_RATE, weight_decay=1e-3, betas=(0.9, 0.98))
    feeder = batches.Feeder(folder, 1, options.seed, hops=HOPS, batch=BATCH, human_share=what.get("human_share", 0.35), policy="", on_policy=0.0, nice=0)
    feeder.dense.value = options.dense
    training, rng = simulator.Simulator(*bank.load(folder, "training")), np.random.default_rng(options.seed)
    spent = 0.0
    try:
        while spent < minutes * 60:
            own = run.step > 100 and rng.random() < what.get("on_policy", 0.0)
            batch = batches.collate(onpolicy.calls(training, run.average, rng, BATCH, HOPS, 0.35), HOPS, False) if own else feeder.next()
            feeder.by_word.value = 1.0 if spent < 0.1 * minutes * 60 else 0.08
            began = time.process_time()  # what this process computes, not what the machine does besides
            run.update(batch, rng)
            spent += time.process_time() - began
            run.seconds = spent
    finally:
        feeder.close()
    run.average.eval()
    found = {"updates": run.step, **measure(run.average, folder, hearing, count)}
    with open(os.path.join(out, f"{name}.json"), "w") as f:
        json.dump(found, f, indent=1)


def table(out):
    rows = {}
    for name in VARIANTS:
        path = os.path.join(out, f"{name}.json")
        if os.path.exists(path):
            with open(path) as f:
                rows[name] = json.load(f)
    columns = [k for k in rows["base"] if k != "updates" and "micro" not in k] if "base" in rows else []
    show = lambda k, v: f"{v:.0f} ms" if " ms at" in k or ": ms" in k else f"{v:.3f}" if "loss" in k else f"{100 * v:.0f}%"
    lines = ["| variant | updates | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|"]
    lines += [f"| {name} | {row['updates']} | " + " | ".join(show(k, row[k]) for k in columns) + " |" for name, row in rows.items()]
    for name in ("open", "fulfilled"):
        if "base" in rows:
            lines.append(f"\nMicro-turns, {name} turns of the base, latency at 5% cut off: " + ", ".join(
                f"{ms} ms: {rows['base'][key]:.0f} ms" for ms, key in ((40, f"{name}: ms at 5%"), (80, f"{name}: ms at 5%, micro-turns of 80"), (200, f"{name}: ms at 5%, micro-turns of 200"))) + ".")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bank", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--minutes", type=float, default=4, help="processor minutes of updates for every variant")
    parser.add_argument("--count", type=int, default=60, help="calls per figure")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--one", choices=list(VARIANTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if options.one:
        run_one(options.one, options.bank, options.out, options.minutes, options.count)
        return
    waiting, running = list(options.only), []
    while waiting or running:
        while waiting and len(running) < options.parallel:
            name = waiting.pop(0)
            print(f"ablate: {name}", flush=True)
            running.append(subprocess.Popen([sys.executable, __file__, "--bank", options.bank, "--out", options.out, "--minutes", str(options.minutes), "--count", str(options.count), "--one", name]))
        if running[0].wait() != 0:
            sys.exit(1)
        running.pop(0)
    text = table(options.out)
    with open(os.path.join(options.out, "table.md"), "w") as f:
        f.write(text)
    print(text)


if __name__ == "__main__":
    main()
