import { useEffect, useRef } from "react";
import WaveSurfer from "wavesurfer.js";
import { type Columns, overview } from "./columns.ts";

/** The whole call at a glance, to click into. Its peaks are given, so nothing is decoded. */
export function Overview({
  audio,
  columns,
  durationMs,
  onSeek,
}: {
  audio: HTMLAudioElement;
  columns: Columns;
  durationMs: number;
  onSeek: (ms: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const seek = useRef(onSeek);
  seek.current = onSeek;
  useEffect(() => {
    const container = box.current;
    if (!container) return;
    let surfer: WaveSurfer | undefined;
    const make = () => {
      surfer?.destroy();
      const style = getComputedStyle(container);
      const colour = (name: string) => style.getPropertyValue(name);
      const points = Math.max(200, Math.floor(container.clientWidth / 2));
      const channel = (waveColor: string, progressColor: string) => ({
        height: 20,
        waveColor,
        progressColor,
        barWidth: 1,
        barGap: 1,
      });
      surfer = WaveSurfer.create({
        container,
        media: audio,
        peaks: [overview(columns.callerMax, points), overview(columns.agentMax, points)],
        duration: durationMs / 1000,
        cursorColor: colour("--ink"),
        cursorWidth: 1,
        splitChannels: [
          channel(colour("--line-strong"), colour("--caller")),
          channel(colour("--line-strong"), colour("--agent")),
        ],
        height: 20,
        normalize: false,
        interact: true,
      });
      // It begins at the start, wherever the call stands.
      surfer.on("ready", () => surfer?.setTime(audio.currentTime));
      surfer.on("interaction", (seconds) => seek.current(seconds * 1000));
    };
    make();
    addEventListener("sidetone-theme", make);
    return () => {
      removeEventListener("sidetone-theme", make);
      surfer?.destroy();
    };
  }, [audio, columns, durationMs]);
  return <div ref={box} aria-hidden className="h-10 cursor-pointer overflow-hidden" />;
}
