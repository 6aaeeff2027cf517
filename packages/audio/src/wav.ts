import { AudioError } from "./errors.ts";
import { ALAW_TO_LINEAR, ULAW_TO_LINEAR } from "./g711.ts";

/** Sample formats as the `fmt ` chunk numbers them (RFC 2361). */
const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_ALAW = 6;
const FORMAT_ULAW = 7;
const FORMAT_EXTENSIBLE = 0xfffe;

/** Bytes of the header that `wavHeader` makes. */
export const WAV_HEADER_BYTES = 44;

export interface WavAudio {
  sampleRateHz: number;
  /** One array for each channel, signed 16-bit linear, all of the same length. */
  channels: Int16Array[];
}

export interface WavFormat {
  sampleRateHz: number;
  channelCount: number;
  encoding: "pcm16" | "ulaw";
}

interface Layout {
  format: number;
  channelCount: number;
  sampleRateHz: number;
  bytesPerSample: number;
}

type Decode = (view: DataView, at: number) => number;

/**
 * Reads a WAV file of any chunk order, PCM of 8 to 32 bits, 32-bit float, mu-law or A-law, as 16-bit linear.
 * A `data` chunk whose length is wrong or not known (0 or 0xffffffff, as a stream writes it) runs to the end of the file.
 * @throws AudioError AUDIO_WAV_*
 */
export function readWav(file: Uint8Array): WavAudio {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") {
    throw new AudioError("AUDIO_WAV_NOT_RIFF", "the file does not begin with RIFF....WAVE");
  }
  let layout: Layout | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = tag(view, at);
    const stated = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name === "fmt ") layout = readLayout(view, body, stated);
    if (name === "data") {
      if (layout === undefined) throw new AudioError("AUDIO_WAV_NO_FORMAT", "`data` comes before `fmt `");
      const rest = file.length - body;
      const open = stated === 0xffffffff || (stated === 0 && rest > 0) || stated > rest;
      return readSamples(view, body, open ? rest : stated, layout);
    }
    at = body + stated + (stated & 1);
  }
  throw new AudioError("AUDIO_WAV_NO_DATA", "the file ends before a `data` chunk");
}

/** Writes one or two channels of 16-bit linear samples as a PCM16 file. */
export function writeWav(audio: WavAudio): Uint8Array {
  const [first] = audio.channels;
  const frames = first?.length ?? 0;
  checkChannels(audio.channels);
  const file = new Uint8Array(WAV_HEADER_BYTES + frames * audio.channels.length * 2);
  const format = { sampleRateHz: audio.sampleRateHz, channelCount: audio.channels.length, encoding: "pcm16" } as const;
  file.set(wavHeader(format, file.length - WAV_HEADER_BYTES));
  const view = new DataView(file.buffer);
  let at = WAV_HEADER_BYTES;
  for (let i = 0; i < frames; i++) {
    for (const channel of audio.channels) {
      view.setInt16(at, channel[i]!, true);
      at += 2;
    }
  }
  return file;
}

/** Writes one or two channels of mu-law bytes as they are. */
export function writeUlawWav(sampleRateHz: number, channels: Uint8Array[]): Uint8Array {
  checkChannels(channels);
  const frames = channels[0]?.length ?? 0;
  const count = channels.length;
  const dataBytes = frames * count;
  const file = new Uint8Array(WAV_HEADER_BYTES + dataBytes + (dataBytes & 1));
  file.set(wavHeader({ sampleRateHz, channelCount: count, encoding: "ulaw" }, dataBytes));
  for (let c = 0; c < count; c++) {
    const channel = channels[c]!;
    for (let i = 0; i < frames; i++) file[WAV_HEADER_BYTES + i * count + c] = channel[i]!;
  }
  return file;
}

