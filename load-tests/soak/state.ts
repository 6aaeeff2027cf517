/** What the soaked bridge says of itself. */
export interface SoakState {
  /** Before the first call; while calls come and go; after the last one, when everything's time to live is over. */
  kind: "began" | "ran" | "ended";
  minutes: number;
  /** After a collection. */
  heapBytes: number;
  placed: number;
  ended: number;
  /** Replies of the pod that were not waited for. */
  lateReplies: number;
  notices: number;
  /** Open handles and requests of the event loop, by kind. */
  resources: Record<string, number>;
  /** On the process itself. */
  listeners: number;
  liveCalls: number;
  warnings: string[];
}
