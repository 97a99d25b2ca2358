"""What the tests of Wan compare with: the tiny golden model beside the repository, and a guided run in PyTorch as diffusers does it."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden" / "wan"
"""Recorded outputs of diffusers and of the Wan 2.1 authors' text encoder, and the tiny weights that made them."""


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
    import json

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
