"""Encoded clips on disk (see encode_dataset.py), normalised and drawn in batches of one shape."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import fail
from world import Clip


Statistics = dict[str, list[float]]
"""`mean` and `std`, each of as many values as there are channels."""


def columns(statistics: Statistics) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation that broadcast over [B, C, f, h, w]."""
    return tuple(torch.tensor(statistics[key])[None, :, None, None, None] for key in ("mean", "std"))  # type: ignore[return-value]


@dataclass(frozen=True)
class Drawn:
    """Clips of one size and length: their normalised latents and stills [B, C, f, h, w], subject numbers [B, f, h, w] and, where the set has them, normalised semantics [B, S, f, h/2, w/2]."""

    clips: list[Clip]
    latents: Tensor
    stills: Tensor
    subjects: Tensor
    semantics: Tensor | None = None


class LatentSet:
    def __init__(self, folder: Path, statistics: Statistics, semantics: tuple[Path, Statistics] | None = None):
        """`semantics`: the folder of the same clips' semantics, and their statistics."""
        names = sorted(p.stem for p in folder.glob("*.pkl"))
        if not names:
            fail(f"{folder} must hold encoded clips, but has none. Run encode_dataset.py --out {folder} first.")
        self.latents = [np.load(folder / f"{n}.npy", mmap_mode="r") for n in names]
        self.stills = [np.load(folder / f"{n}.stills.npy", mmap_mode="r") for n in names]
        self.subjects = [np.load(folder / f"{n}.subject.npy", mmap_mode="r") for n in names]
        self.clips: list[list[Clip]] = [pickle.loads((folder / f"{n}.pkl").read_bytes()) for n in names]
        counts = np.array([len(c) for c in self.clips], float)
        self.shares = counts / counts.sum()
        self.mean, self.std = columns(statistics)
        self.semantics = [np.load(semantics[0] / f"{n}.npy", mmap_mode="r") for n in names] if semantics else None
        self.semantic_mean, self.semantic_std = columns(semantics[1]) if semantics else (self.mean, self.std)

    def draw(self, rng: np.random.Generator, batch: int, frames: int) -> Drawn:
        """`batch` clips where they have `frames` latent frames, fewer of longer ones; `frames` 1 gives first frames, 0 only the clips."""
        bucket = int(rng.choice(len(self.clips), p=self.shares))
        if frames > 1:
            batch = max(1, batch * frames // self.latents[bucket].shape[2])
        rows = np.sort(rng.integers(0, len(self.clips[bucket]), batch))
        clips = [self.clips[bucket][r] for r in rows]
        if frames == 0:
            return Drawn(clips, *[torch.empty(0)] * 3)
        until = 1 if frames == 1 else None
        read = lambda source, mean, std: (torch.from_numpy(source[bucket][rows, :, :until].astype(np.float32)) - mean) / std  # noqa: E731
        latents, stills = (read(source, self.mean, self.std) for source in (self.latents, self.stills))
        semantics = read(self.semantics, self.semantic_mean, self.semantic_std) if self.semantics else None
        return Drawn(clips, latents, stills, torch.from_numpy(self.subjects[bucket][rows, :until].astype(np.int64)), semantics)
