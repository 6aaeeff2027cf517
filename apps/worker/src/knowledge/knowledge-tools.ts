import type { Tools } from "../tool.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";

/** Answers from the admin's documents. */
export function knowledgeTools(knowledge: KnowledgeBase): Tools {
  return {
    knowledge: {
      run: async ({ question, topic }) => knowledge.search(question, topic),
    },
  };
}
