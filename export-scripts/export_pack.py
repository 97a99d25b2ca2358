"""Writes the pack: graphs, configurations, contract, sums and model card.

    export-scripts/run export_pack.py --out onnx/seedance-mini

Reads the checkpoints below $SEEDANCE_WORK. Every graph is compared with its network at three shapes before anything is kept, and the reference run of
the C# tests is made with the very weights that the pack holds.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from evaluate import PLAN_NOISE, decode, load, sample_latents, sample_plan
from export_graphs import GraphExport, Tensors, export, export_tokenizer, round_to_half
from model.bundle import Bundle
from latents import Statistics
from model.flow import FEW, Sampling, stream_seed
from model.peers import PackPeer, Peer, TorchPeer
from model.reward import HEADS, Reward, RewardConfig
from model.semantic import SEMANTIC_STRIDE, SemanticEncoder
from model.text import MAX_SHOTS
from model.transformer import Transformer, TransformerConfig
from model.vae import REACH, SPATIAL_STRIDE, TEMPORAL_STRIDE, Decoder, Past, Vae, fold, unfold
from model.upscaler import SCALE, Upscaler, UpscalerConfig
from pictures import to_tensor
from train_thin_decoder import load_decoder, thin
from training import WORK, fail, load_average
from world.prompts import evaluation_prompts

NAME, VERSION = "seedance-mini", "0.6.0"
SHIFT, STEPS, GUIDANCE = 2.0, 25, 3.0
MAX_TOKENS = 192
RESOLUTIONS = {"64p": 1, "256p": SCALE, "1024p": SCALE**2}
"""What the cascade's sizes are called, by their lines: how many times larger than the drafts they are."""
REFERENCE = {"prompt": "a red ball on the left moves to the right on a grey background", "seed": 7, "frames": 17, "width": 96, "height": 64, "steps": 8}
FILM = {"shots": ["a red ball on the left moves to the right on a grey background", "一个蓝色的方块变大,白色背景"], "cut": 3, "seed": 11, "frames": 17, "width": 96, "height": 64, "steps": 6}
"""cut: the latent frame that begins the second shot, where two shots without a length share 17 frames."""


