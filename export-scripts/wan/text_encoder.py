"""umT5 (arXiv 2304.09151): a T5 encoder whose every layer has its own table of relative positions.

Token ids and mask [B, S] -> features [B, S, D]; rows behind a text's end are zeros, as Wan hands them on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wan.layers import Linear, RmsNorm, attention, merge_heads, split_heads
from wan.source import Component

FAMILY = "UMT5EncoderModel"
NOTHING = -1e9
"""Added to the scores of keys that are not there: large for any score, and far from overflowing."""


@dataclass(frozen=True)
class TextConfig:
    vocabulary: int
    width: int
    head_width: int
    inner: int
    heads: int
    layers: int
    buckets: int
    farthest: int
    eps: float


def read_config(component: Component, problems: list[str]) -> TextConfig | None:
    """The configuration; None, and why, if it is of a variant that is not umT5's."""
    where, before = component.folder / "config.json", len(problems)
    for key, expected in (("model_type", "umt5"), ("feed_forward_proj", "gated-gelu")):
        if component.value(key, expected) != expected:
            problems.append(f"{where}: {key} must be {expected}, but is {component.value(key)}. Name a umT5 encoder.")
    sizes = {key: component.value(key) for key in ("vocab_size", "d_model", "d_kv", "d_ff", "num_heads", "num_layers")}
    for key, value in sizes.items():
        if not isinstance(value, int) or value < 1:
            problems.append(f"{where}: {key} must be a whole number above 0, but is {value}. Download it again.")
    if len(problems) > before:
        return None
    return TextConfig(*sizes.values(), buckets=int(component.value("relative_attention_num_buckets", 32)),  # type: ignore[arg-type, call-arg, misc]
                      farthest=int(component.value("relative_attention_max_distance", 128)), eps=float(component.value("layer_norm_epsilon", 1e-6)))  # type: ignore[arg-type]


def bucket_table(buckets: int, farthest: int) -> Tensor:
    """The bucket of every distance key - query from -farthest to farthest, [2 * farthest + 1] int64: half of them for each direction, exact up to half of those, then
    ever wider towards `farthest`, beyond which all share the last (Raffel et al., arXiv 1910.10683)."""
    distance = torch.arange(-farthest, farthest + 1, device="cpu")
    side = buckets // 2
    exact = side // 2
    far = distance.abs()
    wide = exact + (torch.log(far.float().clamp(min=1) / exact) / math.log(farthest / exact) * (side - exact)).long()
    return torch.where(distance > 0, side, 0) + torch.where(far < exact, far, wide.clamp(max=side - 1))


class Table(nn.Module):
    """An embedding: [rows, width]."""

    def __init__(self, rows: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.weight)


class SelfAttention(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        inner = config.heads * config.head_width
        self.shape = config.heads, config.head_width
        self.q, self.k, self.v = (Linear(config.width, inner, bias=False) for _ in range(3))
        self.o = Linear(inner, config.width, bias=False)
        self.relative_attention_bias = Table(config.buckets, config.heads)

    def forward(self, x: Tensor, buckets: Tensor, places: Tensor, missing: Tensor) -> Tensor:
        """buckets: by distance; places [S, S]: the distance's index; missing [B, 1, 1, S]: what is added to the scores of keys."""
        q, k, v = (split_heads(project(x), *self.shape) for project in (self.q, self.k, self.v))
        by_distance = self.relative_attention_bias(buckets)
        bias = F.embedding(places, by_distance).permute(2, 0, 1).unsqueeze(0)
        return self.o(merge_heads(attention(q, k, v, bias + missing), *self.shape))


class FeedForward(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        self.wi_0, self.wi_1 = Linear(config.width, config.inner, bias=False), Linear(config.width, config.inner, bias=False)
        self.wo = Linear(config.inner, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))


class Layer(nn.Module):
    """A norm, and what is added behind it, under the name that it is published with."""

    def __init__(self, name: str, inside: nn.Module, config: TextConfig):
        super().__init__()
        self.name = name
        self.layer_norm = RmsNorm(config.width, config.eps)
        self.add_module(name, inside)

    def forward(self, x: Tensor, *more: Tensor) -> Tensor:
        return x + getattr(self, self.name)(self.layer_norm(x), *more)


class Block(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        self.layer = nn.ModuleList([Layer("SelfAttention", SelfAttention(config), config), Layer("DenseReluDense", FeedForward(config), config)])

    def forward(self, x: Tensor, buckets: Tensor, places: Tensor, missing: Tensor) -> Tensor:
        return self.layer[1](self.layer[0](x, buckets, places, missing))


class Stack(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        self.block = nn.ModuleList([Block(config) for _ in range(config.layers)])
        self.final_layer_norm = RmsNorm(config.width, config.eps)


class TextEncoder(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        self.config = config
        self.buckets = bucket_table(config.buckets, config.farthest)
        self.shared = Table(config.vocabulary, config.width)
        self.encoder = Stack(config)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        x = self.shared(input_ids)
        farthest = self.config.farthest
        place = torch.arange(input_ids.shape[1], device=input_ids.device)
        places = (place[None, :] - place[:, None]).clamp(-farthest, farthest) + farthest
        real = attention_mask.to(x.dtype)
        missing = ((1.0 - real) * NOTHING)[:, None, None, :]
        for block in self.encoder.block:
            x = block(x, self.buckets, places, missing)
        return self.encoder.final_layer_norm(x) * real[:, :, None]


def published_name(component: Component) -> dict[str, str]:
    """The embedding has two published names; files hold one of them, or both."""
    return {} if "shared.weight" in component.tensors else {"shared.weight": "encoder.embed_tokens.weight"}
