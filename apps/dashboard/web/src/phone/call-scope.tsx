import { useEffect, useRef } from "react";

export interface Scope {
  /** Peaks of 20 ms, newest last, and the floor as the bridge saw it. */
  caller: Float32Array;
  agent: Float32Array;
  callerTalks: Uint8Array;
  agentTalks: Uint8Array;
  at: number;
}

export const SCOPE_FRAMES = 1_000;

export const createScope = (): Scope => ({
  caller: new Float32Array(SCOPE_FRAMES),
  agent: new Float32Array(SCOPE_FRAMES),
  callerTalks: new Uint8Array(SCOPE_FRAMES),
  agentTalks: new Uint8Array(SCOPE_FRAMES),
  at: 0,
});

/** The last twenty seconds of a call: the caller above, the agent below, who has the floor between. */
export function CallScope({ scope, running, label }: { scope: Scope; running: boolean; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let frame = 0;
    const draw = () => {
      paint(element, scope);
      if (running) frame = requestAnimationFrame(draw);
    };
    draw();
    const again = () => paint(element, scope);
    addEventListener("sidetone-theme", again);
    addEventListener("resize", again);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("sidetone-theme", again);
      removeEventListener("resize", again);
    };
  }, [scope, running]);
  return <canvas ref={canvas} role="img" aria-label={label} className="block h-40 w-full" />;
}

function paint(canvas: HTMLCanvasElement, scope: Scope): void {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  const [caller, agent, line] = [colour("--caller"), colour("--agent"), colour("--line")];
  const ribbon = 10;
  const lane = (height - ribbon - 8) / 2;
  const bar = 3;
  const bars = Math.floor(width / bar);
  const perBar = Math.max(1, Math.floor(SCOPE_FRAMES / bars));
  pen.fillStyle = line;
  pen.fillRect(0, lane / 2 - 0.5, width, 1);
  pen.fillRect(0, height - lane / 2 - 0.5, width, 1);
  for (let b = 0; b < bars; b++) {
    let loudCaller = 0;
    let loudAgent = 0;
    let callerTalks = 0;
    let agentTalks = 0;
    for (let i = 0; i < perBar; i++) {
      const at = (((scope.at - (bars - b) * perBar + i) % SCOPE_FRAMES) + SCOPE_FRAMES) % SCOPE_FRAMES;
      loudCaller = Math.max(loudCaller, scope.caller[at] as number);
      loudAgent = Math.max(loudAgent, scope.agent[at] as number);
      callerTalks |= scope.callerTalks[at] as number;
      agentTalks |= scope.agentTalks[at] as number;
    }
    const x = b * bar;
    const up = Math.max(1, Math.sqrt(loudCaller) * lane * 0.95);
    const down = Math.max(1, Math.sqrt(loudAgent) * lane * 0.95);
    pen.fillStyle = caller;
    if (loudCaller > 0.004) pen.fillRect(x, lane / 2 - up / 2, bar - 1, up);
    pen.fillStyle = agent;
    if (loudAgent > 0.004) pen.fillRect(x, height - lane / 2 - down / 2, bar - 1, down);
    const y = lane + 4;
    pen.fillStyle = line;
    pen.fillRect(x, y, bar, ribbon);
    if (callerTalks && agentTalks) {
      pen.fillStyle = caller;
      pen.fillRect(x, y, bar, ribbon / 2);
      pen.fillStyle = agent;
      pen.fillRect(x, y + ribbon / 2, bar, ribbon / 2);
    } else if (callerTalks || agentTalks) {
      pen.fillStyle = callerTalks ? caller : agent;
      pen.fillRect(x, y, bar, ribbon);
    }
  }
}
