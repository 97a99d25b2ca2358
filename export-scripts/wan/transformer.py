"""Wan's diffusion transformer (arXiv 2503.20314): noisy latents [B, Cin, f, h, w], timestep [B] and text features [B, S, D] -> velocity [B, C, f, h, w].

Self-attention over all patches with rotary positions in time, height and width, cross-attention to the text and, in image-to-video models, to image features [B, I, Di],
a feed-forward; each modulated by the timestep. Any number of frames, any even height and width, any length of text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wan.layers import Linear, RmsNorm, attention, merge_heads, split_heads
from wan.source import Component

FAMILY = "WanTransformer3DModel"
THETA = 10000.0
TEXT_LENGTH = 512
"""Rows of text that a model with an image branch is given. Image and text come to its blocks as one sequence, the last so many rows of which are the text (and all rows of
a shorter sequence, as in diffusers)."""


@dataclass(frozen=True)
class TransformerConfig:
    patch: tuple[int, int, int]
    heads: int
    head_width: int
    inputs: int
    outputs: int
    text_width: int
    frequencies: int
    inner: int
    layers: int
    text_norm: bool
    """Whether tokens are normalised before they look at the text."""
    eps: float
    image_width: int | None
    """Features of an image; None for a model that looks at none."""
    image_rows: int | None = None
    """Rows of features that have a place of their own each, as those of a first and a last frame have; None for any number."""

    @property
    def width(self) -> int:
        return self.heads * self.head_width


def read_config(component: Component, problems: list[str]) -> TransformerConfig | None:
    """The configuration; None, and why, if it is of a variant that this module is not."""
    where, before = component.folder / "config.json", len(problems)
    norm = component.value("qk_norm", "rms_norm_across_heads")
    if norm != "rms_norm_across_heads":
        problems.append(f"{where}: qk_norm must be rms_norm_across_heads, but is {json_text(norm)}. This variant of Wan is not supported.")
    keys = ("num_attention_heads", "attention_head_dim", "in_channels", "out_channels", "text_dim", "freq_dim", "ffn_dim", "num_layers")
    sizes = {key: component.value(key) for key in keys}
    patch = component.value("patch_size")
    for key, value in sizes.items():
        if not isinstance(value, int) or value < 1:
            problems.append(f"{where}: {key} must be a whole number above 0, but is {json_text(value)}. Download it again.")
    if not (isinstance(patch, list) and len(patch) == 3 and all(isinstance(n, int) and n > 0 for n in patch)):
        problems.append(f"{where}: patch_size must be three whole numbers, but is {json_text(patch)}. Download it again.")
    if len(problems) > before:
        return None
    heads, head_width, inputs, outputs, text, frequencies, inner, layers = sizes.values()
    added, image = component.value("added_kv_proj_dim"), component.value("image_dim")
    if (added is None) != (image is None) or (added is not None and added != heads * head_width):  # type: ignore[operator]
        width = heads * head_width  # type: ignore[operator]
        problems.append(f"{where}: added_kv_proj_dim must be {width} with image_dim and null without, but is {json_text(added)}. Download it again.")
    rows = component.value("pos_embed_seq_len")
    if rows is not None and (image is None or not isinstance(rows, int) or rows < 1):
        problems.append(f"{where}: pos_embed_seq_len must be a whole number above 0 with image_dim and null without, but is {json_text(rows)}. Download it again.")
    if len(problems) > before:
        return None
    return TransformerConfig(tuple(patch), heads, head_width, inputs, outputs, text, frequencies, inner, layers,  # type: ignore[arg-type]
                             bool(component.value("cross_attn_norm", True)), float(component.value("eps", 1e-6)), image, rows)  # type: ignore[arg-type]


def json_text(value: object) -> str:
    return "null" if value is None else str(value)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of [N, heads, tokens, d] with pairs (i, i + d/2); cos and sin [1, 1, tokens, d/2]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Positions(nn.Module):
    """Rotary angles of all patches of [f, h, w]: a third of the pairs follow rows, a third columns, and what is left time."""

    def __init__(self, head_width: int):
        super().__init__()
        side = 2 * (head_width // 6)
        # On the processor in any case: a hollow module computes with them.
        self.frequencies = [(1.0 / THETA ** (torch.arange(0, size, 2, dtype=torch.float64, device="cpu") / size)).float() for size in (head_width - 2 * side, side, side)]

    def forward(self, f: int, h: int, w: int) -> Tensor:
        """[f * h * w, d/2]."""
        parts = []
        for axis, (length, frequencies) in enumerate(zip((f, h, w), self.frequencies, strict=True)):
            angle = torch.arange(length, dtype=torch.float32)[:, None] * frequencies
            before, behind = (slice(None),) + (None,) * (2 - axis), (None,) * axis
            parts.append(angle[behind + before].expand(f, h, w, len(frequencies)))
        return torch.cat(parts, dim=-1).reshape(f * h * w, sum(len(frequencies) for frequencies in self.frequencies))


class Attention(nn.Module):
    """Attention with normalised queries and keys, under the published names."""

    def __init__(self, config: TransformerConfig, *, rotary: bool, image: bool = False):
        super().__init__()
        width, self.shape = config.width, (config.heads, config.head_width)
        order = config.heads if rotary else 0
        self.to_q, self.to_k, self.to_v = Linear(width, width, heads=order), Linear(width, width, heads=order), Linear(width, width)
        self.to_out = nn.ModuleList([Linear(width, width)])
        self.norm_q, self.norm_k = RmsNorm(width, config.eps, heads=order), RmsNorm(width, config.eps, heads=order)
        self.sees_image = image
        if image:
            self.add_k_proj, self.add_v_proj = Linear(width, width), Linear(width, width)
            self.norm_added_k = RmsNorm(width, config.eps)

    def heads(self, x: Tensor) -> Tensor:
        return split_heads(x, *self.shape)

    def look(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return merge_heads(attention(q, self.heads(k), self.heads(v), scale=self.shape[1] ** -0.5), *self.shape)

    def to_itself(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k = (rotate(self.heads(norm(project(x))), cos, sin) for norm, project in ((self.norm_q, self.to_q), (self.norm_k, self.to_k)))
        seen = attention(q, k, self.heads(self.to_v(x)), scale=self.shape[1] ** -0.5)
        return self.to_out[0](merge_heads(seen, *self.shape))

    def to_conditions(self, x: Tensor, text: Tensor, image: Tensor | None) -> Tensor:
        q = self.heads(self.norm_q(self.to_q(x)))
        seen = self.look(q, self.norm_k(self.to_k(text)), self.to_v(text))
        if self.sees_image:
            seen = seen + self.look(q, self.norm_added_k(self.add_k_proj(image)), self.add_v_proj(image))
        return self.to_out[0](seen)


class Projection(nn.Module):
    """One linear layer under a name of its own."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.proj = Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


