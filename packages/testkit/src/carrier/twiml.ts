import { XMLParser, XMLValidator } from "fast-xml-parser";

/** A verb that the carrier carries out, in the order of the document. Anything else is skipped with warning 12200. */
export type Verb =
  | { verb: "connect"; action?: string; method: HttpMethod; stream: StreamNoun }
  | { verb: "redirect"; url: string; method: HttpMethod }
  | { verb: "dial"; targets: string[]; callerId?: string; action?: string; method: HttpMethod }
  | { verb: "say"; text: string }
  | { verb: "play"; url: string }
  | { verb: "pause"; lengthMs: number }
  | { verb: "reject"; reason: "rejected" | "busy" }
  | { verb: "hangup" };

export type HttpMethod = "GET" | "POST";

export interface StreamNoun {
  url: string;
  name?: string;
  statusCallback?: string;
  statusCallbackMethod: HttpMethod;
  parameters: Record<string, string>;
}

export interface TwimlFault {
  code: 12100 | 12200;
  detail: string;
}

interface Element {
  tag: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/** Twilio's limit for a stream parameter's name and value together. */
const PARAMETER_CHARACTERS = 500;
const DIAL_NOUNS = new Set(["Number", "Sip", "Client", "Conference", "Queue", "Sim"]);

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  trimValues: true,
  // Left to itself it makes a number of a phone number, without its plus.
  parseTagValue: false,
});

/** Reads a TwiML document. A fault of code 12100 means that nothing of it can be carried out. */
export function parseTwiml(document: string): { verbs: Verb[]; faults: TwimlFault[] } {
  const valid = XMLValidator.validate(document);
  if (valid !== true) return { verbs: [], faults: [{ code: 12100, detail: valid.err.msg }] };
  const root = elementsOf(parser.parse(document)).find((element) => !element.tag.startsWith("?"));
  if (root?.tag !== "Response") {
    return { verbs: [], faults: [{ code: 12100, detail: `the root element is <${root?.tag ?? "none"}>` }] };
  }
  const faults: TwimlFault[] = [];
  const verbs: Verb[] = [];
  for (const element of root.children) {
    const verb = verbOf(element, faults);
    if (verb !== undefined) verbs.push(verb);
  }
  return { verbs, faults };
}

function verbOf(element: Element, faults: TwimlFault[]): Verb | undefined {
  const { tag, attributes, text } = element;
  const action = attributes.action === undefined ? {} : { action: attributes.action };
  const method = methodOf(attributes.method);
  switch (tag) {
    case "Connect": {
      const noun = element.children.find((child) => child.tag === "Stream");
      if (noun === undefined) return skip(faults, "<Connect> holds no <Stream>");
      return { verb: "connect", ...action, method, stream: streamOf(noun, faults) };
    }
    case "Redirect":
      return { verb: "redirect", url: text, method };
    case "Dial": {
      const nouns = element.children.filter((child) => DIAL_NOUNS.has(child.tag)).map((child) => child.text);
      const callerId = attributes.callerId === undefined ? {} : { callerId: attributes.callerId };
      return { verb: "dial", targets: nouns.length > 0 ? nouns : [text], ...callerId, ...action, method };
    }
    case "Say":
      return { verb: "say", text };
    case "Play":
      return { verb: "play", url: text };
    case "Pause":
      return { verb: "pause", lengthMs: Number(attributes.length ?? "1") * 1000 };
    case "Reject":
      return { verb: "reject", reason: attributes.reason === "busy" ? "busy" : "rejected" };
    case "Hangup":
      return { verb: "hangup" };
    default:
      return skip(faults, `<${tag}> is not carried out`);
  }
}

function skip(faults: TwimlFault[], detail: string): undefined {
  faults.push({ code: 12200, detail });
}

function streamOf(noun: Element, faults: TwimlFault[]): StreamNoun {
  const parameters: Record<string, string> = {};
  for (const child of noun.children) {
    const { name = "", value = "" } = child.attributes;
    if (child.tag !== "Parameter" || name === "") skip(faults, `<Stream> holds <${child.tag}> without a name`);
    else if (name.length + value.length > PARAMETER_CHARACTERS) skip(faults, `parameter ${name} is too long`);
    else parameters[name] = value;
  }
  const { url = "", name, statusCallback, statusCallbackMethod } = noun.attributes;
  return {
    url,
    parameters,
    statusCallbackMethod: methodOf(statusCallbackMethod),
    ...(name === undefined ? {} : { name }),
    ...(statusCallback === undefined ? {} : { statusCallback }),
  };
}

function methodOf(value: string | undefined): HttpMethod {
  return value?.toUpperCase() === "GET" ? "GET" : "POST";
}

/** The parser's ordered form: one-key objects, attributes beside them under `:@`, text under `#text`. */
function elementsOf(nodes: unknown): Element[] {
  const elements: Element[] = [];
  for (const node of nodes as Record<string, unknown>[]) {
    const tag = Object.keys(node).find((key) => key !== ":@");
    if (tag === undefined || tag === "#text") continue;
    const inner = node[tag] as Record<string, unknown>[];
    elements.push({
      tag,
      attributes: Object.fromEntries(
        Object.entries((node[":@"] ?? {}) as Record<string, unknown>).map(([key, value]) => [key, String(value)]),
      ),
      children: elementsOf(inner),
      text: inner
        .filter((child) => "#text" in child)
        .map((child) => String(child["#text"]))
        .join(""),
    });
  }
  return elements;
}
