"""Samples videos that the reward learns from and is checked with: prompts of clips as training draws them, at few and many steps, each with what the detector sees.

    export-scripts/run sample_for_reward.py

Writes $SEEDANCE_WORK/reward/samples.npy (uint8 [N, F, H, W, 3]) and samples.pkl: a `Sample` each. Batches take turns with the numbers of steps and the kinds of prompts; 0 steps are the VAE's
reconstruction of the clip. The last fifth of the batches is for checks.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
import torch

from evaluate import KINDS, decode, load, sample_latents
from model.bundle import frame_shots
from model.flow import Sampling
from model.peers import TorchPeer
from pictures import to_frames, to_tensor
from precision import ARITHMETIC
from reward_data import Sample
from training import WORK
from world import Clip, render, sample_clip, world_options
from world.captions import full_shot_caption, is_withheld_text
from world.detector import describe_shots, score_clip

BATCH = 8


def draw(kind: str, rng: np.random.Generator, frames: int) -> tuple[Clip, list[str]]:
    """A clip of a kind of prompt that training may see, and full captions in either language."""
    options = world_options(subjects=2 if kind == "two" else 1, shots=2 if kind == "shots" else 1, frames=frames, sizes=(96, 64), crossing=0.0)
    while True:
        clip, language = sample_clip(rng, options), str(rng.choice(["en", "zh"]))
        captions = [full_shot_caption(shot, language, int(rng.integers(2**31)), usual=False) for shot in clip.shots]
        if not any(is_withheld_text(text) for text in captions) and not any(shot.close for shot in clip.shots):
            return clip, captions


@torch.no_grad()
def make(peer: TorchPeer, drawn: list[tuple[Clip, list[str]]], steps: int, noise: torch.Generator, guidance: float, shift: float) -> np.ndarray:
    """Frames for each, uint8 [B, F, H, W, 3]."""
    clip = drawn[0][0]
    f = (clip.frames - 1) // 4 + 1
    if not steps:
        x = to_tensor(np.stack([render(c) for c, _ in drawn])).to(ARITHMETIC).contiguous(memory_format=torch.channels_last_3d)
        return to_frames(peer.vae.decode(peer.vae.encode(x)[0]).float())
    start = torch.randn(len(drawn), peer.latent_channels, f, clip.height // 8, clip.width // 8, generator=noise)
    latents = sample_latents(peer, [captions for _, captions in drawn], [frame_shots(c, f) for c, _ in drawn], start, Sampling(steps, guidance, shift))
    return decode(peer, latents)


class FastPeer(TorchPeer):
    """Networks in the number type that is faster here."""

    def __init__(self, peer: TorchPeer):
        super().__init__(peer.bundle.to(ARITHMETIC), peer.vae.to(ARITHMETIC, memory_format=torch.channels_last_3d), peer.tokenizer, peer.statistics)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.vae.decode((z * self.std + self.mean).to(ARITHMETIC).contiguous(memory_format=torch.channels_last_3d)) for z in latents.split(1)]).float()


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--transformer", default="transformer", help="folder of the checkpoint below --work")
    parser.add_argument("--out", type=Path, default=WORK / "reward")
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--steps", default="25,2,8,4,16,3,0,6", help="comma-separated: numbers of steps that batches take in turn (default: %(default)s)")
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--shift", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args(argv)

    peer, turns = FastPeer(load(args.work, args.transformer)), [int(n) for n in args.steps.split(",")]
    rng, noise = np.random.default_rng(args.seed), torch.Generator().manual_seed(args.seed)
    batches = -(-args.count // BATCH)
    videos: list[np.ndarray] = []
    samples: list[Sample] = []
    for i in range(batches):
        steps = turns[i % len(turns)]
        drawn = [draw(KINDS[(i * BATCH + k) % len(KINDS)], rng, args.frames) for k in range(min(BATCH, args.count - i * BATCH))]
        made = make(peer, drawn, steps, noise, args.guidance, args.shift)
        videos.append(made)
        for (clip, captions), frames in zip(drawn, made, strict=True):
            seen = describe_shots(frames, clip.shots)
            samples.append(Sample(clip, captions, steps, score_clip(frames, clip.shots, seen), seen, i >= min(0.8 * batches, batches - 1)))
    args.out.mkdir(parents=True, exist_ok=True)
    np.save(args.out / "samples.npy", np.concatenate(videos))
    (args.out / "samples.pkl").write_bytes(pickle.dumps(samples))
    for steps in sorted(set(turns)):
        totals = [s.total for s in samples if s.steps == steps]
        if totals:
            print(f"{steps:3d} steps: {len(totals)} samples, total {100 * np.mean(totals):.1f} ± {100 * np.std(totals):.1f}", flush=True)


if __name__ == "__main__":
    main()
