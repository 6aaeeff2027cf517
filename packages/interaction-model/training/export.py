"""Checkpoint to ONNX, manifest and golden tensors.

    /usr/bin/python3 export.py --checkpoint run/last.pt --out ../weights [--thresholds thresholds.json]
    /usr/bin/python3 export.py --untrained --out DIR
"""

import argparse
import hashlib
import json
import os

import numpy as np
import torch

import contract as c
import features
import model

DEFAULT_THRESHOLDS = {
    "beginFulfilled": 0.5, "beginOpen": 0.7, "beginUnfulfilled": 0.9, "duck": 0.5, "yield": 0.5, "backchannel": 0.5,
    "voice": 0.5, "want": 0.6,
}
GOLDEN_HOPS = 50


def export_onnx(floor, path, hearing):
    s = floor.shape
    floor.eval()
    step = model.Step(floor, hearing).eval()
    batch = 2
    example = (
        torch.zeros(batch, 4, 40), torch.zeros(batch, 4, 40), torch.zeros(batch, len(c.EXPECTATIONS)), torch.zeros(batch, 1),
        torch.zeros(batch, len(c.INTENTS)), torch.zeros(batch, len(c.CLOCKS)), torch.zeros(batch, s.state_size()),
    )
    inputs = ["caller", "agent", "expectation", "remaining", "intent", "clock", "state"]
    outputs = ["decision", "activity", "overlap", "voice", "want", "symbols", "nextState"]
    torch.onnx.export(
        step, example, path, opset_version=15, input_names=inputs, output_names=outputs,
        dynamic_axes={name: {0: "batch"} for name in inputs + outputs},
    )
    floor.eval()


def manifest(floor, weights_path, name, trained, thresholds, hearing):
    s = floor.shape
    with open(weights_path, "rb") as f:
        data = f.read()
    return {
        "format": "sidetone-interaction-model",
        "version": 1,
        "name": name,
        "trained": trained,
        "weights": {"file": os.path.basename(weights_path), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "precision": "fp32"},
        "sampleRateHz": features.SAMPLE_RATE_HZ,
        "hopSamples": features.HOP_SAMPLES,
        "hopMs": c.HOP_MS,
        "features": {
            "windowSamples": features.WINDOW_SAMPLES, "frameShiftSamples": features.FRAME_SHIFT_SAMPLES,
            "fftSize": features.FFT_SIZE, "melBands": features.MEL_BANDS, "framesPerHop": features.FRAMES_PER_HOP,
            "melLowHz": features.MEL_LOW_HZ, "melHighHz": features.MEL_HIGH_HZ, "floor": features.FLOOR,
            "shift": features.SHIFT, "scale": features.SCALE,
        },
        "stateSize": s.state_size(),
        "inputs": {
            "caller": [4, 40], "agent": [4, 40], "expectation": [len(c.EXPECTATIONS)], "remaining": [1],
            "intent": [len(c.INTENTS)], "clock": [len(c.CLOCKS)], "state": [s.state_size()],
        },
        "outputs": {**model.outputs(hearing), "nextState": [s.state_size()]},
        "remainingScale": c.REMAINING_SCALE,
        "expectations": c.EXPECTATIONS,
        "intents": c.INTENTS,
        "clocks": c.CLOCKS,
        "decisions": c.DECISIONS,
        "overlapKinds": c.OVERLAP_KINDS,
        "projectionBinsMs": c.PROJECTION_BINS_MS,
        "speakers": c.SPEAKERS,
        "voices": c.VOICES,
        "symbols": c.ALPHABETS[hearing],
        "symbolFramesPerHop": c.SYMBOL_FRAMES_PER_HOP,
        "wants": c.WANTS,
        "thresholds": thresholds,
        "buckets": [1, 8, 16, 64],
    }


