import type { TaskInput, TaskJob } from "@sidetone/protocol";
import type { Mail } from "./mail.ts";
import type { Telephone } from "./telephone.ts";
import type { Tools } from "./tool.ts";

/** Messages to the caller: texts from the number that was called, e-mail from the house's address. */
export function messageTools(telephone: Telephone, mail: Mail): Tools {
  return {
    "send-message": {
      // The carrier tells which texts were sent; of e-mail nobody knows.
      repeatable: ({ input }) => (input as { channel?: unknown }).channel === "sms",
      run: async (input, { task, signal, repeated }) => ({
        reference: await sendMessage({ telephone, mail }, input, task, { signal, repeated }),
      }),
    },
  };
}

/** Sends one message under the task's key. Answers the carrier's or the message's id. @throws TaskFault */
export function sendMessage(
  { telephone, mail }: { telephone: Telephone; mail: Mail },
  { to, channel, text }: TaskInput<"send-message">,
  task: TaskJob,
  { signal, repeated }: { signal: AbortSignal; repeated: boolean },
): Promise<string> {
  if (channel === "email") return mail.send(to, text, task.idempotencyKey, signal);
  const repeatedSinceMs = repeated ? Date.parse(task.delegatedAt) : undefined;
  return telephone.text(to, task.call.to, text, { signal, repeatedSinceMs });
}
