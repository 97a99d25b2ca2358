"""The CLIP vision transformer (arXiv 2103.00020) whose features Wan's image-to-video models look at: pictures [B, 3, H, W] in [-1, 1] -> features [B, 1 + n, D].

A picture of any size is brought to the encoder's own by bicubic interpolation and normalised inside the graph, as Wan's authors do it. The features are those in front of
the last layer, which therefore is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wan.layers import Linear, attention, merge_heads, split_heads
from wan.source import Component

FAMILY = "CLIPVisionModel"
FAMILIES = (FAMILY, "CLIPVisionModelWithProjection")
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on, in [0, 1]."""


@dataclass(frozen=True)
class ImageConfig:
    width: int
    inner: int
    heads: int
    layers: int
    size: int
    """Pixels along an edge."""
    patch: int
    eps: float

    @property
    def rows(self) -> int:
        """Rows of features of one image: one for the whole of it, and one for each patch."""
        return 1 + (self.size // self.patch) ** 2


def read_config(component: Component, problems: list[str]) -> ImageConfig | None:
    """The configuration; None, and why, if it is of a variant that this module is not."""
    where, before = component.folder / "config.json", len(problems)
    if component.value("hidden_act", "quick_gelu") != "gelu":
        problems.append(f"{where}: hidden_act must be gelu, but is {component.value('hidden_act', 'quick_gelu')}. Name the image encoder of a Wan model.")
    keys = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "image_size", "patch_size")
    sizes = {key: component.value(key) for key in keys}
    for key, value in sizes.items():
        if not isinstance(value, int) or value < 1:
            problems.append(f"{where}: {key} must be a whole number above 0, but is {value}. Download it again.")
    return ImageConfig(*sizes.values(), float(component.value("layer_norm_eps", 1e-5))) if len(problems) == before else None  # type: ignore[arg-type]


class SelfAttention(nn.Module):
    def __init__(self, config: ImageConfig):
        super().__init__()
        self.shape = config.heads, config.width // config.heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (Linear(config.width, config.width) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (split_heads(project(x), *self.shape) for project in (self.q_proj, self.k_proj, self.v_proj))
        return self.out_proj(merge_heads(attention(q, k, v, scale=self.shape[1] ** -0.5), *self.shape))


class Layer(nn.Module):
    def __init__(self, config: ImageConfig):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = (nn.LayerNorm(config.width, config.eps) for _ in range(2))
        self.self_attn = SelfAttention(config)
        self.mlp = nn.ModuleDict({"fc1": Linear(config.width, config.inner), "fc2": Linear(config.inner, config.width)})

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.layer_norm2(x))))


class Embeddings(nn.Module):
    def __init__(self, config: ImageConfig):
        super().__init__()
        self.class_embedding = nn.Parameter(torch.empty(config.width))
        self.patch_embedding = nn.Conv2d(3, config.width, config.patch, stride=config.patch, bias=False)
        self.position_embedding = nn.Embedding(config.rows, config.width)

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(pixels.shape[0], 1, -1)
        return torch.cat([first, patches], dim=1) + self.position_embedding.weight


class Vision(nn.Module):
    def __init__(self, config: ImageConfig):
        super().__init__()
        self.embeddings = Embeddings(config)
        self.pre_layrnorm = nn.LayerNorm(config.width, config.eps)  # misspelt where it is published
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList([Layer(config) for _ in range(config.layers - 1)])})


class ImageEncoder(nn.Module):
    def __init__(self, config: ImageConfig):
        super().__init__()
        self.config = config
        self.vision_model = Vision(config)
        # From [-1, 1] to [0, 1], and from there to what CLIP takes. On the processor in any case: a hollow module computes with them.
        mean, std = (torch.tensor(values, device="cpu")[:, None, None] for values in (MEAN, STD))
        self.scale, self.shift = 0.5 / std, (0.5 - mean) / std

    def forward(self, pixel_values: Tensor) -> Tensor:
        size = self.config.size
        resized = F.interpolate(pixel_values, size=(size, size), mode="bicubic", align_corners=False)
        x = self.vision_model.pre_layrnorm(self.vision_model.embeddings(resized * self.scale + self.shift))
        for layer in self.vision_model.encoder["layers"]:
            x = layer(x)
        return x


def is_unused(config: ImageConfig) -> tuple[str, ...]:
    """What names of published tensors begin with that lie behind the features."""
    return (f"vision_model.encoder.layers.{config.layers - 1}.", "vision_model.post_layernorm.", "vision_model.embeddings.position_ids", "visual_projection.")
