"""The network. `Floor` trains on whole sequences; `Step` is the same weights for one hop with carried state (for export).

Two parts. The *ear* (caller and agent audio, fused at its input) is free of dialogue context, so its symbols do not depend on what the
dialogue hopes to hear. The *judge* is a smaller recurrent layer over the ear, the agent's audio, and the context (expectation, intent, clock);
it drives everything about the floor.
"""

from dataclasses import dataclass, asdict

import torch
from torch import nn

import contract as c
import recurrence


@dataclass
class Shape:
    bands: int = 40
    frames: int = 4
    first: int = 96
    ear: int = 288
    layers: int = 3
    agent: int = 64
    context: int = 48
    judge: int = 160

    def state_parts(self):
        """Widths of the flat state row, in order: mel history (3 frames), first layer's history (3 x 20 ms), ear layers, judge."""
        return [3 * self.bands, 3 * self.first] + [self.ear] * self.layers + [self.judge]

    def state_size(self):
        return sum(self.state_parts())


CONFIGS = {"cpu": Shape(), "gpu": Shape(first=128, ear=448, layers=3, agent=96, context=64, judge=256)}
CONTEXT_WIDTH = len(c.EXPECTATIONS) + 1 + len(c.INTENTS) + len(c.CLOCKS)
OUTPUTS = {
    "decision": [len(c.DECISIONS)],
    "activity": [len(c.SPEAKERS), len(c.PROJECTION_BINS_MS) - 1],
    "overlap": [len(c.OVERLAP_KINDS)],
    "voice": [len(c.VOICES)],
    "want": [len(c.WANTS)],
}


def outputs(hearing):
    """Shape of every output a slot of the exported network, which hears by one alphabet of `contract.ALPHABETS`."""
    return {**OUTPUTS, "symbols": [c.SYMBOL_FRAMES_PER_HOP, len(c.ALPHABETS[hearing])]}


