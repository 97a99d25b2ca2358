"""Rendered clips on disk: one memory-mapped array per frame size and length, with the clips' exact truth beside it."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from training import fail
from world import Clip

HELD_OUT = 64


class ClipSet:
    """The clips of a folder that render_dataset.py wrote. The last HELD_OUT of every bucket are never trained on."""

    def __init__(self, folder: Path):
        self.names = sorted(p.stem for p in folder.glob("*.npy"))
        if not self.names:
            fail(f"{folder} must hold rendered clips, but has none. Run render_dataset.py --out {folder} first.")
        self.frames = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in self.names]
        self.clips: list[list[Clip]] = [pickle.loads((folder / f"{name}.pkl").read_bytes()) for name in self.names]
        sizes = np.array([max(len(f) - HELD_OUT, 0) for f in self.frames], float)
        self.shares = sizes / sizes.sum()

    def random(self, rng: np.random.Generator, *, held_out: bool = False) -> tuple[np.ndarray, Clip]:
        """One training clip, uint8 [F, H, W, 3], and its truth; or one that no training sees."""
        bucket = int(rng.choice(len(self.frames), p=self.shares))
        trained = len(self.frames[bucket]) - HELD_OUT
        row = int(rng.integers(trained, len(self.frames[bucket]))) if held_out else int(rng.integers(0, trained))
        return self.frames[bucket][row], self.clips[bucket][row]

    def held_out(self, index: int) -> np.ndarray:
        """One clip that no training sees, uint8 [F, H, W, 3]; indices walk over the buckets."""
        frames = self.frames[index % len(self.frames)]
        return frames[len(frames) - 1 - index // len(self.frames)]
