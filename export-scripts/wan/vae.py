"""Wan's causal video VAE: [B, 3, 1 + 4k, H, W] in [-1, 1]  <->  [B, C, 1 + k, H/8, W/8].

A kernel in time sees the present and the two steps before; before a clip there are zeros. The first frame stands alone: it becomes one latent frame, and one frame again,
without passing through a convolution that halves or doubles time.

The decoder takes a clip in chunks of any length, as one graph that does not know whether a clip begins: it gives four frames for every latent frame, so that the first
three of a clip are dropped by whoever runs it. Inside, those three are kept out of sight: what has a step of time to look back at sees zeros in their place. What it carries
from chunk to chunk is a flag (0 before a clip, 1 after its first chunk) and the last two steps in front of every kernel in time, folded to the latents' height and width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wan.layers import ChannelNorm, attention
from wan.source import Component

FAMILY = "AutoencoderKLWan"
REACH = 2
"""Steps that a kernel in time sees besides the present."""


@dataclass(frozen=True)
class VaeConfig:
    base: int
    latent_channels: int
    multipliers: tuple[int, ...]
    blocks: int
    halves_time: tuple[bool, ...]
    """Between which levels of the encoder time is halved, besides height and width."""
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def temporal_stride(self) -> int:
        return 1 << sum(self.halves_time)

    @property
    def spatial_stride(self) -> int:
        return 1 << (len(self.multipliers) - 1)


def read_config(component: Component, problems: list[str]) -> VaeConfig | None:
    """The configuration; None, and why, if it is of a variant that this module is not."""
    where, before = component.folder / "config.json", len(problems)
    for key, expected in (("is_residual", False), ("patch_size", None), ("attn_scales", []), ("in_channels", 3), ("out_channels", 3)):
        if component.value(key, expected) != expected:
            problems.append(f"{where}: {key} must be {expected}, but is {component.value(key)}. This variant of Wan's VAE is not supported.")
    numbers = {key: component.value(key) for key in ("base_dim", "z_dim", "num_res_blocks")}
    lists = {key: component.value(key) for key in ("dim_mult", "temperal_downsample", "latents_mean", "latents_std")}
    for key, value in numbers.items():
        if not isinstance(value, int) or value < 1:
            problems.append(f"{where}: {key} must be a whole number above 0, but is {value}. Download it again.")
    for key, value in lists.items():
        if not (isinstance(value, list) and value and all(isinstance(n, (int, float)) for n in value)):
            problems.append(f"{where}: {key} must be a list of numbers, but is {value}. Download it again.")
    if len(problems) > before:
        return None
    multipliers, halves, mean, std = (tuple(values) for values in lists.values())  # type: ignore[arg-type]
    config = VaeConfig(numbers["base_dim"], numbers["z_dim"], multipliers, numbers["num_res_blocks"], tuple(map(bool, halves)), mean, std)  # type: ignore[arg-type]
    for key, length, expected in (("temperal_downsample", len(config.halves_time), len(config.multipliers) - 1), ("latents_mean", len(config.mean), config.latent_channels),
                                  ("latents_std", len(config.std), config.latent_channels)):
        if length != expected:
            problems.append(f"{where}: {key} must have {expected} entries, but has {length}. Download it again.")
    return config


def sizes(x: Tensor) -> tuple[int, int, int, int, int]:
    """The lengths of [B, C, T, H, W]; C is one that a trace may hold as a constant."""
    b, c, t, h, w = x.shape
    return b, int(c), t, h, w


def fold(x: Tensor, n: int) -> Tensor:
    """[B, C, T, n h, n w] -> [B, C n^2, T, h, w]."""
    b, c, t, h, w = sizes(x)
    return x.reshape(b, c, t, h // n, n, w // n, n).permute(0, 1, 4, 6, 2, 3, 5).reshape(b, c * n * n, t, h // n, w // n) if n > 1 else x


def unfold(x: Tensor, n: int) -> Tensor:
    """The inverse of fold."""
    b, c, t, h, w = sizes(x)
    return x.reshape(b, c // (n * n), n, n, t, h, w).permute(0, 1, 4, 5, 2, 6, 3).reshape(b, c // (n * n), t, h * n, w * n) if n > 1 else x


class Memory:
    """What kernels in time see of the steps before a chunk.

    keep [B, 1, 1, 1, 1]: 0 where the chunk begins a clip, else 1. given: one [B, C, REACH, h, w] for each kernel in time, in the order in which they run; zeros if a clip begins.
    """

    def __init__(self, keep: Tensor | None = None, given: list[Tensor] | None = None):
        self.keep = keep
        self._given = list(given or [])
        self.kept: list[Tensor] = []

    def before(self, x: Tensor, unseen: int = 0) -> Tensor:
        """x with the steps before it. Its first `unseen` steps are zeros where a clip begins."""
        parts = [x]
        if unseen and self.keep is not None:
            parts = [x[:, :, :unseen] * self.keep, x[:, :, unseen:]]
        x = torch.cat([self._given.pop(0), *parts], dim=2) if self._given else F.pad(x, (0, 0, 0, 0, REACH, 0))
        self.kept.append(x[:, :, -REACH:])
        return x


class CausalConv(nn.Conv3d):
    """A convolution over a neighbourhood and, with `time`, over the two steps before."""

    def __init__(self, inputs: int, outputs: int, space: int = 3, *, time: bool = True):
        super().__init__(inputs, outputs, (1 + REACH if time else 1, space, space), padding=(0, space // 2, space // 2))
        self.time = time

    def forward(self, x: Tensor, memory: Memory, unseen: int = 0) -> Tensor:
        return super().forward(memory.before(x, unseen) if self.time else x)


class FrameConv(nn.Conv3d):
    """A convolution of single frames, published as a two-dimensional one."""

    def __init__(self, inputs: int, outputs: int, space: int = 3, *, halve: bool = False):
        super().__init__(inputs, outputs, (1, space, space), stride=(1, 2, 2) if halve else 1, padding=0 if halve else (0, space // 2, space // 2))

    def prepare(self, name: str, published: Tensor) -> Tensor:
        return published.unsqueeze(2) if name == "weight" else published

    def published(self, name: str) -> tuple[int, ...]:
        shape = tuple(getattr(self, name).shape)
        return shape[:2] + shape[3:] if name == "weight" else shape


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.norm1, self.norm2 = ChannelNorm(inputs), ChannelNorm(outputs)
        self.conv1, self.conv2 = CausalConv(inputs, outputs), CausalConv(outputs, outputs)
        self.conv_shortcut = CausalConv(inputs, outputs, 1, time=False) if inputs != outputs else None

    def forward(self, x: Tensor, memory: Memory, unseen: int = 0) -> Tensor:
        straight = self.conv_shortcut(x, memory) if self.conv_shortcut else x
        h = self.conv1(F.silu(self.norm1(x)), memory, unseen)
        return straight + self.conv2(F.silu(self.norm2(h)), memory, unseen)


class FrameAttention(nn.Module):
    """One head that looks at all places of its own frame."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = ChannelNorm(width, trailing=2)
        self.to_qkv, self.proj = FrameConv(width, 3 * width, 1), FrameConv(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, t, h, w = sizes(x)
        q, k, v = self.to_qkv(self.norm(x)).permute(0, 2, 3, 4, 1).reshape(b * t, 1, h * w, 3 * c).chunk(3, dim=-1)
        return x + self.proj(attention(q, k, v, scale=c ** -0.5).reshape(b, t, h, w, c).permute(0, 4, 1, 2, 3))


class Middle(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.resnets = nn.ModuleList([Residual(width, width), Residual(width, width)])
        self.attentions = nn.ModuleList([FrameAttention(width)])

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        return self.resnets[1](self.attentions[0](self.resnets[0](x, memory)), memory)


class Down(nn.Module):
    """Half the height and width, and with `time` half the frames behind the first."""

    def __init__(self, width: int, *, time: bool):
        super().__init__()
        self.resample = nn.ModuleDict({"1": FrameConv(width, width, halve=True)})
        self.time_conv = nn.Conv3d(width, width, (3, 1, 1), stride=(2, 1, 1)) if time else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.resample["1"](F.pad(x, (0, 1, 0, 1)))
        if self.time_conv is None:
            return x
        # Two zeros in front give the first frame a place of its own, which it then takes as it is.
        return torch.cat([x[:, :, :1], self.time_conv(F.pad(x, (0, 0, 0, 0, 2, 0)))[:, :, 1:]], dim=2)


class Up(nn.Module):
    """Twice the height and width and, with `time`, twice the frames; half the channels."""

    def __init__(self, width: int, *, time: bool):
        super().__init__()
        self.resample = nn.ModuleDict({"1": FrameConv(width, width // 2)})
        self.time_conv = CausalConv(width, 2 * width, 1) if time else None

    def forward(self, x: Tensor, memory: Memory, unseen: int) -> Tensor:
        if self.time_conv is not None:
            x = self.double_time(self.time_conv, x, memory, unseen)
        return self.resample["1"](F.interpolate(x, scale_factor=(1.0, 2.0, 2.0), mode="nearest"))

    @staticmethod
    def double_time(conv: CausalConv, x: Tensor, memory: Memory, unseen: int) -> Tensor:
        """A clip's first frame, which stands behind `unseen` steps, is nothing to the convolution, and comes out as it is, last of the two that it becomes."""
        b, c, t, h, w = sizes(x)
        keep = torch.zeros(1, 1, 1, 1, 1) if memory.keep is None else memory.keep
        pairs = conv(x, memory, unseen + 1).reshape(b, 2, c, t, h, w).permute(0, 2, 3, 1, 4, 5).reshape(b, c, 2 * t, h, w)
        place = 2 * unseen + 1
        first = pairs[:, :, place:place + 1] * keep + x[:, :, unseen:unseen + 1] * (1 - keep)
        return torch.cat([pairs[:, :, :place], first, pairs[:, :, place + 1:]], dim=2)


class Encoder(nn.Module):
    def __init__(self, config: VaeConfig):
        super().__init__()
        widths = [config.base * m for m in (1, *config.multipliers)]
        self.conv_in = CausalConv(3, widths[0])
        self.down_blocks = nn.ModuleList()
        for level, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            self.down_blocks.extend([Residual(inputs if i == 0 else outputs, outputs) for i in range(config.blocks)])
            if level < len(config.halves_time):
                self.down_blocks.append(Down(outputs, time=config.halves_time[level]))
        self.mid_block = Middle(widths[-1])
        self.norm_out, self.conv_out = ChannelNorm(widths[-1]), CausalConv(widths[-1], 2 * config.latent_channels)

    def forward(self, x: Tensor) -> Tensor:
        memory = Memory()
        x = self.conv_in(x, memory)
        for block in self.down_blocks:
            x = block(x) if isinstance(block, Down) else block(x, memory)
        return self.conv_out(F.silu(self.norm_out(self.mid_block(x, memory))), memory)


class UpBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, blocks: int, up: Up | None):
        super().__init__()
        self.resnets = nn.ModuleList([Residual(inputs if i == 0 else outputs, outputs) for i in range(blocks + 1)])
        self.upsamplers = nn.ModuleList([up]) if up else None


class Decoder(nn.Module):
    def __init__(self, config: VaeConfig):
        super().__init__()
        widths = [config.base * m for m in (config.multipliers[-1], *reversed(config.multipliers))]
        doubles_time = config.halves_time[::-1]
        self.conv_in = CausalConv(config.latent_channels, widths[0])
        self.mid_block = Middle(widths[0])
        self.up_blocks = nn.ModuleList()
        for level, (inputs, outputs) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
            up = Up(outputs, time=doubles_time[level]) if level < len(doubles_time) else None
            self.up_blocks.append(UpBlock(inputs // 2 if level else inputs, outputs, config.blocks, up))
        self.norm_out, self.conv_out = ChannelNorm(widths[-1]), CausalConv(widths[-1], 3)

    def forward(self, x: Tensor, memory: Memory) -> Tensor:
        """[B, C, f, h, w] -> [B, 3, stride * f, H, W]."""
        unseen = 0
        x = self.mid_block(self.conv_in(x, memory), memory)
        for block in self.up_blocks:
            for resnet in block.resnets:
                x = resnet(x, memory, unseen)
            if block.upsamplers:
                up = block.upsamplers[0]
                x = up(x, memory, unseen)
                unseen = 2 * unseen + 1 if up.time_conv is not None else unseen
        return self.conv_out(F.silu(self.norm_out(x)), memory, unseen)


class EncoderGraph(nn.Module):
    """Frames [B, 3, F, H, W] -> mean and log-variance [B, 2C, f, h, w], before the latents' mean and std."""

    def __init__(self, config: VaeConfig):
        super().__init__()
        self.encoder = Encoder(config)
        self.quant_conv = CausalConv(2 * config.latent_channels, 2 * config.latent_channels, 1, time=False)

    def forward(self, sample: Tensor) -> Tensor:
        return self.quant_conv(self.encoder(sample), Memory())


class DecoderGraph(nn.Module):
    """Latents [B, C, f, h, w], flag [B, 1, 1, 1, 1] and memory -> frames [B, 3, stride * f, H, W] in [-1, 1], flag and memory."""

    def __init__(self, config: VaeConfig):
        super().__init__()
        self.config = config
        self.post_quant_conv = CausalConv(config.latent_channels, config.latent_channels, 1, time=False)
        self.decoder = Decoder(config)
        self.folds, self.channels = [], []
        self._survey(config)

    def _survey(self, config: VaeConfig) -> None:
        """How far each memory is folded, and its channels then, by walking through the decoder as a chunk does."""
        fold = 1
        walk: list[tuple[nn.Module, int]] = [(self.decoder.conv_in, 1), (self.decoder.mid_block, 1)]
        for block in self.decoder.up_blocks:
            walk += [(block.resnets, fold)]
            if block.upsamplers:
                walk += [(block.upsamplers, fold)]
                fold *= 2
        walk += [(self.decoder.conv_out, fold)]
        for part, size in walk:
            for conv in part.modules():
                if isinstance(conv, CausalConv) and conv.time:
                    self.folds.append(size)
                    self.channels.append(conv.in_channels * size * size)

    def forward(self, latent_sample: Tensor, begun: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        memory = Memory(begun, [unfold(p, n) for p, n in zip(past, self.folds, strict=True)])
        frames = self.decoder(self.post_quant_conv(latent_sample, memory), memory).clamp(-1.0, 1.0)
        return frames, begun * 0 + 1, *(fold(k, n) for k, n in zip(memory.kept, self.folds, strict=True))

    def past_like(self, latents: Tensor, fill: object = torch.zeros) -> list[Tensor]:
        """The flag and the memory before a clip begins; with another `fill` some that come from the middle of one."""
        b, _, _, h, w = latents.shape
        flag = torch.zeros(b, 1, 1, 1, 1) if fill is torch.zeros else torch.ones(b, 1, 1, 1, 1)
        return [flag, *(fill(b, c, REACH, h, w) for c in self.channels)]  # type: ignore[operator]

    def decode(self, latents: Tensor, chunk: int = 0) -> Tensor:
        """[B, C, f, h, w] -> [B, 3, F, H, W], by chunks of so many latent frames (0: at once), as the runtime does."""
        past, parts = self.past_like(latents), []
        for part in latents.split(chunk or latents.shape[2], dim=2):
            frames, *past = self(part, *past)
            parts.append(frames)
        return torch.cat(parts, dim=2)[:, :, self.config.temporal_stride - 1:]
