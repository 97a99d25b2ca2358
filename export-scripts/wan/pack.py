"""What a pack says of a Wan model: its graphs with their tensors and the shapes they are compared at, and seedance.json."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from export_graphs import GraphExport, Tensors
from wan.folder import SOLVERS, WanModel
from wan.transformer import TEXT_LENGTH, TransformerConfig
from wan.vae import REACH, DecoderGraph

Axes = list[int | str]
VIDEO: Axes = ["B", 3, "F", "H", "W"]


@dataclass(frozen=True)
class Facts:
    """What no file of a published model tells."""

    name: str
    version: str
    license: str
    sizes: tuple[str, ...]
    fps: int
    max_frames: int
    default_frames: int
    steps: int
    guidance: float
    guidance_2: float | None
    negative_prompt: str
    text_length: int = TEXT_LENGTH


def graphs_of(model: WanModel) -> dict[str, GraphExport]:
    """Each network with its tensors and three sets of inputs; the first is the one that it is traced with."""
    graphs: dict[str, GraphExport] = {}
    for role, network in model.networks.items():
        if role == "text_encoder":
            assert model.text
            text: Axes = ["B", "S"]
            graphs[role] = GraphExport(role, network.module, {"input_ids": ("int64", text), "attention_mask": ("int64", text)},
                                       {"last_hidden_state": ("float32", ["B", "S", model.text.width])},
                                       [_words(model.text.vocabulary, *shape) for shape in ((2, 12), (1, 9), (3, 150))])
        elif role == "image_encoder":
            assert model.image
            pictures = [torch.rand(b, 3, h, w) * 2 - 1 for b, h, w in ((2, 40, 56), (1, 224, 224), (1, 96, 64))]
            graphs[role] = GraphExport(role, network.module, {"pixel_values": ("float32", ["B", 3, "H", "W"])},
                                       {"last_hidden_state": ("float32", ["B", model.image.rows, model.image.width])}, [(p,) for p in pictures])
        elif role.startswith("transformer"):
            assert model.transformer
            graphs[role] = _transformer(role, network.module, model.transformer)
        else:
            assert model.vae
            channels = model.vae.latent_channels
            if role == "vae_encoder":
                grid = model.vae.spatial_stride
                clips = [torch.rand(b, 3, f, h * grid, w * grid) * 2 - 1 for b, f, h, w in ((1, 9, 3, 2), (2, 1, 2, 3), (1, 5, 2, 2))]
                graphs[role] = GraphExport(role, network.module, {"sample": ("float32", VIDEO)}, {"latent_parameters": ("float32", ["B", 2 * channels, "f", "h", "w"])},
                                           [(clip,) for clip in clips])
            else:
                graphs[role] = _decoder(role, network.module, channels)  # type: ignore[arg-type]
    return graphs


def _words(vocabulary: int, b: int, s: int) -> tuple[Tensor, Tensor]:
    mask = torch.ones(b, s, dtype=torch.int64)
    mask[0, s // 2:] = 0
    return torch.randint(0, vocabulary, (b, s)), mask


def _transformer(role: str, module: torch.nn.Module, config: TransformerConfig) -> GraphExport:
    def sample(b: int, f: int, h: int, w: int, s: int) -> tuple[Tensor, ...]:
        pt, ph, pw = config.patch
        latents = torch.randn(b, config.inputs, f * pt, h * ph, w * pw)
        inputs = latents, torch.randint(1, 1000, (b,)).float(), torch.randn(b, s, config.text_width)
        return (*inputs, torch.randn(b, config.image_rows or s // 3, config.image_width)) if config.image_width else inputs

    inputs: Tensors = {"hidden_states": ("float32", ["B", config.inputs, "f", "h", "w"]), "timestep": ("float32", ["B"]),
                       "encoder_hidden_states": ("float32", ["B", "S", config.text_width])}
    if config.image_width:
        inputs["encoder_hidden_states_image"] = ("float32", ["B", config.image_rows or "I", config.image_width])
    return GraphExport(role, module, inputs, {"out_hidden_states": ("float32", ["B", config.outputs, "f", "h", "w"])},
                       [sample(2, 2, 2, 3, TEXT_LENGTH if config.image_width else 20), sample(1, 1, 3, 2, TEXT_LENGTH), sample(1, 4, 2, 2, 40 if config.image_width else 9)])


def _decoder(role: str, graph: DecoderGraph, channels: int) -> GraphExport:
    flag: dict[str, Axes] = {"_0": ["B", 1, 1, 1, 1]}
    memory = flag | {f"_{i + 1}": ["B", c, REACH, "h", "w"] for i, c in enumerate(graph.channels)}
    inputs: Tensors = {"latent_sample": ("float32", ["B", channels, "f", "h", "w"])} | {f"past{n}": ("float32", axes) for n, axes in memory.items()}
    outputs: Tensors = {"sample": ("float32", VIDEO)} | {f"present{n}": ("float32", axes) for n, axes in memory.items()}
    latents = [torch.randn(b, channels, f, h, w) for b, f, h, w in ((2, 3, 3, 2), (1, 1, 4, 3), (1, 4, 2, 5))]
    fills = (torch.randn, torch.zeros, torch.randn)
    return GraphExport(role, graph, inputs, outputs, [(z, *graph.past_like(z, fill)) for z, fill in zip(latents, fills, strict=True)])


def contract(model: WanModel, graphs: dict[str, GraphExport], facts: Facts, files: dict[str, str]) -> dict[str, object]:
    """seedance.json of a whole model."""
    t, v = model.transformer, model.vae
    assert t and v and model.text

    def tensors(shapes: Tensors) -> dict[str, object]:
        return {name: {"type": kind, "shape": axes} for name, (kind, axes) in shapes.items()}

    words: Tensors = {"input_ids": ("int64", ["N", "S"]), "attention_mask": ("int64", ["N", "S"])}
    declared: dict[str, object] = {"tokenizer": {"file": "tokenizer/model.onnx", "inputs": tensors({"text": ("string", ["N"])}), "outputs": tensors(words)}}
    declared |= {role: {"file": f"{role}/model.onnx", "inputs": tensors(g.inputs), "outputs": tensors(g.outputs)} for role, g in graphs.items()}
    channels: list[dict[str, object]] = [{"kind": "noisy", "channels": v.latent_channels}]
    if t.inputs > v.latent_channels:
        channels += [{"kind": "mask", "channels": v.temporal_stride}, {"kind": "condition", "channels": v.latent_channels, "absent": "grey"}]
    solver = SOLVERS[str(model.scheduler["_class_name"])][0]
    sampling: dict[str, object] = {"solver": solver, "steps": facts.steps, "guidance": facts.guidance, "negative_prompt": facts.negative_prompt}
    if model.boundary is not None:
        sampling["boundary_ratio"] = model.boundary
        if facts.guidance_2 is not None:
            sampling["guidance_2"] = facts.guidance_2
    kind = "image-to-video" if t.inputs > v.latent_channels else "text-to-video"
    return {
        "$schema": "../pack.schema.json", "contract": 1, "name": facts.name, "version": facts.version, "license": facts.license,
        "description": f"A Wan {kind} model with {len(graphs)} graphs, exported from its published weights.",
        "latents": {"channels": v.latent_channels, "temporal_stride": v.temporal_stride, "spatial_stride": v.spatial_stride, "causal_first_frame": True,
                    "mean": list(v.mean), "std": list(v.std)},
        "video": {"fps": facts.fps, "size_multiple": size_multiple(model), "sizes": list(facts.sizes), "max_frames": facts.max_frames, "default_frames": facts.default_frames},
        "sampling": sampling,
        "text": {"max_tokens": facts.text_length},
        **({"images": images(model)} if t.inputs > v.latent_channels else {}),
        "transformer_channels": channels, "graphs": declared, "files": files,
    }


def images(model: WanModel) -> dict[str, int]:
    """How many images a model with mask and condition is given: a first frame, or a first and a last one where its transformer has places for both. One that looks at no
    features takes either."""
    t = model.transformer
    assert t
    if not t.image_width:
        return {"min": 1, "max": 2}
    assert model.image
    number = t.image_rows // model.image.rows if t.image_rows else 1
    return {"min": number, "max": number}


def size_multiple(model: WanModel) -> int:
    """Pixels of which both sides of a frame are multiples: whole patches of whole latents."""
    assert model.transformer and model.vae
    return model.vae.spatial_stride * math.lcm(*model.transformer.patch[1:])


def find_problems(model: WanModel, facts: Facts) -> list[str]:
    """What of the facts does not fit the model."""
    problems = []
    multiple, stride = size_multiple(model), model.vae.temporal_stride if model.vae else 1
    for size in facts.sizes:
        sides = size.split("x")
        if len(sides) != 2 or not all(side.isdecimal() and int(side) > 0 and int(side) % multiple == 0 for side in sides):
            problems.append(f"--sizes must have sizes such as 832x480 in multiples of {multiple}, but has {size}. Correct it.")
    for option, frames in (("--max-frames", facts.max_frames), ("--frames", facts.default_frames)):
        if frames < 1 or (frames - 1) % stride:
            problems.append(f"{option} must be 1 + a multiple of {stride}, but is {frames}. Correct it.")
    if facts.default_frames > facts.max_frames:
        problems.append(f"--frames must be at most --max-frames {facts.max_frames}, but is {facts.default_frames}. Correct it.")
    return problems
