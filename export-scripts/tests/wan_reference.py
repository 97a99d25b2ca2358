"""What the tests of Wan compare with: the tiny golden model beside the repository, and a guided run in PyTorch as diffusers does it."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import export_wan
from wan.layers import fill, hollow
from wan.source import open_component

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden" / "wan"
"""Recorded outputs of diffusers and of the Wan 2.1 authors' text encoder, and the tiny weights that made them."""
GRAPHS = "text_encoder,transformer,vae_encoder,vae_decoder"
"""What can be exported of them: there is no tokenizer."""
GROUP = 4
"""Frames of a latent frame."""
needs_golden = unittest.skipUnless(GOLDEN.exists(), f"the golden Wan is not there: {GOLDEN}")


def flow_sigmas(steps: int, shift: float, train: int = 1000) -> tuple[list[float], list[int]]:
    """Noise levels, with 0 at the end, and timesteps of UniPCMultistepScheduler with use_flow_sigmas and final_sigmas_type zero."""
    levels = [1 + (1 / train - 1) * i / steps for i in range(steps)]
    levels = [shift * s / (1 + (shift - 1) * s) for s in levels]
    levels[0] = min(levels[0], 1 - 1e-6)
    return [*levels, 0.0], [int(s * train) for s in levels]


class UniPc:
    """UniPC of order 2 with B(h) = e^h - 1 on data predictions (Zhao et al., arXiv 2302.04867), step by step as diffusers' scheduler of that name takes them."""

    def __init__(self, sigmas: Sequence[float]):
        self.sigmas = list(sigmas)
        self.steps = len(self.sigmas) - 1
        self.clean: list[Tensor] = []
        self.last: Tensor | None = None
        self.order = 0

    def _lambda(self, i: int) -> float:
        sigma = self.sigmas[i]
        return math.inf if sigma == 0 else math.log((1 - sigma) / sigma)

    def _move(self, to: int, order: int, x: Tensor, newest: Tensor | None) -> Tensor:
        """From level to - 1 to level `to`. newest: the data prediction at `to`, for the corrector."""
        begin = to - 1
        known = self.clean[: begin + 1]
        h = self._lambda(to) - self._lambda(begin)
        ratios = [(self._lambda(begin - k) - self._lambda(begin)) / h for k in range(1, order)]
        slopes = [(known[begin - k] - known[begin]) / r for k, r in zip(range(1, order), ratios, strict=True)]
        phi1 = math.expm1(-h)
        if newest is None:
            rho = [0.5] if order == 2 else []
        elif order == 1:
            rho = [0.5]
        else:
            phi2 = phi1 / -h - 1
            matrix = torch.tensor([[r**k for r in (*ratios, 1.0)] for k in range(order)], dtype=torch.float64)
            values = torch.tensor([phi2 / phi1, (phi2 / -h - 0.5) * 2 / phi1], dtype=torch.float64)
            rho = torch.linalg.solve(matrix, values).tolist()
        if newest is not None:
            slopes.append(newest - known[begin])
        alpha = 1 - self.sigmas[to]
        x = self.sigmas[to] / self.sigmas[begin] * x - alpha * phi1 * known[begin]
        for weight, slope in zip(rho, slopes, strict=True):
            x = x - alpha * phi1 * weight * slope
        return x

    def step(self, i: int, velocity: Tensor, x: Tensor) -> Tensor:
        clean = x - self.sigmas[i] * velocity
        if self.last is not None:
            x = self._move(i, self.order, self.last, clean)
        self.clean.append(clean)
        self.order = min(2, self.steps - i, i + 1)
        self.last = x
        return self._move(i + 1, self.order, x, None)


@torch.no_grad()
def guided_run(transformer: Callable[..., Tensor], noise: Tensor, negative: Tensor, prompt: Tensor, steps: int, shift: float, guidance: float) -> Tensor:
    """Latents [1, C, f, h, w] from noise: at every step the velocity without and with the prompt, each in a run of its own."""
    sigmas, timesteps = flow_sigmas(steps, shift)
    solver, x = UniPc(sigmas), noise
    for i, timestep in enumerate(timesteps):
        t = torch.tensor([float(timestep)])
        without, given = transformer(x, t, negative), transformer(x, t, prompt)
        x = solver.step(i, without + guidance * (given - without), x)
    return x


@torch.no_grad()
def image_condition(encode: Callable[[Tensor], Tensor], frames: int, mean: Tensor, std: Tensor, first: Tensor, last: Tensor | None = None) -> Tensor:
    """Mask and condition channels [1, GROUP + C, f, h, w] of an image-to-video model, as diffusers lays them out.

    The mask is 1 for frames that are given, the first frame's as often as a group has frames, and its groups become channels. The condition is the latents' mean of one clip
    that is 0 where no frame is given. first and last: [1, 3, H, W] in [-1, 1]; mean and std of the latents: [1, C, 1, 1, 1].
    """
    clip, given = torch.zeros(1, 3, frames, *first.shape[2:]), torch.zeros(frames)
    clip[:, :, 0], given[0] = first, 1
    if last is not None:
        clip[:, :, -1], given[-1] = last, 1
    latents = (encode(clip)[:, :mean.shape[1]] - mean) / std
    mask = torch.cat([given[:1].repeat(GROUP - 1), given]).reshape(-1, GROUP).t()
    return torch.cat([mask[None, :, :, None, None].expand(-1, -1, -1, *latents.shape[3:]), latents], dim=1)


