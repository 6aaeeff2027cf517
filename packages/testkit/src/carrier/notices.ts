/**
 * What Twilio writes into its error log, by code: https://www.twilio.com/docs/api/errors.
 * `once` marks those that Twilio raises once a stream.
 */
export const NOTICES = {
  11100: { level: "error", text: "Invalid URL format" },
  11200: { level: "error", text: "HTTP retrieval failure" },
  11205: { level: "error", text: "HTTP connection failure" },
  12100: { level: "error", text: "Document parse failure" },
  12200: { level: "warning", text: "Schema validation warning" },
  12300: { level: "error", text: "Invalid Content-Type" },
  31901: { level: "error", text: "Stream - WebSocket - Connection Timeout" },
  31902: { level: "error", text: "Stream - WebSocket - Connection Refused" },
  31903: { level: "error", text: "Stream - WebSocket - Connection Broken Pipe" },
  31920: { level: "error", text: "Stream - WebSocket - Handshake Error" },
  31921: { level: "error", text: "Stream - WebSocket - Close Error" },
  31922: { level: "error", text: "Stream - WebSocket - URL Schema Not Supported" },
  31924: { level: "error", text: "Stream - Websocket - Protocol Error" },
  31930: { level: "warning", text: "Stream - Media - Buffer Overflow", once: true },
  31950: { level: "warning", text: "Stream - Protocol - Malformed Message", once: true },
  31951: { level: "warning", text: "Stream - Protocol - Invalid Message", once: true },
} as const satisfies Record<number, { level: "warning" | "error"; text: string; once?: true }>;

export type NoticeCode = keyof typeof NOTICES;

export interface Notice {
  code: NoticeCode;
  level: "warning" | "error";
  text: string;
  /** What exactly was wrong, for the reader of a failed test. */
  detail: string;
  callSid: string;
  streamSid?: string;
}

export function notice(code: NoticeCode, detail: string, callSid: string, streamSid?: string): Notice {
  const { level, text } = NOTICES[code];
  return { code, level, text, detail, callSid, ...(streamSid === undefined ? {} : { streamSid }) };
}