def golden(step, seed=7):
    """What `step` (a model.Step) makes of a little call. Audio in, features and outputs of every hop. Audio is deterministic chirps and noise, no recording of anybody."""
    rng = np.random.default_rng(seed)
    n = GOLDEN_HOPS * features.HOP_SAMPLES
    t = np.arange(n) / features.SAMPLE_RATE_HZ
    envelope = np.clip(np.sin(2 * np.pi * 0.9 * t), 0, 1)
    caller = envelope * 0.3 * np.sin(2 * np.pi * (150 * t + 400 * t ** 2)) + 0.003 * rng.standard_normal(n)
    agent = np.clip(np.sin(2 * np.pi * 0.4 * t + 2), 0, 1) * 0.2 * np.sign(np.sin(2 * np.pi * 130 * t))
    pcm = [np.clip(np.round(x * 32768), -32768, 32767).astype(np.int16) for x in (caller, agent)]
    mel = [features.log_mel_exact(x) for x in pcm]
    expectation = np.zeros((GOLDEN_HOPS, len(c.EXPECTATIONS)), np.float32)
    expectation[np.arange(GOLDEN_HOPS), np.arange(GOLDEN_HOPS) % len(c.EXPECTATIONS)] = 1
    intent = np.zeros((GOLDEN_HOPS, len(c.INTENTS)), np.float32)
    intent[np.arange(GOLDEN_HOPS), np.arange(GOLDEN_HOPS) % len(c.INTENTS)] = 1
    remaining = (np.arange(GOLDEN_HOPS, dtype=np.float32) % 6 / c.REMAINING_SCALE)[:, None]
    clock = np.stack([np.log1p(np.arange(GOLDEN_HOPS)) / 8, np.arange(GOLDEN_HOPS) % 2,
                      np.log1p(np.arange(GOLDEN_HOPS) % 7) / 8], 1).astype(np.float32)
    step.eval()
    state = torch.zeros(1, step.floor.shape.state_size())
    names = list(model.outputs(step.hearing))
    rows = {name: [] for name in names}
    with torch.no_grad():
        for h in range(GOLDEN_HOPS):
            *out, state = step(*(torch.from_numpy(x[h:h + 1]) for x in (*mel, expectation, remaining, intent, clock)), state)
            for name, value in zip(names, out):
                rows[name].append(value[0].flatten().tolist())
    short = lambda x: [float(f"{v:.7g}") for v in np.asarray(x, np.float64).ravel()]
    return {
        "hops": GOLDEN_HOPS,
        "callerPcm": pcm[0].tolist(), "agentPcm": pcm[1].tolist(),
        "callerFeatures": short(mel[0]), "agentFeatures": short(mel[1]),
        "expectation": expectation.argmax(1).tolist(), "remaining": short(remaining), "intent": intent.argmax(1).tolist(),
        "clock": short(clock),
        "outputs": {name: short(value) for name, value in rows.items()},
        "lastState": short(state[0]),
    }


def write(floor, out, name, trained, thresholds=None, step=None, hearing="phones"):
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, f"{name}.onnx")
    export_onnx(floor, path, hearing)
    with open(os.path.join(out, "manifest.json"), "w") as f:
        json.dump(manifest(floor, path, name, trained, {**DEFAULT_THRESHOLDS, **(thresholds or {})}, hearing), f, indent=2)
        f.write("\n")
    with open(os.path.join(out, "golden.json"), "w") as f:
        json.dump(golden(step or model.Step(floor, hearing)), f, separators=(",", ":"))
        f.write("\n")
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint")
    parser.add_argument("--untrained", action="store_true")
    parser.add_argument("--config", default="cpu", choices=list(model.CONFIGS))
    parser.add_argument("--thresholds")
    parser.add_argument("--name", default="floor")
    parser.add_argument("--hearing", default="phones", choices=list(c.ALPHABETS))
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    if options.untrained:
        torch.manual_seed(1)
        floor = model.Floor(model.CONFIGS[options.config])
    else:
        floor, _ = model.load(options.checkpoint)
    thresholds = None
    if options.thresholds:
        with open(options.thresholds) as f:
            thresholds = json.load(f)
    print(write(floor, options.out, options.name, not options.untrained, thresholds, hearing=options.hearing))


if __name__ == "__main__":
    main()
