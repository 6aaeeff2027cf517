/** To the host: speak this clause. An empty text only loads the voice. */
export interface HostRequest {
  readonly id: number;
  readonly text: string;
  readonly voice: string;
  readonly rate: number;
}

/** From the host, in order; `done` or `failed` is the last for an id. Bounds are in samples at 8 kHz, two for each token. */
export type HostReply =
  | { readonly id: number; readonly kind: "audio"; readonly muLaw: Uint8Array }
  | { readonly id: number; readonly kind: "tokens"; readonly bounds: Float64Array }
  | { readonly id: number; readonly kind: "done" }
  | { readonly id: number; readonly kind: "failed"; readonly detail: string };
