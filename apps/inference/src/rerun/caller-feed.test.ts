import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HOP_SAMPLES, MU_LAW_SILENCE } from "@sidetone/protocol";
import { type AgentView, CallerFeed, type TapedHop, turnsOf } from "./caller-feed.ts";

const LOUD = new Uint8Array(HOP_SAMPLES).fill(0x80);
const QUIET = new Uint8Array(HOP_SAMPLES).fill(MU_LAW_SILENCE);

/** A call as two lines, a character for ten hops: `#` is the caller's sound or the agent playing, `w` is withheld. */
function call(caller: string, agent: string, tasks = ""): TapedHop[] {
  return Array.from({ length: caller.length * 10 }, (_, hop) => {
    const at = Math.floor(hop / 10);
    return {
      caller: caller[at] === "#" ? LOUD : QUIET,
      agentPlaying: agent[at] === "#",
      openTasks: tasks[at] === "t" ? 1 : 0,
      withheld: caller[at] === "w",
    };
  });
}

describe("the caller's turns", () => {
  for (const [title, caller, agent, tasks, anchors] of [
    ["after the agent", "....##....", "##........", "", [{ kind: "after", quietHops: 20, beforeAnswer: false }]],
    ["over the agent", "....##....", "..#####...", "", [{ kind: "over", intoHops: 20 }]],
    ["before anybody", ".##.......", "..........", "", [{ kind: "on" }]],
    [
      "going on after a pause in which the agent was silent",
      "...##.....##....",
      "#...............",
      "",
      [{ kind: "after", quietHops: 20, beforeAnswer: false }, { kind: "on" }],
    ],
    [
      "while a lookup is under way",
      "...##....##....",
      "#.....#........",
      "......tttttt",
      [
        { kind: "after", quietHops: 20, beforeAnswer: false },
        { kind: "after", quietHops: 20, beforeAnswer: true },
      ],
    ],
    ["nothing of what was withheld", "www.......", "##........", "", []],
  ] as const) {
    test(title, () =>
      assert.deepEqual(
        turnsOf(call(caller, agent, tasks)).map((turn) => turn.anchor),
        anchors,
      ),
    );
  }
});

/** Plays a feed against an agent, a character for ten hops; tells when the caller was loud. */
function play(feed: CallerFeed, agent: string, more: Partial<AgentView> = {}): string {
  const view: AgentView = { playing: false, hopsSinceChange: -1, spoke: false, done: true, openTasks: 0, ...more };
  let heard = "";
  for (const [index, mark] of [...agent].entries()) {
    let loud = 0;
    for (let hop = 0; hop < 10; hop++) {
      const began = feed.beganAt.length;
      if (feed.next(view) === LOUD) loud++;
      if (feed.beganAt.length > began) view.spoke = false;
      const playing = mark === "#";
      view.hopsSinceChange = playing === view.playing ? view.hopsSinceChange + 1 : 0;
      view.playing = playing;
      view.spoke ||= playing;
    }
    heard += loud >= 5 ? "#" : ".";
    assert.ok(index < 1_000);
  }
  return heard;
}

describe("a caller who is run again", () => {
  const answer = () => new CallerFeed(call("....##....", "##........"));
  for (const [title, feed, agent, heard] of [
    ["speaks when they spoke to the same agent", answer, "##........", "....##...."],
    ["waits for an agent that says more", answer, "#####.........", ".......##....."],
    ["is quicker with an agent that says less", answer, "#.........", "...##....."],
    [
      "interrupts where they interrupted",
      () => new CallerFeed(call("....##....", "..#####...")),
      "....######....",
      "......##......",
    ],
    [
      "speaks soon when what they would have interrupted is over",
      () => new CallerFeed(call("......##..", "..#######.")),
      "..##........",
      ".....##.....",
    ],
    [
      "begins where the recording begins",
      () => new CallerFeed(call("ww..##....", "..#.......")),
      "#.......",
      "..##....",
    ],
  ] as const) {
    test(title, () => assert.equal(play(feed(), agent), heard));
  }

  test("does not speak while a lookup is awaited that was answered before", () => {
    const feed = answer();
    play(feed, "##..........", { openTasks: 1 });
    assert.equal(feed.beganAt.length, 0);
  });

  test("loses patience with an agent that never speaks, and says so", () => {
    const feed = answer();
    assert.match(play(feed, ".".repeat(60)), /##/);
    assert.equal(feed.forced, 1);
    assert.equal(feed.over, true);
  });
});
