"""Distils the guided transformer to one that needs few steps and no guidance; with --planner that of semantic tokens.

    export-scripts/run train_distilled.py
    export-scripts/run train_distilled.py --planner

Piecewise rectified flow (PeRFlow, Yan et al., arXiv 2405.07510): the way from noise to clip is cut into as many pieces as the student has steps, and its velocity at the
beginning of each piece is to lead, in one straight line, where the guided teacher arrives in several Euler steps. Half of the batches begin at clips with noise, half at noise
alone, from where the student goes its own way and is corrected at every place that it comes to, so that it learns from what it will see.
Reads $SEEDANCE_WORK/transformer (or --teacher) and latents/*, for one that follows semantic tokens also semantics/*; writes $SEEDANCE_WORK/transformer_distilled/state.pt, and scores samples
with the detector as it goes. With --planner it reads planner and semantics/*, and writes planner_distilled.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evaluate import KINDS, load_planner, load_vae, score
from latents import LatentSet
from model.bundle import Bundle, Text, Tokenizer, frame_shots
from model.flow import FEW, shifted
from model.peers import TorchPeer
from muon import Muon
from precision import ARITHMETIC
from train_transformer import SUBJECT_WEIGHT, draw_given, draw_plan, is_vector
from training import WORK, Master, Run, load_average
from world import shot_captions

SETS = ("one", "two", "shots", "whole", "long")


@dataclass(frozen=True)
class Prompt:
    """What velocities are asked with beside the noisy latents: text states, mask and shot ids, frame shots, the channels of given frames [B, 1 + C, f, h, w], and the plan, if any is followed."""

    states: Tensor
    text: Text
    shots: Tensor
    rest: Tensor
    plan: Tensor | None = None

    def velocity(self, bundle: Bundle, x: Tensor, sigma: Tensor) -> Tensor:
        """x [B, C, f, h, w] at noise levels [B] -> velocity, float32."""
        hidden = torch.cat([x, self.rest], dim=1).to(ARITHMETIC)
        return bundle.transformer(hidden, sigma * 1000, self.states, self.text[1], self.text[2], self.shots, self.plan).float()


def guided(teacher: Bundle, prompt: Prompt, empty: Prompt, guidance: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The teacher's velocity, led away from the empty prompt."""

    def velocity(x: Tensor, sigma: Tensor) -> Tensor:
        without = empty.velocity(teacher, x, sigma)
        return without + guidance * (prompt.velocity(teacher, x, sigma) - without)

    return velocity


def piece(number: Tensor, pieces: int, shift: float, share: float) -> Tensor:
    """The noise level at `share` of the way through each piece of `number` [B]; piece 0 begins at noise."""
    return shifted(1 - (number + share) / pieces, shift)


@torch.no_grad()
def straight(velocity: Callable[[Tensor, Tensor], Tensor], x: Tensor, number: Tensor, parts: int) -> Tensor:
    """The constant velocity that leads from x to where `parts` Euler steps through its piece lead."""
    begin, end = (piece(number, FEW.steps, FEW.shift, share) for share in (0.0, 1.0))
    at, sigma = x, begin
    for part in range(1, parts + 1):
        following = piece(number, FEW.steps, FEW.shift, part / parts)
        at = at + spread(following - sigma) * velocity(at, sigma)
        sigma = following
    return (at - x) / spread(end - begin)


def spread(values: Tensor) -> Tensor:
    return values[:, None, None, None, None]


