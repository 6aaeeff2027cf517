"""What happens to sound between a mouth and the pod: noise, room, echo, levels, codec, loss. 8 kHz float32, -1..1."""

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

BAND = butter(4, [300, 3400], "bandpass", fs=8000, output="sos").astype(np.float32)


def db(x):
    return 10.0 ** (x / 20.0)


def mu_law(x):
    """G.711 mu-law there and back, by the continuous formula on 8 bits."""
    y = np.sign(x) * np.log1p(255.0 * np.minimum(np.abs(x), 1.0)) / np.log(256.0)
    y = np.clip(np.round(y * 127.5) / 127.5, -1, 1)
    return (np.sign(y) * (np.power(256.0, np.abs(y)) - 1.0) / 255.0).astype(np.float32)


def coloured(rng, n):
    """White, pink-like or brown-like noise at unit RMS, sometimes with mains hum, sometimes swelling."""
    x = rng.standard_normal(n, dtype=np.float32)
    tilt = rng.choice([0.0, 0.6, 0.9, 0.97])
    if tilt:
        x = lfilter([1.0], [1.0, -tilt], x).astype(np.float32)
    if rng.random() < 0.25:
        hum = rng.choice([50, 60]) * np.arange(1, 6)[:, None]
        t = np.arange(n, dtype=np.float32) / 8000
        x = x / (np.std(x) + 1e-9) + (rng.uniform(0.1, 1, (5, 1)) * np.sin(2 * np.pi * hum * t)).sum(0).astype(np.float32)
    if rng.random() < 0.3:
        x = x * np.interp(np.arange(n), np.linspace(0, n, 6), rng.uniform(0.2, 1.0, 6)).astype(np.float32)
    return x / (np.std(x) + 1e-9)


def burst(rng):
    """A cough, a bang or a click, about unit peak."""
    kind = rng.random()
    if kind < 0.55:  # cough: one to three bursts of shaped noise, the first sharp
        parts = []
        for _ in range(int(rng.integers(1, 4))):
            n = int(rng.uniform(0.08, 0.3) * 8000)
            x = lfilter([1.0, -0.5], [1.0, -float(rng.uniform(0.2, 1.1)), float(rng.uniform(0.3, 0.8))], rng.standard_normal(n))
            parts += [x * np.exp(-np.arange(n) / (n * rng.uniform(0.15, 0.5))), np.zeros(int(rng.uniform(0.03, 0.25) * 8000))]
        x = np.concatenate(parts)
    elif kind < 0.85:  # bang
        n = int(rng.uniform(0.05, 0.4) * 8000)
        t = np.arange(n) / 8000
        x = (rng.standard_normal(n) + 2 * np.sin(2 * np.pi * rng.uniform(80, 900) * t)) * np.exp(-t / rng.uniform(0.01, 0.1))
    else:  # key tone or beep
        n = int(rng.uniform(0.06, 0.5) * 8000)
        t = np.arange(n) / 8000
        x = np.sin(2 * np.pi * rng.uniform(400, 1500) * t) + np.sin(2 * np.pi * rng.uniform(400, 1500) * t)
    return (x / (np.abs(x).max() + 1e-9)).astype(np.float32)


def music(rng, n):
    """Music on hold: chords with an envelope, unit RMS."""
    t = np.arange(n, dtype=np.float32) / 8000
    beat = rng.uniform(0.25, 0.7)
    x = np.zeros(n, np.float32)
    for start in np.arange(0, n / 8000, beat):
        a, b = int(start * 8000), min(n, int((start + beat * 1.5) * 8000))
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        for ratio in rng.choice([1, 1.25, 1.335, 1.5, 2, 3], 3):
            x[a:b] += np.sin(2 * np.pi * root * ratio * t[a:b]) * np.exp(-(t[a:b] - t[a]) / beat)
    return x / (np.std(x) + 1e-9)


def room(rng, x):
    """A short exponential tail."""
    n = int(rng.uniform(0.03, 0.2) * 8000)
    h = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n) * rng.uniform(0.05, 0.35)
    h[0] = 1.0
    return fftconvolve(x, h.astype(np.float32))[:len(x)].astype(np.float32)


def colour(rng, x):
    """A handset: a random gentle filter."""
    h = rng.standard_normal(9) * rng.uniform(0, 0.25)
    h[0] = 1.0
    return lfilter(h, [1.0], x).astype(np.float32)


def echo(rng, agent):
    """The agent as it leaks back: delayed, filtered, quieter."""
    delay = int(rng.uniform(0.02, 0.25) * 8000)
    h = rng.standard_normal(24) * np.exp(-np.arange(24) / rng.uniform(2, 8))
    h = h / np.sqrt((h ** 2).sum())
    y = lfilter(h, [1.0], agent) * db(rng.uniform(-40, -15))
    return np.concatenate([np.zeros(delay), y])[:len(agent)].astype(np.float32)


def lose(rng, x):
    """Drops 20 ms packets and conceals them with the last one, fading."""
    x = x.copy()
    rate = rng.uniform(0.005, 0.05)
    lost = rng.random(len(x) // 160) < rate
    for i in np.nonzero(lost)[0]:
        if i:
            x[i * 160:(i + 1) * 160] = 0.7 * x[(i - 1) * 160:i * 160]
    return x


def line(rng, x):
    """Band limit and codec."""
    if rng.random() < 0.5:
        x = sosfilt(BAND, x).astype(np.float32)
    if rng.random() < 0.1:
        x = lose(rng, x)
    if rng.random() < 0.04:
        x = np.clip(x * db(rng.uniform(6, 14)), -0.7, 0.7)
    return mu_law(np.clip(x, -1, 1)) if rng.random() < 0.8 else np.clip(x, -1, 1).astype(np.float32)
