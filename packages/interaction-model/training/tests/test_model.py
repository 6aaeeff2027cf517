"""Run with: /usr/bin/python3 -m unittest discover -s tests (from the training folder)."""

import os
import sys
import unittest

import numpy as np
import torch

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contract as c
import features
import model
import recurrence

SMALL = model.Shape(first=16, ear=24, layers=2, agent=8, context=8, judge=12)


def inputs(steps, batch, seed=0):
    torch.manual_seed(seed)
    return torch.randn(steps, batch, 4, 40), torch.randn(steps, batch, 4, 40), torch.rand(steps, batch, model.CONTEXT_WIDTH)


class Causality(unittest.TestCase):
    def test_no_output_depends_on_a_later_input(self):
        floor = model.Floor(SMALL)
        streams = [x.requires_grad_() for x in inputs(8, 1)]
        for name, value in floor(*streams).items():
            for x in streams:
                x.grad = None
            value[3].sum().backward(retain_graph=True)
            for x in streams:
                if x.grad is not None:
                    self.assertEqual(float(x.grad[4:].abs().max()), 0.0, name)
            self.assertGreater(float(streams[0].grad[:4].abs().max()), 0.0, name)

    def test_the_ear_does_not_know_the_context(self):
        floor = model.Floor(SMALL)
        caller, agent, context = inputs(4, 1)
        context.requires_grad_()
        symbols = floor(caller, agent, context)["phones"].sum()
        self.assertIsNone(torch.autograd.grad(symbols, context, allow_unused=True)[0])


class Recurrence(unittest.TestCase):
    def test_values_and_gradients_are_those_of_torch(self):
        torch.manual_seed(3)
        gru = torch.nn.GRU(6, 5).double()
        x, h0 = torch.randn(7, 4, 6, dtype=torch.float64, requires_grad=True), torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
        wanted = [x, h0] + list(gru.parameters())
        y, h = gru(x, h0[None])
        mine, last = recurrence.run(gru, x, h0)
        weight = torch.randn_like(y)
        theirs = torch.autograd.grad((y * weight).sum() + h.sum(), wanted)
        for a, b in zip(theirs, torch.autograd.grad((mine * weight).sum() + last.sum(), wanted)):
            self.assertLess(float((a - b).abs().max()), 1e-12)
        self.assertLess(float((y - mine).abs().max()), 1e-12)


class Streaming(unittest.TestCase):
    def test_hop_by_hop_equals_the_whole(self):
        floor = model.Floor(SMALL).eval()
        step = model.Step(floor).eval()
        caller, agent, context = inputs(30, 3)
        state = torch.zeros(3, SMALL.state_size())
        e, i = len(c.EXPECTATIONS), len(c.INTENTS)
        with torch.no_grad():
            whole = floor(caller, agent, context)
            for t in range(30):
                x = context[t]
                *out, state = step(caller[t], agent[t], x[:, :e], x[:, e:e + 1], x[:, e + 1:e + 1 + i], x[:, e + 1 + i:], state)
                for name, value in zip([*model.OUTPUTS, "phones"], out):
                    self.assertLess(float((whole[name][t] - value).abs().max()), 1e-5, name)

    def test_features_in_hops_equal_features_of_the_whole(self):
        rng = np.random.default_rng(3)
        pcm = rng.integers(-20000, 20000, 320 * 12).astype(np.int16)
        whole = features.log_mel_exact(pcm)
        carry = np.zeros(features.CARRY_SAMPLES, np.int16)
        for h in range(12):
            hop = pcm[h * 320:(h + 1) * 320]
            framed = np.stack([np.concatenate([carry, hop])[j * 80:j * 80 + 200] for j in range(4)]).astype(np.float64) / 32768
            power = np.abs(np.fft.rfft(framed * features.HANN, 256)) ** 2
            self.assertLess(np.abs((np.log(power @ features.MEL.T + 1e-5) + 4) / 4 - whole[h]).max(), 1e-6)
            carry = hop[-features.CARRY_SAMPLES:]

    def test_training_features_are_the_exact_ones(self):
        pcm = np.random.default_rng(4).integers(-3000, 3000, 320 * 20).astype(np.int16)
        self.assertLess(np.abs(features.log_mel_exact(pcm) - features.log_mel_fast(pcm / 32768)).max(), 1e-4)


if __name__ == "__main__":
    unittest.main()
