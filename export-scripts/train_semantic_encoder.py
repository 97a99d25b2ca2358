"""Trains the semantic encoder: few numbers a token that tell what stands there, what the scene is, and roughly how it looks.

    export-scripts/run train_semantic_encoder.py

Reads the VAE and the encoded clips of encode_dataset.py, and for its scores those of render_dataset.py; writes $SEEDANCE_WORK/semantic_encoder/state.pt, and prints what held-out clips' tokens tell as it goes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import ClipSet
from latents import LatentSet, Statistics, columns
from model.semantic import SemanticConfig, SemanticEncoder, gaussian, looks, reading_losses
from model.vae import Vae, VaeConfig
from muon import Muon
from precision import ARITHMETIC
from train_distilled import SETS
from train_vae import classes_of, crops
from training import WORK, Master, Run, load_average, rise_and_fall

LOOKS = 0.5
"""Weight of how a place looks beside what stands there."""
STILLS = 4
"""So many single frames stand for one clip in a batch: first frames, which must tell alone what they show."""


def losses_of(encoder: SemanticEncoder, source: LatentSet, statistics: Statistics, rng: np.random.Generator, count: int, frames: int, kl: float) -> dict[str, Tensor]:
    drawn = source.draw(rng, count, frames)
    mean, log_variance = (t.float() for t in gaussian(encoder.of_latents(drawn.latents.to(ARITHMETIC))))
    tokens = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    subjects, scene = (torch.from_numpy(np.stack(classes, axis=1)) for classes in zip(*map(classes_of, drawn.clips, drawn.subjects.numpy()), strict=True))
    losses, _ = reading_losses(encoder, tokens.to(ARITHMETIC), drawn.subjects, subjects, scene)
    seen = {name: loss for name, loss in losses.items() if torch.isfinite(loss)}  # a batch of stills shows no motion
    centre, spread = columns(statistics)
    look = (encoder.reader(tokens.to(ARITHMETIC))[2].float() - looks((drawn.latents - centre) / spread)).square().mean()
    return {**seen, "looks": look, "kl": divergence, "total": torch.stack(list(seen.values())).mean() + LOOKS * look + kl * divergence}


@torch.no_grad()
def score(encoder: SemanticEncoder, clips: ClipSet, count: int) -> dict[str, float]:
    """What the means of held-out clips tell, in per cent, and how far the tokens spread."""
    batch = crops(clips, np.random.default_rng(1), count, 17, held_out=True)
    mean, _ = encoder.encode(batch.pixels)
    _, right = reading_losses(encoder, mean, batch.cells, batch.subjects, batch.scene)
    return {name: 100 * float(value) for name, value in right.items()} | {"spread": float(mean.std((0, 2, 3, 4)).mean())}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--channels", type=int, default=SemanticConfig.channels)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--batch", type=int, default=48, help="clips of 17 frames")
    parser.add_argument("--kl", type=float, default=2e-3)
    parser.add_argument("--rate", type=float, default=0.01, help="of Muon")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--score-every", type=float, default=180, help="seconds between scores and checkpoints")
    parser.add_argument("--score-clips", type=int, default=32)
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    statistics: Statistics = json.loads((args.work / "vae" / "statistics.json").read_text())
    vae: Vae = load_average(args.work / "vae" / "state.pt", lambda c: Vae(VaeConfig.from_dict(c)))  # type: ignore[assignment]
    as_it_is: Statistics = {"mean": [0.0] * vae.config.latent_channels, "std": [1.0] * vae.config.latent_channels}
    sets = [LatentSet(args.work / "latents" / name, as_it_is) for name in SETS]
    encoder = SemanticEncoder(SemanticConfig(args.channels, latent_channels=vae.config.latent_channels, widths=vae.config.widths, blocks=vae.config.encoder_blocks)).train()
    encoder.trunk.load_state_dict(vae.encoder.state_dict())
    encoder.trunk.requires_grad_(False)
    run = Run(args.work / "semantic_encoder", encoder, Muon(encoder, args.rate), 0.995, encoder.config.to_dict())
    run.resume()
    clips, master = ClipSet(args.work / "clips"), Master(encoder)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        count, frames = (args.batch, 5) if rng.random() < 0.7 else (STILLS * args.batch, 1)
        return losses_of(master.fast, sets[int(rng.integers(len(sets)))], statistics, rng, count, frames, args.kl)

    def report() -> None:
        run.log("held out", **score(run.averaged(), clips, args.score_clips))  # type: ignore[arg-type]

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.5), report, label="clips", seed=args.seed, score_every=args.score_every)
    report()
    run.save()


if __name__ == "__main__":
    main()
