"""Scores a pack or a checkpoint: samples held-out prompts with the reference sampler, decodes, and asks the detector.

    export-scripts/run evaluate.py --pack onnx/seedance-mini
    export-scripts/run evaluate.py --kinds one --count 40 --steps 25

or the videos that the program itself makes of the same prompts:

    export-scripts/run evaluate.py --write-prompts prompts.txt
    ./seedance generate --prompts prompts.txt --frames 17 --seed 7 -o videos/video.mp4
    export-scripts/run evaluate.py --videos videos/video.mp4

Prints the share of right answers a slot for each kind of prompt (one subject, two, two shots), then by language and for withheld triples, and the
total: the mean over slots and kinds. A contact sheet with --sheet.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.bundle import Bundle, Tokenizer, frame_shots
from model.flow import FEW, Sampling, sample
from model.peers import PackPeer, Peer, TorchPeer
from model.semantic import SEMANTIC_STRIDE, SemanticConfig, SemanticEncoder, planned
from model.vae import SPATIAL_STRIDE, Vae, VaeConfig
from pictures import read_video, to_frames, to_tensor
from train_thin_decoder import load_decoder
from training import WORK, fail, load_average
from world import render
from world.detector import all_right, score_clip
from world.prompts import EvaluationPrompt, evaluation_prompts
from world.sheet import sheet
from world.vocabulary import DIRECTIONS


Report = dict[str, dict[str, float]]
"""Rows by name: per cent by slot."""


@torch.no_grad()
def sample_latents(peer: Peer, videos: list[list[str]], shots: list[list[int]], noise: Tensor, how: Sampling, given: dict[int, Tensor] | None = None,
                   plan: Tensor | None = None) -> Tensor:
    """Euler for a batch of prompts: normalised latents [B, C, f, h, w], float32. Row order with guidance: negative prompts, then prompts.

    `given`: images by the latent frame whose last frame they are, [B, C, h, w], each encoded alone. `plan`: semantic tokens [B, 1 + S, f, h/2, w/2] to follow, which negative
    prompts have not.
    """
    b, _, f, h, w = noise.shape
    branches = 1 if how.guidance == 1 else 2
    text = peer.tokenizer([[""]] * (b * (branches - 1)) + videos)
    rows = torch.tensor([[0] * f] * (b * (branches - 1)) + shots)
    states = peer.text(text)
    rest = torch.zeros(branches * b, peer.input_channels - noise.shape[1], f, h, w)
    for place, image in (given or {}).items():
        rest[:, 0, place] = 1
        rest[:, 1:, place] = torch.cat([image] * branches)

    plans = None if plan is None else torch.cat([torch.zeros_like(plan)] * (branches - 1) + [plan])

    def velocity(x: Tensor, sigma: float) -> Tensor:
        hidden = torch.cat([torch.cat([x] * branches), rest], dim=1)
        out = peer.velocity(hidden, torch.full((branches * b,), sigma * 1000), states, text, rows, plans)
        return out if branches == 1 else out[:b] + how.guidance * (out[b:] - out[:b])

    return sample(velocity, noise, how.sigmas)


PLAN_NOISE = 0.2
"""The share of noise that a made plan gets before it is followed: what it says in detail is not to be trusted (SemanticGen, arXiv 2512.20619)."""


@torch.no_grad()
def sample_plan(peer: Peer, videos: list[list[str]], shots: list[list[int]], latents: tuple[int, ...], generator: torch.Generator, images: dict[int, Tensor] | None = None,
                noise: torch.Generator | None = None) -> Tensor | None:
    """The semantic tokens of the peer's planner for latents of a shape [B, C, f, h, w], if it has one, with the channel that says so: [B, 1 + S, f, h/2, w/2]. `images`: [B, 3, H, W] by the
    latent frame whose last frame they are; `noise` draws what they are blurred with, `generator` if there is none."""
    if peer.planner is None:
        return None
    shape = (len(videos), peer.planner.latent_channels, latents[2], latents[3] * SPATIAL_STRIDE // SEMANTIC_STRIDE, latents[4] * SPATIAL_STRIDE // SEMANTIC_STRIDE)
    given = {place: peer.planner.encode(image) for place, image in (images or {}).items()}
    tokens = sample_latents(peer.planner, videos, shots, torch.randn(shape, generator=generator), peer.planner.how, given)
    return planned(tokens, PLAN_NOISE, noise or generator)


@torch.no_grad()
def decode(peer: Peer, latents: Tensor) -> np.ndarray:
    """Normalised latents [B, C, f, h, w] -> uint8 frames [B, F, H, W, 3]."""
    return to_frames(peer.decode(latents))


def generate(peer: Peer, prompts: list[EvaluationPrompt], how: Sampling, *, seed: int, given: Sequence[int] = (), still: bool = False, batch: int = 8) -> list[np.ndarray]:
    """Frames for each prompt, uint8 [F, H, W, 3]; prompts must share one size and length. `given`: frames of the rendered truth that the model gets, 0 or -1.
    `still`: only the first frame of each."""
    generator = torch.Generator().manual_seed(seed)
    videos: list[np.ndarray] = []
    for begin in range(0, len(prompts), batch):
        part = prompts[begin:begin + batch]
        clip = part[0].clip
        f = 1 if still else (clip.frames - 1) // 4 + 1
        noise = how.noise_scale * torch.randn(len(part), peer.latent_channels, f, clip.height // 8, clip.width // 8, generator=generator)
        images = {place % f: to_tensor(np.stack([render(p.clip)[place] for p in part])[:, None])[:, :, 0] for place in given}
        captions, shots = [list(p.shot_prompts) for p in part], [frame_shots(p.clip, f) for p in part]
        plan = sample_plan(peer, captions, shots, noise.shape, generator, images)
        latents = sample_latents(peer, captions, shots, noise, how, {place: peer.encode(image) for place, image in images.items()}, plan)
        videos += list(decode(peer, latents))
    return videos


KINDS = ("one", "two", "shots")


def tally(prompts: list[EvaluationPrompt], videos: list[np.ndarray]) -> dict[str, float]:
    """Per cent right a slot; `direction` is motion where something moves left, right, up or down, `all` counts prompts with every slot right,
    `total` is the mean over slots."""
    right: dict[str, list[bool]] = defaultdict(list)
    for prompt, frames in zip(prompts, videos, strict=True):
        scores = score_clip(frames, prompt.expected)
        for slot, mentions in scores.items():
            right[slot] += mentions
        subjects = [subject for shot in prompt.expected for subject in shot.subjects]
        right["direction"] += [ok for ok, subject in zip(scores["motion"], subjects, strict=True) if subject.motion in DIRECTIONS]
        right["all"].append(all_right(scores))
    shares = {slot: 100 * float(np.mean(values)) for slot, values in right.items() if values}
    return shares | {"total": float(np.mean([v for k, v in shares.items() if k not in ("all", "direction")]))}


def drawn_prompts(kinds: Sequence[str], count: int, simple: bool, seed: int) -> dict[str, list[EvaluationPrompt]]:
    """`count` prompts of each kind."""
    return {kind: evaluation_prompts(kind, count, seed, simple=simple, frames=17) for kind in kinds}  # type: ignore[arg-type]


def score_videos(prompts: dict[str, list[EvaluationPrompt]], videos: Callable[[list[EvaluationPrompt]], list[np.ndarray]]) -> Report:
    """Scores of each kind's prompts, and over all kinds those of each language, of withheld triples and of all others. `videos` gives the frames for prompts."""
    report: Report = {}
    groups: dict[str, dict[str, tuple[list[EvaluationPrompt], list[np.ndarray]]]] = defaultdict(lambda: defaultdict(lambda: ([], [])))
    for kind, asked in prompts.items():
        made = videos(asked)
        report[kind] = tally(asked, made)
        for prompt, video in zip(asked, made, strict=True):
            for group in (prompt.language, "withheld" if prompt.unseen else "seen"):
                groups[group][kind][0].append(prompt)
                groups[group][kind][1].append(video)
    for name in ("en", "zh", "seen", "withheld"):
        report[name] = {"total": float(np.mean([tally(*part)["total"] for part in groups[name].values()]))} if groups[name] else {}
    report["overall"] = {"total": float(np.mean([report[kind]["total"] for kind in prompts]))}
    return report


