import { z } from "zod";

/** What `snapshot` outputs carry and `opened.resume` brings back. */
export const ResumeState = z.object({
  model: z.string(),
  modelVersion: z.string(),
  /** The model's slot, base64. */
  slot: z.base64(),
  loop: z.unknown(),
});
export type ResumeState = z.infer<typeof ResumeState>;