class DecoderGraph(nn.Module):
    """Decodes a clip in chunks: the last steps of every temporal layer come in and go out, folded to the latents' size, so that whoever runs it can allocate
    them. A clip begins with zeros, and its first three frames are to be dropped."""

    def __init__(self, decoder: Decoder):
        super().__init__()
        self.decoder = decoder
        memory = Past()
        with torch.no_grad():
            decoder(torch.zeros(1, decoder.stem.in_channels, 1, 2, 2), memory)
        self.folds = [kept.shape[3] // 2 for kept in memory.kept]
        self.channels = [kept.shape[1] * fold**2 for kept, fold in zip(memory.kept, self.folds, strict=True)]

    def forward(self, latent_sample: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        memory = Past([unfold(p, n) for p, n in zip(past, self.folds, strict=True)])
        return self.decoder(latent_sample, memory), *(fold(k, n) for k, n in zip(memory.kept, self.folds, strict=True))

    def past_like(self, latents: Tensor, fill: Callable[..., Tensor] = torch.zeros) -> list[Tensor]:
        """The memory that goes with latents [B, C, f, h, w]; zeros before a clip begins."""
        return [fill(latents.shape[0], c, REACH, *latents.shape[3:]) for c in self.channels]


def decoder_export(role: str, decoder: Decoder) -> GraphExport:
    graph = DecoderGraph(decoder)
    latents = [torch.randn(b, decoder.stem.in_channels, f, h, w) for b, f, h, w in ((1, 3, 8, 12), (2, 1, 10, 10), (1, 5, 12, 8))]
    memory: dict[str, list[int | str]] = {f"_{i}": ["B", c, REACH, "h", "w"] for i, c in enumerate(graph.channels)}
    inputs: Tensors = {"latent_sample": ("float32", ["B", decoder.stem.in_channels, "f", "h", "w"])} | {f"past{n}": ("float32", a) for n, a in memory.items()}
    outputs: Tensors = {"sample": ("float32", ["B", 3, "F", "H", "W"])} | {f"present{n}": ("float32", a) for n, a in memory.items()}
    return GraphExport(role, graph, inputs, outputs, [(z, *graph.past_like(z, torch.randn)) for z in latents])


class EncoderGraph(nn.Module):
    def __init__(self, vae: Vae):
        super().__init__()
        self.encoder = vae.encoder

    def forward(self, sample: Tensor) -> Tensor:
        return self.encoder(sample)


def graphs_of(bundle: Bundle, vae: Vae, distilled: Bundle | None = None, thin_decoder: Decoder | None = None, upscaler: Upscaler | None = None, reward: Reward | None = None,
              planner: Bundle | None = None, reader: SemanticEncoder | None = None) -> list[GraphExport]:
    """The pack's networks with their tensors and the three shapes each is checked at."""
    c, d = vae.config.latent_channels, bundle.text.config.width
    n = bundle.text.config.vocabulary

    def words(b: int, s: int, shots: int) -> tuple[Tensor, Tensor, Tensor]:
        mask = torch.ones(b, s, dtype=torch.int64)
        mask[0, s // 2:] = 0
        return torch.randint(3, n, (b, s)), mask, (torch.arange(s) * shots // s).expand(b, s).contiguous()

    def noisy(config: TransformerConfig, b: int, f: int, h: int, w: int, s: int, shots: int) -> tuple[Tensor, ...]:
        _, mask, ids = words(b, s, shots)
        plan = (torch.randn(b, config.plan_channels, f, h // config.patch, w // config.patch),) if config.semantic_channels else ()
        return torch.randn(b, config.input_channels, f, h, w), torch.rand(b) * 1000, torch.randn(b, s, d), mask, ids, (torch.arange(f) * shots // f).expand(b, f).contiguous(), *plan

    def frames(b: int, f: int, h: int, w: int) -> tuple[Tensor]:
        return (torch.rand(b, 3, f, h, w) * 2 - 1,)

    def transformer_export(role: str, transformer: Transformer) -> GraphExport:
        config = transformer.config
        inputs: Tensors = {"hidden_states": ("float32", ["B", config.input_channels, "f", "h", "w"]), "timestep": ("float32", ["B"]), "encoder_hidden_states": ("float32", ["B", "S", d]),
                           "encoder_attention_mask": ("int64", text_axes), "encoder_shot_ids": ("int64", text_axes), "frame_shot_ids": ("int64", ["B", "f"])}
        if config.semantic_channels:
            inputs["semantic_states"] = ("float32", ["B", config.plan_channels, "f", "h_token", "w_token"])
        return GraphExport(role, transformer, inputs, {"out_hidden_states": ("float32", ["B", config.latent_channels, "f", "h", "w"])},
                           [noisy(config, 2, 5, 8, 12, 20, 1), noisy(config, 1, 3, 10, 10, 9, 2), noisy(config, 4, 11, 12, 8, 40, 3)])

    text_axes: list[int | str] = ["B", "S"]
    video: list[int | str] = ["B", 3, "F", "H", "W"]
    optional = [decoder_export("vae_decoder_thin", thin_decoder)] if thin_decoder else []
    if upscaler:
        optional.append(GraphExport("upscaler", upscaler, {"sample": ("float32", video)}, {"upscaled": ("float32", ["B", 3, "F", "H4", "W4"])},
                                    [frames(1, 3, 16, 24), frames(2, 1, 20, 20), frames(1, 5, 24, 16)]))
    if reader:
        optional.append(GraphExport("semantic_encoder", reader, {"sample": ("float32", video)}, {"semantic_parameters": ("float32", ["B", 2 * reader.config.channels, "f", "h", "w"])},
                                    [frames(1, 9, 64, 96), frames(2, 1, 80, 80), frames(1, 17, 96, 64)]))
    if reward:
        optional.append(GraphExport("reward", reward, {"sample": ("float32", video), "encoder_hidden_states": ("float32", ["B", "S", d]), "encoder_attention_mask": ("int64", text_axes)},
                                    {"scores": ("float32", ["B", len(HEADS)])},
                                    [(*frames(b, f, h, w), torch.randn(b, s, d), words(b, s, 1)[1]) for b, f, h, w, s in ((1, 17, 64, 96, 20), (2, 5, 80, 80, 9), (1, 9, 100, 60, 40))]))
    return optional + [
        GraphExport("text_encoder", bundle.text, {"input_ids": ("int64", text_axes), "attention_mask": ("int64", text_axes), "shot_ids": ("int64", text_axes)},
                    {"last_hidden_state": ("float32", ["B", "S", d])}, [words(2, 12, 1), words(1, 31, 2), words(3, 70, 3)]),
        *(transformer_export(role, part.transformer) for role, part in (("transformer", bundle), ("transformer_distilled", distilled), ("semantic_transformer", planner)) if part),
        GraphExport("vae_encoder", EncoderGraph(vae), {"sample": ("float32", video)}, {"latent_parameters": ("float32", ["B", 2 * c, "f", "h", "w"])},
                    [frames(1, 9, 64, 96), frames(2, 1, 80, 80), frames(1, 17, 96, 64)]),
        decoder_export("vae_decoder", vae.decoder),
    ]


def contract(graphs: list[GraphExport], statistics: Statistics, latent_channels: int, files: dict[str, str], tokens: Statistics | None = None,
             planning: Sampling = Sampling()) -> dict[str, object]:
    """`tokens`: the semantic tokens' statistics, where the graphs make any, which are sampled by `planning`."""
    def channels(count: int) -> list[dict[str, object]]:
        return [{"kind": "noisy", "channels": count}, {"kind": "mask", "channels": 1}, {"kind": "condition", "channels": count}]

    def tensors(shapes: Tensors) -> dict[str, object]:
        return {name: {"name": name, "type": kind, "shape": axes} for name, (kind, axes) in shapes.items()}

    declared: dict[str, object] = {
        "tokenizer": {"file": "tokenizer/model.onnx", "inputs": tensors({"text": ("string", ["N"])}),
                      "outputs": tensors({"input_ids": ("int64", ["N", "S"]), "attention_mask": ("int64", ["N", "S"])})}}
    few = {"distilled": {"solver": "euler", "steps": FEW.steps, "guidance": FEW.guidance, "shift": FEW.shift}} if any(g.role == "transformer_distilled" for g in graphs) else {}
    cascade = {"cascade": {"scale": SCALE, "resolutions": RESOLUTIONS}} if any(g.role == "upscaler" for g in graphs) else {}
    semantics = {"semantics": {
        "channels": len(tokens["mean"]), "temporal_stride": TEMPORAL_STRIDE, "spatial_stride": SEMANTIC_STRIDE, **tokens, "noise": PLAN_NOISE,
        "transformer_channels": channels(len(tokens["mean"])), "solver": "euler", "steps": planning.steps, "guidance": planning.guidance, "shift": planning.shift,
        **({"timestep_spacing": "trailing"} if planning.few else {})}} if tokens else {}
    declared |= {g.role: {"file": f"{g.role}/model.onnx", "inputs": tensors(g.inputs), "outputs": tensors(g.outputs)} for g in graphs}
    return {
        "$schema": "../pack.schema.json", "contract": 1, "name": NAME, "version": VERSION, "license": "Apache-2.0",
        "description": "A small Seedance-shaped text-to-video model of a rendered world of coloured subjects.",
        "latents": {"channels": latent_channels, "temporal_stride": TEMPORAL_STRIDE, "spatial_stride": SPATIAL_STRIDE, "causal_first_frame": True, **statistics},
        "video": {"fps": 8, "size_multiple": 16, "sizes": ["96x64", "80x80", "64x96"], "max_frames": 41, "window_frames": 41, "default_frames": 17},
        "sampling": {"solver": "euler", "steps": STEPS, "guidance": GUIDANCE, **few, "negative_prompt": ""},
        "text": {"max_tokens": MAX_TOKENS, "max_shots": MAX_SHOTS},
        **cascade,
        "transformer_channels": channels(latent_channels), **semantics,
        "graphs": declared, "files": files,
    }


def configurations(bundle: Bundle, vae: Vae, distilled: Bundle | None = None, has_thin: bool = False, upscaler: Upscaler | None = None, reward: Reward | None = None,
                   planner: Bundle | None = None, reader: SemanticEncoder | None = None) -> dict[str, dict[str, object]]:
    """The folder layout of diffusers and optimum: an index, one config.json a component, the scheduler's keys."""
    parts = {
        "model_index.json": {"_class_name": "SeedanceMiniPipeline", "_diffusers_version": "0.35.0", "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
                             "text_encoder": ["seedance", "TextEncoder"], "tokenizer": ["seedance", "SentencePieceTokenizer"],
                             "transformer": ["seedance", "SeedanceTransformer3DModel"], "vae": ["seedance", "AutoencoderKLCausal"]},
        "scheduler/scheduler_config.json": {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "shift": SHIFT, "use_dynamic_shifting": False},
        "text_encoder/config.json": {"_class_name": "TextEncoder", **bundle.text.config.to_dict()},
        "transformer/config.json": {"_class_name": "SeedanceTransformer3DModel", **bundle.transformer.config.to_dict()},
        "vae_encoder/config.json": {"_class_name": "AutoencoderKLCausal", **vae.config.to_dict()},
        "vae_decoder/config.json": {"_class_name": "AutoencoderKLCausal", **vae.config.to_dict()},
    }
    for role, part in (("transformer_distilled", distilled), ("semantic_transformer", planner)):
        if part:
            parts[f"{role}/config.json"] = {"_class_name": "SeedanceTransformer3DModel", **part.transformer.config.to_dict()}
    if has_thin:
        parts["vae_decoder_thin/config.json"] = {"_class_name": "AutoencoderKLCausal", **thin(vae.config).to_dict()}
    if upscaler:
        parts["upscaler/config.json"] = {"_class_name": "VideoUpscaler", **upscaler.config.to_dict()}
    if reward:
        parts["reward/config.json"] = {"_class_name": "VideoReward", **reward.config.to_dict()}
    if reader:
        parts["semantic_encoder/config.json"] = {"_class_name": "SemanticEncoder", **reader.config.to_dict()}
    return parts


def make_latents(peer: Peer, captions: list[str], shots: list[int], size: tuple[int, int], seed: int, how: Sampling, images: dict[int, Tensor] | None = None) -> Tensor:
    """The latents of one video as the C# pipeline makes them, [1, C, f, h, w]: noise from its seed, and for a peer with a planner the semantic tokens first. `size` is width and height,
    `images` [1, 3, H, W] by the latent frame whose last frame they are."""
    noise = torch.randn(1, peer.latent_channels, len(shots), size[1] // SPATIAL_STRIDE, size[0] // SPATIAL_STRIDE, generator=torch.Generator().manual_seed(seed))
    plan = make_plan(peer, captions, shots, noise.shape, seed, images)
    return sample_latents(peer, [captions], [shots], noise, how, {place: peer.encode(image) for place, image in (images or {}).items()}, plan)


def make_plan(peer: Peer, captions: list[str], shots: list[int], latents: tuple[int, ...], seed: int, images: dict[int, Tensor] | None = None) -> Tensor | None:
    """The semantic tokens that the latents of one video follow, as the C# pipeline makes them; None for a peer without a planner."""
    tokens, noise = (torch.Generator().manual_seed(stream_seed(seed, stream)) for stream in (-1, -2))
    return sample_plan(peer, [captions], [shots], latents, tokens, images, noise)


def write_reference(peer: TorchPeer, folder: Path) -> None:
    """One run of the reference sampler for the C# tests: noise, latents and frames as .npy, the request as JSON."""
    f = (REFERENCE["frames"] - 1) // 4 + 1
    latents = make_latents(peer, [REFERENCE["prompt"]], [0] * f, (REFERENCE["width"], REFERENCE["height"]), REFERENCE["seed"], Sampling(REFERENCE["steps"], GUIDANCE, SHIFT))
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "latents.npy", latents.numpy())
    np.save(folder / "frames.npy", decode(peer, latents)[0])
    texts = [p.prompt for kind in ("one", "two", "shots") for p in evaluation_prompts(kind, 6, 11)] + ["", "A RED Ball!", "🎈 ball", "ｒｅｄ　ball"]  # type: ignore[arg-type]
    ids, mask, _ = peer.tokenizer([[text] for text in texts])
    tokens = [{"text": text, "ids": row[: int(count)].tolist()} for text, row, count in zip(texts, ids, mask.sum(1), strict=True)]
    (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "request.json").write_text(json.dumps(REFERENCE | {"guidance": GUIDANCE, "shift": SHIFT, "torch": torch.__version__}, indent=2) + "\n")


def write_few_reference(peer: Peer, folder: Path) -> None:
    """The latents of the same request by the distilled transformer, as it is meant to be sampled: few.npy."""
    shots = [0] * ((REFERENCE["frames"] - 1) // 4 + 1)
    np.save(folder / "few.npy", make_latents(peer, [REFERENCE["prompt"]], shots, (REFERENCE["width"], REFERENCE["height"]), REFERENCE["seed"], FEW).numpy())


def write_film_reference(peer: Peer, folder: Path) -> None:
    """The same for two shots between a given first and last frame: latents as film.npy, the request as film.json. The images are those of `film_images`."""
    f = (FILM["frames"] - 1) // 4 + 1
    first, last = (to_tensor(image[None, None])[:, :, 0] for image in film_images())
    shots = [int(frame >= FILM["cut"]) for frame in range(f)]
    latents = make_latents(peer, FILM["shots"], shots, (FILM["width"], FILM["height"]), FILM["seed"], Sampling(FILM["steps"], GUIDANCE, SHIFT), {0: first, f - 1: last})
    np.save(folder / "film.npy", latents.numpy())
    (folder / "film.json").write_text(json.dumps(FILM | {"guidance": GUIDANCE, "shift": SHIFT, "torch": torch.__version__}, ensure_ascii=False, indent=2) + "\n")


def film_images() -> tuple[np.ndarray, np.ndarray]:
    """Two pictures that are easily made anywhere, uint8 [H, W, 3]: red grows to the right and green downwards, then less red and more blue."""
    y, x = np.mgrid[: FILM["height"], : FILM["width"]]
    return (np.stack([2 * x, 3 * y, 0 * x + 128], -1).astype(np.uint8), np.stack([255 - 2 * x, 0 * x + 40, 3 * y], -1).astype(np.uint8))


def write_graphs(graphs: list[GraphExport], texts: dict[str, dict[str, object]], folder: Path) -> None:
    """Exports and compares the graphs, and writes what stands beside them."""
    for graph in graphs:
        path = folder / graph.role / "model.onnx"
        worst = export(graph, path)
        print(f"{graph.role}: {path.stat().st_size / 1e6:.1f} MB, differs from the network by {worst:.1e} at most", flush=True)
    for name, values in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values, indent=2) + "\n")


def without_plan(bundle: Bundle) -> Bundle:
    """The same networks without the layer that reads semantic tokens."""
    plain = Bundle(bundle.text.config, dataclasses.replace(bundle.transformer.config, semantic_channels=0)).eval()
    plain.load_state_dict(bundle.state_dict(), strict=False)
    return plain


def sums_of(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def write_contract(values: dict[str, object], folder: Path) -> None:
    (folder / "seedance.json").write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--transformer", default="transformer", help="folder of the checkpoint below --work")
    parser.add_argument("--out", type=Path, default=Path("onnx/seedance-mini"))
    parser.add_argument("--reference", type=Path, default=Path("tests/Seedance.Onnx.Tests/reference"))
    parser.add_argument("--without-plan", action="store_true", help="leave out semantic tokens: the transformers make latents of the words alone")
    parser.add_argument("--record", type=Path, help="only record the reference run of shots and images, with the graphs of this pack")
    args = parser.parse_args(argv)
    if args.record:
        write_film_reference(PackPeer(args.record), args.reference)
        return

    torch.manual_seed(0)  # the graphs are compared on random inputs
    peer = load(args.work, args.transformer)
    bundle, vae = peer.bundle, peer.vae
    distilled: Bundle | None = load_average(args.work / "transformer_distilled" / "state.pt", Bundle.from_config) if (args.work / "transformer_distilled").exists() else None  # type: ignore[assignment]
    if args.without_plan:
        bundle, distilled = without_plan(bundle), without_plan(distilled) if distilled else None
        peer = TorchPeer(bundle, vae, peer.tokenizer, peer.statistics)
    thin_decoder = load_decoder(args.work / "vae_thin" / "state.pt") if (args.work / "vae_thin").exists() else None
    upscaler = load_average(args.work / "upscaler" / "state.pt", lambda c: Upscaler(UpscalerConfig(**c))) if (args.work / "upscaler").exists() else None
    reward = load_average(args.work / "reward" / "state.pt", lambda c: Reward(RewardConfig.from_dict(c))) if (args.work / "reward" / "state.pt").exists() else None
    planner: Bundle | None = peer.planner.bundle if peer.planner else None  # type: ignore[union-attr]
    reader: SemanticEncoder | None = peer.planner.vae if peer.planner else None  # type: ignore[union-attr]
    if planner and any(not torch.equal(a, b) for a, b in zip(planner.text.parameters(), bundle.text.parameters(), strict=True)):
        fail(f"{args.work / 'planner'} and {args.work / args.transformer} must have one text encoder, but have two. Train both on that of {args.work / 'transformer'}, as train_planner.py and --semantics do.")
    for module in (bundle, vae, distilled, thin_decoder, upscaler, reward, planner, reader):
        if module:
            round_to_half(module)
    partial = args.out.with_name(args.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if shutil.disk_usage(partial).free < 200e6:
        fail(f"{partial.parent} must have 200 MB free. Free some disk.")
    graphs = graphs_of(bundle, vae, distilled, thin_decoder, upscaler, reward, planner, reader)
    export_tokenizer(args.work / "tokenizer" / "spiece.model", partial / "tokenizer" / "model.onnx")
    write_graphs(graphs, configurations(bundle, vae, distilled, bool(thin_decoder), upscaler, reward, planner, reader), partial)
    planning = (peer.planner.statistics, peer.planner.how) if peer.planner else ()  # type: ignore[union-attr]
    write_contract(contract(graphs, peer.statistics, vae.config.latent_channels, sums_of(partial), *planning), partial)
    if (args.out / "README.md").exists():
        shutil.copy(args.out / "README.md", partial / "README.md")
    write_reference(peer, args.reference)
    write_film_reference(peer, args.reference)
    if distilled:
        write_few_reference(TorchPeer(distilled, vae, peer.tokenizer, peer.statistics, peer.planner if distilled.transformer.config.semantic_channels else None), args.reference)
    shutil.rmtree(args.out, ignore_errors=True)
    partial.rename(args.out)
    print(f"{args.out}: {sum(p.stat().st_size for p in args.out.rglob('*') if p.is_file()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