def score(peer: Peer, kinds: Sequence[str], count: int, how: Sampling, *, simple: bool, seed: int = 7) -> Report:
    """Scores of what a peer makes of `count` prompts of each kind."""
    return score_videos(drawn_prompts(kinds, count, simple, seed), lambda prompts: generate(peer, prompts, how, seed=seed))


def storyboard(prompt: EvaluationPrompt, times: float = 1) -> str:
    """A prompt as a line that `seedance generate --prompts` reads: its shots with their lengths at 8 frames a second, `times` as long."""
    shots = [{"caption": text, "seconds": times * shot.frames / 8} for text, shot in zip(prompt.shot_prompts, prompt.clip.shots, strict=True)]
    return json.dumps({"shots": shots}, ensure_ascii=False) + "\n"


def numbered(first: Path, count: int) -> list[Path]:
    """The files of videos that were made of --write-prompts, in its order: NAME-1.mp4, NAME-2.mp4 and so on for NAME.mp4."""
    files = [first.with_stem(f"{first.stem}-{number}") for number in range(1, count + 1)]
    missing = [file for file in files if not file.exists()]
    if missing:
        fail(f"--videos must be {count} videos, but {len(missing)} of them are missing, {missing[0]} for one. Make them of what --write-prompts writes with the same options.")
    return files


