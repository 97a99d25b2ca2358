"""Scores how long videos drift: whether the last second still shows what the first one showed.

    export-scripts/run score_drift.py --write-prompts prompts.txt --seconds 60
    ./seedance generate --prompts prompts.txt --seed 7 -o videos/long.mp4
    export-scripts/run score_drift.py --videos videos/long.mp4

For prompts with one subject: `colour` and `kind` kept, the share of the videos whose subject the detector reads in the last two seconds as in the first two; `total` of the slots that do not
change (colour, kind, background, style) at the beginning and at the end; `mean colour` and `subject colour`, how far they have moved between the first and the last second, in per cent of 255.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from evaluate import drawn_prompts, numbered, storyboard, write
from pictures import read_video
from training import fail
from world.detector import describe_shots, score_clip
from world.prompts import EvaluationPrompt
from world.silhouettes import colour_shares
from world.vocabulary import COLOURS

PART = 17
"""Frames at each end that the detector looks at: what its prompts are scored on."""
SECOND = 8
LASTING = ("colour", "kind", "background", "style")


def drift(prompt: EvaluationPrompt, video: np.ndarray) -> dict[str, float]:
    """Of one video, uint8 [F, H, W, 3]; shares are 0 or 1. Without a subject at the beginning, nothing is said of what is kept."""
    parts = video[:PART], video[-PART:]
    seen = [describe_shots(part, prompt.expected) for part in parts]
    row = {}
    for end, part, shots in zip(("first", "last"), parts, seen, strict=True):
        scores = score_clip(part, prompt.expected, shots)
        row[f"total {end}"] = 100 * float(np.mean([np.mean(scores[slot]) for slot in LASTING]))
    begin, end_subject = (shots[0].subjects[0] if shots[0].subjects else None for shots in seen)
    if begin:
        row |= {f"{slot} kept": 100.0 * (end_subject is not None and getattr(begin, slot) == getattr(end_subject, slot)) for slot in ("colour", "kind")}
    seconds = video[:SECOND], video[-SECOND:]
    row["mean colour"] = distance(*(second.reshape(-1, 3).mean(0) for second in seconds))
    masks = [shown(second, prompt.expected[0].subjects[0].colour) for second in seconds]
    if all(mask.any() for mask in masks):
        row["subject colour"] = distance(*(second[mask].mean(0) for second, mask in zip(seconds, masks, strict=True)))
    return row


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """The mean difference of two RGB colours, in per cent of 255."""
    return float(np.abs(a - b).mean() / 2.55)


def shown(frames: np.ndarray, colour: str) -> np.ndarray:
    """Which pixels have a subject's colour."""
    shares, nearest = colour_shares(frames)
    return (shares > 0.4) & (nearest == COLOURS.index(colour))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write-prompts", type=Path, help="write the prompts there, a storyboard a line, and end")
    parser.add_argument("--videos", type=Path, help="the videos, numbered as generate --prompts does for this name")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    args = parser.parse_args(argv)

    prompts = drawn_prompts(["one"], args.count, False, args.seed)["one"]
    if args.write_prompts:
        args.write_prompts.write_text("".join(storyboard(p, args.seconds / (p.clip.frames / SECOND)) for p in prompts), encoding="utf-8")
        return
    if not args.videos:
        fail("--videos or --write-prompts must be given, but neither is. See --help.")
    rows = [drift(p, read_video(file, p.clip.width, p.clip.height)) for p, file in zip(prompts, numbered(args.videos, args.count), strict=True)]
    report = {"drift": {name: float(np.mean([row[name] for row in rows if name in row])) for name in dict.fromkeys(name for row in rows for name in row)}}
    write(report, args.json)


if __name__ == "__main__":
    main()