def step_loss(master: Master[Bundle], teacher: Bundle, source: LatentSet, tokenizer: Tokenizer, rng: np.random.Generator, args: argparse.Namespace) -> dict[str, Tensor]:
    own_way = rng.random() < args.own_way
    drawn = source.draw(rng, args.batch // FEW.steps if own_way else args.batch, 5)
    clips, latents, stills, subject = drawn.clips, drawn.latents, drawn.stills, drawn.subjects
    b, _, f = latents.shape[:3]
    with torch.no_grad():
        text, nothing = tokenizer([shot_captions(clip, rng) for clip in clips]), tokenizer([[""]] * b)
        mask = draw_given(rng, args.given, b, f)
        rest, shots = torch.cat([mask.expand(b, 1, *latents.shape[2:]), mask * stills], dim=1), torch.tensor([frame_shots(clip, f) for clip in clips])
        plan = draw_plan(rng, drawn.semantics, torch.zeros(b, dtype=torch.bool))
        prompt, empty = (Prompt(teacher.text(*t), t, s, rest, p) for t, s, p in ((text, shots, plan), (nothing, torch.zeros_like(shots), None)))
    velocity, noise = guided(teacher, prompt, empty, args.guidance), torch.randn_like(latents)
    if not own_way:
        number = torch.from_numpy(rng.integers(FEW.steps, size=b)).float()
        sigma = spread(piece(number, FEW.steps, FEW.shift, 0.0))
        error = student_error(master.fast, velocity, prompt, (1 - sigma) * latents + sigma * noise, number, args.parts)[0]
        return {"total": (error * (1 + (SUBJECT_WEIGHT - 1) * (subject > 0))).mean(), "clips": error.mean()}
    x, errors = noise, []
    for step in range(FEW.steps):
        error, x = student_error(master.fast, velocity, prompt, x, torch.full((b,), float(step)), args.parts)
        errors.append(error.mean())
    return {"total": torch.stack(errors).mean(), "own": torch.stack(errors).mean().detach()}


def student_error(student: Bundle, teacher: Callable[[Tensor, Tensor], Tensor], prompt: Prompt, x: Tensor, number: Tensor, parts: int) -> tuple[Tensor, Tensor]:
    """Squared error of the student's velocity at the beginning of its piece, [B, f, h, w], and the end to which it leads, without gradient."""
    begin, end = (piece(number, FEW.steps, FEW.shift, share) for share in (0.0, 1.0))
    wanted = straight(teacher, x, number, parts)
    velocity = prompt.velocity(student, x, begin)
    return (velocity - wanted).square().mean(1), x + spread(end - begin) * velocity.detach()


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--planner", action="store_true", help="distil the transformer of semantic tokens")
    parser.add_argument("--teacher", type=Path, help="folder of its checkpoint (default: transformer, or planner, below --work)")
    parser.add_argument("--out", type=Path, help="folder (default: transformer_distilled, or planner_distilled, below --work)")
    parser.add_argument("--guidance", type=float, default=3.0, help="of the teacher")
    parser.add_argument("--parts", type=int, default=4, help="Euler steps of the teacher in each of the student's")
    parser.add_argument("--own-way", type=float, default=0.5, help="share of the batches in which the student goes its own way from noise")
    parser.add_argument("--given", type=float, default=0.2, help="share of the clips with given frames")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=24, help="pieces in a step")
    parser.add_argument("--rate", type=float, default=0.004, help="of Muon")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--score-every", type=float, default=420, help="seconds between scores and checkpoints")
    parser.add_argument("--score-prompts", type=int, default=8)
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.load(args.work / "tokenizer" / "spiece.model")
    part = "planner" if args.planner else "transformer"
    teacher: Bundle = load_average((args.teacher or args.work / part) / "state.pt", Bundle.from_config)  # type: ignore[assignment]
    of_tokens = lambda: json.loads((args.work / "semantic_encoder" / "statistics.json").read_text())  # noqa: E731
    follows = of_tokens() if teacher.transformer.config.semantic_channels else None
    statistics = of_tokens() if args.planner else json.loads((args.work / "vae" / "statistics.json").read_text())
    sets = [LatentSet(args.work / ("semantics" if args.planner else "latents") / name, statistics, (args.work / "semantics" / name, follows) if follows else None) for name in SETS]
    student = copy.deepcopy(teacher).train()
    student.text.requires_grad_(False)  # shared with the teacher
    run = Run(args.out or args.work / f"{part}_distilled", student, Muon(student, args.rate, args.rate / 10, is_vector=is_vector), 0.99, student.config)
    run.resume()
    master, vae = Master(student), None if args.planner else load_vae(args.work)
    planner = load_planner(args.work, tokenizer) if follows and (args.work / "planner" / "state.pt").exists() else None
    teacher.requires_grad_(False).to(ARITHMETIC)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        return step_loss(master, teacher, sets[int(rng.integers(len(sets)))], tokenizer, rng, args)

    def report(count: int = args.score_prompts) -> None:
        if vae is None:
            return  # what plans are worth is seen in the latents that follow them
        for kind, row in score(TorchPeer(run.averaged().to(ARITHMETIC), vae, tokenizer, statistics, planner), KINDS, count, FEW, simple=False).items():  # type: ignore[arg-type]
            if row:
                run.log(kind, **row)

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / 50) * max(0.02, 1 - step / args.steps)

    run.train(args.steps, master, losses, rate, report, label="distilled", seed=args.seed, score_every=args.score_every)
    report(2 * args.score_prompts)
    run.save()


if __name__ == "__main__":
    main()
