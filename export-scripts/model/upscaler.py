"""Video super-resolution: [B, 3, F, H, W] in [-1, 1] -> [B, 3, F, 4H, 4W].

All layers work at the draft's size: residual blocks of a spatial convolution and one over three neighbouring frames, then sixteen sub-pixels a pixel (ESPCN,
arXiv 1609.05158) are added to the bilinear enlargement. What frames share steadies them: every block sees the frames beside it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SCALE = 4


@dataclass(frozen=True)
class UpscalerConfig:
    width: int = 64
    blocks: int = 8

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class FrameConv(nn.Conv3d):
    """A convolution over a frame's neighbours, or over the frames before and after; what lies outside a clip is its first or last frame, outside a frame its edge."""

    def __init__(self, inputs: int, outputs: int, *, time: bool = False):
        super().__init__(inputs, outputs, (3, 1, 1) if time else (1, 3, 3), padding=(1, 0, 0) if time else (0, 1, 1))
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear")
        nn.init.zeros_(self.bias)
        self.time = time

    def forward(self, x: Tensor) -> Tensor:
        if not self.time:
            return super().forward(x)
        x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], dim=2)
        return F.conv3d(x, self.weight, self.bias)


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.space, self.time = FrameConv(width, width), FrameConv(width, width, time=True)
        nn.init.zeros_(self.time.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.time(F.silu(self.space(x)))


class Upscaler(nn.Module):
    def __init__(self, config: UpscalerConfig):
        super().__init__()
        self.config = config
        self.stem = FrameConv(3, config.width)
        self.blocks = nn.ModuleList([Block(config.width) for _ in range(config.blocks)])
        self.head = FrameConv(config.width, 3 * SCALE * SCALE)
        nn.init.zeros_(self.head.weight)

    def forward(self, sample: Tensor) -> Tensor:
        h = self.stem(sample)
        for block in self.blocks:
            h = block(h)
        return enlarge(sample) + sub_pixels(self.head(F.silu(h)))


def sub_pixels(x: Tensor) -> Tensor:
    """[B, 3 * 16, F, H, W] -> [B, 3, F, 4H, 4W]."""
    b, c, f, h, w = x.shape
    x = x.reshape(b, c // SCALE**2, SCALE, SCALE, f, h, w).permute(0, 1, 4, 5, 2, 6, 3)
    return x.reshape(b, c // SCALE**2, f, h * SCALE, w * SCALE)


def enlarge(x: Tensor) -> Tensor:
    """Bilinear enlargement of every frame."""
    b, c, f, h, w = x.shape
    frames = x.transpose(1, 2).reshape(b * f, c, h, w)
    frames = F.interpolate(frames, scale_factor=float(SCALE), mode="bilinear", align_corners=False)
    return frames.reshape(b, f, c, h * SCALE, w * SCALE).transpose(1, 2)
