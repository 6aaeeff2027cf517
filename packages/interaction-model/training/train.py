"""Trains the network: bank, simulated calls, imitation of the script's oracle, checkpoints, validation, export.

    /usr/bin/python3 train.py --out DIR [--human DIR] [--config cpu|gpu] [--minutes N] [--resume]
"""

import argparse
import json
import math
import os
import signal
import time

import numpy as np
import torch

import bank
import batches
import card
import contract as c
import evaluate
import export
import judging
import losses
import model
import phones
import quantise
import simulator

PEAK_RATE, LAST_RATE, WARM_STEPS = 1e-3, 3e-5, 150
CHECKPOINT_S, VALIDATE_S = 300, 300
EMA = 0.997
BY_WORD_SHARE = 0.04  # of the time, at the beginning, in which every word has a window of its own


def tensors(batch, device):
    get = lambda name: torch.from_numpy(batch[name]).to(device).float()
    return get("caller"), get("agent"), get("context")


def disguise(caller, rng):
    """[T, B, 4, 40] features as other throats and handsets would give them: two fifths of the calls have their bands stretched by up to an eighth
    (a vocal tract of another length, without another tempo), and in a tenth up to seven neighbouring bands are flattened."""
    steps, size, frames, bands = caller.shape
    warp = np.zeros((size, bands, bands), np.float32)
    keep = np.ones((size, bands), np.float32)
    for b in range(size):
        at = np.clip(np.arange(bands) * (rng.uniform(0.88, 1.12) if rng.random() < 0.4 else 1.0), 0, bands - 1)
        low = np.minimum(at.astype(int), bands - 2)
        warp[b, low, np.arange(bands)] = 1 - (at - low)
        warp[b, low + 1, np.arange(bands)] = at - low
        if rng.random() < 0.1:
            width = int(rng.integers(1, 8))
            first = int(rng.integers(0, bands - width))
            keep[b, first:first + width] = 0
    x = torch.matmul(caller.permute(1, 0, 2, 3).reshape(size, steps * frames, bands), torch.from_numpy(warp).to(caller.device))
    mask = torch.from_numpy(keep).to(caller.device)[:, None]
    x = x * mask + x.mean((1, 2), keepdim=True) * (1 - mask)
    return x.reshape(size, steps, frames, bands).permute(1, 0, 2, 3).contiguous()


def greedy(log_probs):
    """[frames, S] to symbols."""
    out, last = [], -1
    for s in log_probs.argmax(-1).tolist():
        if s != last and s != c.BLANK:
            out.append(s)
        last = s
    return out


