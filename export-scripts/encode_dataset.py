"""Renders clips and encodes them with the trained VAE; the transformer trains on what this writes.

    export-scripts/run encode_dataset.py --world one --count 8000 --frames 17

One file a size and length: `WxHxF.npy` float16 [N, C, f, h, w] (posterior means), `WxHxF.subject.npy` int8 [N, f, h, w] (which subject touches a cell: 1, 2, or 0
for none), `WxHxF.stills.npy` as the first, but each group's last frame encoded alone (what a given image looks like to the transformer), `WxHxF.pkl` the clips' truth.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import pickle
import time
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from model.vae import SPATIAL_STRIDE, TEMPORAL_STRIDE, Vae, VaeConfig
from pictures import to_tensor
from precision import ARITHMETIC
from render_dataset import WORLDS, draw_clips
from training import WORK, load_average
from world import Clip, render, track

BATCH = 8
"""Clips that are encoded at once."""
MARGIN = 3.0
"""Pixels around a subject that count as its own."""


def subject_cells(clip: Clip) -> np.ndarray:
    """int8 [f, h, w]: which subject of its shot touches a latent cell in any of the frames that the cell stands for, 1 or 2 (the one in front), or 0."""
    h, w, f = clip.height // SPATIAL_STRIDE, clip.width // SPATIAL_STRIDE, (clip.frames - 1) // TEMPORAL_STRIDE + 1
    y, x = (np.arange(h) + 0.5) * SPATIAL_STRIDE, (np.arange(w) + 0.5) * SPATIAL_STRIDE
    cells = np.zeros((f, h, w), np.int8)
    for shot in clip.shots:
        for number, subject in enumerate(shot.subjects, 1):
            way = track(subject, shot.frames)
            for i in range(shot.frames):
                reach = way.radii[i] + MARGIN + SPATIAL_STRIDE / 2
                near = (np.abs(y - way.centres[i, 1]) < reach)[:, None] & (np.abs(x - way.centres[i, 0]) < reach)
                cells[(shot.start_frame + i + TEMPORAL_STRIDE - 1) // TEMPORAL_STRIDE][near] = number
    return cells


class Encoding(Protocol):
    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, F, H, W] in [-1, 1] -> mean and log-variance [B, C, f, h, w]."""


@torch.no_grad()
def encode_clips(encoder: Encoding, clips: list[Clip], pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Renders clips of one size and length and encodes them: means, and those of each group's last frame encoded alone, both float16 [N, C, f, h, w]."""
    encode = lambda frames: encoder.encode(frames.to(ARITHMETIC).contiguous(memory_format=torch.channels_last_3d))[0].float().numpy().astype(np.float16)  # noqa: E731
    rendered, rows, stills = pool.imap(render, clips, chunksize=8), [], []
    while batch := list(itertools.islice(rendered, BATCH)):
        x = to_tensor(np.stack(batch))
        rows.append(encode(x))
        alone = x[:, :, ::TEMPORAL_STRIDE].transpose(1, 2).flatten(0, 1)[:, :, None]
        stills.append(encode(alone).reshape(len(batch), -1, *rows[-1].shape[1:2], *rows[-1].shape[3:]).swapaxes(1, 2))
    return np.concatenate(rows), np.concatenate(stills)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vae", type=Path, default=WORK / "vae")
    parser.add_argument("--out", type=Path, help="folder (default: $SEEDANCE_WORK/latents/WORLD)")
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--frames", default="17", help="comma-separated lengths; repeat one to weigh it more (default: 17)")
    parser.add_argument("--world", choices=WORLDS, default="whole", help="what the clips show (default: whole)")
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args(argv)

    vae = load_average(args.vae / "state.pt", lambda c: Vae(VaeConfig.from_dict(c))).to(ARITHMETIC, memory_format=torch.channels_last_3d)
    buckets = draw_clips(args.world, args.frames, args.count, args.seed)
    out = args.out or WORK / "latents" / args.world
    out.mkdir(parents=True, exist_ok=True)
    began = time.time()
    with multiprocessing.Pool(max(1, (os.cpu_count() or 1) - 1)) as pool:
        for name, clips in buckets.items():
            means, stills = encode_clips(vae, clips, pool)  # type: ignore[arg-type]
            np.save(out / f"{name}.npy", means)
            np.save(out / f"{name}.stills.npy", stills)
            np.save(out / f"{name}.subject.npy", np.stack([subject_cells(clip) for clip in clips]))
            (out / f"{name}.pkl").write_bytes(pickle.dumps(clips))
            print(f"{name}: {len(clips)} clips, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
