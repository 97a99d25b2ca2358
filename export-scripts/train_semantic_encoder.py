"""Trains the semantic encoder: few numbers a token that tell what stands there, what the scene is, and roughly in which colours.

    export-scripts/run train_semantic_encoder.py

Reads the clips of render_dataset.py; writes $SEEDANCE_WORK/semantic_encoder/state.pt, and prints what held-out clips' tokens tell as it goes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import ClipSet
from model.semantic import SemanticConfig, SemanticEncoder, reading_losses, thumbnails
from muon import Muon
from precision import ARITHMETIC
from train_vae import Batch, crops
from training import WORK, Master, Run, rise_and_fall

STILLS = 8
"""So many single frames stand for one clip in a batch: kinds are learnt from many stills."""


def losses_of(encoder: SemanticEncoder, batch: Batch, kl: float) -> dict[str, Tensor]:
    mean, log_variance = (t.float() for t in encoder.encode(batch.pixels.to(ARITHMETIC)))
    tokens = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    losses, _ = reading_losses(encoder, tokens.to(ARITHMETIC), batch.cells, batch.subjects, batch.scene)
    seen = {name: loss for name, loss in losses.items() if torch.isfinite(loss)}  # a batch of stills shows no motion
    picture = (encoder.reader(tokens.to(ARITHMETIC))[2].float() - thumbnails(batch.pixels)).square().mean()
    return {**seen, "picture": picture, "kl": divergence, "total": torch.stack(list(seen.values())).mean() + picture + kl * divergence}


@torch.no_grad()
def score(encoder: SemanticEncoder, clips: ClipSet, count: int) -> dict[str, float]:
    """What the means of held-out clips tell, in per cent, and how far the tokens spread."""
    batch = crops(clips, np.random.default_rng(1), count, 17, held_out=True)
    mean, _ = encoder.encode(batch.pixels)
    _, right = reading_losses(encoder, mean, batch.cells, batch.subjects, batch.scene)
    return {name: 100 * float(value) for name, value in right.items()} | {"spread": float(mean.std((0, 2, 3, 4)).mean())}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=WORK / "clips")
    parser.add_argument("--out", type=Path, default=WORK / "semantic_encoder")
    parser.add_argument("--channels", type=int, default=SemanticConfig.channels)
    parser.add_argument("--widths", default=",".join(map(str, SemanticConfig.widths)), help="from fine to coarse (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=6, help="clips of 17 frames")
    parser.add_argument("--kl", type=float, default=2e-3)
    parser.add_argument("--rate", type=float, default=0.01, help="of Muon")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--score-every", type=float, default=180, help="seconds between scores and checkpoints")
    parser.add_argument("--score-clips", type=int, default=32)
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    config = SemanticConfig(args.channels, widths=tuple(map(int, args.widths.split(","))))
    encoder = SemanticEncoder(config).to(memory_format=torch.channels_last_3d).train()
    run = Run(args.out, encoder, Muon(encoder, args.rate), 0.998, config.to_dict())
    run.resume()
    clips, master = ClipSet(args.data), Master(encoder)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        count, frames = (args.batch, 17) if rng.random() < 0.6 else (STILLS * args.batch, 1)
        return losses_of(master.fast, crops(clips, rng, count, frames), args.kl)

    def report() -> None:
        run.log("held out", **score(run.averaged(), clips, args.score_clips))  # type: ignore[arg-type]

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.5), report, label="clips", seed=args.seed, score_every=args.score_every)
    report()
    run.save()


if __name__ == "__main__":
    main()
