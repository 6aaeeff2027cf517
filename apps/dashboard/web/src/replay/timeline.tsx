import { useEffect, useRef } from "react";
import { HOP_MS } from "./columns.ts";
import { Spectrogram } from "./spectrogram.ts";
import { extraLanes, type Palette, paint, type Scene, type View } from "./timeline-paint.ts";

export const MIN_MS_PER_PX = 1.5;
const SCORE_CHUNK_HOPS = 2_000;

export interface TimelineHandle {
  view: View;
  /** Brings a moment into sight. */
  reveal(ms: number): void;
  zoom(factor: number, aroundMs?: number): void;
}

/** The call on one timeline. It draws at the screen's own rate, straight from the columns, while something moves. */
export function Timeline({
  files,
  scene,
  atMs,
  playing,
  onSeek,
  handle,
  showScores,
  showSpectrogram,
}: {
  /** The address that the tape's files lie under. */
  files: string;
  scene: Omit<Scene, "view" | "atMs" | "scores" | "spectrogram">;
  atMs: () => number;
  playing: boolean;
  onSeek: (ms: number) => void;
  handle: { current: TimelineHandle | undefined };
  showScores: boolean;
  showSpectrogram: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<View>({ startMs: 0, msPerPx: 12 });
  const scores = useRef(new Map<number, { fromHop: number; perHop: number; values: Float32Array } | "asked">());
  const dirty = useRef(true);
  const latest = useRef({ scene, playing, showScores, showSpectrogram });
  latest.current = { scene, playing, showScores, showSpectrogram };
  dirty.current = true;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the loop reads the newest values through `latest`
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen) return;
    let palette = readPalette(element);
    let frame = 0;
    let lastMs = -1;
    const { durationMs, scoresPerHop } = scene.replay;
    // A call opens at a zoom at which its words can be read.
    view.current.msPerPx = Math.max(MIN_MS_PER_PX, Math.min(durationMs, 18_000) / Math.max(200, element.clientWidth));

    const clamp = (): void => {
      const most = Math.max(MIN_MS_PER_PX, (durationMs * 1.02) / element.clientWidth);
      view.current.msPerPx = Math.max(MIN_MS_PER_PX, Math.min(most, view.current.msPerPx));
      const room = Math.max(0, durationMs * 1.02 - element.clientWidth * view.current.msPerPx);
      view.current.startMs = Math.max(0, Math.min(room, view.current.startMs));
      dirty.current = true;
    };
    handle.current = {
      get view() {
        return view.current;
      },
      reveal(ms) {
        const span = element.clientWidth * view.current.msPerPx;
        if (ms < view.current.startMs || ms > view.current.startMs + span * 0.95)
          view.current.startMs = ms - span * 0.2;
        clamp();
      },
      zoom(factor, aroundMs = atMs()) {
        const x = (aroundMs - view.current.startMs) / view.current.msPerPx;
        view.current.msPerPx *= factor;
        clamp();
        view.current.startMs = aroundMs - x * view.current.msPerPx;
        clamp();
      },
    };
    const scoresInSight = (): Scene["scores"] => {
      if (!latest.current.showScores || scoresPerHop === 0) return undefined;
      const first = Math.floor(view.current.startMs / HOP_MS / SCORE_CHUNK_HOPS);
      const last = Math.floor(
        (view.current.startMs + element.clientWidth * view.current.msPerPx) / HOP_MS / SCORE_CHUNK_HOPS,
      );
      const found: NonNullable<Scene["scores"]> = [];
      // From far away there is nothing to read in the scores; they would only be a large download.
      for (let chunk = first; chunk <= Math.min(last, first + 4); chunk++) {
        const known = scores.current.get(chunk);
        if (known && known !== "asked") found.push(known);
        if (known) continue;
        scores.current.set(chunk, "asked");
        const fromHop = chunk * SCORE_CHUNK_HOPS;
        fetch(`${files}/replay/scores?fromHop=${fromHop}&hops=${SCORE_CHUNK_HOPS}`)
          .then(async (response) => {
            if (!response.ok) return;
            const values = new Float32Array(await response.arrayBuffer());
            scores.current.set(chunk, { fromHop, perHop: scoresPerHop, values });
            dirty.current = true;
          })
          .catch(() => scores.current.delete(chunk));
      }
      return found;
    };
    let spectrogram: Spectrogram | undefined;
    const tilesInSight = (): Scene["spectrogram"] => {
      if (!latest.current.showSpectrogram) return undefined;
      spectrogram ??= new Spectrogram(`${files}/audio.wav`, spectrogramColours(palette), () => {
        dirty.current = true;
      });
      const { startMs, msPerPx } = view.current;
      return spectrogram.between(startMs, Math.min(durationMs, startMs + element.clientWidth * msPerPx));
    };
    const draw = (): void => {
      frame = requestAnimationFrame(draw);
      const now = atMs();
      if (now !== lastMs && latest.current.playing) {
        const span = element.clientWidth * view.current.msPerPx;
        // While it plays, the page turns before the playhead leaves it.
        if (now > view.current.startMs + span * 0.85 || now < view.current.startMs) {
          view.current.startMs = now - span * 0.15;
          clamp();
        }
      }
      if (!dirty.current && now === lastMs) return;
      lastMs = now;
      dirty.current = false;
      const [width, height, ratio] = [element.clientWidth, element.clientHeight, devicePixelRatio];
      if (element.width !== Math.round(width * ratio)) element.width = Math.round(width * ratio);
      if (element.height !== Math.round(height * ratio)) element.height = Math.round(height * ratio);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint(
        pen,
        width,
        height,
        {
          ...latest.current.scene,
          view: view.current,
          atMs: now,
          scores: scoresInSight(),
          spectrogram: tilesInSight(),
        },
        palette,
      );
    };
    clamp();
    draw();

    const msAt = (event: MouseEvent): number =>
      view.current.startMs + (event.clientX - element.getBoundingClientRect().left) * view.current.msPerPx;
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        handle.current?.zoom(1.0025 ** event.deltaY, msAt(event));
        return;
      }
      const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
      if (delta === 0) return;
      event.preventDefault();
      view.current.startMs += delta * view.current.msPerPx;
      clamp();
    };
    const onDown = (event: PointerEvent): void => {
      element.setPointerCapture(event.pointerId);
      onSeek(Math.max(0, Math.min(durationMs, msAt(event))));
    };
    const onMove = (event: PointerEvent): void => {
      if (event.buttons === 1) onSeek(Math.max(0, Math.min(durationMs, msAt(event))));
    };
    const onTheme = (): void => {
      palette = readPalette(element);
      spectrogram?.recolour(spectrogramColours(palette));
      dirty.current = true;
    };
    const resized = new ResizeObserver(clamp);
    resized.observe(element);
    element.addEventListener("wheel", onWheel, { passive: false });
    element.addEventListener("pointerdown", onDown);
    element.addEventListener("pointermove", onMove);
    addEventListener("sidetone-theme", onTheme);
    document.fonts.ready.then(onTheme, onTheme);
    return () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("pointerdown", onDown);
      element.removeEventListener("pointermove", onMove);
      removeEventListener("sidetone-theme", onTheme);
      spectrogram?.close();
      handle.current = undefined;
    };
  }, [scene.replay.callId]);

  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label="Timeline of the call: caller above, agent below. The lists beside it hold the same as text."
      className="block w-full cursor-crosshair touch-pan-y"
      style={{ height: extraLanes({ scores: showScores, spectrogram: showSpectrogram }).height }}
    />
  );
}

/** From silence to the loudest. */
const spectrogramColours = (palette: Palette) =>
  [
    [palette.sunken, palette.caller, palette.ink],
    [palette.sunken, palette.agent, palette.ink],
  ] as const;

function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`);
  return {
    ink: of("ink"),
    soft: of("ink-soft"),
    faint: of("ink-faint"),
    line: of("line"),
    panel: of("panel"),
    sunken: of("sunken"),
    caller: of("caller"),
    agent: of("agent"),
    callerInk: of("caller-ink"),
    agentInk: of("agent-ink"),
    accent: of("accent"),
    good: of("good"),
    warn: of("warn"),
    bad: of("bad"),
  };
}
