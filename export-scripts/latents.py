"""Encoded clips on disk (see encode_dataset.py), normalised and drawn in batches of one shape."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import fail
from world import Clip


class LatentSet:
    def __init__(self, folder: Path, statistics: dict[str, list[float]]):
        names = sorted(p.stem for p in folder.glob("*.pkl"))
        if not names:
            fail(f"{folder} must hold encoded clips, but has none. Run encode_dataset.py --out {folder} first.")
        self.latents = [np.load(folder / f"{n}.npy", mmap_mode="r") for n in names]
        self.stills = [np.load(folder / f"{n}.stills.npy", mmap_mode="r") for n in names]
        self.subjects = [np.load(folder / f"{n}.subject.npy", mmap_mode="r") for n in names]
        self.clips: list[list[Clip]] = [pickle.loads((folder / f"{n}.pkl").read_bytes()) for n in names]
        counts = np.array([len(c) for c in self.clips], float)
        self.shares = counts / counts.sum()
        self.mean = torch.tensor(statistics["mean"])[None, :, None, None, None]
        self.std = torch.tensor(statistics["std"])[None, :, None, None, None]

    def draw(self, rng: np.random.Generator, batch: int, frames: int) -> tuple[list[Clip], Tensor, Tensor, Tensor]:
        """Clips of one size and length, their normalised latents and stills [B, C, f, h, w] and subject numbers [B, f, h, w]; `frames` 1 gives first frames.

        `batch` clips where they have `frames` latent frames, fewer of longer ones.
        """
        bucket = int(rng.choice(len(self.clips), p=self.shares))
        if frames > 1:
            batch = max(1, batch * frames // self.latents[bucket].shape[2])
        rows = np.sort(rng.integers(0, len(self.clips[bucket]), batch))
        clips = [self.clips[bucket][r] for r in rows]
        if frames == 0:
            return clips, torch.empty(0), torch.empty(0), torch.empty(0)
        until = 1 if frames == 1 else None
        latents, stills = (((torch.from_numpy(source[bucket][rows, :, :until].astype(np.float32)) - self.mean) / self.std) for source in (self.latents, self.stills))
        return clips, latents, stills, torch.from_numpy(self.subjects[bucket][rows, :until].astype(np.int64))
