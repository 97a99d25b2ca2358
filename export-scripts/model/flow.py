"""Rectified flow: the noise schedule, the guided Euler sampler that the C# runtime must equal, and the training target.

x_sigma = (1 - sigma) x0 + sigma noise, velocity v = noise - x0 (Liu et al., arXiv 2209.03003); sigma runs from 1 (noise) to 0 (clean).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


def shifted(sigma: Tensor, shift: float) -> Tensor:
    """Time shift towards noise (Esser et al., arXiv 2403.03206, equation 23)."""
    return shift * sigma / (1 + (shift - 1) * sigma)


def schedule(steps: int, shift: float) -> Tensor:
    """Noise levels [steps + 1], double precision, spaced as diffusers' FlowMatchEulerDiscreteScheduler does and the C# FlowSchedule.Shifted:
    even between 1 and the lowest level of training (shifted 1/1000), each then shifted, and 0 at the end."""
    lowest = float(shifted(torch.tensor(1e-3, dtype=torch.float64), shift))
    levels = shifted(torch.linspace(1.0, lowest, steps, dtype=torch.float64), shift)
    return torch.cat([levels, torch.zeros(1, dtype=torch.float64)])


def trailing(steps: int, shift: float) -> Tensor:
    """Noise levels [steps + 1], double precision, for few steps: N, N - 1 ... 0 Nths, each shifted, which diffusers calls trailing and the C# FlowSchedule.Trailing.
    Every step is of one kind: none is spent on the last thousandth."""
    return shifted(torch.linspace(1.0, 0.0, steps + 1, dtype=torch.float64), shift)


def stream_seed(seed: int, stream: int) -> int:
    """The seed of a stream of noise that follows from a video's: windows behind the first are 1, 2 ..., semantic tokens -1, and the noise that they get -2. SplitMix64, as the C# GenerationPlan has it."""
    most = 2**64 - 1
    mixed = (seed + stream * 0x9E3779B97F4A7C15) & most
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & most
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & most
    return (mixed ^ (mixed >> 31)) & 0xFFFFFFFF if stream else seed


@dataclass(frozen=True)
class Sampling:
    """How noise becomes a clip; guidance 1 is none, and then the transformer runs on the prompts alone. `few` spaces the levels as distilled transformers have them; `noise_scale` is what the
    first noise is multiplied by, 1 as in training."""

    steps: int = 25
    guidance: float = 3.0
    shift: float = 2.0
    few: bool = False
    noise_scale: float = 1.0

    @property
    def sigmas(self) -> Tensor:
        return (trailing if self.few else schedule)(self.steps, self.shift)


FEW = Sampling(steps=4, guidance=1.0, shift=2.5, few=True)
"""How distilled transformers are sampled."""


def training_sigmas(count: int, shift: float) -> Tensor:
    """Logit-normal noise levels, shifted."""
    return shifted(torch.sigmoid(torch.randn(count)), shift)


@torch.no_grad()
def sample(velocity: Callable[[Tensor, float], Tensor], noise: Tensor, sigmas: Tensor) -> Tensor:
    """Euler from noise to clean latents; velocity(x, sigma) is already guided."""
    x = noise
    for sigma, following in zip(sigmas[:-1].tolist(), sigmas[1:].tolist(), strict=True):
        x = x + (following - sigma) * velocity(x, sigma)
    return x
