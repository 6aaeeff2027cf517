export { Caller, type CallerActs, type CallerStep } from "./caller/caller.ts";
export { Ear, findSpurts, type Spurt, type SpurtOptions } from "./caller/ear.ts";
export type { EchoPath } from "./caller/echo.ts";
export { fromWav, speak } from "./caller/speech.ts";
export { Call, type CallEvent, type CallSetup, type CallStatus, type DialOutcome } from "./carrier/call.ts";
export { Carrier, type CarrierOptions } from "./carrier/carrier.ts";
export { Line, type LineFaults, seededRandom } from "./carrier/line.ts";
export {
  HandshakeError,
  type MediaSocket,
  type MediaSocketListener,
  type OpenMediaSocket,
  openWebSocket,
} from "./carrier/media-socket.ts";
export { memorySockets, type ServeSocket, settled } from "./carrier/memory-socket.ts";
export { NOTICES, type Notice, type NoticeCode } from "./carrier/notices.ts";
export type { PhoneNumber } from "./carrier/rest-api.ts";
export { MediaStream, type StreamCounts } from "./carrier/stream.ts";
export { parseTwiml, type StreamNoun, type Verb } from "./carrier/twiml.ts";
export { signatureOf } from "./carrier/webhook.ts";
export { writeMadeCall } from "./fixtures/made-call.ts";
export { freePort, tempFolder } from "./fixtures/network.ts";
export { type Exit, type ProcessOptions, TestProcess } from "./fixtures/process.ts";
export { startRedis, type TestRedis, withRedis } from "./fixtures/redis.ts";
export { type AgentLine, agentLines, type LineWord } from "./listening/agent-lines.ts";
export { type CallReport, describeReport, reportOfCall } from "./listening/call-report.ts";
export { type Listening, listenTo } from "./listening/listening.ts";
export { type HeardBack, hearBack } from "./listening/transcript.ts";
export { readTapeOf, type WholeTape } from "./road/tapes.ts";
