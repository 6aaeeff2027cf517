import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { SidetoneError } from "@sidetone/platform";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Api, DashboardContext } from "../context.ts";
import { who } from "../guard.ts";
import { seesPlainText } from "../masking.ts";
import { ReplayModel } from "../replay/replay-model.ts";
import { type OpenReplay, wavBytes, wavRange } from "../replay/replays.ts";

/** A tape that can be replayed: a call's own, or that of its re-run. */
export interface ReplayedTape {
  /** The address that its files lie under. */
  base: string;
  params: z.ZodType;
  /** @throws SidetoneError NOT_FOUND when there is no such tape, or no longer. */
  open: (params: unknown) => Promise<OpenReplay>;
  /** Somebody saw or heard it. */
  looked: (request: FastifyRequest, act: "replay" | "audio") => Promise<void>;
}

/** What the Replay page opens at once, and what it asks for as it is scrolled and played. */
export function replayRoutes(app: Api, context: DashboardContext, tape: ReplayedTape): void {
  const { replays, mask } = context;
  const { base, params } = tape;
  const tags = ["Replay"];

  app.get(
    `${base}/replay`,
    {
      schema: { tags, summary: "Everything on the tape but audio and scores", params, response: { 200: ReplayModel } },
    },
    async (request, reply) => {
      const replay = await tape.open(request.params);
      // The model was validated when it was made; serialising it again through the schema would only cost time.
      reply.type("application/json").serializer((body) => body as string);
      if (!seesPlainText(who(request).role)) {
        const shown = mask.replay(await replays.model(replay), replays.secretsOf(replay));
        return JSON.stringify(shown) as unknown as ReplayModel;
      }
      await tape.looked(request, "replay");
      if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? ""))
        return JSON.stringify(await replays.model(replay)) as unknown as ReplayModel;
      reply.header("content-encoding", "gzip");
      return (await readFile(join(replay.folder, "model.json.gz"))) as unknown as ReplayModel;
    },
  );

  app.get(
    `${base}/replay/columns`,
    { schema: { tags, summary: "Peaks, floor and decisions in binary columns", params } },
    async (request, reply) => {
      const { folder } = await tape.open(request.params);
      const path = join(folder, "columns.bin.gz");
      const size = await stat(path).catch(() => undefined);
      if (!size) throw new SidetoneError("NOT_FOUND", "This call has none.");
      reply.type("application/octet-stream").header("cache-control", "private, max-age=3600");
      reply.header("content-encoding", "gzip").header("content-length", size.size);
      return reply.send(createReadStream(path));
    },
  );

  const Stretch = z.object({
    fromHop: z.coerce.number().int().nonnegative(),
    hops: z.coerce.number().int().min(1).max(5_000),
  });
  app.get(
    `${base}/replay/scores`,
    {
      schema: {
        tags,
        summary: "Scores of a stretch of hops, float32 little-endian, scoresPerHop values a hop",
        params,
        querystring: Stretch,
      },
    },
    async (request, reply) => {
      const { folder, meta } = await tape.open(request.params);
      const { fromHop, hops } = request.query;
      const hopBytes = meta.scoresPerHop * 4;
      const count = Math.max(0, Math.min(hops, meta.hops - fromHop));
      const values = Buffer.alloc(count * hopBytes);
      if (values.length > 0) {
        const file = await open(join(folder, "scores.bin"), "r");
        try {
          await file.read(values, 0, values.length, fromHop * hopBytes);
        } finally {
          await file.close();
        }
      }
      return reply.type("application/octet-stream").header("cache-control", "private, max-age=3600").send(values);
    },
  );

  app.get(
    `${base}/audio.wav`,
    {
      schema: { tags, summary: "Both channels as 16-bit stereo WAV (left: caller, right: agent), with ranges", params },
    },
    async (request, reply) => {
      const { folder } = await tape.open(request.params);
      const path = join(folder, "audio.mulaw");
      const { size } = await stat(path);
      const total = wavBytes(size);
      reply.header("accept-ranges", "bytes").type("audio/wav").header("cache-control", "private, max-age=3600");
      const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
      let from = 0;
      let to = total - 1;
      if (range) {
        if (range[1]) {
          from = Number(range[1]);
          if (range[2]) to = Math.min(Number(range[2]), to);
        } else if (range[2]) from = Math.max(0, total - Number(range[2]));
        if (from > to) {
          return reply.code(416).header("content-range", `bytes */${total}`).send();
        }
        reply.code(206).header("content-range", `bytes ${from}-${to}/${total}`);
      }
      if (from === 0) await tape.looked(request, "audio");
      reply.header("content-length", to - from + 1);
      return reply.send(Readable.from(wavRange(path, size, from, to)));
    },
  );
}