class Floor(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        s = shape
        self.first = nn.Linear(5 * s.bands, s.first)
        self.second = nn.Linear(5 * s.first, s.ear)
        self.agent = nn.Linear(s.frames * s.bands, s.agent)
        self.agent_to_ear = nn.Linear(s.agent, s.ear, bias=False)
        self.ears = nn.ModuleList(nn.GRU(s.ear, s.ear) for _ in range(s.layers))
        # Three ways to say what was heard; one of the alphabets is exported. The sounds' times are known and teach the ear much faster than CTC does.
        self.symbols = nn.Linear(s.ear, c.SYMBOL_FRAMES_PER_HOP * len(c.SYMBOLS))
        self.phones = nn.Linear(s.ear, c.SYMBOL_FRAMES_PER_HOP * len(c.PHONE_SYMBOLS))
        self.sounds = nn.Linear(s.ear, c.SYMBOL_FRAMES_PER_HOP * len(c.SOUNDS))
        self.context = nn.Linear(CONTEXT_WIDTH, s.context)
        self.judge = nn.GRU(s.ear + s.agent + s.context, s.judge)
        width = s.ear + s.judge
        self.decision = nn.Linear(width, len(c.DECISIONS))
        self.activity = nn.Linear(width, 8)
        self.overlap = nn.Linear(width, len(c.OVERLAP_KINDS))
        self.voice = nn.Linear(width, len(c.VOICES))
        self.want = nn.Linear(width, len(c.WANTS))

    def hear(self, caller, agent, states=None):
        """caller, agent: [T, B, 4, 40]. Returns ear [T, B, H], agent embedding [T, B, A], final ear states [layers of [B, H]]."""
        steps, batch = caller.shape[:2]
        s = self.shape
        frames = caller.permute(1, 0, 2, 3).reshape(batch, steps * 4, s.bands)
        x = torch.cat([frames.new_zeros(batch, 3, s.bands), frames], 1)
        x = torch.relu(self.first(x.unfold(1, 5, 2).transpose(2, 3).reshape(batch, steps * 2, 5 * s.bands)))
        x = torch.cat([x.new_zeros(batch, 3, s.first), x], 1)
        x = self.second(x.unfold(1, 5, 2).transpose(2, 3).reshape(batch, steps, 5 * s.first)).transpose(0, 1)
        a = torch.relu(self.agent(agent.reshape(steps, batch, s.frames * s.bands)))
        x = torch.relu(x + self.agent_to_ear(a))
        finals = []
        for i, gru in enumerate(self.ears):
            y, h = recurrence.run(gru, x, None if states is None else states[i])
            x = y if i == 0 else x + y
            finals.append(h)
        return x, a, finals

    def decide(self, ear, a, context, state=None):
        """ear [T, B, H], a [T, B, A], context [T, B, CONTEXT_WIDTH]. Returns the floor heads' logits and the judge's final state."""
        z = torch.relu(self.context(context))
        j, h = recurrence.run(self.judge, torch.cat([ear, a, z], 2), state)
        y = torch.cat([ear, j], 2)
        heads = {
            "decision": self.decision(y),
            "activity": self.activity(y).reshape(y.shape[:2] + (2, 4)),
            "overlap": self.overlap(y),
            "voice": self.voice(y),
            "want": self.want(y),
        }
        return heads, h

    def speller(self, hearing):
        return self.symbols if hearing == "letters" else self.phones

    def spell(self, ear, head):
        """Log-probabilities [T, B, 2, S] of `symbols`, `phones` or `sounds`."""
        return torch.log_softmax(head(ear).reshape(ear.shape[:2] + (c.SYMBOL_FRAMES_PER_HOP, -1)), -1)

    def forward(self, caller, agent, context):
        ear, a, _ = self.hear(caller, agent)
        heads, _ = self.decide(ear, a, context)
        heads["letters"], heads["phones"] = self.spell(ear, self.symbols), self.spell(ear, self.phones)
        return heads


def _cell(gru, x, h, product):
    """One GRU step as plain matrix products (gate order r, z, n as in torch)."""
    gi = product(x, gru.weight_ih_l0) + gru.bias_ih_l0
    gh = product(h, gru.weight_hh_l0) + gru.bias_hh_l0
    n = h.shape[1]
    r = torch.sigmoid(gi[:, :n] + gh[:, :n])
    z = torch.sigmoid(gi[:, n:2 * n] + gh[:, n:2 * n])
    new = torch.tanh(gi[:, 2 * n:] + r * gh[:, 2 * n:])
    return new + z * (h - new)


class Step(nn.Module):
    """One hop for a batch of slots. Inputs as in the manifest; state is one flat row per slot, zeros at the start of a call."""

    def __init__(self, floor, hearing="phones"):
        super().__init__()
        self.floor, self.hearing = floor, hearing

    def product(self, x, weight):
        """x [B, I] by the transpose of weight [O, I]."""
        return torch.matmul(x, weight.t())

    def forward(self, caller, agent, expectation, remaining, intent, clock, state):
        f, s = self.floor, self.floor.shape
        parts = torch.split(state, s.state_parts(), 1)
        frames = torch.cat([parts[0], caller.flatten(1)], 1)  # 7 frames x 40
        b = s.bands
        first = [torch.relu(f.first(frames[:, i * b:(i + 5) * b])) for i in (0, 2)]
        window = torch.cat([parts[1]] + first, 1)  # 5 x first
        a = torch.relu(f.agent(agent.flatten(1)))
        x = torch.relu(self.product(window, f.second.weight) + f.second.bias + f.agent_to_ear(a))
        new_state = [frames[:, 4 * b:], window[:, 2 * s.first:]]
        for i, gru in enumerate(f.ears):
            h = _cell(gru, x, parts[2 + i], self.product)
            new_state.append(h)
            x = h if i == 0 else x + h
        z = torch.relu(f.context(torch.cat([expectation, remaining, intent, clock], 1)))
        j = _cell(f.judge, torch.cat([x, a, z], 1), parts[-1], self.product)
        new_state.append(j)
        y = torch.cat([x, j], 1)
        return (
            f.decision(y), f.activity(y).reshape(-1, 2, 4), f.overlap(y), f.voice(y), f.want(y),
            torch.log_softmax(f.speller(self.hearing)(x).reshape(-1, c.SYMBOL_FRAMES_PER_HOP, len(c.ALPHABETS[self.hearing])), -1),
            torch.cat(new_state, 1),
        )


def save(path, floor, **extra):
    torch.save({"shape": asdict(floor.shape), "weights": floor.state_dict(), **extra}, path)


def load(path):
    """Returns (model, everything else that was saved)."""
    saved = torch.load(path, map_location="cpu")
    floor = Floor(Shape(**saved["shape"]))
    floor.load_state_dict(saved["weights"])
    return floor, saved
