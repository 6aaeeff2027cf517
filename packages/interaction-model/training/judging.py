"""The last stage: the ear is frozen and the judge goes on alone, on calls whose ear outputs are kept. Some eight times cheaper per update."""

import math
import queue
import time

import numpy as np
import torch

import losses

PEAK_RATE, LAST_RATE = 1e-3, 5e-5
EMA = 0.998


class Heard:
    """Ear outputs and labels of batches, newest last."""

    def __init__(self, floor, limit=220):
        self.floor, self.limit, self.kept, self.states = floor, limit, [], None

    def add(self, batch, rng):
        floor = self.floor
        caller, agent, context = (torch.from_numpy(batch[k]).float() for k in ("caller", "agent", "context"))
        carry = self.states is not None and rng.random() < 0.5 and self.states[1].shape[0] == caller.shape[1]
        with torch.no_grad():
            ear, a, finals = floor.hear(caller, agent, self.states[0] if carry else None)
            start = self.states[1] if carry else None
            _, judged = floor.decide(ear, a, context, start)
        self.states = (finals, judged)
        self.kept.append((ear.half(), a.half(), context, start, {k: batch[k] for k in ("decision", "weight", "overlap", "voice", "activity", "want")}))
        if len(self.kept) > self.limit:
            self.kept.pop(0)


def judge_parameters(floor):
    return [p for name, p in floor.named_parameters() if name.split(".")[0] in ("context", "judge", "decision", "activity", "overlap", "voice", "want")]


UPDATES_PER_BATCH = 8


def train(floor, feeder, make, minutes, seed, stop, report):
    """Improves `floor` in place (its running average at the end). `make()` simulates a batch where the feeder has none ready,
    `stop` is a list that becomes non-empty, `report(text)` prints."""
    rng = np.random.default_rng(seed)
    heard = Heard(floor)
    parameters = judge_parameters(floor)
    optimizer = torch.optim.AdamW(parameters, lr=PEAK_RATE, weight_decay=1e-3, betas=(0.9, 0.98))
    average = [p.detach().clone() for p in parameters]
    for batch in feeder.seen[-60:]:
        heard.add(batch, rng)
    began = shown = time.time()
    steps, fresh, sums, count = 0, 0, {}, 0
    while time.time() - began < minutes * 60 and not stop:
        if steps >= fresh * UPDATES_PER_BATCH:
            try:
                batch = feeder.queue.get_nowait()
            except queue.Empty:
                batch = make()
            heard.add(batch, rng)
            fresh += 1
        done = min(1.0, (time.time() - began) / (minutes * 60))
        warm = min(1.0, (steps + 1) / 50)
        for group in optimizer.param_groups:
            group["lr"] = warm * (LAST_RATE + (PEAK_RATE - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))
        newest = len(heard.kept) - 1 - int(rng.integers(min(4, len(heard.kept))))
        ear, a, context, start, labels = heard.kept[newest if rng.random() < 0.5 else int(rng.integers(len(heard.kept)))]
        heads, _ = floor.decide(ear.float(), a.float(), context, start)
        parts = losses.floor_losses(heads, labels)
        loss = losses.total(parts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 2.0)
        optimizer.step()
        steps += 1
        count += 1
        keep = min(EMA, (1 + steps) / (10 + steps))
        with torch.no_grad():
            for mean, now in zip(average, parameters):
                mean.lerp_(now, 1 - keep)
        for k, v in parts.items():
            sums[k] = sums.get(k, 0) + float(v.detach())
        if time.time() - shown > 30:
            left = minutes - (time.time() - began) / 60
            report(f"judge: step {steps}, {fresh} fresh batches, {left:.0f} min left " + " ".join(f"{k} {v / count:.3f}" for k, v in sums.items()))
            sums, count, shown = {}, 0, time.time()
    with torch.no_grad():
        for mean, now in zip(average, parameters):
            now.copy_(mean)
    return steps
