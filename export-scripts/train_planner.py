"""Trains the first stage of SemanticGen: a transformer that makes the semantic tokens of a whole video from its text.

    export-scripts/run train_planner.py

It is the transformer of the second stage with one token a latent cell and temporal layers in which every token sees all of the video, on the text encoder of that transformer, which stays
as it is. Reads $SEEDANCE_WORK/transformer, semantic_encoder and semantics/*; writes $SEEDANCE_WORK/planner/state.pt, and asks the semantic encoder's reader what samples tell as it goes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evaluate import sample_latents
from latents import LatentSet
from model.bundle import Bundle, Tokenizer, frame_shots
from model.flow import Sampling
from model.peers import TorchPeer
from model.semantic import SemanticConfig, SemanticEncoder
from model.transformer import TransformerConfig
from muon import Muon
from precision import ARITHMETIC
from train_distilled import SETS
from train_transformer import Stage, is_vector, step_loss
from training import WORK, Master, Run, load_average, rise_and_fall
from world.prompts import evaluation_prompts
from world.vocabulary import COLOURS, KINDS


def planner_config(channels: int, width: int, pairs: int, text_width: int) -> TransformerConfig:
    return TransformerConfig(channels, width, width // 64, pairs, text_width, patch=1, window=0)


@torch.no_grad()
def score(peer: TorchPeer, encoder: SemanticEncoder, count: int, how: Sampling) -> dict[str, float]:
    """Per cent of held-out prompts of one subject of whose sampled tokens the reader tells the right colour and kind, by the vote of all tokens in which it sees somebody."""
    prompts = evaluation_prompts("one", count, 7, frames=17)
    right = {"colour": 0, "kind": 0}
    for prompt in prompts:
        clip = prompt.clip
        noise = torch.randn(1, peer.latent_channels, 5, clip.height // 16, clip.width // 16, generator=torch.Generator().manual_seed(7))
        tokens = sample_latents(peer, [list(prompt.shot_prompts)], [frame_shots(clip, 5)], noise, how) * peer.std + peer.mean
        said = encoder.reader(tokens)[0]
        somebody = said[0].argmax(-1) > 0
        for name, logits, slot in (("kind", said[0], KINDS), ("colour", said[1], COLOURS)):
            votes = logits[somebody][:, 1:].softmax(-1).sum(0)
            right[name] += bool(somebody.any()) and slot[int(votes.argmax())] == getattr(prompt.expected[0].subjects[0], name)
    return {name: 100 * n / len(prompts) for name, n in right.items()}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--pairs", type=int, default=4, help="pairs of a spatial and a temporal layer")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=36, help="clips of 17 frames")
    parser.add_argument("--rate", type=float, default=0.015, help="of Muon")
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--score-every", type=float, default=300, help="seconds between scores and checkpoints")
    parser.add_argument("--score-prompts", type=int, default=24)
    args = parser.parse_args(argv)

    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.load(args.work / "tokenizer" / "spiece.model")
    statistics = json.loads((args.work / "semantic_encoder" / "statistics.json").read_text())
    encoder: SemanticEncoder = load_average(args.work / "semantic_encoder" / "state.pt", lambda c: SemanticEncoder(SemanticConfig.from_dict(c)))  # type: ignore[assignment]
    sets = [LatentSet(args.work / "semantics" / name, statistics) for name in SETS]
    base: Bundle = load_average(args.work / "transformer" / "state.pt", Bundle.from_config)  # type: ignore[assignment]
    planner = Bundle(base.text.config, planner_config(encoder.config.channels, args.width, args.pairs, base.text.config.width)).train()
    planner.text.load_state_dict(base.text.state_dict())
    planner.text.requires_grad_(False)
    run = Run(args.work / "planner", planner, Muon(planner, args.rate, is_vector=is_vector), 0.998, planner.config)
    run.resume()
    master, stage = Master(planner), Stage("plans", args.steps, args.batch, 5, SETS, (1, 0), attributes=0.0, given=0.2)

    def losses(rng: np.random.Generator) -> dict[str, Tensor]:
        return step_loss(master, stage, sets[int(rng.integers(len(sets)))], tokenizer, rng)

    def report() -> None:
        peer = TorchPeer(run.averaged().to(ARITHMETIC), None, tokenizer, statistics)  # type: ignore[arg-type]
        run.log("held out", **score(peer, encoder, args.score_prompts, Sampling(8)))

    run.train(args.steps, master, losses, lambda step: rise_and_fall(step, args.steps, 0.8), report, label="plans", seed=args.seed, score_every=args.score_every)
    report()
    run.save()


if __name__ == "__main__":
    main()
