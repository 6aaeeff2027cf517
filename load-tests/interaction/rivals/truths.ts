import { z } from "zod";

/** What a rival's address carries of a call. */
export const Truths = z.object({
  number: z.enum(["open", "talk", "order", "silent", "both"]),
  prelude: z.string(),
  words: z.string(),
  digits: z.string(),
  speechMs: z.coerce.number(),
});
/** What a caller's side of the call is, told to a rival beforehand in the place of a recogniser. */
export type Truth = z.infer<typeof Truths>;
