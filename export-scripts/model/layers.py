"""Attention, rotary positions and the small pieces that the text encoder and the transformer share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """Softmax attention over [N, heads, tokens, d], with an additive bias; decomposed, as the exported graph has it.

    Written out because the CPU backward pass of the fused bfloat16 operator is ten times slower than this.
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    return scores.softmax(-1) @ v


def bias_of(mask: Tensor) -> Tensor:
    """Boolean mask (true = may look) -> additive bias."""
    return torch.where(mask, 0.0, -1e4)


def frequencies(count: int, highest: float, lowest: float) -> Tensor:
    return highest * (lowest / highest) ** (torch.arange(count).float() / max(count - 1, 1))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding (RoFormer, arXiv 2104.09864): pairs are (i, i + d/2). x [N, heads, tokens, d], cos/sin [N or 1, 1, tokens, d/2]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Heads(nn.Module):
    """Query, key and value projections with normalised queries and keys (QK-norm), and the way out."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.norm_q, self.norm_k = nn.LayerNorm(width // heads), nn.LayerNorm(width // heads)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[N, tokens, D] -> q, k, v of [N, heads, tokens, d]."""
        n, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return self.norm_q(q), self.norm_k(k), v

    def merge(self, x: Tensor) -> Tensor:
        """[N, heads, tokens, d] -> [N, tokens, D]."""
        n, heads, tokens, d = x.shape
        return self.out(x.transpose(1, 2).reshape(n, tokens, heads * d))


class Mlp(nn.Sequential):
    def __init__(self, width: int, ratio: int):
        super().__init__(nn.Linear(width, ratio * width), nn.SiLU(), nn.Linear(ratio * width, width))


class Modulation(nn.Module):
    """adaLN-single (PixArt-alpha, arXiv 2310.00426): one projection of the time embedding for all blocks, one learned offset a block."""

    def __init__(self, width: int, parts: int):
        super().__init__()
        self.table = nn.Parameter(torch.randn(parts, width) * 0.02)

    def forward(self, shared: Tensor) -> tuple[Tensor, ...]:
        """shared [B, parts, D] -> `parts` tensors [B, 1, D]."""
        return tuple((shared + self.table).unsqueeze(2).unbind(1))


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return F.layer_norm(x, (int(x.shape[-1]),)) * (1 + scale) + shift


def place_in_group(groups: Tensor) -> Tensor:
    """How many earlier entries of the row have the same id: [B, n] ids -> [B, n] counts."""
    order = torch.ones_like(groups[0]).cumsum(0)
    earlier = order[None, :] < order[:, None]
    return ((groups[:, :, None] == groups[:, None, :]) & earlier).sum(-1)