class FeedForward(nn.Module):
    def __init__(self, inputs: int, inner: int, outputs: int, *, exact: bool = False):
        super().__init__()
        self.net = nn.ModuleDict({"0": Projection(inputs, inner), "2": Linear(inner, outputs)})
        self.approximate = "none" if exact else "tanh"

    def forward(self, x: Tensor) -> Tensor:
        return self.net["2"](F.gelu(self.net["0"](x), approximate=self.approximate))


class Block(nn.Module):
    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.width, self.eps = config.width, config.eps
        self.attn1 = Attention(config, rotary=True)
        self.attn2 = Attention(config, rotary=False, image=config.image_width is not None)
        self.norm2 = nn.LayerNorm(config.width, config.eps) if config.text_norm else None
        self.ffn = FeedForward(config.width, config.inner, config.width)
        self.scale_shift_table = nn.Parameter(torch.empty(1, 6, config.width))

    def forward(self, x: Tensor, text: Tensor, image: Tensor | None, time: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x [B, tokens, D], time [B, 6, D]."""
        shift1, scale1, gate1, shift2, scale2, gate2 = (self.scale_shift_table + time).chunk(6, dim=1)
        x = x + self.attn1.to_itself(F.layer_norm(x, (self.width,), eps=self.eps) * (1 + scale1) + shift1, cos, sin) * gate1
        x = x + self.attn2.to_conditions(x if self.norm2 is None else self.norm2(x), text, image)
        return x + self.ffn(F.layer_norm(x, (self.width,), eps=self.eps) * (1 + scale2) + shift2) * gate2


class TwoLayers(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.linear_1, self.linear_2 = Linear(inputs, outputs), Linear(outputs, outputs)


class ImageEmbedder(nn.Module):
    def __init__(self, inputs: int, outputs: int, rows: int | None):
        super().__init__()
        self.pos_embed = nn.Parameter(torch.empty(1, rows, inputs)) if rows else None
        self.norm1, self.norm2 = nn.LayerNorm(inputs), nn.LayerNorm(outputs)
        self.ff = FeedForward(inputs, inputs, outputs, exact=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm2(self.ff(self.norm1(x if self.pos_embed is None else x + self.pos_embed)))


class ConditionEmbedder(nn.Module):
    def __init__(self, config: TransformerConfig):
        super().__init__()
        half = config.frequencies // 2
        self.frequencies = torch.exp(torch.arange(half, dtype=torch.float32, device="cpu") * (-math.log(THETA) / half))
        self.time_embedder = TwoLayers(config.frequencies, config.width)
        self.time_proj = Linear(config.width, 6 * config.width)
        self.text_embedder = TwoLayers(config.text_width, config.width)
        self.image_embedder = ImageEmbedder(config.image_width, config.width, config.image_rows) if config.image_width else None

    def time(self, timestep: Tensor) -> tuple[Tensor, Tensor]:
        """[B] -> [B, D] and [B, 6, D]."""
        phase = timestep[:, None] * self.frequencies
        embedded = self.time_embedder.linear_2(F.silu(self.time_embedder.linear_1(torch.cat([phase.cos(), phase.sin()], dim=-1))))
        return embedded, self.time_proj(F.silu(embedded)).reshape(timestep.shape[0], 6, -1)

    def text(self, features: Tensor) -> Tensor:
        return self.text_embedder.linear_2(F.gelu(self.text_embedder.linear_1(features), approximate="tanh"))


class Transformer(nn.Module):
    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = config
        self.patch_embedding = nn.Conv3d(config.inputs, config.width, config.patch, stride=config.patch)
        self.positions = Positions(config.head_width)
        self.condition_embedder = ConditionEmbedder(config)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.layers)])
        self.scale_shift_table = nn.Parameter(torch.empty(1, 2, config.width))
        self.proj_out = Linear(config.width, config.outputs * math.prod(config.patch))

    def forward(self, hidden_states: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, encoder_hidden_states_image: Tensor | None = None) -> Tensor:
        config, (pt, ph, pw) = self.config, self.config.patch
        patches = self.patch_embedding(hidden_states)
        (b, _, f, h, w), width = patches.shape, config.width
        x = patches.reshape(b, width, f * h * w).transpose(1, 2)
        angle = self.positions(f, h, w)[None, None]
        cos, sin = angle.cos(), angle.sin()
        embedded, time = self.condition_embedder.time(timestep)
        text = self.condition_embedder.text(encoder_hidden_states)
        image = None
        if self.condition_embedder.image_embedder:
            joined = torch.cat([self.condition_embedder.image_embedder(encoder_hidden_states_image), text], dim=1)
            image, text = joined[:, :-TEXT_LENGTH], joined[:, -TEXT_LENGTH:]
        for block in self.blocks:
            x = block(x, text, image, time, cos, sin)
        shift, scale = (self.scale_shift_table + embedded[:, None]).chunk(2, dim=1)
        x = self.proj_out(F.layer_norm(x, (width,), eps=config.eps) * (1 + scale) + shift)
        x = x.reshape(b, f, h, w, pt, ph, pw, config.outputs).permute(0, 7, 1, 4, 2, 5, 3, 6)
        return x.reshape(b, config.outputs, f * pt, h * ph, w * pw)