/** The 44 bytes before `dataBytes` of interleaved samples, for files that are written piece by piece. */
export function wavHeader(format: WavFormat, dataBytes: number): Uint8Array {
  const bytesPerSample = format.encoding === "pcm16" ? 2 : 1;
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  putTag(view, 0, "RIFF");
  view.setUint32(4, WAV_HEADER_BYTES - 8 + dataBytes + (dataBytes & 1), true);
  putTag(view, 8, "WAVE");
  putTag(view, 12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, format.encoding === "pcm16" ? FORMAT_PCM : FORMAT_ULAW, true);
  view.setUint16(22, format.channelCount, true);
  view.setUint32(24, format.sampleRateHz, true);
  view.setUint32(28, format.sampleRateHz * format.channelCount * bytesPerSample, true);
  view.setUint16(32, format.channelCount * bytesPerSample, true);
  view.setUint16(34, bytesPerSample * 8, true);
  putTag(view, 36, "data");
  view.setUint32(40, dataBytes, true);
  return header;
}

function checkChannels(channels: ArrayLike<number>[]): void {
  const same = channels.every((channel) => channel.length === channels[0]?.length);
  if (channels.length < 1 || channels.length > 2 || !same) {
    throw new AudioError(
      "AUDIO_WAV_CHANNELS",
      `${channels.length} channels of ${channels.map((c) => c.length)} samples`,
    );
  }
}

function readLayout(view: DataView, at: number, lengthBytes: number): Layout {
  if (lengthBytes < 16 || at + 16 > view.byteLength) {
    throw new AudioError("AUDIO_WAV_NO_FORMAT", `the \`fmt \` chunk has ${lengthBytes} bytes`);
  }
  const stated = view.getUint16(at, true);
  // An extensible header keeps the format's number in the first bytes of its GUID.
  const extended = stated === FORMAT_EXTENSIBLE && lengthBytes >= 26 && at + 26 <= view.byteLength;
  return {
    format: extended ? view.getUint16(at + 24, true) : stated,
    channelCount: view.getUint16(at + 2, true),
    sampleRateHz: view.getUint32(at + 4, true),
    bytesPerSample: view.getUint16(at + 14, true) / 8,
  };
}

function readSamples(view: DataView, start: number, lengthBytes: number, layout: Layout): WavAudio {
  const { channelCount, bytesPerSample, sampleRateHz } = layout;
  const decode = decoderOf(layout);
  if (channelCount < 1 || channelCount > 2) {
    throw new AudioError("AUDIO_WAV_CHANNELS", `the file has ${channelCount} channels`);
  }
  const frames = Math.floor(lengthBytes / (channelCount * bytesPerSample));
  const channels = Array.from({ length: channelCount }, () => new Int16Array(frames));
  let at = start;
  for (let i = 0; i < frames; i++) {
    for (const channel of channels) {
      channel[i] = decode(view, at);
      at += bytesPerSample;
    }
  }
  return { sampleRateHz, channels };
}

function decoderOf({ format, bytesPerSample, sampleRateHz }: Layout): Decode {
  if (sampleRateHz === 0) throw new AudioError("AUDIO_WAV_UNSUPPORTED", "the sampling rate is 0");
  if (format === FORMAT_ULAW && bytesPerSample === 1) return (view, at) => ULAW_TO_LINEAR[view.getUint8(at)]!;
  if (format === FORMAT_ALAW && bytesPerSample === 1) return (view, at) => ALAW_TO_LINEAR[view.getUint8(at)]!;
  if (format === FORMAT_PCM && bytesPerSample === 1) return (view, at) => (view.getUint8(at) - 128) << 8;
  if (format === FORMAT_PCM && bytesPerSample === 2) return (view, at) => view.getInt16(at, true);
  if (format === FORMAT_PCM && bytesPerSample === 3) return (view, at) => view.getInt16(at + 1, true);
  if (format === FORMAT_PCM && bytesPerSample === 4) return (view, at) => view.getInt16(at + 2, true);
  if (format === FORMAT_FLOAT && bytesPerSample === 4) {
    return (view, at) => Math.max(-32768, Math.min(32767, Math.round(view.getFloat32(at, true) * 32768)));
  }
  throw new AudioError("AUDIO_WAV_UNSUPPORTED", `format ${format} with ${bytesPerSample * 8} bits`);
}

function tag(view: DataView, at: number): string {
  let name = "";
  for (let i = 0; i < 4; i++) name += String.fromCharCode(view.getUint8(at + i));
  return name;
}

function putTag(view: DataView, at: number, name: string): void {
  for (let i = 0; i < 4; i++) view.setUint8(at + i, name.charCodeAt(i));
}
