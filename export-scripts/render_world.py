"""Renders clips of the small world: a contact sheet to look at, or the time that rendering takes."""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

import world
from world.sheet import sheet


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", metavar="PNG", help="write a contact sheet of sampled clips")
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=int, default=2, help="how often each pixel is repeated in the sheet")
    parser.add_argument("--columns", type=int, default=6, help="frames shown of each clip")
    parser.add_argument("--only", action="append", default=[], metavar="OPTION=VALUE", help="restrict the world, e.g. kinds=cat,car or subjects=1")
    parser.add_argument("--time", action="store_true", help="print milliseconds a clip of 17 frames of 96x64")
    arguments = parser.parse_args(argv)
    options = world.world_options(**dict(_restriction(text) for text in arguments.only))
    rng = np.random.default_rng(arguments.seed)
    clips = [world.sample_clip(rng, options) for _ in range(arguments.clips)]
    captions = [world.caption(clip, rng) for clip in clips]
    for clip, text in zip(clips, captions, strict=True):
        print(f"{clip.width}x{clip.height} {clip.frames:2d} frames: {text}")
    if arguments.sheet:
        sheet([world.render(clip) for clip in clips], captions, arguments.sheet, arguments.columns, arguments.scale)
    if arguments.time:
        _print_time(rng)
    return 0


def _restriction(text: str) -> tuple[str, object]:
    name, _, values = text.partition("=")
    if name == "sizes":
        return name, tuple((int(w), int(h)) for w, h in (value.split("x") for value in values.split(",")))
    if name in ("subjects", "shots", "frames"):
        return name, tuple(int(value) for value in values.split(","))
    return name, values if name == "triples" else tuple(values.split(","))


def _print_time(rng: np.random.Generator) -> None:
    options = world.world_options(frames=17, sizes=(96, 64))
    clips = [world.sample_clip(rng, options) for _ in range(100)]
    for clip in clips:
        world.render(clip)
    start = time.perf_counter()
    for clip in clips:
        world.render(clip)
    print(f"render: {(time.perf_counter() - start) * 10:.2f} ms a clip")
    start = time.perf_counter()
    for _ in range(100):
        world.caption(world.sample_clip(rng, options), rng)
    print(f"sample and caption: {(time.perf_counter() - start) * 10:.2f} ms a clip")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
