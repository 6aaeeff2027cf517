import {
  AudioWaveform,
  FastForward,
  Link2,
  MessageSquarePlus,
  Pause,
  Play,
  Repeat,
  Spline,
  Volume2,
  VolumeX,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import type { ReactNode } from "react";
import { clock, moment } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Select } from "../ui/fields.tsx";
import { Tip } from "../ui/overlays.tsx";
import { Kbd } from "../ui/surface.tsx";
import { type Playback, SPEEDS } from "./use-playback.ts";

/** What the timeline shows besides what it always shows. */
export interface Lanes {
  scores: boolean;
  spectrogram: boolean;
}

/** Playing on the left, looking on the right. */
export function Toolbar({
  playback,
  durationMs,
  lanes,
  onLane,
  hasScores,
  onZoom,
  onLink,
  onComment,
}: {
  playback: Playback;
  durationMs: number;
  lanes: Lanes;
  onLane: (lane: keyof Lanes) => void;
  hasScores: boolean;
  onZoom: (factor: number) => void;
  onLink: () => void;
  /** Undefined for those who may not comment. */
  onComment: (() => void) | undefined;
}) {
  const { player, playing, nowMs, speed, skip, loop, muted } = playback;
  return (
    <div className="flex flex-wrap items-center gap-x-1 gap-y-2 border-line border-b px-3 py-2">
      {player && (
        <>
          <Button
            kind="primary"
            size="icon"
            className="rounded-full"
            aria-label={playing ? "Pause" : "Play"}
            onClick={() => void player.toggle()}
          >
            {playing ? <Pause /> : <Play />}
          </Button>
          <span className="tabular w-30 px-1.5">
            <span className="font-semibold">{moment(nowMs)}</span>
            <span className="text-ink-faint"> / {clock(durationMs)}</span>
          </span>
          <Select
            aria-label="Speed"
            value={speed}
            onChange={(event) => playback.changeSpeed(Number(event.target.value))}
            className="tabular mr-1 w-20"
          >
            {SPEEDS.map((each) => (
              <option key={each} value={each}>
                {each}×
              </option>
            ))}
          </Select>
          <Toggle on={skip} onClick={playback.toggleSkip} label="Skip silence" keys="S" icon={<FastForward />} />
          <Toggle
            on={loop !== undefined}
            onClick={playback.nextLoop}
            label={loop === undefined ? "Loop from here" : loop.toMs === undefined ? "Loop until here" : "Stop looping"}
            keys="L"
            icon={<Repeat />}
          />
          {([0, 1] as const).map((channel) => {
            const Icon = muted[channel] ? VolumeX : Volume2;
            const who = channel === 0 ? "caller" : "agent";
            return (
              <Toggle
                key={who}
                on={!muted[channel]}
                onClick={() => playback.toggleMute(channel)}
                label={muted[channel] ? `Hear the ${who}` : `Mute the ${who}`}
                keys={channel === 0 ? "1" : "2"}
                icon={<Icon className={channel === 0 ? "text-caller" : "text-agent"} />}
              />
            );
          })}
        </>
      )}
      <div className="ml-auto flex items-center gap-1">
        {player && (
          <Toggle
            on={lanes.spectrogram}
            onClick={() => onLane("spectrogram")}
            label="Spectrogram"
            keys="F"
            icon={<AudioWaveform />}
          />
        )}
        {hasScores && (
          <Toggle
            on={lanes.scores}
            onClick={() => onLane("scores")}
            label="Decision scores"
            keys="D"
            icon={<Spline />}
          />
        )}
        <Toggle on={false} onClick={() => onZoom(0.6)} label="Closer" keys="+" icon={<ZoomIn />} />
        <Toggle on={false} onClick={() => onZoom(1.6)} label="Further" keys="−" icon={<ZoomOut />} />
        <Toggle on={false} onClick={onLink} label="Copy a link to this moment" keys="Y" icon={<Link2 />} />
        {onComment && (
          <Toggle on={false} onClick={onComment} label="Comment here" keys="C" icon={<MessageSquarePlus />} />
        )}
      </div>
    </div>
  );
}

const Toggle = ({
  on,
  onClick,
  label,
  keys,
  icon,
}: {
  on: boolean;
  onClick: () => void;
  label: string;
  keys: string;
  icon: ReactNode;
}) => (
  <Tip
    text={
      <span className="flex items-center gap-2">
        {label} <Kbd>{keys}</Kbd>
      </span>
    }
  >
    <Button
      kind="ghost"
      size="icon"
      aria-label={label}
      aria-pressed={on}
      onClick={onClick}
      className={cn(on && "bg-hover text-ink")}
    >
      {icon}
    </Button>
  </Tip>
);
