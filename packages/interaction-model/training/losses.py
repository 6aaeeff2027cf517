"""What the network is trained on, per batch from `batches.collate`."""

import numpy as np
import torch
import torch.nn.functional as F

import contract as c
import phones

# Decisions that are rare in hops count more.
DECISION_WEIGHT = torch.tensor([1.0, 1.0, 3.0, 0.6, 3.0, 3.0])

# So do wants; slot values and "nothing yet" are most of what is said.
WANT_WEIGHT = torch.ones(len(c.WANTS))
WANT_WEIGHT[[c.WANT_INDEX["nothing-yet"], c.WANT_INDEX["slot-value"]]] = 0.15


def symbol_losses(log_probs, batch, hearing):
    """(CTC per symbol, mean surprise of blank outside speech) of one alphabet."""
    steps, size = log_probs.shape[:2]
    frames = log_probs.permute(1, 0, 2, 3).reshape(size, steps * c.SYMBOL_FRAMES_PER_HOP, -1)
    blank = torch.from_numpy(batch["blank"])
    quiet = -(frames[..., c.BLANK][blank]).mean() if blank.any() else frames.new_zeros(())
    gathered = [(b, first, last, letters if hearing == "letters" else said) for b, first, last, letters, said in batch["items"]]
    gathered = [item for item in gathered if item[3] is not None and len(item[3]) <= item[2] - item[1]]
    if not gathered:
        return frames.new_zeros(()), quiet
    lengths = np.array([last - first for _, first, last, _ in gathered])
    longest = int(lengths.max())
    rows = np.array([b for b, *_ in gathered])
    starts = np.array([first for _, first, *_ in gathered])
    at = np.minimum(starts[:, None] + np.arange(longest)[None], frames.shape[1] - 1)
    windows = frames[torch.from_numpy(rows)[:, None], torch.from_numpy(at)].transpose(0, 1)
    targets = torch.tensor([s for *_, symbols in gathered for s in symbols])
    target_lengths = torch.tensor([len(symbols) for *_, symbols in gathered])
    loss = F.ctc_loss(windows, targets, torch.from_numpy(lengths), target_lengths, c.BLANK, "sum", True)
    return loss / len(targets), quiet


SOUND_DELAY_FRAMES = 3  # a sound is told 60 to 80 ms after it began, when enough of it was heard
SILENCE_WEIGHT = 0.3


def sound_loss(log_probs, batch):
    """Mean surprise of the sounds whose times are known."""
    steps, size = log_probs.shape[:2]
    frames = log_probs.permute(1, 0, 2, 3).reshape(size, steps * c.SYMBOL_FRAMES_PER_HOP, -1)[:, SOUND_DELAY_FRAMES:]
    said = torch.from_numpy(batch["said"].astype(np.int64))[:, :-SOUND_DELAY_FRAMES]
    weight = torch.ones(frames.shape[-1])
    weight[phones.SILENCE] = SILENCE_WEIGHT
    return F.nll_loss(frames.flatten(0, 1), said.flatten(), weight, ignore_index=phones.UNKNOWN)


def floor_losses(heads, batch):
    """Dict of the judge's losses."""
    t = {k: torch.from_numpy(batch[k]) for k in ("decision", "weight", "overlap", "voice", "activity", "want")}
    decision = F.cross_entropy(heads["decision"].flatten(0, 1), t["decision"].flatten(), reduction="none")
    weight = t["weight"].flatten() * DECISION_WEIGHT[t["decision"].flatten()]
    return {
        "decision": (decision * weight).sum() / weight.sum(),
        "overlap": F.cross_entropy(heads["overlap"].flatten(0, 1), t["overlap"].flatten()),
        "voice": F.binary_cross_entropy_with_logits(heads["voice"], t["voice"]),
        "activity": F.binary_cross_entropy_with_logits(heads["activity"], t["activity"]),
        "want": F.cross_entropy(heads["want"].flatten(0, 1), t["want"].flatten(), WANT_WEIGHT, ignore_index=-1) if (t["want"] >= 0).any() else heads["want"].sum() * 0,
    }


SHARE = {"sounds": 2.0, "phones": 2.0, "letters": 0.7, "blank": 0.15, "letter-blank": 0.1, "decision": 1.0, "overlap": 0.4, "voice": 0.3, "activity": 0.6, "want": 0.5}


def total(parts):
    return sum(SHARE[k] * v for k, v in parts.items())
