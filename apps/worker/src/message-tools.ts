import type { Mail } from "./mail.ts";
import type { Telephone } from "./telephone.ts";
import type { Tools } from "./tool.ts";

/** Messages to the caller: texts from the number that was called, e-mail from the house's address. */
export function messageTools(telephone: Telephone, mail: Mail): Tools {
  return {
    "send-message": {
      // The carrier tells which texts were sent; of e-mail nobody knows.
      repeatable: ({ input }) => (input as { channel?: unknown }).channel === "sms",
      run: async ({ to, channel, text }, { task, signal, repeated }) => {
        if (channel === "email") return { reference: await mail.send(to, text, task.idempotencyKey, signal) };
        const repeatedSinceMs = repeated ? Date.parse(task.delegatedAt) : undefined;
        return { reference: await telephone.text(to, task.call.to, text, { signal, repeatedSinceMs }) };
      },
    },
  };
}
