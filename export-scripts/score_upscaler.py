"""Scores super-resolution on clips that it never saw: the VAE's reconstructions enlarged four times, against clips rendered at that size.

    export-scripts/run score_upscaler.py

For the network and for bicubic enlargement: PSNR in dB; SSIM on luma (Wang et al., 2004, 11x11 Gaussian of sigma 1.5); `perceptual`, the mean distance of the VAE encoder's
latents in standard deviations, 0 for equal pictures; `detail`, the energy of the Laplacian over that of the truth (1 is right, below is blurred); `reward`, their sum
0.3 PSNR/40 + 0.3 SSIM + 0.2 exp(-perceptual) + 0.2 min(detail, 1/detail); `flicker`, the mean change from frame to frame that the truth does not have, in grey levels (of 255; for
the draft itself too); and what the detector reads at full size, in per cent.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from evaluate import load_vae
from model.upscaler import SCALE, Upscaler, UpscalerConfig
from model.vae import Vae
from pictures import psnr, to_frames, to_tensor
from render_dataset import draw_clips
from train_upscaler import bicubic, draft_of
from training import WORK, load_average
from world import enlarged, render
from world.detector import score_clip
from world.sheet import sheet

Frames = np.ndarray
LUMA = np.array([0.299, 0.587, 0.114])


def ssim(a: Frames, b: Frames) -> float:
    x, y = (v.astype(np.float64) @ LUMA for v in (a, b))
    blur: Callable[[np.ndarray], np.ndarray] = lambda v: ndimage.gaussian_filter(v, (0, 1.5, 1.5), truncate=3.5)  # noqa: E731
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean())


def detail(a: Frames, b: Frames) -> float:
    energy = [np.square(ndimage.laplace(v.astype(np.float64) @ LUMA, mode="nearest")).mean() for v in (a, b)]
    return float(energy[0] / max(energy[1], 1e-9))


def flicker(a: Frames, b: Frames) -> float:
    changes = [np.diff(v.astype(np.float64), axis=0) for v in (a, b)]
    return float(np.abs(changes[0] - changes[1]).mean())


@torch.no_grad()
def perceptual(vae: Vae, std: Tensor, a: Frames, b: Frames) -> float:
    """On every fourth frame, each alone."""
    x, y = (vae.encode(to_tensor(v[::4][:, None]))[0] for v in (a, b))
    return float(((x - y).abs() / std).mean())


def measure(vae: Vae, std: Tensor, made: Frames, full: Frames) -> dict[str, float]:
    row = {"psnr": psnr(to_tensor(made[None]), to_tensor(full[None])), "ssim": ssim(made, full), "perceptual": perceptual(vae, std, made, full), "detail": detail(made, full)}
    kept = min(row["detail"], 1 / max(row["detail"], 1e-9))
    reward = 0.3 * min(row["psnr"] / 40, 1) + 0.3 * row["ssim"] + 0.2 * float(np.exp(-row["perceptual"])) + 0.2 * kept
    return row | {"reward": reward, "flicker": flicker(made, full)}


@torch.no_grad()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--seed", type=int, default=78)
    parser.add_argument("--json", type=Path, help="write the scores there too")
    parser.add_argument("--sheet", type=Path, help="write bicubic, network and truth of the first 3 clips there")
    args = parser.parse_args(argv)

    vae = load_vae(args.work)
    std = torch.tensor(json.loads((args.work / "vae" / "statistics.json").read_text())["std"])[None, :, None, None, None]
    upscaler = load_average(args.work / "upscaler" / "state.pt", lambda c: Upscaler(UpscalerConfig(**c)))
    clips = [c for bucket in draw_clips("whole", "17", args.clips, args.seed).values() for c in bucket]
    rows: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    pages: list[Frames] = []
    for i, clip in enumerate(clips):
        full, shots = render(enlarged(clip, SCALE)), enlarged(clip, SCALE).shots
        clean = draft_of(full)
        x = to_tensor(clean[None])
        draft = vae.decode(vae.encode(x)[0]).clamp(-1, 1)
        decoded = to_frames(draft)[0]
        made = {"network": to_frames(upscaler(draft))[0], "bicubic": to_frames(bicubic(draft))[0]}
        for name, frames in made.items():
            for key, value in measure(vae, std, frames, full).items():
                rows[name][key].append(value)
        for name, frames, expected in (("network", made["network"], shots), ("truth", full, shots), ("draft", decoded, clip.shots)):
            for slot, mentions in score_clip(frames, expected).items():
                rows[name][slot] += [100.0 * right for right in mentions]
        rows["draft"]["flicker"].append(flicker(decoded, clean))
        if i < 3:
            pages += [made["bicubic"], made["network"], full]
    report = {name: {key: float(np.mean(values)) for key, values in row.items()} for name, row in rows.items()}
    for name, row in report.items():
        print(f"{name:<16}" + "  ".join(f"{key} {value:.3g}" for key, value in row.items()))
    if args.json:
        args.json.write_text(json.dumps({name: {key: round(v, 3) for key, v in row.items()} for name, row in report.items()}, indent=2) + "\n")
    if args.sheet:
        sheet(pages, ["bicubic", "network", "truth"] * (len(pages) // 3), args.sheet, columns=3, scale=1)


if __name__ == "__main__":
    main()
