"""Trains the causal video VAE, first on single frames (cheap), then on clips.

    export-scripts/run train_vae.py --frame-steps 2000 --clip-steps 2900

Reads the clips of render_dataset.py; writes $SEEDANCE_WORK/vae/state.pt. Prints PSNR on held-out clips as it goes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dataset import ClipSet
from model.vae import Vae, VaeConfig
from training import WORK, Run, seed_step

CROP = 64


def crops(clips: ClipSet, rng: np.random.Generator, count: int, frames: int) -> Tensor:
    """Random 64x64 windows of random clips: [B, 3, F, 64, 64] in [-1, 1], channels last."""
    out = np.empty((count, frames, CROP, CROP, 3), np.uint8)
    for i in range(count):
        clip = clips.random(rng)
        f = int(rng.integers(0, clip.shape[0] - frames + 1))
        y, x = int(rng.integers(0, clip.shape[1] - CROP + 1)), int(rng.integers(0, clip.shape[2] - CROP + 1))
        out[i] = clip[f:f + frames, y:y + CROP, x:x + CROP]
    return to_tensor(out)


def to_tensor(frames: np.ndarray) -> Tensor:
    """uint8 [B, F, H, W, 3] -> float32 [B, 3, F, H, W] in [-1, 1]."""
    return torch.from_numpy(frames).permute(0, 4, 1, 2, 3).float().div_(127.5).sub_(1)


def edge_weight(x: Tensor) -> Tensor:
    """1 in flat regions up to 4 around the target's edges: those carry the shapes, and are few. [B, 1, F, H, W]."""
    dy = F.pad((x[..., 1:, :] - x[..., :-1, :]).abs().amax(1, keepdim=True), (0, 0, 0, 1))
    dx = F.pad((x[..., 1:] - x[..., :-1]).abs().amax(1, keepdim=True), (0, 1))
    edges = torch.maximum(dx, dy)
    for axis in (-2, -1):  # dilate by two pixels; rolling is many times faster here than a 3-D pooling operator
        edges = torch.maximum(edges, torch.maximum(edges.roll(1, axis), edges.roll(-1, axis)))
        edges = torch.maximum(edges, torch.maximum(edges.roll(1, axis), edges.roll(-1, axis)))
    return 1 + 3 * edges.clamp(max=1)


def loss_of(vae: Vae, x: Tensor, kl_weight: float) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        mean, log_variance = vae.encode(x)
    mean, log_variance = mean.float(), log_variance.float()
    z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    with torch.autocast("cpu", torch.bfloat16):
        y = vae.decode(z)
    y = y.float()
    weight = edge_weight(x)
    difference = y - x
    pixel = (weight * (difference.abs() + 0.5 * difference.square())).mean()
    gradient = (difference[..., 1:] - difference[..., :-1]).abs().mean() + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    motion = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean() if x.shape[2] > 1 else difference.new_zeros(())
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    return pixel + 0.3 * gradient + 0.3 * motion + kl_weight * divergence


@torch.no_grad()
def psnr(vae: Vae, clips: ClipSet, count: int) -> float:
    """Mean PSNR in dB of the decoded posterior mean over whole held-out clips."""
    vae.eval()
    values = []
    for i in range(count):
        x = to_tensor(np.asarray(clips.held_out(i))[None])
        y = vae.decode(vae.encode(x)[0]).clamp(-1, 1)
        values.append(-10 * torch.log10(((y - x) / 2).square().mean()).item())
    vae.train()
    return float(np.mean(values))


def phase(run: Run, vae: Vae, clips: ClipSet, first: int, last: int, batch: int, frames: int, rates: tuple[float, float], args: argparse.Namespace) -> None:
    """Trains from step `first` until step `last`, the learning rate falling linearly from rates[0] to rates[1]."""
    last_log, last_score, losses = time.time(), time.time(), []
    while run.step < last:
        done = (run.step - first) / (last - first)
        for group in run.optimiser.param_groups:
            group["lr"] = (rates[0] + (rates[1] - rates[0]) * done) * min(1.0, (run.step + 1) / 100)
        rng = seed_step(args.seed, run.step)
        x = crops(clips, rng, batch, frames).contiguous(memory_format=torch.channels_last_3d)
        loss = loss_of(vae, x, args.kl)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 0.5)
        run.optimiser.step()
        run.step += 1
        run.average.update(vae.parameters(), run.step)
        losses.append(loss.item())
        if time.time() - last_log > 30:
            run.log(f"{frames} frames", loss=float(np.mean(losses)), rate=run.optimiser.param_groups[0]["lr"])
            last_log, losses = time.time(), []
        if time.time() - last_score > args.score_every:
            score(run, vae, clips, 8)
            run.save()
            last_score = time.time()


def score(run: Run, vae: Vae, clips: ClipSet, count: int) -> None:
    """Logs the PSNR of the averaged weights."""
    kept = [p.detach().clone() for p in vae.parameters()]
    run.average.copy_to(vae.parameters())
    run.log("held out", psnr=psnr(vae, clips, count))
    with torch.no_grad():
        for p, k in zip(vae.parameters(), kept, strict=True):
            p.copy_(k)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=WORK / "clips")
    parser.add_argument("--out", type=Path, default=WORK / "vae")
    parser.add_argument("--frame-steps", type=int, default=2000, help="steps of 32 single frames")
    parser.add_argument("--clip-steps", type=int, default=2900, help="steps of 4 clips of 17 frames")
    parser.add_argument("--kl", type=float, default=2e-5)
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--score-every", type=float, default=180, help="seconds between scores and checkpoints")
    parser.add_argument("--score-clips", type=int, default=64, help="held-out clips of the last score")
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    config = VaeConfig()
    vae = Vae(config).to(memory_format=torch.channels_last_3d).train()
    run = Run(args.out, vae, torch.optim.AdamW(vae.parameters(), lr=args.rate, betas=(0.9, 0.99), weight_decay=1e-4, fused=True), 0.998, config.to_dict())
    run.resume()
    clips = ClipSet(args.data)
    end = args.frame_steps + args.clip_steps
    phase(run, vae, clips, 0, args.frame_steps, 32, 1, (args.rate, 0.7 * args.rate), args)
    phase(run, vae, clips, args.frame_steps, end, 4, 17, (0.8 * args.rate, 0.03 * args.rate), args)
    score(run, vae, clips, args.score_clips)
    run.save()


if __name__ == "__main__":
    main()
