/** What an AudioWorklet's global scope has; the DOM library does not describe it. */
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}
declare function registerProcessor(
  name: string,
  processor: new (options: { processorOptions?: never }) => AudioWorkletProcessor,
): void;
declare const sampleRate: number;
