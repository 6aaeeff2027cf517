import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { type Diagnostic, linter, lintGutter } from "@codemirror/lint";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";

export interface Defect {
  line: number;
  column: number;
  path: string;
  problem: string;
  cure: string;
}
export interface SourceEditorHandle {
  goTo(line: number, column: number): void;
}
type JsonSchema = Record<string, unknown>;

const look = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--ink)", fontSize: "12.5px", height: "calc(100dvh - 9.5rem)" },
  ".cm-scroller": { fontFamily: "var(--font-mono, ui-monospace, monospace)", lineHeight: "1.6" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--ink-faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "oklch(from var(--hover) l c h / 0.6)" },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--ink-soft)", padding: "2px 12px" },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: "none" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "oklch(from var(--accent) l c h / 0.25) !important",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    color: "var(--ink)",
    borderRadius: "6px",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--ink)" },
  ".cm-searchMatch": { backgroundColor: "var(--warn-soft)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--hover)", border: "none", color: "var(--ink-soft)" },
  ".ͼi, .ͼl": { color: "var(--agent-ink)" },
  ".ͼe, .ͼk": { color: "var(--good)" },
  ".ͼd": { color: "var(--caller-ink)" },
  ".ͼm": { color: "var(--ink-faint)" },
});

/** The playbook's text, with completion from its schema and the server's own checks at the line. */
export function SourceEditor({
  source,
  schema,
  readOnly,
  handle,
  onChange,
  onDefects,
  check,
}: {
  source: string;
  schema: JsonSchema;
  readOnly: boolean;
  handle: { current: SourceEditorHandle | undefined };
  onChange: (source: string) => void;
  onDefects: (defects: Defect[]) => void;
  check: (source: string) => Promise<Defect[]>;
}) {
  const box = useRef<HTMLDivElement>(null);
  const calls = useRef({ onChange, onDefects, check });
  calls.current = { onChange, onDefects, check };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor is made once a version; it owns its text then
  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const view = new EditorView({
      parent,
      state: EditorState.create({
        doc: source,
        extensions: [
          basicSetup,
          yaml(),
          look,
          EditorView.lineWrapping,
          EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ "aria-label": "Playbook", tabindex: "0" }),
          autocompletion({ override: [(context) => complete(context, schema)] }),
          ...(readOnly
            ? []
            : [
                lintGutter(),
                linter(
                  async (linted) => {
                    const defects = await calls.current.check(linted.state.doc.toString());
                    calls.current.onDefects(defects);
                    return defects.map((defect) => diagnosticOf(linted.state, defect));
                  },
                  { delay: 350 },
                ),
              ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    handle.current = {
      goTo(line, column) {
        const at = positionOf(view.state, line, column);
        view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
        view.focus();
      },
    };
    return () => {
      handle.current = undefined;
      view.destroy();
    };
  }, []);
  return <div ref={box} />;
}

/** Two versions beside each other. */
export function DiffView({ before, after }: { before: string; after: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const side = (name: string) => [
      yaml(),
      look,
      EditorView.lineWrapping,
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ "aria-label": name }),
    ];
    const view = new MergeView({
      parent,
      a: { doc: before, extensions: side("Published text") },
      b: { doc: after, extensions: side("This text") },
      collapseUnchanged: { margin: 3, minSize: 6 },
      highlightChanges: true,
    });
    return () => view.destroy();
  }, [before, after]);
  return <div ref={box} className="max-h-[calc(100dvh-9.5rem)] overflow-auto" />;
}

function positionOf(state: EditorState, line: number, column: number): number {
  const at = state.doc.line(Math.max(1, Math.min(line, state.doc.lines)));
  return Math.min(at.to, at.from + Math.max(0, column - 1));
}

function diagnosticOf(state: EditorState, defect: Defect): Diagnostic {
  const line = state.doc.line(Math.max(1, Math.min(defect.line, state.doc.lines)));
  const from = line.from + (line.text.length - line.text.trimStart().length);
  return { from, to: Math.max(line.to, from), severity: "error", message: `${defect.problem}\n${defect.cure}` };
}

/** Keys above the cursor by indentation: the path into the schema. */
function pathAt(context: CompletionContext): string[] {
  const path: string[] = [];
  const here = context.state.doc.lineAt(context.pos);
  let indent = here.text.length - here.text.trimStart().length;
  for (let number = here.number - 1; number >= 1 && indent > 0; number--) {
    const { text } = context.state.doc.line(number);
    const found = /^(\s*)(?:- )?([\w-]+):/.exec(text);
    if (!found || !text.trim()) continue;
    const own = (found[1] as string).length;
    if (own >= indent) continue;
    path.unshift(found[2] as string);
    indent = own;
  }
  return path;
}

function complete(context: CompletionContext, schema: JsonSchema): CompletionResult | null {
  const word = context.matchBefore(/[\w-]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, word.from - line.from);
  const value = /^\s*(?:- )?([\w-]+):\s*$/.exec(before)?.[1];
  let at: JsonSchema | undefined = schema;
  for (const key of pathAt(context)) at = at && step(at, key, schema);
  if (!at) return null;
  if (value !== undefined) {
    const target = step(at, value, schema);
    const choices = target ? valuesOf(target, schema) : [];
    return choices.length > 0 ? { from: word.from, options: choices.map((label) => ({ label, type: "enum" })) } : null;
  }
  if (!/^\s*(- )?$/.test(before)) return null;
  const options = forms(at, schema).flatMap((form): Completion[] => {
    const own = form.type === "array" ? forms(form.items as JsonSchema, schema) : [form];
    return own.flatMap((each) =>
      Object.entries((each.properties ?? {}) as Record<string, JsonSchema>).map(([label, property]) => ({
        label,
        apply: `${label}: `,
        type: "property",
        info: String(property.description ?? ""),
      })),
    );
  });
  return options.length > 0 ? { from: word.from, options } : null;
}

/** A schema and all its alternatives, references followed. */
function forms(schema: JsonSchema | undefined, root: JsonSchema): JsonSchema[] {
  if (!schema) return [];
  if (typeof schema.$ref === "string") {
    let target: unknown = root;
    for (const part of schema.$ref.split("/").slice(1)) target = (target as JsonSchema | undefined)?.[part];
    return forms(target as JsonSchema | undefined, root);
  }
  const alternatives = (schema.anyOf ?? schema.oneOf ?? schema.allOf) as JsonSchema[] | undefined;
  return alternatives ? alternatives.flatMap((each) => forms(each, root)) : [schema];
}

function step(schema: JsonSchema, key: string, root: JsonSchema): JsonSchema | undefined {
  for (const form of forms(schema, root)) {
    const holders = form.type === "array" ? forms(form.items as JsonSchema, root) : [form];
    for (const holder of holders) {
      const property = (holder.properties as Record<string, JsonSchema> | undefined)?.[key];
      if (property) return property;
      if (typeof holder.additionalProperties === "object") return holder.additionalProperties as JsonSchema;
    }
  }
  return undefined;
}

function valuesOf(schema: JsonSchema, root: JsonSchema): string[] {
  return forms(schema, root).flatMap((form) => {
    if (Array.isArray(form.enum)) return form.enum.map(String);
    if (form.const !== undefined) return [String(form.const)];
    return form.type === "boolean" ? ["true", "false"] : [];
  });
}
