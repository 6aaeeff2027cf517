"""Log-mel features: the exact definition that the TypeScript runtime ports.

A hop is 320 samples (40 ms at 8 kHz) and gives 4 frames of 40 bands. Frame j (0..3) of a hop covers the 200 samples
that END with the hop's sample 80 * (j + 1) (exclusive), so nothing is looked ahead and a stream carries its last
120 samples. Before the first sample of a call those 120 are zero.

Per frame, in float64:
    x        samples / 32768 (16-bit PCM), 200 of them
    y        x * hann, hann[n] = 0.5 - 0.5 * cos(2 * pi * n / 200)   (periodic)
    P[k]     |DFT_256(y padded with 56 zeros at the end)[k]|^2, k = 0..128
    M[b]     sum over k of mel[b][k] * P[k]
    out[b]   (ln(M[b] + 1e-5) + 4) / 4, rounded to float32
mel: 40 triangles, peak 1, corners equally spaced on mel(f) = 2595 * log10(1 + f / 700) from 80 Hz to 3800 Hz (42 corner
frequencies f0..f41); triangle b rises from f_b to f_(b+1) and falls to f_(b+2), evaluated at bin frequencies k * 31.25 Hz.
There is no running mean: levels are part of what tells the caller from a television.
"""

import numpy as np
import scipy.fft

SAMPLE_RATE_HZ = 8000
HOP_SAMPLES = 320
FRAME_SHIFT_SAMPLES = 80
WINDOW_SAMPLES = 200
CARRY_SAMPLES = WINDOW_SAMPLES - FRAME_SHIFT_SAMPLES
FFT_SIZE = 256
MEL_BANDS = 40
FRAMES_PER_HOP = 4
MEL_LOW_HZ = 80.0
MEL_HIGH_HZ = 3800.0
FLOOR = 1e-5
SHIFT = 4.0
SCALE = 4.0


def mel_filters():
    """[40, 129] float64, peak 1."""
    to_mel = lambda hz: 2595.0 * np.log10(1.0 + hz / 700.0)
    mels = np.linspace(to_mel(MEL_LOW_HZ), to_mel(MEL_HIGH_HZ), MEL_BANDS + 2)
    corners = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    bins = np.arange(FFT_SIZE // 2 + 1) * (SAMPLE_RATE_HZ / FFT_SIZE)
    low, mid, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    return np.maximum(0.0, np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid)))


HANN = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
MEL = mel_filters()
_HANN32 = HANN.astype(np.float32)
_MEL32_T = np.ascontiguousarray(MEL.T.astype(np.float32))


def _windows(samples):
    """[..., n * 320] to a view [..., n * 4, 200], with 120 zeros before the first sample."""
    padded = np.concatenate([np.zeros(samples.shape[:-1] + (CARRY_SAMPLES,), samples.dtype), samples], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES, axis=-1)[..., ::FRAME_SHIFT_SAMPLES, :]


def log_mel_exact(pcm):
    """int16 [n * 320] to float32 [n, 4, 40], by the definition above."""
    spectrum = np.fft.rfft(_windows(pcm.astype(np.float64) / 32768.0) * HANN, FFT_SIZE)
    power = spectrum.real ** 2 + spectrum.imag ** 2
    out = (np.log(power @ MEL.T + FLOOR) + SHIFT) / SCALE
    return out.astype(np.float32).reshape(-1, FRAMES_PER_HOP, MEL_BANDS)


def log_mel_fast(samples):
    """float32 in -1..1, [..., n * 320], to float32 [..., n, 4, 40]. Single precision, for training only (about 1e-5 off)."""
    spectrum = scipy.fft.rfft(_windows(samples.astype(np.float32)) * _HANN32, FFT_SIZE)
    power = spectrum.real ** 2 + spectrum.imag ** 2
    out = (np.log(power @ _MEL32_T + np.float32(FLOOR)) + np.float32(SHIFT)) / np.float32(SCALE)
    return out.reshape(samples.shape[:-1] + (-1, FRAMES_PER_HOP, MEL_BANDS)).astype(np.float32)
