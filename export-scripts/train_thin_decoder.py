"""Trains the thin decoder: half the widths of the VAE's own, for the same latents. The encoder stays as it is.

    export-scripts/run train_thin_decoder.py

Reads the trained VAE and the clips of render_dataset.py; writes $SEEDANCE_WORK/vae_thin/state.pt. With --full it goes on with the VAE's own decoder instead, in
$SEEDANCE_WORK/vae_full: latents do not change, so a transformer that was trained on them stays valid.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import ClipSet
from model.vae import TEMPORAL_STRIDE, Decoder, Past, Vae, VaeConfig
from muon import Muon
from precision import ARITHMETIC
from train_vae import crops, held_out_psnr, picture_loss
from training import WORK, Master, Run, load_average, rise_and_fall


def thin(config: VaeConfig) -> VaeConfig:
    return dataclasses.replace(config, widths=tuple(w // 2 for w in config.widths))


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
    run = Run(args.out or WORK / ("vae_full" if args.full else "vae_thin"), decoder, Muon(decoder, args.rate), 0.998, config.to_dict())
    run.resume()
    encoder = copy.deepcopy(vae).to(ARITHMETIC, memory_format=torch.channels_last_3d)
    clips, master = ClipSet(args.data), Master(decoder)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        x = crops(clips, rng, args.batch, args.frames).pixels
        with torch.no_grad():
            mean, log_variance = encoder.encode(x.to(ARITHMETIC))
            z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return {"total": picture_loss(master.fast(z, Past())[:, :, TEMPORAL_STRIDE - 1:].float(), x)}

    def score(count: int = 12) -> None:
        vae.decoder = run.averaged()  # type: ignore[assignment]
        run.log("held out", psnr=held_out_psnr(vae, clips, count))  # type: ignore[arg-type]

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.4), score, label="clips", seed=args.seed, score_every=args.score_every)
    score(args.score_clips)
    run.save()


if __name__ == "__main__":
    main()
