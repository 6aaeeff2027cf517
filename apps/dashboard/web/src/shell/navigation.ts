import {
  Activity,
  AudioLines,
  BookOpen,
  ChartNoAxesCombined,
  ClipboardCheck,
  FileClock,
  Hash,
  HeartPulse,
  KeyRound,
  type LucideIcon,
  Phone,
  Plug,
  RotateCcw,
  ScrollText,
  Users,
} from "lucide-react";
import type { Role } from "../api/session.ts";

export interface Place {
  to: string;
  label: string;
  icon: LucideIcon;
  /** Pressed after `g`. */
  key: string;
  roles: readonly Role[];
  group: "Calls" | "Quality" | "Set up" | "System";
}

const ALL = ["admin", "supervisor", "qa", "viewer"] as const;
const LISTEN = ["admin", "supervisor", "qa"] as const;
const STEER = ["admin", "supervisor"] as const;

/** Every page, in the order of the sidebar. The server decides who may; this only leaves out what would be refused. */
export const PLACES: readonly Place[] = [
  { to: "/phone", label: "Phone", icon: Phone, key: "p", roles: ALL, group: "Calls" },
  { to: "/live", label: "Live", icon: Activity, key: "l", roles: ALL, group: "Calls" },
  { to: "/calls", label: "Replay", icon: AudioLines, key: "r", roles: ALL, group: "Calls" },
  { to: "/scoring", label: "Scoring", icon: ClipboardCheck, key: "s", roles: LISTEN, group: "Quality" },
  { to: "/reruns", label: "Re-runs", icon: RotateCcw, key: "f", roles: LISTEN, group: "Quality" },
  { to: "/analytics", label: "Analytics", icon: ChartNoAxesCombined, key: "a", roles: ALL, group: "Quality" },
  { to: "/playbooks", label: "Playbooks", icon: ScrollText, key: "b", roles: ALL, group: "Set up" },
  { to: "/numbers", label: "Numbers", icon: Hash, key: "n", roles: STEER, group: "Set up" },
  { to: "/connectors", label: "Connectors", icon: Plug, key: "c", roles: STEER, group: "Set up" },
  { to: "/knowledge", label: "Knowledge", icon: BookOpen, key: "k", roles: ALL, group: "Set up" },
  { to: "/people", label: "People", icon: Users, key: "e", roles: ["admin"], group: "System" },
  { to: "/tokens", label: "API tokens", icon: KeyRound, key: "t", roles: ["admin"], group: "System" },
  { to: "/audit", label: "Audit log", icon: FileClock, key: "u", roles: ["admin"], group: "System" },
  { to: "/status", label: "Health", icon: HeartPulse, key: "h", roles: ALL, group: "System" },
];
