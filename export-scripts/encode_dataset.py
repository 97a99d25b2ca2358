"""Renders clips and encodes them with the trained VAE; the transformer trains on what this writes.

    export-scripts/run encode_dataset.py --simple --count 16000 --frames 17 --out $SEEDANCE_WORK/latents/simple

One file a size and length: `WxHxF.npy` float16 [N, C, f, h, w] (posterior means), `WxHxF.subject.npy` bool [N, f, h, w] (cells that a subject touches),
`WxHxF.pkl` the clips' truth. The VAE's statistics, mean and std a channel, go to statistics.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from model.vae import SPATIAL_STRIDE, TEMPORAL_STRIDE, Vae, VaeConfig
from render_dataset import bucket_of, simple
from train_vae import to_tensor
from training import WORK, load_average
from world import Clip, render, sample_clip, track, world_options

MARGIN = 3.0
"""Pixels around a subject that count as its own."""


def subject_cells(clip: Clip) -> np.ndarray:
    """bool [f, h, w]: latent cells that a subject touches in any of the frames the cell stands for."""
    h, w, f = clip.height // SPATIAL_STRIDE, clip.width // SPATIAL_STRIDE, (clip.frames - 1) // TEMPORAL_STRIDE + 1
    y, x = (np.arange(h) + 0.5) * SPATIAL_STRIDE, (np.arange(w) + 0.5) * SPATIAL_STRIDE
    cells = np.zeros((f, h, w), bool)
    for shot in clip.shots:
        for subject in shot.subjects:
            way = track(subject, shot.frames)
            for i in range(shot.frames):
                reach = way.radii[i] + MARGIN + SPATIAL_STRIDE / 2
                near = (np.abs(y - way.centres[i, 1]) < reach)[:, None] & (np.abs(x - way.centres[i, 0]) < reach)
                cells[(shot.start_frame + i + TEMPORAL_STRIDE - 1) // TEMPORAL_STRIDE] |= near
    return cells


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vae", type=Path, default=WORK / "vae")
    parser.add_argument("--out", type=Path, default=WORK / "latents" / "simple")
    parser.add_argument("--count", type=int, default=16000)
    parser.add_argument("--frames", default="17", help="comma-separated lengths; repeat one to weigh it more (default: 17)")
    parser.add_argument("--simple", action="store_true", help=simple.__doc__)
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args(argv)

    vae = load_average(args.vae / "state.pt", lambda c: Vae(VaeConfig.from_dict(c))).to(memory_format=torch.channels_last_3d)
    lengths = [int(n) for n in args.frames.split(",")]
    weights = {n: float(lengths.count(n)) for n in lengths}
    options = simple(frames=weights) if args.simple else world_options(frames=weights)
    buckets: dict[str, list[Clip]] = defaultdict(list)
    for i in range(args.count):
        clip = sample_clip(np.random.default_rng([args.seed, i]), options)
        buckets[bucket_of(clip)].append(clip)

    args.out.mkdir(parents=True, exist_ok=True)
    began, total, squares, cells = time.time(), 0.0, 0.0, 0
    with multiprocessing.Pool(max(1, (os.cpu_count() or 1) - 1)) as pool, torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for name, clips in buckets.items():
            rows, batch = [], []
            for i, frames in enumerate(pool.imap(render, clips, chunksize=8)):
                batch.append(frames)
                if len(batch) == 8 or i == len(clips) - 1:
                    x = to_tensor(np.stack(batch)).contiguous(memory_format=torch.channels_last_3d)
                    rows.append(vae.encode(x)[0].float().contiguous().numpy().astype(np.float16))
                    batch = []
            latents = np.concatenate(rows)
            np.save(args.out / f"{name}.npy", latents)
            np.save(args.out / f"{name}.subject.npy", np.stack([subject_cells(clip) for clip in clips]))
            (args.out / f"{name}.pkl").write_bytes(pickle.dumps(clips))
            flat = latents.astype(np.float64).transpose(1, 0, 2, 3, 4).reshape(latents.shape[1], -1)
            total, squares, cells = total + flat.sum(1), squares + (flat**2).sum(1), cells + flat.shape[1]
            print(f"{name}: {len(clips)} clips, {time.time() - began:.0f} s", flush=True)
    mean = total / cells
    std = np.sqrt(squares / cells - mean**2)
    (args.out / "statistics.json").write_text(json.dumps({"mean": [round(float(v), 5) for v in mean], "std": [round(float(v), 5) for v in std]}, indent=1))
    print(f"std of channels: {std.min():.3f} to {std.max():.3f}")


if __name__ == "__main__":
    main()
