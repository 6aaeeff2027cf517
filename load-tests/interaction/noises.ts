/** Sounds that are not speech, made from a seeded generator: 8 kHz, linear, float -1..1. */

type Random = () => number;

const white = (random: Random): number => random() * 2 - 1;

/** One-pole low-pass: `a` near 1 keeps only rumble. */
function lowPassed(samples: Float64Array, a: number): Float64Array {
  let y = 0;
  return samples.map((x) => {
    y = a * y + (1 - a) * x;
    return y;
  });
}

const scaled = (samples: Float64Array, peak: number): Float64Array => {
  let most = 1e-9;
  for (const sample of samples) most = Math.max(most, Math.abs(sample));
  return samples.map((sample) => (sample / most) * peak);
};

/** A cough: two or three bursts of breathy noise, 120 to 200 ms each, sharp at the start. */
export function cough(random: Random): Float64Array {
  const bursts = 2 + Math.floor(random() * 2);
  const samples = new Float64Array(bursts * 2_400);
  for (let burst = 0; burst < bursts; burst++) {
    const length = 960 + Math.floor(random() * 640);
    for (let i = 0; i < length; i++) {
      const envelope = Math.min(1, i / 80) * Math.exp((-4 * i) / length);
      samples[burst * 2_400 + i] = white(random) * envelope;
    }
  }
  return scaled(lowPassed(samples, 0.45), 0.5);
}

/** A door slam or a dropped thing: a click that rings low and dies within 300 ms. */
export function slam(random: Random): Float64Array {
  const samples = new Float64Array(2_400);
  const hz = 70 + random() * 80;
  for (let i = 0; i < samples.length; i++) {
    samples[i] = (Math.sin((2 * Math.PI * hz * i) / 8_000) + 0.6 * white(random)) * Math.exp(-i / 420);
  }
  return scaled(samples, 0.7);
}

/** A dog: three barks, each a falling harmonic tone with noise on it. */
export function barks(random: Random): Float64Array {
  const samples = new Float64Array(3 * 3_200);
  for (let bark = 0; bark < 3; bark++) {
    let phase = 0;
    const topHz = 500 + random() * 300;
    for (let i = 0; i < 1_440; i++) {
      phase += (2 * Math.PI * topHz * (1 - (0.4 * i) / 1_440)) / 8_000;
      const tone = Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(3 * phase);
      samples[bark * 3_200 + i] = (tone + 0.5 * white(random)) * Math.sin((Math.PI * i) / 1_440);
    }
  }
  return scaled(samples, 0.5);
}

/** Steady noise of a room or a street: more low than high. */
export function roomNoise(random: Random, lengthSamples: number): Float64Array {
  const samples = new Float64Array(lengthSamples).map(() => white(random));
  return scaled(lowPassed(samples, 0.8), 0.3);
}
