"""Causal video VAE: [B, 3, 1 + 4k, H, W] in [-1, 1]  <->  [B, C, 1 + k, H/8, W/8].

Time is folded before any layer: four frames become the channels of one step, the first frame (repeated) a step of its own, so every layer works at
the latents' frame rate and sees a group of four frames at once, forwards and backwards. Between steps every kernel looks at the present and the past only
(MAGVIT-v2, arXiv 2310.05737, section 3.2): the first frame stands alone, and a clip decodes in chunks that carry the last two steps of each
temporal layer. Before the first step there is nothing: zeros. Norms act on one position's channels, never across time, for the same reason.
Pixels are folded into channels too, so no layer runs at full resolution; a level is reached by folding (or unfolding) 2x2 and a pointwise convolution.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.text import SceneReader
from world.vocabulary import BACKGROUNDS, CAMERAS, COLOURS, KINDS, MOTIONS, STYLES

TEMPORAL_STRIDE = 4
SPATIAL_STRIDE = 8
REACH = 2
"""Earlier steps that a temporal kernel sees."""
SLOTS = (KINDS, COLOURS, MOTIONS, STYLES, BACKGROUNDS, CAMERAS)
"""What the reader finds in each latent cell: four slots of the subject that stands there, two of the shot."""


@dataclass(frozen=True)
class VaeConfig:
    """Widths from the finest level to the coarsest, which is at 1/`stride` of the frame's size, each other at twice the size of the next; blocks a level."""

    latent_channels: int = 32
    widths: tuple[int, ...] = (192, 256)
    encoder_blocks: tuple[int, ...] = (2, 2)
    decoder_blocks: tuple[int, ...] = (4, 3)
    stride: int = SPATIAL_STRIDE
    """Pixels along a latent cell's edge."""

    @property
    def patch(self) -> int:
        """Pixels along an edge that are folded into channels."""
        return self.stride >> (len(self.widths) - 1)

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, object]) -> VaeConfig:
        return VaeConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class Past:
    """What the temporal layers remember between chunks: one [B, C, REACH, h, w] tensor a layer, in the order in which they run. Empty: a clip begins."""

    def __init__(self, given: list[Tensor] | None = None):
        self._given = list(given or [])
        self.kept: list[Tensor] = []

    def before(self, x: Tensor) -> Tensor:
        """x with the steps before it."""
        x = torch.cat([self._given.pop(0), x], dim=2) if self._given else F.pad(x, (0, 0, 0, 0, REACH, 0))
        self.kept.append(x[:, :, -REACH:])
        return x


class Conv(nn.Conv3d):
    """A convolution over a frame's neighbours, and with `time` over the two steps before."""

    def __init__(self, inputs: int, outputs: int, space: int = 3, *, time: bool = False):
        super().__init__(inputs, outputs, (1 + REACH if time else 1, space, space), padding=(0, space // 2, space // 2))
        self.time = time
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear")
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, past: Past) -> Tensor:
        return super().forward(past.before(x) if self.time else x)


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of one position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3)


class Block(nn.Module):
    """Residual block: a spatial convolution, then one along time (or a second spatial one)."""

    def __init__(self, width: int, *, time: bool):
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(width), ChannelNorm(width)
        self.conv1 = Conv(width, width)
        self.conv2 = Conv(width, width, 1, time=True) if time else Conv(width, width)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, past: Past) -> Tensor:
        return x + self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x)), past))), past)


