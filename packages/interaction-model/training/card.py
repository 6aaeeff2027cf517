"""Writes the model card of a weights folder from its manifest, the run's record and the evaluation's report.

    /usr/bin/python3 card.py --weights ../weights --report report.json --checkpoint run/last.pt --command "npm run model:train -- ..." --out ../model-card.md
"""

import argparse
import json

import torch

HUMAN_SOURCES = [
    ("Free Spoken Digit Dataset, Zohar Jackson et al. (github.com/Jakobovski/free-spoken-digit-dataset)", "CC BY-SA 4.0", "digits; speakers jackson and yweweler train, nicolas and lucas evaluate"),
    ("Google Speech Commands v0.01 and v0.02, Pete Warden, 2018 (samples in github.com/vinsis/speech-commands-recognition and github.com/thegtagamer/PICO-tinyML-benchmark)", "CC BY 4.0", "command words, digits, background recordings"),
    ("Picovoice wake-word-benchmark, Picovoice Inc.", "Apache-2.0", "wake words"),
    ("Mycroft Precise Community Data (files named in contributors' waivers)", "public domain", "wake words, room tone"),
    ("LibriSpeech two-speaker mixes: Panayotov, Chen, Povey, Khudanpur, 2015; mixes by NVIDIA NeMo", "CC BY 4.0", "babble"),
    ("LJ Speech: Keith Ito, Linda Johnson", "public domain", "a little running speech"),
    ("librosa example recordings: LibriSpeech readings; Kevin MacLeod, \"Vibe Ace\", \"Dance of the Sugar Plum Fairy\"; US Army Strings, Brahms", "CC BY 4.0, CC BY 3.0, public domain", "music, a little running speech"),
    ("ESC-10: K. J. Piczak, 2015, and the Freesound authors named in its list of clips (github.com/karoldvl/ESC-10)", "CC BY 3.0 or CC0 by clip", "noises"),
    ("banking77 (Casanueva et al., 2020) and NLU++ (Casanueva et al., 2022), texts only (github.com/PolyAI-LDN/task-specific-datasets)", "CC BY 4.0", "wordings outside the playbooks, spoken by synthetic voices"),
]
FAILURES = [
    "Hears word sequences only as well as the figures below say; outside a playbook's grammar what it hears is not a transcript.",
    "Trained on synthetic voices for nearly all running speech: people's melody at the end of a turn is known to it only through single words and digit strings put together from single digits.",
    "English only, accents of espeak-ng's English voices and of a few hundred people, most of them speaking one word.",
    "A murmur of two or more words, or a short interruption such as \"yeah\", may be told wrongly from the other.",
    "Two people on the caller's side at the same level are not told apart.",
    "Tones, music on hold and loud television have only been simulated or taken from a few recordings.",
    "No emotion, identity or health is inferred, and the weights must not be used to do so.",
]


def percent(x):
    return f"{100 * x:.1f}%"


