"""Trains the causal video VAE on windows of clips.

    export-scripts/run train_vae.py

Reads the clips of render_dataset.py; writes $SEEDANCE_WORK/vae/state.pt. Prints PSNR on held-out clips as it goes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dataset import ClipSet
from model.vae import Vae, VaeConfig
from muon import Muon
from pictures import psnr, to_tensor
from precision import ARITHMETIC
from training import WORK, Master, Run, fail, rise_and_fall

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


def edge_weight(x: Tensor) -> Tensor:
    """1 in flat regions up to 4 around the target's edges: those carry the shapes, and are few. [B, 1, F, H, W]."""
    dy = F.pad((x[..., 1:, :] - x[..., :-1, :]).abs().amax(1, keepdim=True), (0, 0, 0, 1))
    dx = F.pad((x[..., 1:] - x[..., :-1]).abs().amax(1, keepdim=True), (0, 1))
    edges = torch.maximum(dx, dy)
    for axis in (-2, -1):  # dilate by two pixels; rolling is many times faster here than a 3-D pooling operator
        edges = torch.maximum(edges, torch.maximum(edges.roll(1, axis), edges.roll(-1, axis)))
        edges = torch.maximum(edges, torch.maximum(edges.roll(1, axis), edges.roll(-1, axis)))
    return 1 + 3 * edges.clamp(max=1)


def picture_loss(y: Tensor, x: Tensor) -> Tensor:
    """Pixels (weighted at edges) and their gradients in space and time."""
    difference = y - x
    pixel = (edge_weight(x) * (difference.abs() + 2 * difference.square())).mean()
    gradient = (difference[..., 1:] - difference[..., :-1]).abs().mean() + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    motion = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean()
    return pixel + 0.3 * gradient + 0.3 * motion


def loss_of(vae: Vae, x: Tensor, kl_weight: float, *, halved: bool = False) -> Tensor:
    """The picture's loss and a faint pull of the latents towards a standard normal.

    `halved`: latents averaged over 2x2 must decode to the picture at half its size. Latents that change with scale as pictures do have less in them that a
    transformer must guess (Skorokhodov et al., arXiv 2502.14831; Kouzelis et al., arXiv 2502.09509).
    """
    mean, log_variance = (t.float() for t in vae.encode(x.to(ARITHMETIC)))
    z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    if halved:
        z, x = half_size(z), half_size(x)
    return picture_loss(vae.decode(z.to(ARITHMETIC)).float(), x) + kl_weight * divergence


def half_size(x: Tensor) -> Tensor:
    """Means of 2x2: [B, C, T, H, W] -> [B, C, T, H/2, W/2]."""
    b, c, t, h, w = x.shape
    return x.reshape(b, c, t, h // 2, 2, w // 2, 2).mean((4, 6))


@torch.no_grad()
def held_out_psnr(vae: Vae, clips: ClipSet, count: int) -> float:
    """Mean PSNR in dB of the decoded posterior mean over whole held-out clips."""
    videos = (to_tensor(np.array(clips.held_out(i))[None]) for i in range(count))
    return float(np.mean([psnr(vae.decode(vae.encode(x)[0]), x) for x in videos]))


@torch.no_grad()
def write_statistics(run: Run, clips: ClipSet, count: int = 256) -> None:
    """Mean and standard deviation of each latent channel over training clips, to statistics.json: what the transformer sees is normalised by them."""
    vae = run.averaged()
    rng = np.random.default_rng(0)
    latents = torch.cat([vae.encode(to_tensor(np.array(clips.random(rng))[None]))[0].flatten(2)[0] for _ in range(count)], dim=1)
    values = {"mean": latents.mean(1), "std": latents.std(1)}
    (run.folder / "statistics.json").write_text(json.dumps({k: [round(float(x), 5) for x in v] for k, v in values.items()}, indent=1) + "\n")


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in text.split(","))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=WORK / "clips")
    parser.add_argument("--out", type=Path, default=WORK / "vae")
    parser.add_argument("--steps", type=int, default=4400)
    parser.add_argument("--batch", type=int, default=4, help="clips a step, each a random 64x64 window")
    parser.add_argument("--frames", type=int, default=17, help="frames of a clip, 1 + 4k")
    parser.add_argument("--channels", type=int, default=VaeConfig.latent_channels, help="latent channels")
    for name in ("widths", "encoder_blocks", "decoder_blocks"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=numbers, default=getattr(VaeConfig, name), help="comma-separated, from the finest level to the coarsest")
    parser.add_argument("--kl", type=float, default=2e-5)
    parser.add_argument("--halved", type=float, default=0.25, help="share of steps on latents averaged to half the size")
    parser.add_argument("--rate", type=float, default=0.02, help="of Muon, for the convolutions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--score-every", type=float, default=180, help="seconds between scores and checkpoints")
    parser.add_argument("--score-clips", type=int, default=64, help="held-out clips of the last score")
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    if not len(args.widths) == len(args.encoder_blocks) == len(args.decoder_blocks) <= 3:
        fail(f"--widths, --encoder-blocks and --decoder-blocks must have one number a level, at most 3, but have {args.widths}, {args.encoder_blocks}, {args.decoder_blocks}.")
    config = VaeConfig(args.channels, args.widths, args.encoder_blocks, args.decoder_blocks)
    vae = Vae(config).to(memory_format=torch.channels_last_3d).train()
    run = Run(args.out, vae, Muon(vae, args.rate), 0.998, config.to_dict())
    run.resume()
    clips, master = ClipSet(args.data), Master(vae)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        x = crops(clips, rng, args.batch, args.frames).contiguous(memory_format=torch.channels_last_3d)
        return {"total": loss_of(master.fast, x, args.kl, halved=rng.random() < args.halved)}

    def score(count: int = 12) -> None:
        run.log("held out", psnr=held_out_psnr(run.averaged(), clips, count))  # type: ignore[arg-type]

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.4), score, label="clips", seed=args.seed, score_every=args.score_every)
    score(args.score_clips)
    write_statistics(run, clips)
    run.save()


if __name__ == "__main__":
    main()
