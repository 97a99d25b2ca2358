"""Trains the causal video VAE on windows of clips.

    export-scripts/run train_vae.py

Reads the clips of render_dataset.py; writes $SEEDANCE_WORK/vae/state.pt. Prints PSNR on held-out clips as it goes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from dataset import ClipSet
from encode_dataset import subject_cells
from model.bundle import frame_shots
from model.vae import SLOTS, SPATIAL_STRIDE, Vae, VaeConfig
from muon import Muon
from pictures import psnr, to_tensor
from precision import ARITHMETIC
from training import WORK, Master, Run, fail, rise_and_fall
from world import Clip
from world.vocabulary import BACKGROUNDS, CAMERAS

CROP = 64
WORDS_BATCH = (64, 1)
"""Clips and frames of a step at the start."""
LEAST_CELLS = 4
"""Of a subject inside a window, so that its kind can be seen."""
SCENE_WEIGHT = 0.6
"""Of the reader's mean cross-entropy beside the picture's loss."""


@dataclass(frozen=True)
class Batch:
    """Windows of clips [B, 3, F, H, W], and what they show: the number of the subject in each latent cell [B, f, h, w] (0: none), and the class of every slot, -1 where
    there is none to see: of the two subjects [4, B, f, 2] and of the scene [2, B, f, 1]."""

    pixels: Tensor
    cells: Tensor
    subjects: Tensor
    scene: Tensor


def crops(clips: ClipSet, rng: np.random.Generator, count: int, frames: int, *, held_out: bool = False) -> Batch:
    """Random 64x64 windows of random clips, on the latents' grid."""
    f, size = (frames - 1) // 4 + 1, CROP // SPATIAL_STRIDE
    pixels, cells = np.empty((count, frames, CROP, CROP, 3), np.uint8), np.empty((count, f, size, size), np.int64)
    subjects, scene = np.empty((4, count, f, 2), np.int64), np.empty((2, count, f, 1), np.int64)
    for i in range(count):
        video, clip = clips.random(rng, held_out=held_out)
        t, y, x = (int(rng.integers(0, room + 1)) for room in ((clip.frames - frames) // 4, (clip.height - CROP) // SPATIAL_STRIDE, (clip.width - CROP) // SPATIAL_STRIDE))
        pixels[i] = video[4 * t:4 * t + frames, SPATIAL_STRIDE * y:SPATIAL_STRIDE * y + CROP, SPATIAL_STRIDE * x:SPATIAL_STRIDE * x + CROP]
        cells[i] = subject_cells(clip)[t:t + f, y:y + size, x:x + size]
        subjects[:, i], scene[:, i] = classes_of(clip, cells[i], t)
    return Batch(to_tensor(pixels).contiguous(memory_format=torch.channels_last_3d), *(torch.from_numpy(a) for a in (cells, subjects, scene)))


def classes_of(clip: Clip, cells: np.ndarray, begin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What the latent frames from `begin` on show, whose cells belong to the subjects [f, h, w]: classes of the two subjects [4, f, 2] and of the scene [2, f, 1], -1 where none can be seen."""
    subjects, scene = np.full((4, len(cells), 2), -1), np.full((2, len(cells), 1), -1)
    for j, s in enumerate(frame_shots(clip, begin + len(cells))[begin:]):
        shot = clip.shots[s]
        scene[:, j, 0] = BACKGROUNDS.index(shot.background), CAMERAS.index(shot.camera)
        for n, subject in enumerate(shot.subjects):
            if (cells[j] == n + 1).sum() >= LEAST_CELLS:
                subjects[:, j, n] = [slot.index(word) for slot, word in zip(SLOTS, (subject.kind, subject.colour, subject.motion, shot.style), strict=False)]
    subjects[2, 0], scene[1, 0] = -1, -1  # neither motion nor camera can be seen in a first frame
    return subjects, scene


def reading_loss(vae: Vae, z: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of the reader a slot [6], over the means of the latents z [B, C, f, h, w] in each subject's cells, and over all cells for the scene."""
    z = z.permute(0, 2, 3, 4, 1)
    of = (batch.cells[..., None] == torch.arange(1, 3)).float()
    subjects = torch.einsum("bfhwc,bfhwn->bfnc", z, of) / of.sum((2, 3)).clamp(min=1)[..., None]
    logits = vae.reader(subjects[:, :, None].to(ARITHMETIC))[:4] + vae.reader(z.mean((2, 3))[:, :, None, None].to(ARITHMETIC))[4:]
    losses = [F.cross_entropy(said.float().flatten(0, -2), classes.flatten(), ignore_index=-1, reduction="sum") / (classes >= 0).sum().clamp(min=1)
              for said, classes in zip(logits, [*batch.subjects, *batch.scene], strict=True)]
    return torch.stack(losses)


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
    motion = (difference[:, :, 1:] - difference[:, :, :-1]).abs().sum() / difference.numel()
    return pixel + 0.3 * gradient + 0.3 * motion


def losses_of(vae: Vae, batch: Batch, rng: np.random.Generator, args: argparse.Namespace, *, words: bool) -> dict[str, Tensor]:
    """The picture's loss, a faint pull of the latents towards a standard normal, and what the reader gets wrong.

    A diffusion transformer meets latents with noise in them and makes some that are a little wrong. So that what a prompt speaks of is what it sees first and gets wrong last:
    - a linear reader must find the words of `SLOTS` in noisy latents (Yao et al., arXiv 2501.01423, with exact truth for features);
    - half of the clips are decoded from latents with some noise left in them (Yang et al., arXiv 2507.15856);
    - latents averaged over 2x2 must, in a share of steps, decode to the picture at half its size: latents that change with scale as pictures do have less in them
      that must be guessed (Skorokhodov et al., arXiv 2502.14831; Kouzelis et al., arXiv 2502.09509).

    `words`: mostly the reader's loss; few are decoded.
    """
    x = batch.pixels
    mean, log_variance = (t.float() for t in vae.encode(x.to(ARITHMETIC)))
    z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    spread, centre = z.std((0, 2, 3, 4), keepdim=True), z.mean((0, 2, 3, 4), keepdim=True)
    share = lambda highest, n: torch.from_numpy(rng.uniform(0, highest, n).astype(np.float32))[:, None, None, None, None]  # noqa: E731

    wrong = reading_loss(vae, noisy((z - centre) / spread, share(args.read_noise, len(x))), batch)
    if words:
        z, x = z[:4], x[:4]
    if rng.random() < args.halved:
        z, x = half_size(z), half_size(x)
    else:
        z = centre + spread * noisy((z - centre) / spread, share(args.decode_noise, len(z)) * torch.from_numpy(rng.random(len(z)) < 0.5)[:, None, None, None, None])
    picture = picture_loss(vae.decode(z.to(ARITHMETIC)).float(), x)
    return {"picture": picture, **dict(zip(("kind", "colour", "motion", "style", "background", "camera"), wrong, strict=True)),
            "total": (0.1 if words else 1.0) * picture + args.kl * divergence + SCENE_WEIGHT * wrong.mean()}


def noisy(z: Tensor, share: Tensor) -> Tensor:
    """As a rectified flow mixes them: (1 - share) z + share noise."""
    return (1 - share) * z + share * torch.randn_like(z)


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
    latents = torch.cat([vae.encode(to_tensor(np.array(clips.random(rng)[0])[None]))[0].flatten(2)[0] for _ in range(count)], dim=1)
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
    parser.add_argument("--words", type=int, default=900, help="steps at the start on many single frames, most of which are only read: shapes are slow to be named")
    parser.add_argument("--read-noise", type=float, default=0.7, help="most noise in the latents that are read, 0 to 1")
    parser.add_argument("--decode-noise", type=float, default=0.3, help="most noise in the half of the latents that are decoded with some, 0 to 1")
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
        words = run.step < args.words
        return losses_of(master.fast, crops(clips, rng, *(WORDS_BATCH if words else (args.batch, args.frames))), rng, args, words=words)

    def score(count: int = 12) -> None:
        run.log("held out", psnr=held_out_psnr(run.averaged(), clips, count))  # type: ignore[arg-type]

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.4), score, label="clips", seed=args.seed, score_every=args.score_every)
    score(args.score_clips)
    write_statistics(run, clips)
    run.save()


if __name__ == "__main__":
    main()
