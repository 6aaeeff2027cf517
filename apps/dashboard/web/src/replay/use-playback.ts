import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Columns, quietUntilMs } from "./columns.ts";
import { Player } from "./player.ts";
import type { Replay } from "./replay-data.ts";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2, 2.5] as const;
const SKIP_OVER_MS = 1_200;

export interface Loop {
  fromMs: number;
  toMs: number | undefined;
}

/** Where the call stands, and everything that moves it. Without the right to hear, only the moment moves. */
export interface Playback {
  player: Player | undefined;
  playing: boolean;
  /** Ten times a second, for words and lists; the timeline asks `atMs` itself. */
  nowMs: number;
  atMs: () => number;
  seek: (ms: number) => void;
  speed: number;
  changeSpeed: (speed: number) => void;
  /** A step up or down the speeds. */
  faster: (steps: number) => void;
  skip: boolean;
  toggleSkip: () => void;
  loop: Loop | undefined;
  /** Sets the start, then the end, then nothing. */
  nextLoop: () => void;
  muted: readonly [caller: boolean, agent: boolean];
  toggleMute: (channel: 0 | 1) => void;
}

export function usePlayback(files: string, replay: Replay, columns: Columns, mayHear: boolean): Playback {
  const player = useMemo(() => (mayHear ? new Player(`${files}/audio.wav`) : undefined), [mayHear, files]);
  const silentAt = useRef(0);
  const [playing, setPlaying] = useState(false);
  const [nowMs, setNowMs] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [skip, setSkip] = useState(false);
  const [loop, setLoop] = useState<Loop>();
  const [muted, setMuted] = useState<[boolean, boolean]>([false, false]);
  const atMs = useCallback(() => player?.atMs ?? silentAt.current, [player]);

  const seek = useCallback(
    (ms: number) => {
      const to = Math.max(0, Math.min(replay.durationMs - 1, ms));
      if (player) player.seek(to);
      else silentAt.current = to;
      setNowMs(to);
    },
    [player, replay.durationMs],
  );

  useEffect(() => {
    if (!player) return;
    const { audio } = player;
    const onPlay = () => setPlaying(true);
    const onPause = () => setPlaying(false);
    const onSeeked = () => setNowMs(player.atMs);
    audio.addEventListener("play", onPlay);
    audio.addEventListener("pause", onPause);
    audio.addEventListener("seeked", onSeeked);
    return () => {
      audio.removeEventListener("play", onPlay);
      audio.removeEventListener("pause", onPause);
      audio.removeEventListener("seeked", onSeeked);
      player.close();
    };
  }, [player]);

  useEffect(() => {
    if (!playing || !player) return;
    const timer = setInterval(() => {
      const now = player.atMs;
      setNowMs(now);
      if (loop?.toMs !== undefined && now >= loop.toMs) seek(loop.fromMs);
      else if (skip) {
        const until = quietUntilMs(columns, now, SKIP_OVER_MS);
        if (until !== undefined && until - now > SKIP_OVER_MS) seek(until - 250);
      }
    }, 100);
    return () => clearInterval(timer);
  }, [playing, player, loop, skip, columns, seek]);

  const changeSpeed = useCallback(
    (next: number) => {
      setSpeed(next);
      if (player) player.audio.playbackRate = next;
    },
    [player],
  );
  const faster = useCallback(
    (steps: number) => {
      const at = SPEEDS.indexOf(speed as (typeof SPEEDS)[number]);
      changeSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + steps))] ?? 1);
    },
    [speed, changeSpeed],
  );
  const toggleSkip = useCallback(() => setSkip((on) => !on), []);
  const toggleMute = useCallback(
    (channel: 0 | 1) => {
      setMuted((before) => {
        const next: [boolean, boolean] = [...before];
        next[channel] = !next[channel];
        player?.mute(channel, next[channel]);
        return next;
      });
    },
    [player],
  );
  const nextLoop = useCallback(() => {
    setLoop((before) =>
      before === undefined
        ? { fromMs: atMs(), toMs: undefined }
        : before.toMs === undefined && atMs() > before.fromMs
          ? { fromMs: before.fromMs, toMs: atMs() }
          : undefined,
    );
  }, [atMs]);

  return {
    player,
    playing,
    nowMs,
    atMs,
    seek,
    speed,
    changeSpeed,
    faster,
    skip,
    toggleSkip,
    loop,
    nextLoop,
    muted,
    toggleMute,
  };
}