def fold_time(x: Tensor) -> Tensor:
    """[B, C, 1 + 4k, H, W] -> [B, 4C, 1 + k, H, W]; the first step holds the first frame four times."""
    x = torch.cat([x[:, :, :1].expand(-1, -1, TEMPORAL_STRIDE - 1, -1, -1), x], dim=2)
    b, c, t, h, w = x.shape
    return x.reshape(b, c, t // TEMPORAL_STRIDE, TEMPORAL_STRIDE, h, w).permute(0, 1, 3, 2, 4, 5).reshape(b, c * TEMPORAL_STRIDE, t // TEMPORAL_STRIDE, h, w)


def unfold_time(x: Tensor) -> Tensor:
    """[B, 4C, f, H, W] -> [B, C, 4f, H, W]; at the start of a clip the first three frames are to be dropped."""
    b, c, f, h, w = x.shape
    return x.reshape(b, c // TEMPORAL_STRIDE, TEMPORAL_STRIDE, f, h, w).permute(0, 1, 3, 2, 4, 5).reshape(b, c // TEMPORAL_STRIDE, f * TEMPORAL_STRIDE, h, w)


def fold(x: Tensor, patch: int) -> Tensor:
    """[B, C, T, H, W] -> [B, C patch², T, H/patch, W/patch]."""
    b, c, t, h, w = x.shape
    x = x.reshape(b, c, t, h // patch, patch, w // patch, patch)
    return x.permute(0, 1, 4, 6, 2, 3, 5).reshape(b, c * patch * patch, t, h // patch, w // patch)


def unfold(x: Tensor, patch: int) -> Tensor:
    """The inverse of fold."""
    b, c, t, h, w = x.shape
    x = x.reshape(b, c // (patch * patch), patch, patch, t, h, w)
    return x.permute(0, 1, 4, 5, 2, 6, 3).reshape(b, c // (patch * patch), t, h * patch, w * patch)


def blocks(width: int, count: int, *, time: bool) -> nn.ModuleList:
    return nn.ModuleList([Block(width, time=time) for _ in range(count)])


def has_time(widths: tuple[int, ...], level: int) -> bool:
    """Whether a level's blocks look back in time: all but those at half the frame's size, where it would cost most."""
    return len(widths) - level < 3


class Encoder(nn.Module):
    def __init__(self, config: VaeConfig):
        super().__init__()
        self.patch, w = config.patch, config.widths
        self.stem = Conv(3 * TEMPORAL_STRIDE * self.patch**2, w[0])
        self.levels = nn.ModuleList([blocks(w[i], n, time=has_time(w, i)) for i, n in enumerate(config.encoder_blocks)])
        self.downs = nn.ModuleList([Conv(4 * w[i], w[i + 1], 1) for i in range(len(w) - 1)])
        self.norm = ChannelNorm(w[-1])
        self.head = Conv(w[-1], 2 * config.latent_channels)

    def forward(self, x: Tensor) -> Tensor:
        past = Past()
        h = self.stem(fold(fold_time(x), self.patch), past)
        for i, level in enumerate(self.levels):
            h = self.downs[i - 1](fold(h, 2), past) if i else h
            for block in level:
                h = block(h, past)
        return self.head(F.silu(self.norm(h)), past)


class Decoder(nn.Module):
    def __init__(self, config: VaeConfig):
        super().__init__()
        self.patch, w = config.patch, config.widths
        self.stem = Conv(config.latent_channels, w[-1], time=True)
        self.levels = nn.ModuleList([blocks(w[i], n, time=has_time(w, i)) for i, n in reversed(list(enumerate(config.decoder_blocks)))])
        self.ups = nn.ModuleList([Conv(w[i + 1], 4 * w[i], 1) for i in reversed(range(len(w) - 1))])
        self.norm = ChannelNorm(w[0])
        self.head = Conv(w[0], 3 * TEMPORAL_STRIDE * self.patch**2)

    def forward(self, z: Tensor, past: Past) -> Tensor:
        """[B, C, f, h, w] -> [B, 3, 4f, H, W]."""
        h = self.stem(z, past)
        for i, level in enumerate(self.levels):
            h = unfold(self.ups[i - 1](h, past), 2) if i else h
            for block in level:
                h = block(h, past)
        return unfold_time(unfold(self.head(F.silu(self.norm(h)), past), self.patch))


class Vae(nn.Module):
    """Encoder to mean and log-variance, and decoder; for training only, a linear reader of what latents show."""

    def __init__(self, config: VaeConfig):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = Encoder(config), Decoder(config)
        self.reader = SceneReader(config.latent_channels, tuple(len(slot) for slot in SLOTS), 1)

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, F, H, W] in [-1, 1] -> mean and log-variance [B, C, f, h, w]."""
        mean, log_variance = self.encoder(frames).chunk(2, dim=1)
        return mean, log_variance.clamp(-20.0, 4.0)

    def decode(self, latents: Tensor) -> Tensor:
        """[B, C, f, h, w] -> [B, 3, F, H, W], nominally in [-1, 1], not clamped."""
        return self.decoder(latents, Past())[:, :, TEMPORAL_STRIDE - 1:]
