"""The simulator, its labels, and the way to tensors, on a tiny bank."""

import os
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import bank
import batches
import contract as c
import model
import phones
import scripts
import simulator
import train
import voices


class Scripts(unittest.TestCase):
    def test_counted_slots_deliver_their_count(self):
        writer = scripts.Writer(np.random.default_rng(5))
        for _ in range(200):
            turn = writer.counted()
            self.assertEqual(sum(p.chars for p in turn.pieces), turn.count)

    def test_evaluation_wordings_are_never_trained_on(self):
        training, evaluation = (scripts.Writer(np.random.default_rng(1), held_out) for held_out in (False, True))
        for want in training.wants:
            self.assertFalse(set(training.wants[want]) & set(evaluation.wants[want]))


class Pronunciations(unittest.TestCase):
    def test_the_dictionary_s_nearest_to_what_was_said_counts(self):
        self.assertEqual(phones.pronounce("either", ["AY", "DH", "ER"]), ["AY", "DH", "ER"])
        self.assertEqual(phones.pronounce("either", ["IY", "DH", "AH"]), ["IY", "DH", "ER"])

    def test_words_of_no_dictionary_are_said_as_they_were_heard(self):
        self.assertEqual(phones.pronounce("zalvexo", ["Z", "AE"]), ["Z", "AE"])
        self.assertIsNone(phones.pronounce("zalvexo"))

    def test_both_synthesisers_tell_a_word_s_phones(self):
        mouth = voices.Mouth()
        for voice in (voices.Voice("espeak", "en-us+f1", 1.0, 160, 50, 50), voices.Voice("flite", "slt", 1.0, 0, 0, 0)):
            audio, bounds, said_as, sounds = mouth.say(voice, ["where's", "seven"], False)
            self.assertEqual(said_as[1], ["S", "EH", "V", "AH", "N"], voice.engine)
            self.assertEqual(len(sounds), -(-len(audio) // 160))
            inside = sounds[bounds[1][0] // 160:bounds[1][1] // 160]
            order = [phones.PHONES[x - 1] for i, x in enumerate(inside) if x and (i == 0 or inside[i - 1] != x)]
            self.assertEqual(order[-5:], ["S", "EH", "V", "AH", "N"], voice.engine)


class Simulated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        bank.build(cls.folder.name, None, 4, 40, False, 3)
        cls.sim = simulator.Simulator(*bank.load(cls.folder.name, "training"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_same_seed_same_call(self):
        one, two = (self.sim.call(11, 150) for _ in range(2))
        np.testing.assert_array_equal(one.caller, two.caller)
        np.testing.assert_array_equal(one.decision, two.decision)
        self.assertFalse(np.array_equal(one.caller, self.sim.call(12, 150).caller))

    def test_labels_make_sense_at_every_hop(self):
        for seed in range(40):
            call = self.sim.call(seed, 200)
            playing = call.clock[:200, 1] > 0
            agent_only = np.isin(call.decision, [c.HOLD, c.DUCK, c.YIELD])
            np.testing.assert_array_equal(agent_only, playing, f"seed {seed}")
            self.assertTrue(np.isfinite(call.caller).all() and np.abs(call.caller).max() <= 1)
            for turn in call.turns:
                # Nobody is cut off: inside a turn the agent begins only where it is told to hurry.
                inside = np.arange(max(0, turn.start // 320 + 1), min(200, (turn.end - 1) // 320))
                calm = inside[call.intent[inside] != c.INTENTS.index("urgent")]
                self.assertFalse((call.decision[calm] == c.BEGIN).any(), f"seed {seed}")

    def test_projection_is_the_future_of_voice(self):
        call = self.sim.call(3, 200, scene="dense")
        voice = call.voice[:, 0]
        for h in range(0, 190):
            future = voice[h + 1:h + 6]
            if future.all() or not future.any():
                self.assertEqual(call.activity[h, 0, 0], future[0])

    def test_sounds_lie_where_their_words_are(self):
        known = 0
        for seed in range(20):
            call = self.sim.call(seed, 200, scene="dense", human_share=0)
            voiced = np.zeros(len(call.said), bool)
            for start, end, *_ in call.words:
                voiced[max(0, start // 160):max(0, end // 160 + 2)] = True
            said = (call.said != phones.SILENCE) & (call.said != phones.UNKNOWN)
            self.assertFalse((said & ~voiced).any(), f"seed {seed}")
            known += said.sum()
        self.assertGreater(known, 1000)

    def test_items_fit_their_symbols_and_windows(self):
        calls = [self.sim.call(seed, 200) for seed in range(8)]
        for by_word in (True, False):
            batch = batches.collate(calls, 200, by_word)
            self.assertGreater(len(batch["items"]), 8)
            for _, first, last, *spelled in batch["items"]:
                self.assertLessEqual(last, 400)
                for symbols in spelled:
                    self.assertGreaterEqual(last - first, len(symbols))
                    self.assertEqual(symbols[0], c.SPACE)

    def test_an_update_lowers_the_loss_on_its_own_batch(self):
        options = type("Options", (), {"config": "cpu", "seed": 1, "out": self.folder.name, "resume": False, "minutes": 10, "anneal_again": False, "start": None})
        model.CONFIGS["cpu"], full = model.Shape(first=16, ear=32, layers=2, agent=8, context=8, judge=16), model.CONFIGS["cpu"]
        try:
            run = train.Run(options, None)
        finally:
            model.CONFIGS["cpu"] = full
        batch = batches.collate([self.sim.call(seed, 60) for seed in range(4)], 60, True)
        rng = np.random.default_rng(0)
        first = run.update(batch, rng)
        for _ in range(25):
            last = run.update(batch, rng)
        self.assertLess(last["decision"], first["decision"])
        self.assertLess(last["phones"], first["phones"])
        self.assertLess(last["sounds"], first["sounds"])


if __name__ == "__main__":
    unittest.main()
