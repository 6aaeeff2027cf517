"""Calls to tensors: feeder processes simulate, and the trainer never waits for them (it replays what it has)."""

import multiprocessing as mp
import os
import queue
import signal

import numpy as np
import torch

import bank
import contract as c
import features
import model
import onpolicy
import simulator

SYMBOL_SAMPLES = 160  # one symbol frame
DELAY_SAMPLES = 640  # a word's symbols may come this much after its audio
TAIL_SAMPLES = 2560  # and this much where silence follows


def items(call, hops, by_word):
    """CTC items: [(first frame, last frame + 1, letters, phones)] of words (by_word) or pieces, inside the call. Phones are None where a word has none."""
    limit = hops * simulator.HOP
    groups = {}
    for start, end, words, piece, said_as in sorted(call.words, key=lambda w: (w[0], w[1], w[3])):
        if start < 0:
            continue
        key = (piece, start) if by_word else piece
        if key in groups:
            groups[key] = (groups[key][0], end, groups[key][2] + words, groups[key][3] + said_as)
        else:
            groups[key] = (start, end, words, said_as)
    ordered = sorted(groups.values(), key=lambda g: g[0])
    out = []
    for i, (start, end, words, said_as) in enumerate(ordered):
        following = ordered[i + 1][0] if i + 1 < len(ordered) else limit * 2
        stop = min(end + TAIL_SAMPLES, max(following, end) + DELAY_SAMPLES)
        if stop > limit:
            continue
        first = (start + (DELAY_SAMPLES // 2 if i and start - ordered[i - 1][1] < DELAY_SAMPLES else 0)) // SYMBOL_SAMPLES
        symbols = c.spell(words)
        last = stop // SYMBOL_SAMPLES
        needed = len(symbols) + sum(a == b for a, b in zip(symbols, symbols[1:]))
        if symbols and last - first >= needed and last - first <= 400:
            out.append((first, last, symbols, c.sound_out(said_as)))
    return out


def speech_frames(call, hops):
    """[hops * 2] bool: frames where symbols may be (the words' spans, with the delay after), even if no item covers them."""
    mask = np.zeros(hops * 2, bool)
    for start, end, *_ in call.words:
        mask[max(0, start // SYMBOL_SAMPLES):max(0, (end + TAIL_SAMPLES) // SYMBOL_SAMPLES)] = True
    for turn in call.turns:
        if turn.human:  # speech without a transcript
            for start, end in turn.clips:
                mask[max(0, start // SYMBOL_SAMPLES):max(0, (end + TAIL_SAMPLES) // SYMBOL_SAMPLES)] = True
    return mask


def context(call):
    """[hops, CONTEXT_WIDTH] float32: expectation, remaining, intent, clock."""
    hops = len(call.expectation)
    out = np.zeros((hops, len(c.EXPECTATIONS) + 1 + len(c.INTENTS) + len(c.CLOCKS)), np.float32)
    rows = np.arange(hops)
    out[rows, call.expectation] = 1
    e = len(c.EXPECTATIONS)
    out[:, e] = call.remaining / c.REMAINING_SCALE
    out[rows, e + 1 + call.intent] = 1
    out[:, e + 1 + len(c.INTENTS):] = call.clock[:hops]
    return out


def collate(calls, hops, by_word):
    """Time first, float16 features (cast back by the trainer)."""
    stack = lambda name, dtype: np.stack([getattr(x, name) for x in calls], 1).astype(dtype)
    gather = []
    for b, call in enumerate(calls):
        gather += [(b, *item) for item in items(call, hops, by_word)]
    blank = np.stack([~speech_frames(x, hops) for x in calls])
    for b, first, last, *_ in gather:
        blank[b, first:last] = False
    mel = lambda name: features.log_mel_fast(np.stack([getattr(x, name) for x in calls])).transpose(1, 0, 2, 3).astype(np.float16)
    return {
        "caller": mel("caller"), "agent": mel("agent"), "context": np.stack([context(x) for x in calls], 1),
        "decision": stack("decision", np.int64), "weight": stack("weight", np.float32), "overlap": stack("overlap", np.int64),
        "voice": stack("voice", np.float32), "activity": stack("activity", np.float32), "want": stack("want", np.int64),
        "items": gather, "blank": blank, "said": np.stack([x.said for x in calls]),
    }


def _floor(path, held):
    """The trainer's last checkpoint, read again when it has changed; held = [mtime, model]."""
    stamp = os.path.getmtime(path) if os.path.exists(path) else None
    if stamp is not None and stamp != held[0]:
        held[0], held[1] = stamp, model.load(path)[0].eval()
    return held[1]


def _feed(folder, out, seed, options):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the trainer's own handler is inherited and would keep a feeder alive
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(int(options["nice"]))
    os.sched_setaffinity(0, range(os.cpu_count() or 1))  # the trainer may be pinned; feeders take what is idle
    audio, index = bank.load(folder, "training")
    sim = simulator.Simulator(audio, index)
    rng = np.random.default_rng(seed)
    torch.set_num_threads(1)
    held = [None, None]
    while True:
        hops, size = options["hops"], options["batch"]
        floor = _floor(options["policy"], held) if rng.random() < options["on_policy"] else None
        if floor is not None:
            out.put(collate(onpolicy.calls(sim, floor, rng, size, hops, options["human_share"]), hops, False))
            continue
        dense = options["dense"].value
        calls = [sim.call(int(rng.integers(1 << 62)), hops, "dense" if rng.random() < dense else None, options["human_share"]) for _ in range(size)]
        out.put(collate(calls, hops, options["by_word"].value > rng.random()))


class Feeder:
    """Fresh batches where there are any, otherwise one seen before."""

    def __init__(self, folder, workers, seed, keep=160, **options):
        self.by_word, self.dense = mp.Value("d", 1.0), mp.Value("d", 0.0)
        self.queue = mp.Queue(12)
        self.seen, self.keep = [], keep
        self.rng = np.random.default_rng(seed)
        self.replayed = 0
        self.workers = [mp.Process(target=_feed, args=(folder, self.queue, seed * 1000 + i, {**options, "by_word": self.by_word, "dense": self.dense}), daemon=True) for i in range(workers)]
        for worker in self.workers:
            worker.start()

    def next(self):
        try:
            batch = self.queue.get(block=len(self.seen) < 8)
        except queue.Empty:
            self.replayed += 1
            return self.seen[int(self.rng.integers(len(self.seen)))]
        self.seen.append(batch)
        if len(self.seen) > self.keep:
            self.seen.pop(0)
        return batch

    def close(self):
        for worker in self.workers:
            worker.terminate()
