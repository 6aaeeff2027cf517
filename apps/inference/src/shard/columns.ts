import { CONDITIONING_PER_HOP, HOP_SAMPLES, MICRO_TURN_HOPS, SCORES_PER_HOP } from "@sidetone/protocol";

/** Most agent audio that one call may add in one hop: a micro-turn at `begin`, plus the hop that plays meanwhile. */
export const MAX_AUDIO_BYTES = (MICRO_TURN_HOPS + 1) * HOP_SAMPLES;

/**
 * The shared memory between the gRPC thread and one worker, a row per hop. The gRPC thread owns all of it until it
 * posts a tick, the worker until it posts the answer; the messages order the accesses, so nothing here is atomic.
 */
export interface ShardColumns {
  readonly buffer: SharedArrayBuffer;
  readonly capacity: number;
  /** Number of the call in its shard, never used twice. */
  readonly call: Uint32Array;
  readonly hop: Uint32Array;
  readonly heardEpoch: Uint32Array;
  readonly heardSamples: Uint32Array;
  readonly concealedSamples: Uint32Array;
  readonly callerAudio: Uint8Array;
  readonly agentAudio: Uint8Array;
  readonly epoch: Uint32Array;
  readonly audioBytes: Uint32Array;
  readonly gainDb: Float32Array;
  readonly scores: Float32Array;
  readonly conditioning: Uint8Array;
  readonly decision: Uint8Array;
  /** 1 where the row holds a result; 0 where the call ended or failed in this very hop. */
  readonly valid: Uint8Array;
  readonly audio: Uint8Array;
}

const WORDS_PER_ROW = 5 + 2;
const FLOATS_PER_ROW = 1 + SCORES_PER_HOP;
const BYTES_PER_ROW = 2 * HOP_SAMPLES + CONDITIONING_PER_HOP + 2 + MAX_AUDIO_BYTES;

/** Lays columns of `capacity` rows over `buffer`, or over fresh shared memory. Four-byte columns come first. */
export function shardColumns(capacity: number, buffer?: SharedArrayBuffer): ShardColumns {
  const shared = buffer ?? new SharedArrayBuffer(capacity * (4 * (WORDS_PER_ROW + FLOATS_PER_ROW) + BYTES_PER_ROW));
  let offset = 0;
  const words = (): Uint32Array => {
    const column = new Uint32Array(shared, offset, capacity);
    offset += column.byteLength;
    return column;
  };
  const floats = (width: number): Float32Array => {
    const column = new Float32Array(shared, offset, capacity * width);
    offset += column.byteLength;
    return column;
  };
  const bytes = (width: number): Uint8Array => {
    const column = new Uint8Array(shared, offset, capacity * width);
    offset += column.byteLength;
    return column;
  };
  return {
    buffer: shared,
    capacity,
    call: words(),
    hop: words(),
    heardEpoch: words(),
    heardSamples: words(),
    concealedSamples: words(),
    epoch: words(),
    audioBytes: words(),
    gainDb: floats(1),
    scores: floats(SCORES_PER_HOP),
    callerAudio: bytes(HOP_SAMPLES),
    agentAudio: bytes(HOP_SAMPLES),
    conditioning: bytes(CONDITIONING_PER_HOP),
    decision: bytes(1),
    valid: bytes(1),
    audio: bytes(MAX_AUDIO_BYTES),
  };
}