def auc(positive, negative):
    """Probability that a positive outranks a negative."""
    if not len(positive) or not len(negative):
        return float("nan")
    order = np.argsort(np.concatenate([negative, positive]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    return float((ranks[len(negative):].sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative)))


def validate(floor, sim, count=48, hops=224, seed=900):
    """A quick look on held-out voices and wordings: symbol error (voices, people), end against pause 200 ms into silence."""
    floor.eval()
    calls = [sim.call(seed + i, hops, scene="dense" if i % 2 else "dialogue", human_share=0.4) for i in range(count)]
    batch = batches.collate(calls, hops, False)
    with torch.no_grad():
        heads = floor(*tensors(batch, "cpu"))
        parts = losses.floor_losses(heads, batch)
    frames = {k: heads[k].permute(1, 0, 2, 3).reshape(count, hops * 2, -1) for k in c.ALPHABETS}
    begin = torch.softmax(heads["decision"], -1)[..., c.BEGIN].numpy()
    errors = {(k, human): [0, 0] for k in c.ALPHABETS for human in (True, False)}
    for b, first, last, letters, said in batch["items"]:
        human = any(t.human for t in calls[b].turns)
        for k, truth in (("letters", letters), ("phones", said)):
            if truth is not None:
                errors[k, human][0] += phones.distance(greedy(frames[k][b, first:last]), truth)
                errors[k, human][1] += len(truth)
    ends, pauses = [], []
    for b, call in enumerate(calls):
        for turn in call.turns:
            at = lambda s: int((s + 1600) // 320)
            if turn.end > 0 and at(turn.end) < hops and call.clock[at(turn.end), 1] == 0 and call.intent[at(turn.end)] == 1:
                ends.append(begin[at(turn.end), b])
            for a, z, _ in turn.gaps:
                if a > 0 and z - a > 2000 and at(a) < hops and call.clock[at(a), 1] == 0 and call.intent[at(a)] == 1:
                    pauses.append(begin[at(a), b])
    floor.train()
    return {
        **{f"{k}{'People' if human else 'Voices'}": wrong / max(1, total) for (k, human), (wrong, total) in errors.items()},
        "endAuc": auc(np.array(ends), np.array(pauses)), **{k: float(v) for k, v in parts.items()},
    }


class Run:
    def __init__(self, options, folder):
        self.options = options
        self.device = "cuda" if options.config == "gpu" and torch.cuda.is_available() else "cpu"
        torch.manual_seed(options.seed)
        self.floor = model.Floor(model.CONFIGS[options.config]).to(self.device)
        self.average = model.Floor(model.CONFIGS[options.config])
        self.average.load_state_dict(self.floor.state_dict())
        self.optimizer = torch.optim.AdamW(self.floor.parameters(), lr=PEAK_RATE, weight_decay=1e-3, betas=(0.9, 0.98))
        self.step, self.seconds, self.history = 0, 0.0, []
        self.path = os.path.join(options.out, "last.pt")
        if options.resume and os.path.exists(self.path):
            self.restore()
        elif options.start:
            self.begin_as(options.start)
        self.resumed_s = self.seconds
        self.states = None
        self.stop = []
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop.append(True))

    def judge(self, feeder, make):
        """The last stage, on the averaged weights (or, resumed, on those of the last such stage); the result is saved as judged.pt."""
        self.stop.clear()
        feeder.dense.value = 0
        judged = os.path.join(self.options.out, "judged.pt")
        if self.options.resume and os.path.exists(judged):
            self.average.load_state_dict(torch.load(judged, map_location="cpu")["weights"])
        self.average.train()
        print(f"train: the ear is frozen; the judge goes on for {self.options.judge_minutes:g} minutes", flush=True)
        steps = judging.train(self.average, feeder, make, self.options.judge_minutes, self.step, self.stop, lambda text: print(text, flush=True))
        self.path = judged
        model.save(self.path, self.average, step=self.step, judgeSteps=steps, seconds=self.seconds + self.options.judge_minutes * 60, history=self.history, options=vars(self.options))

    def begin_as(self, path):
        """The weights of another run, as far as they are the same in name and shape; everything else begins anew."""
        saved = torch.load(path, map_location="cpu")["weights"]
        for network in (self.floor, self.average):
            own = network.state_dict()
            fitting = {name: value for name, value in saved.items() if name in own and own[name].shape == value.shape}
            network.load_state_dict({**own, **fitting})
        print(f"train: {len(fitting)} of {len(own)} tensors begin as in {path}", flush=True)

    def restore(self):
        saved = torch.load(self.path, map_location="cpu")
        self.floor.load_state_dict(saved["current"])
        self.average.load_state_dict(saved["weights"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.seconds, self.history = saved["step"], saved["seconds"], saved["history"]
        print(f"train: resumed at step {self.step}, {self.seconds / 60:.0f} min", flush=True)

    def save(self):
        part = self.path + ".part"
        model.save(part, self.average, current=self.floor.state_dict(), optimizer=self.optimizer.state_dict(), step=self.step, seconds=self.seconds,
                   history=self.history, options=vars(self.options))
        os.replace(part, self.path)

    def rate(self):
        from_s = self.resumed_s if self.options.anneal_again else 0
        done = min(1.0, (self.seconds - from_s) / max(1, self.options.minutes * 60 - from_s))
        warm = min(1.0, (self.step + 1) / WARM_STEPS)
        return warm * (LAST_RATE + (PEAK_RATE - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))

    def update(self, batch, rng):
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        caller, agent, context = tensors(batch, self.device)
        caller = disguise(caller, rng)
        carry = self.states is not None and rng.random() < 0.5 and self.states[1].shape[0] == caller.shape[1]
        ear, a, finals = self.floor.hear(caller, agent, self.states[0] if carry else None)
        heads, judged = self.floor.decide(ear, a, context, self.states[1] if carry else None)
        # Streams never begin mid-call in training otherwise: half of the batches begin in the state that the last one ended in.
        self.states = ([h.detach() for h in finals], judged.detach())
        spelled = {head: self.floor.spell(ear, getattr(self.floor, head)).cpu() for head in ("symbols", "phones", "sounds")}
        parts = {"sounds": losses.sound_loss(spelled["sounds"], batch)}
        parts["phones"], parts["blank"] = losses.symbol_losses(spelled["phones"], batch, "phones")
        parts["letters"], parts["letter-blank"] = losses.symbol_losses(spelled["symbols"], batch, "letters")
        parts = {**parts, **losses.floor_losses({k: v.cpu() for k, v in heads.items()}, batch)}
        loss = losses.total(parts)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.floor.parameters(), 2.0)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.step += 1
        keep = min(EMA, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.floor.parameters()):
                mean.lerp_(now.detach().cpu(), 1 - keep)
        return {k: float(v.detach()) for k, v in parts.items()}

    def go(self, feeder, sim):
        options = self.options
        rng = np.random.default_rng(self.step)
        sums, count = {}, 0
        last = saved = shown = validated = time.time()
        stop = self.stop
        feeder.dense.value = options.dense
        while self.seconds < options.minutes * 60 and not stop:
            feeder.by_word.value = 1.0 if self.seconds < BY_WORD_SHARE * options.minutes * 60 else 0.08
            parts = self.update(feeder.next(), rng)
            now = time.time()
            self.seconds += now - last
            last = now
            count += 1
            for k, v in parts.items():
                sums[k] = sums.get(k, 0) + v
            if now - shown > 30:
                left = options.minutes - self.seconds / 60
                print(f"train: step {self.step} {self.seconds / 60:.1f} min, {left:.0f} left, rate {self.rate():.1e}, replayed {feeder.replayed}, "
                      + " ".join(f"{k} {v / count:.3f}" for k, v in sums.items()), flush=True)
                sums, count, shown = {}, 0, now
            if now - saved > CHECKPOINT_S:
                self.save()
                saved = now
            if now - validated > VALIDATE_S:
                found = validate(self.average, sim)
                self.history.append({"step": self.step, "minutes": self.seconds / 60, **found})
                print("validate: " + " ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)
                validated = time.time()
        self.save()
        return not stop


def finish(run, folder):
    """Thresholds, figures, ONNX and model card of a finished run."""
    options = run.options
    run.average.eval()
    audio, index = bank.load(folder, "evaluation")
    chosen = evaluate.choose_thresholds(run.average, simulator.Simulator(audio, evaluate.half(index, 0)), options.evaluate)
    found = evaluate.report(run.average, simulator.Simulator(audio, evaluate.half(index, 1)), chosen, options.evaluate, options.hearing)
    print(evaluate.lines(found), flush=True)
    weights = os.path.join(options.out, "weights")
    if options.precision == "int8":
        training = simulator.Simulator(*bank.load(folder, "training"))
        quantise.write(run.average, [training.call(1_000 + i, quantise.HOPS) for i in range(quantise.CALLS)], weights, "floor", chosen, options.hearing)
    else:
        export.write(run.average, weights, "floor", True, chosen, hearing=options.hearing)
    for name, value in (("thresholds", chosen), ("report", found)):
        with open(os.path.join(options.out, f"{name}.json"), "w") as f:
            json.dump(value, f, indent=1)
    card.write(os.path.join(options.out, "model-card.md"), weights, found, run.path, f"npm run model:train -- --config {options.config} --minutes {options.minutes:g}" + (" --human DIR" if options.human else ""))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--human")
    parser.add_argument("--config", default="cpu", choices=list(model.CONFIGS))
    parser.add_argument("--minutes", type=float, default=150)
    parser.add_argument("--precision", default="int8", choices=["int8", "fp32"], help="of the exported file's large products")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", help="checkpoint of another run, whose weights this one begins with")
    parser.add_argument("--hearing", default="phones", choices=list(c.ALPHABETS), help="the alphabet that the exported network hears by; both are trained")
    parser.add_argument("--bank", help="folder of the voice bank; default: OUT/bank, made where absent")
    parser.add_argument("--speakers", type=int, default=480)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--hops", type=int, default=224)
    parser.add_argument("--feeders", type=int, default=max(1, (os.cpu_count() or 2) // 4))
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dense", type=float, default=0.6, help="share of calls, before the judge's stage, in which the caller does nothing but talk")
    parser.add_argument("--anneal-again", action="store_true", help="with --resume: the learning rate starts at its peak again")
    parser.add_argument("--human-share", type=float, default=0.35)
    parser.add_argument("--on-policy", type=float, default=0.3, help="share of on-policy batches once the first checkpoint is there")
    parser.add_argument("--judge-minutes", type=float, default=15, help="minutes after --minutes in which only the judge learns")
    parser.add_argument("--feeder-nice", type=int, default=5)
    parser.add_argument("--evaluate", type=int, default=200, help="calls per figure at the end")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    folder = options.bank or os.path.join(options.out, "bank")
    if not os.path.exists(os.path.join(folder, "training.pickle")):
        bank.build(folder, options.human, options.speakers, 110, False, 1)
    if not os.path.exists(os.path.join(folder, "evaluation.pickle")):
        bank.build(folder, options.human, max(8, options.speakers // 8), 110, True, 2)
    if not options.human:
        print("train: warning, no --human DIR: synthetic voices only; expect people to be heard much worse", flush=True)
    run = Run(options, folder)
    feeder = batches.Feeder(folder, options.feeders, options.seed + run.step, hops=options.hops, batch=options.batch, human_share=options.human_share,
                            policy=run.path, on_policy=options.on_policy, nice=options.feeder_nice)
    try:
        complete = run.go(feeder, simulator.Simulator(*bank.load(folder, "evaluation")))
        if complete and options.judge_minutes > 0:
            sim, rng = simulator.Simulator(*bank.load(folder, "training")), np.random.default_rng(options.seed + 77)
            run.judge(feeder, lambda: batches.collate(
                [sim.call(int(rng.integers(1 << 62)), options.hops, human_share=options.human_share) for _ in range(options.batch)], options.hops, False))
    finally:
        feeder.close()
    if not complete:
        print("train: stopped; --resume goes on from the checkpoint", flush=True)
        return
    finish(run, folder)
    with open(os.path.join(options.out, "history.json"), "w") as f:
        json.dump(run.history, f, indent=1)
    print(f"train: done, {run.step} steps; weights in {options.out}/weights", flush=True)


if __name__ == "__main__":
    main()
