"""Layers that keep published weights in the form in which a graph wants them, and modules without weights.

`prepare` of a layer turns a published tensor into its own: matrices lie as [in, out], so that the graph's MatMul takes them without a Transpose, and the rows of queries and
keys are put in order so that rotary pairs are halves. A module can be hollow: each weight is one zero, spread over the shape, so that a network of any size is traced in
little memory, and the weights go from the published file to the graph's one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from export_graphs import STORED_AS_HALF
from wan.source import Component


def halves(rows: Tensor, heads: int) -> Tensor:
    """[heads * d, ...] with rotary pairs (2i, 2i + 1) in each head -> pairs (i, i + d/2). Scores do not change if queries and keys are both put in this order."""
    d = rows.shape[0] // heads
    return rows.reshape(heads, d // 2, 2, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)


class Linear(nn.Module):
    """y = x W + b with W as [in, out]; published as [out, in]. With `heads`, the outputs are in the order of `halves`."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, heads: int = 0):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        self.heads = heads

    def prepare(self, name: str, published: Tensor) -> Tensor:
        ordered = halves(published, self.heads) if self.heads else published
        return ordered.t() if name == "weight" else ordered

    def published(self, name: str) -> tuple[int, ...]:
        return tuple(reversed(getattr(self, name).shape))

    def forward(self, x: Tensor) -> Tensor:
        y = x @ self.weight
        return y if self.bias is None else y + self.bias


class RmsNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight over the last axis (Zhang and Sennrich, 2019)."""

    def __init__(self, width: int, eps: float, *, heads: int = 0):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.eps, self.heads = eps, heads

    def prepare(self, name: str, published: Tensor) -> Tensor:
        return halves(published, self.heads) if self.heads else published

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class ChannelNorm(nn.Module):
    """Root-mean-square norm over the channels of one position of [B, C, f, h, w]. An all-zero position stays zero: `eps` only keeps from dividing by nothing."""

    def __init__(self, width: int, trailing: int = 3):
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(width))
        self.trailing = trailing

    def prepare(self, name: str, published: Tensor) -> Tensor:
        return published.reshape(-1)

    def published(self, name: str) -> tuple[int, ...]:
        return (len(self.gamma), *[1] * self.trailing)

    def last(self, x: Tensor) -> Tensor:
        """[..., C] normalised over its last axis."""
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-24) * self.gamma

    def forward(self, x: Tensor) -> Tensor:
        return self.last(x.permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3)


def attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, scale: float = 1.0) -> Tensor:
    """softmax(scale q k^T + bias) v over [N, heads, tokens, d], in pieces: fusing them is the runtime's work."""
    scores = (q if scale == 1.0 else q * scale) @ k.transpose(-1, -2)
    return (scores if bias is None else scores + bias).softmax(-1) @ v


def split_heads(x: Tensor, heads: int, d: int) -> Tensor:
    """[N, tokens, heads * d] -> [N, heads, tokens, d]."""
    n, tokens, _ = x.shape
    return x.reshape(n, tokens, heads, d).transpose(1, 2)


def merge_heads(x: Tensor, heads: int, d: int) -> Tensor:
    """[N, heads, tokens, d] -> [N, tokens, heads * d]."""
    n, _, tokens, _ = x.shape
    return x.transpose(1, 2).reshape(n, tokens, heads * d)


Prepare = Callable[[Tensor], Tensor]


def hollow(make: Callable[[], nn.Module]) -> nn.Module:
    """Makes a module that takes no memory: each weight is a single zero, spread over the shape."""
    with torch.device("meta"):
        module = make()
    for owner in module.modules():
        for name, parameter in list(owner.named_parameters(recurse=False)):
            setattr(owner, name, nn.Parameter(torch.zeros(1, device="cpu").expand(parameter.shape), requires_grad=False))
        for name, buffer in list(owner.named_buffers(recurse=False)):
            if buffer.is_meta:
                raise ValueError(f"Buffer '{name}' must be computed where it is used, but is stored.")
    return module.eval()


def weights_of(module: nn.Module) -> Iterator[tuple[str, tuple[int, ...], Prepare]]:
    """Every weight: its published name, its published shape, and how the published tensor becomes the module's."""
    for path, owner in module.named_modules():
        for name, parameter in owner.named_parameters(recurse=False):
            shape = owner.published(name) if hasattr(owner, "published") else tuple(parameter.shape)
            prepare = getattr(owner, "prepare", None)
            yield (f"{path}.{name}" if path else name), shape, (lambda t, p=prepare, n=name: p(n, t)) if prepare else lambda t: t


def find_mismatches(module: nn.Module, component: Component, names: Callable[[str], str] = lambda name: name, unused: Callable[[str], bool] = lambda name: False) -> list[str]:
    """What is wrong with the tensors of a component for a module: missing, of another shape, or not known."""
    problems, wanted = [], set()
    for name, shape, _ in weights_of(module):
        published = names(name)
        wanted.add(published)
        stored = component.tensors.get(published)
        if stored is None:
            problems.append(f"{component.folder} must hold tensor '{published}', but does not. Download the weights that belong to its config.json.")
        elif stored.shape != shape:
            problems.append(f"{component.folder}: tensor '{published}' must be {list(shape)}, but is {list(stored.shape)}. Download the weights that belong to its config.json.")
    for name in sorted(component.tensors.keys() - wanted):
        if not unused(name):
            problems.append(f"{component.folder} must hold only tensors of its family, but has '{name}'. Download the weights that belong to its config.json.")
    return problems if len(problems) <= 8 else [*problems[:8], f"{component.folder}: and {len(problems) - 8} tensors more."]


@torch.no_grad()
def fill(module: nn.Module, component: Component, names: Callable[[str], str] = lambda name: name, half: bool = False) -> nn.Module:
    """Gives a hollow module its weights, in memory; with `half`, rounded as a graph with float16 weights holds them."""
    owners = dict(module.named_modules())
    for name, _, prepare in list(weights_of(module)):
        path, _, leaf = name.rpartition(".")
        value = prepare(component.read(names(name))).contiguous()
        setattr(owners[path], leaf, nn.Parameter(value.half().float() if half and value.numel() >= STORED_AS_HALF else value, requires_grad=False))
    return module
