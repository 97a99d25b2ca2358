"""Renders clips of the world to disk.

    export-scripts/run render_dataset.py --count 4000 --frames 17 --out $SEEDANCE_WORK/clips
    export-scripts/run render_dataset.py --count 2000 --frames 17 --world simple --out $SEEDANCE_WORK/simple

Clip i comes from (seed, i) alone, so a set is the same however many processes render it. One file a size and length.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
import shutil
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from training import WORK, fail
from world import Clip, render, sample_clip, world_options
from world.vocabulary import PLAIN_BACKGROUNDS


WORLDS: dict[str, dict[str, object]] = {
    "simple": {"subjects": 1, "shots": 1, "backgrounds": PLAIN_BACKGROUNDS, "cameras": "fixed", "styles": "flat"},
    "one": {"subjects": 1, "shots": 1},
    "two": {"subjects": 2, "shots": 1},
    "shots": {"shots": {2: 0.7, 3: 0.3}},
    "whole": {},
}
"""What a set of clips shows: plain pictures of one subject, one subject, two, several shots, or everything in the world's own balance."""


def draw_clips(world: str, frames: str, count: int, seed: int) -> dict[str, list[Clip]]:
    """Clips by size and length. `frames`: comma-separated lengths, each 1 + 4k; one that is repeated weighs more."""
    lengths = [int(n) for n in frames.split(",")]
    if any((n - 1) % 4 or n < 1 for n in lengths):
        fail(f"--frames must be 1 + a multiple of 4, but is {frames}.")
    options = world_options(frames={n: float(lengths.count(n)) for n in lengths}, **WORLDS[world])
    buckets: dict[str, list[Clip]] = defaultdict(list)
    for i in range(count):
        clip = sample_clip(np.random.default_rng([seed, i]), options)
        buckets[bucket_of(clip)].append(clip)
    return buckets


def bucket_of(clip: Clip) -> str:
    return f"{clip.width}x{clip.height}x{clip.frames}"


def render_into(work: tuple[Path, str, list[tuple[int, Clip]]]) -> None:
    path, _, rows = work
    array = np.load(path, mmap_mode="r+")
    for row, clip in rows:
        array[row] = render(clip)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=WORK / "clips")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--frames", default="17", help="comma-separated lengths, each 1 + 4k; repeat one to weigh it more (default: 17)")
    parser.add_argument("--world", choices=WORLDS, default="whole", help="what the clips show (default: whole)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)

    buckets = draw_clips(args.world, args.frames, args.count, args.seed)
    need = sum(len(clips) * clips[0].frames * clips[0].height * clips[0].width * 3 for clips in buckets.values())
    args.out.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(args.out).free < need * 1.05:
        fail(f"{args.out} must have {need / 1e9:.1f} GB free, but has {shutil.disk_usage(args.out).free / 1e9:.1f} GB. Free some, or lower --count.")

    began, work = time.time(), []
    for name, clips in buckets.items():
        path = args.out / f"{name}.npy"
        first = clips[0]
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(len(clips), first.frames, first.height, first.width, 3))
        (args.out / f"{name}.pkl").write_bytes(pickle.dumps(clips))
        rows = list(enumerate(clips))
        work += [(path, name, rows[i:i + 100]) for i in range(0, len(rows), 100)]
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for _ in pool.imap_unordered(render_into, work):
            pass
    print(f"{args.count} clips, {need / 1e9:.2f} GB, {time.time() - began:.0f} s: " + ", ".join(f"{k} {len(v)}" for k, v in sorted(buckets.items())))


if __name__ == "__main__":
    main()
