"""Scores the VAE on clips that it never saw: PSNR, and what the detector still reads from its reconstructions against what it reads from the truth.

    export-scripts/run score_vae.py --clips 100
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from model.vae import Vae, VaeConfig
from pictures import psnr, to_frames, to_tensor
from render_dataset import draw_clips
from train_thin_decoder import load_decoder
from training import WORK, load_average
from world import render
from world.detector import score_clip
from world.sheet import sheet

Frames = np.ndarray


@torch.no_grad()
def reconstruct(vae: Vae, frames: Frames) -> tuple[Frames, float]:
    """The decoded posterior mean, uint8 [F, H, W, 3], and its PSNR in dB before it was rounded."""
    x = to_tensor(frames[None])
    y = vae.decode(vae.encode(x)[0])
    return to_frames(y)[0], psnr(y, x)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vae", type=Path, default=WORK / "vae")
    parser.add_argument("--decoder", type=Path, help="checkpoint of train_thin_decoder.py to decode with (default: the VAE's own)")
    parser.add_argument("--clips", type=int, default=100, help="of each world")
    parser.add_argument("--frames", default="17,41", help="comma-separated lengths")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--json", type=Path, help="write the scores there too")
    parser.add_argument("--sheet", type=Path, help="write truth above reconstruction of the first 6 clips of each world there")
    args = parser.parse_args(argv)

    vae = load_average(args.vae / "state.pt", lambda c: Vae(VaeConfig.from_dict(c)))
    if args.decoder:
        vae.decoder = load_decoder(args.decoder)
    report: dict[str, dict[str, float]] = {}
    rows: list[Frames] = []
    for world in ("one", "two", "shots"):
        psnrs: list[float] = []
        truth: dict[str, list[bool]] = defaultdict(list)
        kept: dict[str, list[bool]] = defaultdict(list)
        clips = [clip for bucket in draw_clips(world, args.frames, args.clips, args.seed).values() for clip in bucket]
        for i, clip in enumerate(clips):
            frames = render(clip)
            decoded, decibels = reconstruct(vae, frames)
            psnrs.append(decibels)
            for slots, video in ((truth, frames), (kept, decoded)):
                for slot, mentions in score_clip(video, clip.shots).items():
                    slots[slot] += mentions
            if i < 6:
                rows += [frames, decoded]
        report[world] = {"psnr": float(np.mean(psnrs)), "psnr_worst": float(np.min(psnrs))}
        report[world] |= {slot: 100 * float(np.mean(kept[slot])) / max(1e-9, float(np.mean(values))) for slot, values in truth.items()}
        print(f"{world:<6}" + "  ".join(f"{k} {v:.1f}" for k, v in report[world].items()), flush=True)
    if args.json:
        args.json.write_text(json.dumps({k: {s: round(v, 2) for s, v in row.items()} for k, row in report.items()}, indent=2) + "\n")
    if args.sheet:
        sheet(rows, [f"{'decoded' if i % 2 else 'truth'}" for i in range(len(rows))], args.sheet)


if __name__ == "__main__":
    main()
