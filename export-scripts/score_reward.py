"""Scores the reward on clips and samples that its training never saw.

    export-scripts/run score_reward.py

For each head the area under the curve (the chance that a clip scores above one whose quality is spoilt, by a degree from 1/3 to 1; for alignment: that its own caption scores above one with a
single attribute wrong, and above another clip's); Spearman's rank correlation of the mean of the heads, and of alignment alone, with the detector's total on held-out samples of all numbers of steps and of
the highest; and per cent right of each slot that it reads from clips and, of the last, from captions.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from corruptions import CORRUPTIONS, corrupt, retold
from dataset import ClipSet
from evaluate import load
from model.bundle import Tokenizer
from model.reward import HEADS, Reward, RewardConfig
from model.text import TextEncoder
from pictures import to_tensor
from reward_data import SampleSet, clips_of_one_shape, encode, seen_in, truth_of
from training import WORK, load_average
from world import shot_captions

Scorer = Callable[[Tensor, list[list[str]]], np.ndarray]
"""Frames [B, 3, F, H, W] and the captions of each video's shots -> scores [B, 4]."""


@torch.no_grad()
def scorer(reward: Reward, encoder: TextEncoder, tokenizer: Tokenizer) -> Scorer:
    def score(sample: Tensor, captions: list[list[str]]) -> np.ndarray:
        with torch.no_grad():
            states, text = encode(encoder, tokenizer, captions)
            return reward(sample, states, text[1]).numpy()

    return score


def area(good: list[float], bad: list[float]) -> float:
    """The chance that one of `good` is above one of `bad`; a tie counts half."""
    above = np.subtract.outer(np.array(good), np.array(bad))
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def areas(score: Scorer, clips: ClipSet, count: int, seed: int) -> dict[str, float]:
    good: dict[str, list[float]] = defaultdict(list)
    bad: dict[str, list[float]] = defaultdict(list)
    rng, seen = np.random.default_rng(seed), 0
    while seen < count:
        drawn = clips_of_one_shape(clips, rng, 4 * 17, held_out=True)
        seen += len(drawn)
        captions = [shot_captions(clip, rng) for _, clip in drawn]
        right = score(to_tensor(np.stack([frames for frames, _ in drawn])), captions)
        for i, head in enumerate(HEADS):
            good[head] += right[:, i].tolist()
        for head in CORRUPTIONS:
            tried = [(corrupt(head, clip, frames, rng, rng.uniform(1 / 3, 1)), words) for (frames, clip), words in zip(drawn, captions, strict=True)]
            spoilt = [(frames, words) for frames, words in tried if frames is not None]
            if spoilt:
                bad[head] += score(to_tensor(np.stack([frames for frames, _ in spoilt])), [words for _, words in spoilt])[:, HEADS.index(head)].tolist()
        sample = to_tensor(np.stack([frames for frames, _ in drawn]))
        bad["alignment"] += score(sample, [[text for text, _ in retold(clip, rng)[1]] for _, clip in drawn])[:, 0].tolist()
        bad["other"] += score(sample, captions[1:] + captions[:1])[:, 0].tolist()
    return {f"auc {name}": area(good["alignment" if name == "other" else name], values) for name, values in bad.items()}


def ranks(score: Scorer, samples: SampleSet) -> dict[str, float]:
    """Spearman's correlations with the detector's total."""
    rows = samples.held_out
    made = np.concatenate([score(samples.frames(rows[i:i + 8]), [samples.samples[r].captions for r in rows[i:i + 8]]) for i in range(0, len(rows), 8)])
    totals, steps = (np.array([getattr(samples.samples[r], name) for r in rows]) for name in ("total", "steps"))
    values = {"spearman": stats.spearmanr(made.mean(1), totals).statistic, "of alignment": stats.spearmanr(made[:, 0], totals).statistic}
    most = steps == steps.max()
    values[f"of {steps.max()} steps"] = stats.spearmanr(made.mean(1)[most], totals[most]).statistic
    return {name: float(v) for name, v in values.items()} | {f"mean {head}": float(made[:, i].mean()) for i, head in enumerate(HEADS)}


@torch.no_grad()
def slots(reward: Reward, clips: ClipSet, count: int, seed: int) -> dict[str, float]:
    """Per cent right of what is read from clips, where shots begin being known, and of the cuts."""
    right: dict[str, list[bool]] = defaultdict(list)
    rng, seen = np.random.default_rng(seed), 0
    while seen < count:
        drawn = clips_of_one_shape(clips, rng, 4 * 17, held_out=True)
        seen += len(drawn)
        sample = to_tensor(np.stack([frames for frames, _ in drawn]))
        truth, views = truth_of([seen_in(clip) for _, clip in drawn], *sample.shape[2:]), reward.see(sample)
        reading = reward.watcher.read(views, truth.shots, truth.starts)
        right["colour"] += ((reading.present > 0) == (truth.present > 0))[truth.present >= 0].tolist()
        for name, logits, classes in zip(("kind", "place", "motion", "background", "camera", "style"), [*reading.subjects, *reading.scene], [*truth.subjects, *truth.scene], strict=True):
            right[name] += (logits.argmax(-1) == classes)[classes >= 0].tolist()
        right["cut"] += ((views.cuts > 0) == (truth.starts > 0))[:, 1:].flatten().tolist()
    return {name: 100 * float(np.mean(values)) for name, values in right.items()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--data", type=Path, default=WORK / "clips")
    parser.add_argument("--transformer", default="transformer", help="folder of the checkpoint whose text encoder reads the captions")
    parser.add_argument("--clips", type=int, default=160)
    parser.add_argument("--seed", type=int, default=79)
    parser.add_argument("--json", type=Path, help="write the scores there too")
    args = parser.parse_args(argv)

    peer = load(args.work, args.transformer)
    reward: Reward = load_average(args.work / "reward" / "state.pt", lambda c: Reward(RewardConfig.from_dict(c)))  # type: ignore[assignment]
    score, clips = scorer(reward, peer.bundle.text, peer.tokenizer), ClipSet(args.data)
    report = areas(score, clips, args.clips, args.seed) | slots(reward, clips, args.clips, args.seed)
    if (args.work / "reward" / "samples.pkl").exists():
        report |= ranks(score, SampleSet(args.work / "reward"))
    for name, value in report.items():
        print(f"{name:<18}{value:.3f}")
    if args.json:
        args.json.write_text(json.dumps({name: round(v, 4) for name, v in report.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