def tables(found):
    """The report as Markdown."""
    out = ["| turn end | cut off at 300 ms | latency at 5% cut off | at 2% | ideal silence timer at 5% / 2% | timer of 300 / 600 / 1,000 ms cuts off | at the shipped threshold: cut off, median, p90, never answered in 2.5 s | pauses taken over | in digit groups |",
           "|---|---|---|---|---|---|---|---|---|"]
    for name, r in found["turnEnds"].items():
        s = r["shipped"]
        out.append(f"| {name} ({s['turns']} turns) | {percent(r['at300ms']['cut'])} | {r['at5percent']['medianMs']:.0f} ms | {r['at2percent']['medianMs']:.0f} ms | {r['timerAt5percentMs']} / {r['timerAt2percentMs']} ms | "
                   + " / ".join(percent(t["cut"]) for t in r["timer"])
                   + f" | {percent(s['cut'])}, {s['medianMs']:.0f} ms, {s['p90Ms']:.0f} ms, {percent(s['never'])} | {percent(s['taken'])} | {percent(s['takenInNumbers'])} |")
    out += ["", "| over the agent | result |", "|---|---|"]
    for name, r in found["overlap"].items():
        if "recall" in r:
            stop = "-" if r["stopMedianMs"] is None else f"{r['stopMedianMs']:.0f} ms"
            duck = "-" if r["duckOrStopMedianMs"] is None else f"{r['duckOrStopMedianMs']:.0f} ms"
            out.append(f"| {name} ({r['calls']}) | gave way to {percent(r['recall'])}, median stop {stop}, median duck or stop {duck} |")
        else:
            out.append(f"| {name} ({r['calls']}) | rightly not yielded to: {percent(r['ignored'])} |")
    out += ["", "| spoken digits, strings of 4 to 8 | digit error | whole string right |", "|---|---|---|"]
    out += [f"| {name} ({r['strings']}) | {percent(r['digitError'])} | {percent(r['whole'])} |" for name, r in found["digits"].items()]
    out += ["", "| wants | right and accepted | out of scope rejected |", "|---|---|---|"]
    out += [f"| {name} ({r['known']} + {r['outside']}) | {percent(r['right'])} | {percent(r['rejected'])} |" for name, r in found["wants"].items()]
    out += ["", "| backchannels by the agent | fired | in allowed windows | in numbers |", "|---|---|---|---|"]
    out += [f"| {name} ({r['calls']} turns) | {r['fired']} | {percent(r['allowed'])} | {r['inNumbers']} |" for name, r in found["backchannel"].items()]
    return "\n".join(out)


def card(manifest, found, run, command):
    human = bool(run["options"].get("human"))
    lines = [
        f"# Model card: {manifest['name']}", "",
        "Hears both sides of a telephone call in hops of 40 ms and decides what to do with the floor. For Sidetone's pods; English.", "",
        f"- File `weights/{manifest['weights']['file']}`, {manifest['weights']['bytes']:,} bytes, sha256 `{manifest['weights']['sha256']}`",
        f"- {sum(v.numel() for v in run['weights'].values()):,} parameters, {manifest['weights']['precision']}, state {manifest['stateSize']} floats a call",
        f"- Made by `{command}` ({run['step']} full updates and {run.get('judgeSteps', 0)} of the judge in its last stage; see `docs/MODEL.md`)",
        f"- Thresholds (how they were chosen: `docs/MODEL.md`): `{json.dumps(manifest['thresholds'])}`", "",
        "## Data", "",
        "Synthetic voices: espeak-ng (GPL-3.0 program; its output is not covered by its licence) and flite voices (BSD-like), speaking wordings written for this project.",
    ]
    if human:
        lines += ["Human recordings and texts, used for training only and not distributed here:", "", "| source | licence | used for |", "|---|---|---|"]
        lines += [f"| {a} | {b} | {d} |" for a, b, d in HUMAN_SOURCES]
    else:
        lines += ["No human recordings: people will be heard much worse than voices."]
    lines += ["", "## Figures", "",
              "Held-out voices, people, wordings and noises (see `docs/MODEL.md`), telephone conditions at the noise level named. Figures are of one half of the held-out voices; the other half chose the thresholds, with what corrections by hand `docs/MODEL.md` says.", "",
              tables(found), "", "## Known failures", ""] + [f"- {x}" for x in FAILURES] + [""]
    return "\n".join(lines)


def write(out, weights, found, checkpoint, command):
    with open(f"{weights}/manifest.json") as f:
        manifest = json.load(f)
    with open(out, "w") as f:
        f.write(card(manifest, found, torch.load(checkpoint, map_location="cpu"), command))


def main():
    parser = argparse.ArgumentParser()
    for name in ("weights", "report", "checkpoint", "command", "out"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    with open(options.report) as f:
        write(options.out, options.weights, json.load(f), options.checkpoint, options.command)


if __name__ == "__main__":
    main()
