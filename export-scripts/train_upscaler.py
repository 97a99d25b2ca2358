"""Trains the super-resolution network on the VAE's own outputs and on clean down-scales of the same clips.

    export-scripts/run train_upscaler.py

Reads the trained VAE, with the decoder that was trained further where there is one; renders clips at full size (four times the draft's), averages them down to the draft, and keeps both with the VAE's reconstruction of the draft
beside the checkpoint. Writes $SEEDANCE_WORK/upscaler/state.pt, and scores held-out clips against bicubic enlargement as it goes.
"""

from __future__ import annotations

import argparse
import copy
import multiprocessing
import os
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from evaluate import load_vae
from model.upscaler import SCALE, Upscaler, UpscalerConfig
from model.vae import Vae
from muon import Muon
from pictures import psnr, to_frames, to_tensor
from precision import ARITHMETIC
from render_dataset import draw_clips
from training import WORK, Master, Run, fail, rise_and_fall
from world import Clip, enlarged, render

WINDOW = 40
"""Draft pixels along a training window's edge."""
HELD_OUT = 24
SIZE = (96, 64)


class Pairs:
    """Clips of one size: full [N, F, 4H, 4W, 3], clean drafts and reconstructed drafts [N, F, H, W, 3], uint8. The last HELD_OUT are never trained on."""

    NAMES = ("full", "clean", "decoded")

    def __init__(self, folder: Path):
        self.arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in self.NAMES}

    def windows(self, rng: np.random.Generator, count: int, frames: int) -> tuple[Tensor, Tensor]:
        """Random windows: drafts (half of them the VAE's) and their full size, [B, 3, F, h, w] and [B, 3, F, 4h, 4w]."""
        small, large = [], []
        total, length, height, width = self.arrays["clean"].shape[:4]
        for i in range(count):
            n, f = int(rng.integers(total - HELD_OUT)), int(rng.integers(length - frames + 1))
            y, x = int(rng.integers(height - WINDOW + 1)), int(rng.integers(width - WINDOW + 1))
            source = self.arrays["decoded" if i % 2 == 0 else "clean"]
            small.append(source[n, f:f + frames, y:y + WINDOW, x:x + WINDOW])
            large.append(self.arrays["full"][n, f:f + frames, SCALE * y:SCALE * (y + WINDOW), SCALE * x:SCALE * (x + WINDOW)])
        return to_tensor(np.stack(small)), to_tensor(np.stack(large))


def render_full(clip: Clip) -> np.ndarray:
    return render(enlarged(clip, SCALE))


def draft_of(full: np.ndarray) -> np.ndarray:
    """The mean of every SCALE x SCALE pixels, uint8."""
    f, h, w, c = full.shape
    means = full.reshape(f, h // SCALE, SCALE, w // SCALE, SCALE, c).mean(axis=(2, 4))
    return (means + 0.5).astype(np.uint8)


@torch.no_grad()
def make_pairs(folder: Path, vae: Vae, count: int, seed: int) -> None:
    """Renders the clips and runs them through the VAE, once."""
    clips = [c for bucket in draw_clips("whole", "17", 2 * count, seed).values() for c in bucket if (c.width, c.height) == SIZE][:count]
    need = count * 17 * SIZE[0] * SIZE[1] * 3 * (SCALE**2 + 2)
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < need * 1.05:
        fail(f"{folder} must have {need / 1e9:.1f} GB free, but has {shutil.disk_usage(folder).free / 1e9:.1f} GB. Free some, or lower --clips.")
    shape = (len(clips), 17, SIZE[1], SIZE[0], 3)
    arrays = {name: np.lib.format.open_memmap(folder / f"{name}.partial", mode="w+", dtype=np.uint8, shape=shape if name != "full" else (*shape[:2], SCALE * shape[2], SCALE * shape[3], 3))
              for name in Pairs.NAMES}
    fast = copy.deepcopy(vae).to(ARITHMETIC, memory_format=torch.channels_last_3d)
    with multiprocessing.Pool(max(1, (os.cpu_count() or 1) - 1)) as pool:
        for i, full in enumerate(pool.imap(render_full, clips, chunksize=2)):
            arrays["full"][i], arrays["clean"][i] = full, draft_of(full)
            x = to_tensor(arrays["clean"][i][None]).to(ARITHMETIC).contiguous(memory_format=torch.channels_last_3d)
            arrays["decoded"][i] = to_frames(fast.decode(fast.encode(x)[0]).float())[0]
    for name, array in arrays.items():
        array.flush()
        (folder / f"{name}.partial").rename(folder / f"{name}.npy")


def loss_of(upscaler: Upscaler, small: Tensor, large: Tensor) -> Tensor:
    difference = upscaler(small.to(ARITHMETIC)).float() - large
    gradient = (difference[..., 1:] - difference[..., :-1]).abs().mean() + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    motion = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean()
    return difference.abs().mean() + 2 * difference.square().mean() + 0.3 * gradient + 0.3 * motion


def bicubic(video: Tensor) -> Tensor:
    """Bicubic enlargement of every frame of [1, 3, F, H, W]."""
    return F.interpolate(video[0].transpose(0, 1), scale_factor=SCALE, mode="bicubic", align_corners=False).transpose(0, 1)[None]


@torch.no_grad()
def score(upscaler: Upscaler, pairs: Pairs, count: int) -> dict[str, float]:
    """PSNR of the network and of bicubic enlargement on held-out reconstructions, in dB."""
    values: dict[str, list[float]] = {"psnr": [], "bicubic": []}
    for i in range(1, count + 1):
        small, large = (to_tensor(np.array(pairs.arrays[name][-i][None])) for name in ("decoded", "full"))
        values["psnr"].append(psnr(upscaler(small), large))
        values["bicubic"].append(psnr(bicubic(small), large))
    return {name: float(np.mean(v)) for name, v in values.items()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, help="folder (default: upscaler below --work)")
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--frames", type=int, default=5, help="frames of a window")
    parser.add_argument("--width", type=int, default=UpscalerConfig.width)
    parser.add_argument("--blocks", type=int, default=UpscalerConfig.blocks)
    parser.add_argument("--rate", type=float, default=0.01, help="of Muon")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--score-every", type=float, default=180, help="seconds between scores and checkpoints")
    args = parser.parse_args(argv)

    if args.clips <= HELD_OUT:
        fail(f"--clips must be more than {HELD_OUT}, but is {args.clips}.")
    torch.manual_seed(args.seed)
    args.out = args.out or args.work / "upscaler"
    if not all((args.out / f"{name}.npy").exists() for name in Pairs.NAMES):
        make_pairs(args.out, load_vae(args.work), args.clips, args.seed)
    pairs = Pairs(args.out)
    config = UpscalerConfig(args.width, args.blocks)
    upscaler = Upscaler(config).to(memory_format=torch.channels_last_3d).train()
    run = Run(args.out, upscaler, Muon(upscaler, args.rate), 0.998, config.to_dict())
    run.resume()
    master = Master(upscaler)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        small, large = pairs.windows(rng, args.batch, args.frames)
        return {"total": loss_of(master.fast, small.contiguous(memory_format=torch.channels_last_3d), large)}

    def report(count: int = 8) -> None:
        run.log("held out", **score(run.averaged(), pairs, count))  # type: ignore[arg-type]

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.5), report, label="windows", seed=args.seed, score_every=args.score_every)
    report(HELD_OUT)
    run.save()


if __name__ == "__main__":
    main()
