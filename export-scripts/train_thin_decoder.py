"""Trains the thin decoder: half the widths of the VAE's own, for the same latents. The encoder stays as it is.

    export-scripts/run train_thin_decoder.py

Reads the trained VAE and the clips of render_dataset.py; writes $SEEDANCE_WORK/vae_thin/state.pt. With --full it goes on with the VAE's own decoder instead, in
$SEEDANCE_WORK/vae_full: latents do not change, so a transformer that was trained on them stays valid.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dataset import ClipSet
from model.vae import TEMPORAL_STRIDE, Decoder, Past, Vae, VaeConfig
from muon import Muon
from train_vae import crops, picture_loss, psnr
from training import WORK, Master, Run, load_average, seed_step


def thin(config: VaeConfig) -> VaeConfig:
    return dataclasses.replace(config, widths=tuple(w // 2 for w in config.widths))


class Pair(nn.Module):
    """A frozen encoder and a decoder, with the surface of a VAE."""

    def __init__(self, vae: Vae, decoder: Decoder):
        super().__init__()
        self.vae, self.decoder = vae, decoder

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        return self.vae.encode(frames)

    def decode(self, latents: Tensor) -> Tensor:
        return self.decoder(latents, Past())[:, :, TEMPORAL_STRIDE - 1:]


def load_decoder(path: Path) -> Decoder:
    """A decoder of this script with its averaged weights."""
    return load_average(path, lambda c: Decoder(VaeConfig.from_dict(c)))  # type: ignore[return-value]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=WORK / "clips")
    parser.add_argument("--vae", type=Path, default=WORK / "vae")
    parser.add_argument("--out", type=Path, help="folder (default: $SEEDANCE_WORK/vae_thin, or vae_full)")
    parser.add_argument("--full", action="store_true", help="train the VAE's own decoder further")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--rate", type=float, default=0.02, help="of Muon")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--score-every", type=float, default=240, help="seconds between scores and checkpoints")
    parser.add_argument("--score-clips", type=int, default=64)
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    vae = load_average(args.vae / "state.pt", lambda c: Vae(VaeConfig.from_dict(c)))
    config = vae.config if args.full else thin(vae.config)
    decoder = (copy.deepcopy(vae.decoder) if args.full else Decoder(config)).to(memory_format=torch.channels_last_3d).train()
    optimiser = Muon(decoder, args.rate)
    run = Run(args.out or WORK / ("vae_full" if args.full else "vae_thin"), decoder, optimiser, 0.998, config.to_dict())
    run.resume()
    encoder = copy.deepcopy(vae).to(torch.bfloat16, memory_format=torch.channels_last_3d)
    clips, master, losses = ClipSet(args.data), Master(decoder), []
    last_log = last_score = time.time()

    def score(count: int) -> None:
        averaged = copy.deepcopy(run.model).eval()
        run.average.copy_to(averaged.parameters())
        run.log("held out", psnr=psnr(Pair(vae, averaged), clips, count))  # type: ignore[arg-type]

    while run.step < args.steps:
        optimiser.set_rate(min(1.0, (run.step + 1) / 100, 0.02 + 0.98 * (args.steps - run.step) / (0.4 * args.steps)))
        x = crops(clips, seed_step(args.seed, run.step), args.batch, args.frames).contiguous(memory_format=torch.channels_last_3d)
        with torch.no_grad():
            mean, log_variance = encoder.encode(x.bfloat16())
            z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        y = master.fast(z, Past())[:, :, TEMPORAL_STRIDE - 1:].float()
        loss = picture_loss(y, x)
        loss.backward()
        master.take_gradients()
        optimiser.step()
        master.give_weights()
        run.step += 1
        run.average.update(run.model.parameters(), run.step)
        losses.append(loss.item())
        if time.time() - last_log > 30:
            run.log("clips", loss=float(np.mean(losses)))
            last_log, losses = time.time(), []
        if time.time() - last_score > args.score_every:
            score(12)
            run.save()
            last_score = time.time()
    score(args.score_clips)
    run.save()


if __name__ == "__main__":
    main()
