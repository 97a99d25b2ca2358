"""Trains the reward: what a video shows, what captions say, and three qualities, from rendered truth, controlled corruptions and the model's own samples.

    export-scripts/run sample_for_reward.py
    export-scripts/run train_reward.py

Reads the clips of render_dataset.py, the text encoder of the trained transformer (it stays as it is) and, where there are any, the samples. Begins with many stills, from which colours and kinds
are learnt soonest, then clips. Writes $SEEDANCE_WORK/reward/state.pt, and scores held-out clips and samples as it goes (score_reward.py tells what the figures are).
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from corruptions import CORRUPTIONS, corrupt, retold
from dataset import ClipSet
from model.bundle import Bundle, Text, Tokenizer
from model.reward import HEADS, Reading, Reward, RewardConfig, Views, Words, alignment
from model.text import MAX_SHOTS, TextEncoder
from muon import Muon
from pictures import to_tensor
from reward_data import SampleSet, Told, Truth, all_said, clips_of_one_shape, encode, said_by, seen_by_detector, seen_in, share_right, stills, truth_of
from score_reward import areas, ranks, scorer, slots
from training import WORK, Master, Run, fail, load_average, rise_and_fall
from world import Clip
from world.captions import told_shots

STILLS = 64
"""Frames of a step at the start."""
CAPTIONS = 24
"""Of a step at the start."""
SAMPLES = 3
"""Samples of a step."""
UNKNOWN = -1.0
LIKENESS = (0.55, 0.95)
"""The detector's likeness of a subject to its kind that stands for a structure of 0 and of 1."""


def entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Mean cross-entropy over the classes that are known; 0 if none is."""
    return F.cross_entropy(logits.flatten(0, -2), classes.flatten(), ignore_index=-1, reduction="sum") / (classes >= 0).sum().clamp(min=1)


def binary(logits: Tensor, targets: Tensor) -> Tensor:
    """The same for shares from 0 to 1."""
    known = (targets >= 0).float()
    return (F.binary_cross_entropy_with_logits(logits, targets.clamp(min=0), reduction="none") * known).sum() / known.sum().clamp(min=1)


def seeing_losses(views: Views, reading: Reading, truth: Truth) -> dict[str, Tensor]:
    return {"cells": entropy(views.cells.permute(0, 1, 3, 4, 2), truth.cells), "cut": binary(views.cuts[:, 1:], truth.starts[:, 1:]), "colour": binary(reading.present, truth.present),
            **{name: entropy(logits, classes) for name, logits, classes in zip(("kind", "place", "motion"), reading.subjects, truth.subjects, strict=True)},
            **{name: entropy(logits, classes) for name, logits, classes in zip(("background", "camera", "style"), reading.scene, truth.scene, strict=True)}}


def hearing_loss(words: Words, text: Text, clips: Sequence[Clip], told: Sequence[Told]) -> Tensor:
    """What captions say, which of two subjects they name first being theirs to say, and which shot each token speaks of."""
    subjects, scene = said_by(clips, [[said for _, said in shots] for shots in told], words.shots.shape[1])
    orders = []
    for order in (subjects, subjects.flip(3)):
        orders.append(sum(F.cross_entropy(logits.flatten(0, -2), order[i].flatten(), ignore_index=-1, reduction="none").reshape(order[i].shape).sum(-1)
                          for i, logits in enumerate(words.subjects)))
    best = torch.minimum(*orders).sum() / (2 * (scene[0] >= 0).sum())  # type: ignore[call-overload]
    tokens = entropy(words.tokens, torch.where(text[1] > 0, text[2], -1))
    return best + sum(entropy(logits, classes) for logits, classes in zip(words.scene, scene, strict=True)) + tokens  # type: ignore[return-value]


def with_shots(reading: Reading, count: int) -> Reading:
    """As many shots as captions may speak of: those that the video has not are not there."""
    more = lambda t: F.pad(t, (0, 0) * (t.ndim - 2) + (0, count - t.shape[1]))  # noqa: E731
    return Reading(more(reading.present), [more(t) for t in reading.subjects], [more(t) for t in reading.scene], more(reading.there))


def twice(reading: Reading) -> Reading:
    """The same videos two times."""
    both = lambda t: torch.cat([t, t])  # noqa: E731
    return Reading(both(reading.present), [both(t) for t in reading.subjects], [both(t) for t in reading.scene], both(reading.there))


class Losses:
    """What a step minimises."""

    def __init__(self, clips: ClipSet, samples: SampleSet | None, encoder: TextEncoder, tokenizer: Tokenizer, frames: int):
        self.clips, self.samples, self.encoder, self.tokenizer, self.frames = clips, samples, encoder, tokenizer, frames

    def hear(self, reward: Reward, captions: list[list[str]]) -> tuple[Words, Text]:
        states, text = encode(self.encoder, self.tokenizer, captions)
        return reward.listener(states, text[1]), text

    def of_stills(self, reward: Reward, rng: np.random.Generator) -> dict[str, Tensor]:
        sample, truth = stills(self.clips, rng, STILLS)
        views = reward.see(sample)
        losses = seeing_losses(views, reward.watcher.read(views, truth.shots, truth.starts), truth)
        clips = [self.clips.random(rng)[1] for _ in range(CAPTIONS)]
        told = [told_shots(clip, rng) for clip in clips]
        words, text = self.hear(reward, [[text for text, _ in shots] for shots in told])
        losses = {name: losses[name] for name in ("cells", "colour", "kind", "background", "style")} | {"words": hearing_loss(words, text, clips, told)}
        return losses | {"total": 2 * losses["cells"] + losses["colour"] + losses["kind"] + 0.3 * losses["background"] + 0.3 * losses["style"] + 0.1 * losses["words"]}

    def of_clips(self, reward: Reward, rng: np.random.Generator) -> dict[str, Tensor]:
        drawn = clips_of_one_shape(self.clips, rng, self.frames)
        videos, known, quality = [], [], []
        for i, (frames, clip) in enumerate(drawn):
            head = list(CORRUPTIONS)[int(rng.integers(len(CORRUPTIONS)))] if i % 2 else None
            degree = float(rng.uniform(0.1, 1))
            spoilt = corrupt(head, clip, frames, rng, degree) if head else None
            row = [1.0] * len(CORRUPTIONS)
            if spoilt is not None:
                # What is spoilt a little is still of some worth; what else suffers with it is not said.
                row = [1 - (0.5 + 0.5 * degree) if name == head else 1.0 if (head, name) == ("motion", "aesthetics") else UNKNOWN for name in CORRUPTIONS]
            videos.append(frames if spoilt is None else spoilt)
            known.append(spoilt is None or (head == "aesthetics" and degree < 0.7))
            quality.append(row)
        sample = to_tensor(np.stack(videos))
        truth = truth_of([seen_in(clip) for _, clip in drawn], *sample.shape[2:], known)
        # What was spoilt may seem to be cut elsewhere.
        starts, clips = truth.starts.clone(), [clip for _, clip in drawn]
        truth.starts[[i for i, k in enumerate(known) if not k]] = UNKNOWN
        views = reward.see(sample)
        reading = reward.watcher.read(views, truth.shots, starts)
        losses = seeing_losses(views, reading, truth)
        losses["quality"] = binary(reward.judge(views), torch.tensor(quality))

        told = [told_shots(clip, rng) for clip in clips]
        wrong = [(clips[(i + 1) % len(clips)], told_shots(clips[(i + 1) % len(clips)], rng)) if rng.random() < 0.25 else retold(clip, rng) for i, clip in enumerate(clips)]
        asked, said = clips + [c for c, _ in wrong], told + [t for _, t in wrong]
        words, text = self.hear(reward, [[text for text, _ in shots] for shots in said])
        losses["words"] = hearing_loss(words, text, asked, said)
        shares = torch.tensor([share_right(a, [s for _, s in t], clips[i % len(clips)].shots) for i, (a, t) in enumerate(zip(asked, said, strict=True))])
        error = (alignment(words, with_shots(twice(reading), MAX_SHOTS)) - shares).square()
        losses["align"] = error[torch.tensor(known * 2)].mean()
        total = (losses["cells"] + losses["cut"] + losses["colour"] + sum(losses[name] for name in ("kind", "place", "motion", "camera")) + 0.3 * (losses["background"] + losses["style"])
                 + 2 * losses["quality"] + 0.1 * losses["words"] + 4 * losses["align"])
        if self.samples:
            own = self.of_samples(reward, self.samples, rng)
            losses |= own
            total = total + own["own slots"] + 8 * own["own align"] + own["own structure"] + own["own order"]
        return losses | {"total": total}

    def of_samples(self, reward: Reward, samples: SampleSet, rng: np.random.Generator) -> dict[str, Tensor]:
        """The model's own samples: what the detector sees in them, how much of what was asked for that is, how like its kind a subject is, and which of two samples is better."""
        rows = rng.choice(samples.training, SAMPLES, replace=False).tolist()
        of = [samples.samples[r] for r in rows]
        truth = samples.truth(rows)
        views = reward.see(samples.frames(rows))
        reading = reward.watcher.read(views, truth.shots, truth.starts)
        words, _ = self.hear(reward, [s.captions for s in of])
        share = torch.tensor([share_right(s.clip, all_said(s.clip), seen_by_detector(s.seen, s.clip)) for s in of])
        seeing, align, judged = seeing_losses(views, reading, truth), alignment(words, with_shots(reading, MAX_SHOTS)), reward.judge(views)
        likeness = torch.tensor([np.mean([x.sighting.likeness for shot in s.seen for x in shot.subjects] or [0.0]) for s in of], dtype=torch.float32)
        structure = ((likeness - LIKENESS[0]) / (LIKENESS[1] - LIKENESS[0])).clamp(0, 1)
        mean = (align + judged.sigmoid().sum(1)) / len(HEADS)
        totals = torch.tensor([s.total for s in of])
        pairs = torch.tensor([(i, j) for i, j in itertools.permutations(range(len(of)), 2) if totals[i] > totals[j]], dtype=torch.int64).reshape(-1, 2)
        order = F.softplus((mean[pairs[:, 1]] - mean[pairs[:, 0]]) / 0.1)
        return {"own slots": sum(seeing[name] for name in ("cells", "cut", "colour", "kind", "place", "motion", "camera", "style")) + 0.3 * seeing["background"],  # type: ignore[dict-item]
                "own align": (align - share).square().mean(), "own structure": binary(judged[:, 0], structure), "own order": order.sum() / max(1, len(pairs))}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=WORK / "clips")
    parser.add_argument("--transformer", type=Path, default=WORK / "transformer", help="checkpoint whose text encoder reads the captions")
    parser.add_argument("--tokenizer", type=Path, default=WORK / "tokenizer" / "spiece.model")
    parser.add_argument("--out", type=Path, default=WORK / "reward", help="also where the samples are")
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--stills", type=int, default=450, help="steps at the start on single frames")
    parser.add_argument("--frames", type=int, default=68, help="frames of clips a step")
    parser.add_argument("--widths", type=lambda text: tuple(int(n) for n in text.split(",")), default=RewardConfig.widths, help="of the trunk, comma-separated, at 1/2, 1/4 and 1/8 of the size")
    parser.add_argument("--width", type=int, default=RewardConfig.width)
    parser.add_argument("--rate", type=float, default=0.01, help="of Muon")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--score-every", type=float, default=180, help="seconds between scores and checkpoints")
    parser.add_argument("--score-clips", type=int, default=96, help="held-out clips of the last score")
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    if len(args.widths) != 3:
        fail(f"--widths must be three numbers, but are {args.widths}.")
    encoder: TextEncoder = load_average(args.transformer / "state.pt", Bundle.from_config).text  # type: ignore[assignment]
    tokenizer = Tokenizer.load(args.tokenizer)
    samples = SampleSet(args.out) if (args.out / "samples.pkl").exists() else None
    config = RewardConfig(encoder.config.width, args.widths, width=args.width)
    reward = Reward(config).train()
    reward.trunk.to(memory_format=torch.channels_last)
    run = Run(args.out, reward, Muon(reward, args.rate, is_vector=lambda name, p: p.ndim < 2 or "queries" in name), 0.995, config.to_dict())
    run.resume()
    clips, master = ClipSet(args.data), Master(reward)
    for part in (master.fast.watcher, master.fast.listener, master.fast.judge):
        part.float()  # small, and places need more digits
    losses = Losses(clips, samples, encoder, tokenizer, args.frames)

    def step(rng: np.random.Generator) -> dict[str, Tensor]:
        return losses.of_stills(master.fast, rng) if run.step < args.stills else losses.of_clips(master.fast, rng)

    def report(count: int = 24) -> None:
        averaged: Reward = run.averaged()  # type: ignore[assignment]
        score = scorer(averaged, encoder, tokenizer)
        run.log("slots", **slots(averaged, clips, count, args.seed))
        run.log("held out", **areas(score, clips, count, args.seed))
        if samples:
            run.log("samples", **ranks(score, samples))

    rate = lambda at: rise_and_fall(at, args.steps, 0.5)  # noqa: E731
    for until, label in ((min(args.stills, args.steps), "stills"), (args.steps, "clips")):
        run.train(until, master, step, rate, report, label=label, seed=args.seed, score_every=args.score_every)
    report(args.score_clips)
    run.save()


if __name__ == "__main__":
    main()