def read_videos(first: Path, prompts: dict[str, list[EvaluationPrompt]]) -> Callable[[list[EvaluationPrompt]], list[np.ndarray]]:
    """Gives the frames of videos that were made of these prompts in this order."""
    asked = [prompt for part in prompts.values() for prompt in part]
    files = dict(zip((p.prompt for p in asked), numbered(first, len(asked)), strict=True))

    def read(part: list[EvaluationPrompt]) -> list[np.ndarray]:
        made = [read_video(files[p.prompt], p.clip.width, p.clip.height) for p in part]
        for prompt, video in zip(part, made, strict=True):
            if len(video) != prompt.clip.frames:
                fail(f"Videos must have {prompt.clip.frames} frames, but {files[prompt.prompt]} has {len(video)}. Make them with --frames {prompt.clip.frames}.")
        return made

    return read


def score_stills(peer: Peer, count: int, how: Sampling, *, simple: bool, seed: int = 7) -> dict[str, float]:
    """What the detector reads from single frames of one subject, shown for as long as a clip: everything but motion and camera."""
    prompts = evaluation_prompts("one", count, seed, simple=simple, frames=17)
    stills = generate(peer, prompts, how, seed=seed, still=True)
    row = tally(prompts, [np.repeat(still, prompt.clip.frames, axis=0) for prompt, still in zip(prompts, stills, strict=True)])
    return {slot: row[slot] for slot in ("colour", "kind", "place", "background", "style")}


def score_given(peer: Peer, places: Sequence[int], count: int, how: Sampling, *, seed: int = 7) -> dict[str, float]:
    """Image to video: the slots of one subject, and the PSNR in dB at which each given frame comes back."""
    prompts = evaluation_prompts("one", count, seed, frames=17)
    videos = generate(peer, prompts, how, seed=seed, given=places)
    row = tally(prompts, videos)
    for place in places:
        errors = [np.square((video[place].astype(float) - render(prompt.clip)[place]) / 255).mean() for prompt, video in zip(prompts, videos, strict=True)]
        row[f"psnr[{place}]"] = float(np.mean(-10 * np.log10(np.maximum(errors, 1e-10))))
    return row


def table(report: Report) -> str:
    """One line a row of the report."""
    return "\n".join(f"{name:<9}" + "  ".join(f"{slot} {value:.1f}" for slot, value in row.items()) for name, row in report.items() if row)


def write(report: Report, path: Path | None) -> None:
    """Prints a report, and writes it as JSON if there is a path."""
    print(table(report))
    if path:
        path.write_text(json.dumps({name: {slot: round(v, 1) for slot, v in row.items()} for name, row in report.items()}, indent=2) + "\n")


def load_vae(work: Path) -> Vae:
    """The trained VAE with averaged weights, its decoder the one that was trained further where there is one."""
    vae = load_average(work / "vae" / "state.pt", lambda c: Vae(VaeConfig.from_dict(c)))
    if (work / "vae_full" / "state.pt").exists():
        vae.decoder = load_decoder(work / "vae_full" / "state.pt")
    return vae  # type: ignore[return-value]


