import { TaskFault } from "./task-fault.ts";
import type { Telephone } from "./telephone.ts";
import type { Tools } from "./tool.ts";

/** Messages to the caller, sent from the number that was called. */
export function messageTools(telephone: Telephone): Tools {
  return {
    "send-message": {
      run: async ({ to, channel, text }, { task, signal }) => {
        if (channel === "email") {
          throw new TaskFault("CONNECTOR_UNSUPPORTED", "no e-mail service is connected", false, { expected: true });
        }
        return { reference: await telephone.text(to, task.call.to, text, signal) };
      },
    },
  };
}
