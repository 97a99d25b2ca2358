"""Compact semantics of a video: what stands where, without how it looks in every pixel. SemanticGen (arXiv 2512.20619) plans a video in such a space before it makes latents.

The encoder gives one token a transformer's token, at the latents' frame rate: [B, 3, 1 + 4k, H, W] -> [B, C, 1 + k, H/16, W/16]. It begins with the VAE's encoder, as that is, because those latents
were trained to tell what they show; layers behind it see a place's surroundings and past. Their features pass a light MLP to the mean and log-variance of a Gaussian of a few dimensions, which a KL
term keeps near a standard normal, so that a diffusion model finds it easy. All of it is causal in time: the first frame stands alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.vae import SLOTS, SPATIAL_STRIDE, Conv, Encoder, Past, VaeConfig, blocks, fold

PATCH = 2
"""Latent cells along a token's edge."""
SEMANTIC_STRIDE = PATCH * SPATIAL_STRIDE


@dataclass(frozen=True)
class SemanticConfig:
    """Channels of a token, of the features before they are compressed, and layers that make those; then what the VAE's encoder is like, whose latents they are made of."""

    channels: int = 8
    features: int = 192
    layers: int = 3
    latent_channels: int = 32
    widths: tuple[int, ...] = (192, 256)
    blocks: tuple[int, ...] = (2, 2)

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, object]) -> SemanticConfig:
        return SemanticConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class SemanticEncoder(nn.Module):
    """Features of the VAE's latents, compressed; for training only, a reader of what tokens tell."""

    def __init__(self, config: SemanticConfig):
        super().__init__()
        self.config = config
        self.trunk = Encoder(VaeConfig(config.latent_channels, config.widths, config.blocks, config.blocks))
        self.stem = Conv(PATCH**2 * config.latent_channels, config.features, 1)
        self.layers = blocks(config.features, config.layers, time=True)
        self.compress = nn.Sequential(nn.LayerNorm(config.features), nn.Linear(config.features, config.features), nn.SiLU(), nn.Linear(config.features, 2 * config.channels))
        self.reader = SemanticReader(config.channels, config.latent_channels)

    def forward(self, sample: Tensor) -> Tensor:
        """[B, 3, F, H, W] in [-1, 1] -> mean and log-variance [B, 2C, f, H/16, W/16]."""
        return self.of_latents(self.trunk(sample)[:, :self.config.latent_channels])

    def of_latents(self, latents: Tensor) -> Tensor:
        """The VAE's means [B, Cl, f, h, w], not normalised -> mean and log-variance [B, 2C, f, h/2, w/2]."""
        past = Past()
        x = self.stem(fold(latents, PATCH), past)
        for layer in self.layers:
            x = layer(x, past)
        return self.compress(x.permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3)

    def encode(self, sample: Tensor) -> tuple[Tensor, Tensor]:
        return gaussian(self(sample))


def gaussian(parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-variance, each [B, C, f, h, w], of both together."""
    mean, log_variance = parameters.chunk(2, dim=1)
    return mean, log_variance.clamp(-20.0, 4.0)


class SemanticReader(nn.Module):
    """What each token says of the subject in its place (class 0 is nobody), what all of a frame's say of the scene, and roughly how the place looks: the mean of its normalised latents."""

    def __init__(self, channels: int, latent_channels: int, width: int = 192):
        super().__init__()
        self.widen = nn.Sequential(nn.Linear(channels, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.subject = nn.ModuleList([nn.Linear(width, len(slot) + 1) for slot in SLOTS[:4]])
        self.scene = nn.ModuleList([nn.Linear(width, len(slot)) for slot in SLOTS[4:]])
        self.looks = nn.Linear(width, latent_channels)

    def forward(self, tokens: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """[B, C, f, h, w] -> logits [B, f, h, w, n] of kind, colour, motion and style; [B, f, n] of background and camera; means of latents [B, f, h, w, Cl]."""
        x = self.widen(tokens.permute(0, 2, 3, 4, 1))
        whole = x.mean((2, 3))
        return [head(x) for head in self.subject], [head(whole) for head in self.scene], self.looks(x)


def planned(tokens: Tensor, share: Tensor | float, generator: torch.Generator | None = None) -> Tensor:
    """Tokens [B, C, f, h, w] as a plan that a transformer follows: with a share of noise, because what they say in detail is not to be trusted, and before them the channel that says that there is one."""
    tokens = (1 - share) * tokens + share * torch.randn(tokens.shape, generator=generator)
    return torch.cat([torch.ones_like(tokens[:, :1]), tokens], dim=1)


def looks(latents: Tensor) -> Tensor:
    """Each token's mean of its latents: [B, C, f, h, w] -> [B, f, h/2, w/2, C]."""
    b, c, f, h, w = latents.shape
    return latents.reshape(b, c, f, h // PATCH, PATCH, w // PATCH, PATCH).mean((4, 6)).permute(0, 2, 3, 4, 1)


def token_subjects(cells: Tensor) -> Tensor:
    """Subject numbers of latent cells [B, f, 2h, 2w] -> of tokens [B, f, h, w]: the highest of four."""
    b, f, h, w = cells.shape
    return cells.reshape(b, f, h // 2, 2, w // 2, 2).amax((3, 5))


def reading_losses(encoder: SemanticEncoder, tokens: Tensor, cells: Tensor, subjects: Tensor, scene: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Cross-entropies by slot, and the share of right answers where a subject stands (or of frames). `cells` as of latents, `subjects` [4, B, f, 2] and `scene` [2, B, f, 1] are
    classes, -1 where none can be seen."""
    said, told, _ = encoder.reader(tokens)
    number = token_subjects(cells)
    losses, right = {}, {}
    for name, logits, classes in zip(("kind", "colour", "motion", "style"), said, subjects, strict=True):
        known = torch.cat([torch.zeros_like(classes[..., :1]), classes + 1], dim=-1)  # nobody is 0; not to be told is 0 where somebody stands
        wanted = known.gather(2, number.flatten(2)).reshape(number.shape)
        wanted = torch.where((number > 0) & (wanted == 0), -1, wanted)
        each = F.cross_entropy(logits.float().flatten(0, -2), wanted.flatten(), ignore_index=-1, reduction="none").reshape(wanted.shape)
        somebody = wanted > 0
        losses[name] = each[somebody].sum() / somebody.sum().clamp(min=1) + each[~somebody].sum() / (wanted == 0).sum().clamp(min=1)
        right[name] = (logits.argmax(-1) == wanted)[somebody].float().mean()
    for name, logits, classes in zip(("background", "camera"), told, scene[..., 0], strict=True):
        seen = classes >= 0
        losses[name] = F.cross_entropy(logits.float()[seen], classes[seen])
        right[name] = (logits.argmax(-1) == classes)[seen].float().mean()
    return losses, right
