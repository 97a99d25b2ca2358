"""Causal video VAE: [B, 3, 1 + 4k, H, W] in [-1, 1]  <->  [B, C, 1 + k, H/8, W/8].

Causal in time (MAGVIT-v2, arXiv 2310.05737, section 3.2): every temporal kernel looks at the present and the past only, so that the first
frame stands alone and a clip decodes in chunks. Norms act on one position's channels, never across time, for the same reason.
Pixels are folded 2x2 into channels before the first convolution, so no layer runs at full resolution.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TEMPORAL_STRIDE = 4
SPATIAL_STRIDE = 8


@dataclass(frozen=True)
class VaeConfig:
    """Widths at 1/2, 1/4 and 1/8 of the frame's size; blocks per level in the encoder and the decoder."""

    latent_channels: int = 24
    widths: tuple[int, int, int] = (48, 96, 160)
    encoder_blocks: tuple[int, int, int] = (1, 1, 2)
    decoder_blocks: tuple[int, int, int] = (2, 2, 2)

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, object]) -> VaeConfig:
        return VaeConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


class CausalConv(nn.Conv3d):
    """A convolution that pads the past, never the future: the first frame is repeated backwards in time."""

    def __init__(self, inputs: int, outputs: int, time: int, space: int, time_stride: int = 1, space_stride: int = 1):
        super().__init__(inputs, outputs, (time, space, space), (time_stride, space_stride, space_stride), (0, space // 2, space // 2))
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear")
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        past = self.kernel_size[0] - 1
        if past and self.training and x.shape[2] == 1:  # a lone frame repeated: the same as the kernel summed over time, at a third of the cost
            weight = self.weight.sum(dim=2, keepdim=True)
            return F.conv3d(x, weight, self.bias, (1, *self.stride[1:]), self.padding)
        if past:
            x = torch.cat([x[:, :, :1]] * past + [x], dim=2)
        return super().forward(x)


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of one position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3)


class Block(nn.Module):
    """Residual block: a spatial convolution, then one along time (factorised) or both in space and time."""

    def __init__(self, width: int, factorised: bool):
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(width), ChannelNorm(width)
        self.conv1 = CausalConv(width, width, 1, 3) if factorised else CausalConv(width, width, 3, 3)
        self.conv2 = CausalConv(width, width, 3, 1) if factorised else CausalConv(width, width, 1, 3)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h)))


def fold(x: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B, 4C, T, H/2, W/2]."""
    b, c, t, h, w = x.shape
    x = x.reshape(b, c, t, h // 2, 2, w // 2, 2)
    return x.permute(0, 1, 4, 6, 2, 3, 5).reshape(b, c * 4, t, h // 2, w // 2)


def unfold(x: Tensor) -> Tensor:
    """[B, 4C, T, h, w] -> [B, C, T, 2h, 2w]; the inverse of fold."""
    b, c, t, h, w = x.shape
    x = x.reshape(b, c // 4, 2, 2, t, h, w)
    return x.permute(0, 1, 4, 5, 2, 6, 3).reshape(b, c // 4, t, h * 2, w * 2)


class TimeUp(nn.Module):
    """1 + k frames -> 1 + 2k frames: each becomes two, and the first frame's earlier twin is dropped."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = CausalConv(width, 2 * width, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, t, h, w = x.shape
        y = self.conv(x).reshape(b, 2, c, t, h, w).permute(0, 2, 3, 1, 4, 5).reshape(b, c, 2 * t, h, w)
        return y[:, :, 1:]


class SpaceUp(nn.Module):
    """Twice the height and width by a convolution into four sub-pixels."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = CausalConv(inputs, 4 * outputs, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        return unfold(self.conv(x))


class Encoder(nn.Module):
    def __init__(self, config: VaeConfig):
        super().__init__()
        w1, w2, w3 = config.widths
        n1, n2, n3 = config.encoder_blocks
        self.stem = CausalConv(12, w1, 1, 3)
        self.level1 = nn.Sequential(*[Block(w1, True) for _ in range(n1)])
        self.down1 = CausalConv(w1, w2, 3, 3, 2, 2)
        self.level2 = nn.Sequential(*[Block(w2, False) for _ in range(n2)])
        self.down2 = CausalConv(w2, w3, 3, 3, 2, 2)
        self.level3 = nn.Sequential(*[Block(w3, False) for _ in range(n3)])
        self.norm = ChannelNorm(w3)
        self.head = CausalConv(w3, 2 * config.latent_channels, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.level1(self.stem(fold(x)))
        h = self.level2(self.down1(h))
        h = self.level3(self.down2(h))
        return self.head(F.silu(self.norm(h)))


class Decoder(nn.Module):
    def __init__(self, config: VaeConfig):
        super().__init__()
        w1, w2, w3 = config.widths
        n1, n2, n3 = config.decoder_blocks
        self.stem = CausalConv(config.latent_channels, w3, 3, 3)
        self.level3 = nn.Sequential(*[Block(w3, False) for _ in range(n3)])
        self.up3, self.slow3 = SpaceUp(w3, w2), TimeUp(w2)
        self.level2 = nn.Sequential(*[Block(w2, False) for _ in range(n2)])
        self.up2, self.slow2 = SpaceUp(w2, w1), TimeUp(w1)
        self.level1 = nn.Sequential(*[Block(w1, True) for _ in range(n1)])
        self.norm = ChannelNorm(w1)
        self.head = CausalConv(w1, 12, 1, 3)

    def forward(self, z: Tensor) -> Tensor:
        h = self.level3(self.stem(z))
        h = self.level2(self.slow3(self.up3(h)))
        h = self.level1(self.slow2(self.up2(h)))
        return unfold(self.head(F.silu(self.norm(h))))


class Vae(nn.Module):
    """Encoder to mean and log-variance, and decoder."""

    def __init__(self, config: VaeConfig):
        super().__init__()
        self.config = config
        self.encoder, self.decoder = Encoder(config), Decoder(config)

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """[B, 3, F, H, W] in [-1, 1] -> mean and log-variance [B, C, f, h, w]."""
        mean, log_variance = self.encoder(frames).chunk(2, dim=1)
        return mean, log_variance.clamp(-20.0, 4.0)

    def decode(self, latents: Tensor) -> Tensor:
        """[B, C, f, h, w] -> [B, 3, F, H, W], nominally in [-1, 1], not clamped."""
        return self.decoder(latents)
