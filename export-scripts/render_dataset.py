"""Renders clips of the world to disk.

    export-scripts/run render_dataset.py --count 4000 --frames 17 --out $SEEDANCE_WORK/clips
    export-scripts/run render_dataset.py --count 20000 --frames 17 --simple --out $SEEDANCE_WORK/simple

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
from world import Clip, WorldOptions, render, sample_clip, world_options


def simple(**changes: object) -> WorldOptions:
    """One subject, one shot, plain backgrounds, flat style, fixed camera."""
    return world_options(**{"subjects": 1, "shots": 1, "backgrounds": ("grey", "white", "black"), "cameras": "fixed", "styles": "flat", **changes})


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
    parser.add_argument("--simple", action="store_true", help=simple.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)

    lengths = [int(n) for n in args.frames.split(",")]
    if any((n - 1) % 4 or n < 1 for n in lengths):
        fail(f"--frames must be 1 + a multiple of 4, but is {args.frames}.")
    weights = {n: float(lengths.count(n)) for n in lengths}
    options = simple(frames=weights) if args.simple else world_options(frames=weights)
    buckets: dict[str, list[Clip]] = defaultdict(list)
    for i in range(args.count):
        clip = sample_clip(np.random.default_rng([args.seed, i]), options)
        buckets[bucket_of(clip)].append(clip)
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