RUN = """
import json, sys, numpy as np, onnxruntime as ort
ort.set_default_logger_severity(3)
folder = sys.argv[1]
for k, path in enumerate(json.loads(sys.argv[2])):
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    data = np.load(f"{folder}/{k}.in.npz")
    outputs = session.run(None, {i.name: data[i.name] for i in session.get_inputs()})
    np.savez(f"{folder}/{k}.out.npz", **{o.name: v for o, v in zip(session.get_outputs(), outputs)})
"""


def run_graphs(runs: Sequence[tuple[Path, dict[str, Tensor]]]) -> list[dict[str, Tensor]]:
    """Runs graphs, one after another, in a process of their own: onnx and onnxruntime quarrel over schemas in one."""
    with tempfile.TemporaryDirectory() as folder:
        for k, (_, inputs) in enumerate(runs):
            np.savez(Path(folder) / f"{k}.in.npz", **{name: value.numpy() for name, value in inputs.items()})
        done = subprocess.run([sys.executable, "-c", RUN, folder, json.dumps([str(path) for path, _ in runs])], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"a graph does not run: {done.stderr.strip()[-2000:]}")
        return [{name: torch.from_numpy(value) for name, value in np.load(Path(folder) / f"{k}.out.npz").items()} for k in range(len(runs))]


def difference(actual: Tensor, expected: Tensor) -> float:
    """The largest difference, relative to the largest value; NaN counts as infinite, and another shape too."""
    if actual.shape != expected.shape or not torch.isfinite(actual).all():
        return math.inf
    return float((actual - expected).abs().max() / expected.abs().max())


def export(*arguments: object) -> tuple[int, str]:
    """Runs the exporter; its exit code and what it says on stderr."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            export_wan.main([str(a) for a in arguments])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1, said.getvalue()
    return 0, said.getvalue()


def assembled(folder: Path, kind: str = "t2v") -> Path:
    """The golden components laid out as one published model."""
    for name, source in (("transformer", GOLDEN / kind / "transformer"), ("vae", GOLDEN / "vae"), ("text_encoder", GOLDEN / "text_encoder")):
        shutil.copytree(source, folder / name)
    return folder


def loaded(make: Callable[[object], nn.Module], module: object, folder: Path) -> nn.Module:
    problems: list[str] = []
    component = open_component(folder, module.FAMILY, problems)  # type: ignore[attr-defined]
    assert component, problems
    config = module.read_config(component, problems)  # type: ignore[attr-defined]
    return fill(hollow(lambda: make(config)), component)


def split_into_shards(folder: Path, tensors: dict[str, Tensor], config: Path) -> None:
    folder.mkdir(parents=True)
    shutil.copy(config, folder / "config.json")
    names = sorted(tensors)
    parts = {f"diffusion_pytorch_model-0000{i + 1}-of-00002.safetensors": names[i::2] for i in range(2)}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    index = {"metadata": {}, "weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))


def random_images(folder: Path) -> Path:
    """A tiny CLIP vision model in published form. Its last layer, which is not to be run, holds no numbers."""
    config = {"architectures": ["CLIPVisionModel"], "hidden_act": "gelu", "hidden_size": 20, "intermediate_size": 24, "num_attention_heads": 2, "num_hidden_layers": 3,
              "image_size": 28, "patch_size": 14, "layer_norm_eps": 1e-5}
    torch.manual_seed(11)
    shapes: dict[str, tuple[int, ...]] = {"embeddings.class_embedding": (20,), "embeddings.patch_embedding.weight": (20, 3, 14, 14),
                                          "embeddings.position_embedding.weight": (5, 20)}
    for norm in ("pre_layrnorm", "post_layernorm", *(f"encoder.layers.{i}.layer_norm{n}" for i in range(3) for n in (1, 2))):
        shapes |= {f"{norm}.weight": (20,), f"{norm}.bias": (20,)}
    for i in range(3):
        linear = {f"self_attn.{name}_proj": (20, 20) for name in "qkv"} | {"self_attn.out_proj": (20, 20), "mlp.fc1": (24, 20), "mlp.fc2": (20, 24)}
        for name, (outputs, inputs) in linear.items():
            shapes |= {f"encoder.layers.{i}.{name}.weight": (outputs, inputs), f"encoder.layers.{i}.{name}.bias": (outputs,)}
    tensors = {f"vision_model.{name}": torch.randn(shape) * 0.3 for name, shape in shapes.items()}
    tensors |= {name: torch.full_like(value, torch.nan) for name, value in tensors.items() if ".layers.2." in name or "post_" in name}
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors, folder / "model.safetensors")
    return folder
