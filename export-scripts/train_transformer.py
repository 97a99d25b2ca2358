"""Trains the text encoder and the transformer on encoded clips, in stages: words, single frames, clips.

    export-scripts/run train_transformer.py

The order matters more than the hours: bind words to attributes before any pixel, then attributes to still frames, then to motion.
Reads $SEEDANCE_WORK/latents/*, tokenizer and vae; writes $SEEDANCE_WORK/transformer/state.pt, and scores samples with the detector as it goes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evaluate import KINDS, load_planner, score, score_stills
from latents import LatentSet
from model.bundle import Bundle, Text, Tokenizer, attribute_loss, frame_shots, scene_loss
from model.flow import Sampling, training_sigmas
from model.peers import TorchPeer
from model.semantic import planned
from model.text import TextConfig
from model.transformer import TransformerConfig
from model.vae import Vae, VaeConfig
from muon import Muon
from precision import ARITHMETIC
from training import WORK, Master, Run, fail, load_average
from world import Clip, shot_captions


@dataclass(frozen=True)
class Stage:
    """`frames` 0: words only; 1: first latent frames; otherwise whole clips, `batch` of so many latent frames. Rates, as shares of the highest, fall linearly."""

    name: str
    steps: int
    batch: int
    frames: int
    sets: tuple[str, ...]
    rates: tuple[float, float]
    shift: float = 2.0
    attributes: float = 0.05
    given: float = 0.0


PLANS = {
    "simple": [
        Stage("words", 500, 64, 0, ("simple",), (1, 1), attributes=1.0),
        Stage("frames", 600, 64, 1, ("simple",), (1, 1), attributes=0.1),
        Stage("clips", 2400, 24, 5, ("simple",), (1, 0.05), given=0.15),
    ],
    "whole": [
        Stage("words", 400, 64, 0, ("one", "two", "shots", "whole"), (1, 1), attributes=1.0),
        Stage("frames", 600, 64, 1, ("one", "two", "whole"), (1, 1), attributes=0.1),
        Stage("one", 200, 36, 5, ("one",), (1, 1), given=0.1),
        Stage("whole", 800, 36, 5, ("one", "two", "shots", "whole"), (1, 0.05), given=0.2),
    ],
    "more": [
        Stage("frames", 600, 64, 1, ("one", "two", "whole"), (1, 1), attributes=0.1),
        Stage("whole", 4000, 36, 5, ("one", "two", "shots", "whole", "long"), (1, 0.02), given=0.2),
    ],
}
SUBJECT_WEIGHT = 3.0
SCENE_WEIGHT = 0.2
DROP_TEXT = 0.1
DROP_PLAN = 0.5
"""The share of clips that are made of their words alone: the transformer is the teacher of one that follows no plan, too."""
MOST_PLAN_NOISE = 0.5
"""The largest share of noise in the semantic tokens that a clip is trained to follow."""


def is_vector(name: str, parameter: Tensor) -> bool:
    """What Adam trains: everything but the matrices of the blocks that visual tokens pass."""
    return parameter.ndim < 2 or not (".spatial." in name or ".temporal." in name) or "text" in name or "table" in name


def draw_given(rng: np.random.Generator, chance: float, batch: int, frames: int) -> Tensor:
    """Mask [B, 1, f, 1, 1] of given frames: none, the first, first and last, or any."""
    mask = torch.zeros(batch, 1, frames, 1, 1)
    for i in range(batch):
        if frames == 1 or rng.random() >= chance:
            continue
        kind = rng.random()
        if kind < 0.9:
            mask[i, :, 0] = 1
        if 0.5 <= kind < 0.8:
            mask[i, :, -1] = 1
        if kind >= 0.9:
            mask[i, 0, torch.from_numpy(rng.random(frames) < 0.4)] = 1
    return mask


def draw_plan(rng: np.random.Generator, semantics: Tensor | None, without_text: Tensor) -> Tensor | None:
    """The semantic tokens [B, 1 + C, f, h, w] of a set that has them, with noise as a made plan is not quite right; none for some clips, and for half of those without text."""
    if semantics is None:
        return None
    b = len(semantics)
    share = torch.from_numpy(rng.uniform(0, MOST_PLAN_NOISE, b).astype(np.float32))[:, None, None, None, None]
    there = torch.from_numpy(rng.random(b) >= DROP_PLAN) & ~(without_text & torch.from_numpy(rng.random(b) < 0.5))
    return planned(semantics, share) * there[:, None, None, None, None]


def step_loss(master: Master[Bundle], stage: Stage, source: LatentSet, tokenizer: Tokenizer, rng: np.random.Generator) -> dict[str, Tensor]:
    drawn = source.draw(rng, stage.batch, stage.frames)
    clips, latents, stills, subject = drawn.clips, drawn.latents, drawn.stills, drawn.subjects
    captions = [shot_captions(clip, rng) for clip in clips]
    if stage.frames == 1:
        captions = [c[:1] for c in captions]
        clips = [only_first_shot(clip) for clip in clips]
    text = tokenizer(captions)
    states = master.fast.text(*text)
    losses = {"attributes": attribute_loss(master.fast, states, text, clips) if stage.attributes else torch.zeros(())}
    if stage.frames == 0:
        return losses | {"total": losses["attributes"] * stage.attributes}

    dropped = torch.from_numpy(rng.random(len(clips)) < DROP_TEXT)
    states, text = without_text(master.fast, tokenizer, states, text, dropped)
    b, _, f = latents.shape[:3]
    noise = torch.randn_like(latents)
    sigma = training_sigmas(b, stage.shift)
    s = sigma[:, None, None, None, None]
    mask = draw_given(rng, stage.given, b, f)
    x = torch.cat([(1 - s) * latents + s * noise, mask.expand(b, 1, *latents.shape[2:]), mask * stills], dim=1)
    shots = torch.tensor([frame_shots(clip, f) for clip in clips])
    plan = draw_plan(rng, drawn.semantics, dropped)
    velocity, features = master.fast.transformer.with_features(x.to(ARITHMETIC), sigma * 1000, states, text[1], text[2], shots, plan)
    losses["scene"] = scene_loss(master.fast, features[~dropped], [c for c, d in zip(clips, dropped.tolist(), strict=True) if not d], subject[~dropped])
    velocity = velocity.float()
    error = (velocity - (noise - latents)).square().mean(1)
    losses["velocity"] = error.mean()
    weighted = (error * (1 + (SUBJECT_WEIGHT - 1) * (subject > 0))).mean()
    return losses | {"total": weighted + stage.attributes * losses["attributes"] + SCENE_WEIGHT * losses["scene"]}


def only_first_shot(clip: Clip) -> Clip:
    return clip if len(clip.shots) == 1 else Clip(clip.width, clip.height, clip.frames, clip.shots[:1], clip.seed, clip.language)


def without_text(bundle: Bundle, tokenizer: Tokenizer, states: Tensor, text: Text, dropped: Tensor) -> tuple[Tensor, Text]:
    """Replaces the captions of dropped rows by the empty prompt, so that guidance has something to point away from."""
    if not dropped.any():
        return states, text
    empty = tokenizer([[""]])
    length = int(empty[1].sum())
    blank = bundle.text(*(t[:, :length] for t in empty))
    keep = (~dropped).long()[:, None]
    ids = torch.arange(text[1].shape[1])[None] < length
    mask = text[1] * keep + (1 - keep) * ids.long()
    padded = torch.cat([blank.expand(len(states), -1, -1), states[:, length:]], dim=1)
    return torch.where(dropped[:, None, None], padded, states), (text[0], mask, text[2] * keep)


def train(run: Run, master: Master[Bundle], sets: dict[str, LatentSet], peer: TorchPeer, args: argparse.Namespace) -> None:
    first = 0
    for stage in PLANS[args.plan]:
        steps = max(1, round(stage.steps * args.scale))

        def rate(step: int, stage: Stage = stage, first: int = first, steps: int = steps) -> float:
            return (stage.rates[0] + (stage.rates[1] - stage.rates[0]) * (step - first) / steps) * min(1.0, (step + 1) / 100)

        def losses(rng: np.random.Generator, stage: Stage = stage) -> dict[str, Tensor]:
            return step_loss(master, stage, sets[stage.sets[int(rng.integers(len(stage.sets)))]], peer.tokenizer, rng)

        def score(stage: Stage = stage) -> None:
            report(run, peer, stage, args.score_prompts)

        first += steps
        run.train(first, master, losses, rate, score, label=stage.name, seed=args.seed, score_every=args.score_every)
    report(run, peer, stage, 2 * args.score_prompts)
    run.save()


def report(run: Run, peer: TorchPeer, stage: Stage, count: int) -> None:
    """Scores samples of the averaged weights; in stills the detector sees no motion, and words show nothing."""
    if stage.frames == 0:
        return
    judged = TorchPeer(run.averaged().to(ARITHMETIC), peer.vae, peer.tokenizer, peer.statistics, peer.planner)
    simple = set(stage.sets) == {"simple"}
    kinds = ("one",) if set(stage.sets) <= {"simple", "one"} else KINDS
    if stage.frames == 1:
        run.log("stills", **score_stills(judged, count, Sampling(steps=16), simple=simple))
        return
    for kind, row in score(judged, kinds, count, Sampling(steps=16), simple=simple).items():
        if row:
            run.log(kind, **row)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", choices=sorted(PLANS), default="whole")
    parser.add_argument("--out", type=Path, default=WORK / "transformer")
    parser.add_argument("--latents", type=Path, default=WORK / "latents")
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer" / "spiece.model")
    parser.add_argument("--vae", type=Path, default=WORK / "vae")
    parser.add_argument("--semantics", type=Path, help="folder of the semantic encoder: clips are made after semantic tokens (SemanticGen's second stage)")
    parser.add_argument("--planner", type=Path, default=WORK / "planner", help="folder of the planner that scores are made with, beside --semantics; where it holds none yet, without plans")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to begin with (default: from nothing)")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--pairs", type=int, default=5, help="pairs of a spatial and a temporal layer")
    parser.add_argument("--rate", type=float, default=0.015, help="of Muon, for the matrices inside the blocks")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies every stage's steps")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--score-every", type=float, default=420, help="seconds between scores and checkpoints")
    parser.add_argument("--score-prompts", type=int, default=24)
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.load(args.tokenizer)
    statistics = json.loads((args.vae / "statistics.json").read_text())
    semantics = json.loads((args.semantics / "statistics.json").read_text()) if args.semantics else None
    sets = {name: LatentSet(args.latents / name, statistics, (args.semantics.with_name("semantics") / name, semantics) if semantics else None)
            for name in {s for stage in PLANS[args.plan] for s in stage.sets}}
    vae = load_average(args.vae / "state.pt", lambda c: Vae(VaeConfig.from_dict(c)))
    if len(statistics["mean"]) != vae.config.latent_channels:
        fail(f"latents must have {vae.config.latent_channels} channels as the VAE, but have {len(statistics['mean'])}. Run encode_dataset.py again.")
    heads = args.width // 64
    transformer = TransformerConfig(vae.config.latent_channels, args.width, heads, args.pairs, text_width=args.width, semantic_channels=len(semantics["mean"]) if semantics else 0)
    bundle = Bundle(TextConfig(tokenizer.size, args.width, heads), transformer).train()
    if args.start and not (args.out / "state.pt").exists():
        bundle.load_state_dict(load_average(args.start, Bundle.from_config).state_dict(), strict=not semantics)  # what reads a plan begins as nothing
    bundle.text.requires_grad_(semantics is None)  # both stages of SemanticGen read the features that the first was trained on
    run = Run(args.out, bundle, Muon(bundle, args.rate, is_vector=is_vector), 0.998, bundle.config)
    run.resume()
    planner = None
    if semantics and (args.planner / "state.pt").exists():
        planner = load_planner(WORK, tokenizer, args.planner, args.semantics)
    train(run, Master(bundle), sets, TorchPeer(bundle, vae, tokenizer, statistics, planner), args)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