def load_planner(work: Path, tokenizer: Tokenizer, planner: Path | None = None, encoder: Path | None = None) -> TorchPeer:
    """The first stage with averaged weights, distilled where it has been, whose images the semantic encoder encodes; folders as they are below `work` if not given."""
    encoder = encoder or work / "semantic_encoder"
    reader = load_average(encoder / "state.pt", lambda c: SemanticEncoder(SemanticConfig.from_dict(c)))
    planner = planner or work / "planner"
    few = planner.with_name(f"{planner.name}_distilled") / "state.pt"
    bundle = load_average(few if few.exists() else planner / "state.pt", Bundle.from_config)
    return TorchPeer(bundle, reader, tokenizer, json.loads((encoder / "statistics.json").read_text()), how=FEW if few.exists() else Sampling())  # type: ignore[arg-type]


def load(work: Path, transformer: str = "transformer") -> TorchPeer:
    """The trained parts with averaged weights; with the planner, if the transformer follows plans and there is one."""
    statistics = json.loads((work / "vae" / "statistics.json").read_text())
    bundle = load_average(work / transformer / "state.pt", Bundle.from_config)
    tokenizer = Tokenizer.load(work / "tokenizer" / "spiece.model")
    planner = load_planner(work, tokenizer) if bundle.transformer.config.semantic_channels and (work / "planner" / "state.pt").exists() else None  # type: ignore[union-attr]
    return TorchPeer(bundle, load_vae(work), tokenizer, statistics, planner)  # type: ignore[arg-type]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, help="score this exported pack (default: the checkpoint below --work)")
    parser.add_argument("--videos", type=Path, help="score videos that were made of --write-prompts, numbered as generate --prompts does for this name")
    parser.add_argument("--write-prompts", type=Path, help="write the prompts there, a storyboard a line, and end")
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--transformer", default="transformer", help="folder of the checkpoint below --work, or the pack's graph (transformer, transformer_distilled)")
    parser.add_argument("--without-plan", action="store_true", help="make latents of the words alone, though the transformer follows semantic tokens")
    parser.add_argument("--few", action="store_true", help="space the steps as distilled transformers have them")
    parser.add_argument("--kinds", default=",".join(KINDS), help="comma-separated: one subject, two, two shots (default: %(default)s)")
    parser.add_argument("--simple", action="store_true", help="plain backgrounds, flat style, fixed camera")
    parser.add_argument("--given", action="store_true", help="score image to video too: the first frame given, and the first and the last")
    parser.add_argument("--count", type=int, default=100, help="prompts of each kind")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--shift", type=float, default=2.0)
    parser.add_argument("--noise-scale", type=float, default=1.0, help="multiply the first noise by this")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the scores there too")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of the first 16 there")
    args = parser.parse_args(argv)

    kinds = args.kinds.split(",")
    if not kinds or not set(kinds) <= set(KINDS):
        fail(f"--kinds must be some of {', '.join(KINDS)}, but is {args.kinds}.")
    prompts = drawn_prompts(kinds, args.count, args.simple, args.seed)
    if args.write_prompts:
        args.write_prompts.write_text("".join(storyboard(prompt) for part in prompts.values() for prompt in part), encoding="utf-8")
        return
    if args.videos:
        write(score_videos(prompts, read_videos(args.videos, prompts)), args.json)
        return
    how = Sampling(args.steps, args.guidance, args.shift, args.few, args.noise_scale)
    peer: Peer = PackPeer(args.pack, args.transformer) if args.pack else load(args.work, args.transformer)
    if args.without_plan:
        peer.planner = None
    report = score_videos(prompts, lambda asked: generate(peer, asked, how, seed=args.seed))
    if args.given:
        for name, places in (("first", (0,)), ("ends", (0, -1))):
            report[name] = score_given(peer, places, args.count, how, seed=args.seed)
    write(report, args.json)
    if args.sheet:
        shown = [p for part in drawn_prompts(kinds, 16 // len(kinds) + 1, args.simple, args.seed).values() for p in part]
        sheet(generate(peer, shown, how, seed=args.seed), [p.prompt for p in shown], args.sheet)


if __name__ == "__main__":
    main()
