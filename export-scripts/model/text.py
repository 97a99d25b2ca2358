"""Bidirectional text encoder: token ids, mask and shot ids [B, S] -> [B, S, D].

All captions of a video stand in one sequence; every token sees every shot ("the same bird" finds its colour), and the transformer lets a
frame see the tokens of its own shot only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from model.layers import Heads, Mlp, attention, bias_of, frequencies, place_in_group, rotate

MAX_SHOTS = 8


@dataclass(frozen=True)
class TextConfig:
    vocabulary: int
    width: int = 256
    heads: int = 4
    layers: int = 3

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class TextBlock(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = Heads(width, heads), Mlp(width, 3)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, bias: Tensor) -> Tensor:
        q, k, v = self.attn.split(self.norm1(x))
        x = x + self.attn.merge(attention(rotate(q, cos, sin), rotate(k, cos, sin), v, bias))
        return x + self.mlp(self.norm2(x))


class TextEncoder(nn.Module):
    def __init__(self, config: TextConfig):
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        self.shots = nn.Embedding(MAX_SHOTS, config.width)
        self.blocks = nn.ModuleList([TextBlock(config.width, config.heads) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(config.width)
        self.register_buffer("frequencies", frequencies(config.width // config.heads // 2, 1.0, 0.01), persistent=False)
        nn.init.normal_(self.tokens.weight, std=0.5)
        nn.init.normal_(self.shots.weight, std=0.1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, shot_ids: Tensor) -> Tensor:
        x = self.tokens(input_ids) + self.shots(shot_ids)
        # Positions start anew with every shot: a caption means the same wherever it stands.
        angle = place_in_group(shot_ids).to(x.dtype)[:, None, :, None] * self.frequencies.to(x.dtype)
        bias = bias_of(attention_mask[:, None, None, :] > 0).to(x.dtype)
        for block in self.blocks:
            x = block(x, angle.cos(), angle.sin(), bias)
        return self.norm(x)


class SceneReader(nn.Module):
    """Training only: what stands in each latent cell, read from the transformer's middle by one linear layer a slot. Where pixels are still noise the text
    alone can tell, so that binding words to places is learnt from the first step on (in the spirit of REPA, arXiv 2410.06940, with exact truth for features)."""

    def __init__(self, width: int, classes: tuple[int, ...], cells: int):
        super().__init__()
        self.heads = nn.ModuleList([nn.Linear(width, n * cells * cells) for n in classes])
        self.cells = cells

    def forward(self, features: Tensor) -> list[Tensor]:
        """[B, f, h, w, D] -> logits [B, f, h * cells, w * cells, n] a slot."""
        b, f, h, w, _ = features.shape
        n = self.cells
        return [head(features).reshape(b, f, h, w, n, n, -1).permute(0, 1, 2, 4, 3, 5, 6).reshape(b, f, h * n, w * n, -1) for head in self.heads]


class AttributeReader(nn.Module):
    """Training only: learned queries over a shot's tokens say what each mention is. It binds words to attributes before any pixel is seen.

    Two subjects (colour, kind, place, motion) and the scene (background, camera, style) for every shot.
    """

    def __init__(self, width: int, subject_classes: tuple[int, ...], scene_classes: tuple[int, ...]):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(3, width) * 0.3)
        self.key, self.value = nn.Linear(width, width), nn.Linear(width, width)
        self.subject_heads = nn.ModuleList([nn.Linear(width, n) for n in subject_classes])
        self.scene_heads = nn.ModuleList([nn.Linear(width, n) for n in scene_classes])

    def forward(self, text: Tensor, mask: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """text [B, S, D], mask [B, shots, S] -> logits [B, shots, 2, n] per subject slot and [B, shots, n] per scene slot."""
        scores = self.queries @ self.key(text).transpose(1, 2) * text.shape[-1] ** -0.5
        scores = scores[:, None] + bias_of(mask)[:, :, None].to(scores.dtype)
        read = scores.softmax(-1) @ self.value(text)[:, None]
        return [head(read[:, :, :2]) for head in self.subject_heads], [head(read[:, :, 2]) for head in self.scene_heads]
