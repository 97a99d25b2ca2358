"""Diffusion transformer in Seedance's manner (arXiv 2506.09113, section 3), in small.

Spatial layers attend inside one frame, joined with the text of that frame's shot, with separate weights for the two kinds of token; temporal layers
attend across all frames inside small windows, visual tokens only. Queries and keys are normalised; adaLN carries the noise level.

MM-RoPE: visual tokens have three axes (time, y, x), text tokens one (time). Shots follow one another on the time axis, each opening with room for
its caption: shot s starts at 32 s + (frames before it), its token i stands at a third of i behind that, its frame j at 32 + j.

One task for all: the input channels are noisy latents | mask | condition latents; a frame whose mask is 1 is given.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.layers import Heads, Mlp, Modulation, attention, bias_of, frequencies, modulate, place_in_group, rotate

CAPTION_ROOM = 32.0
TOKENS_PER_PLACE = 3.0
DATA_SPREAD = 0.3
"""What the preconditioning takes for the standard deviation of clean latents. Below their true 1, because what is hard to guess in them is far less than that."""


@dataclass(frozen=True)
class TransformerConfig:
    latent_channels: int = 24
    width: int = 256
    heads: int = 4
    pairs: int = 5
    text_width: int = 256
    patch: int = 2
    """Latent cells along a token's edge."""
    window: int = 2
    """Tokens along the edge of a temporal layer's windows; 0: every token sees all of the video."""
    semantic_channels: int = 0
    """Of the semantic tokens that stand under the visual ones; 0: none."""

    @property
    def input_channels(self) -> int:
        return 2 * self.latent_channels + 1

    @property
    def plan_channels(self) -> int:
        """Semantic tokens and, before them, whether there are any."""
        return self.semantic_channels + 1 if self.semantic_channels else 0

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class SpatialBlock(nn.Module):
    """Joint attention inside a frame. Text tokens ask text only: the caption does not change from frame to frame, so it is worked out once a clip."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.modulation, self.text_modulation = Modulation(width, 6), Modulation(width, 6)
        self.attn, self.text_attn = Heads(width, heads), Heads(width, heads)
        self.mlp, self.text_mlp = Mlp(width, 3), Mlp(width, 3)

    def forward(self, x: Tensor, text: Tensor, at: Positions, time: Tensor, text_time: Tensor) -> tuple[Tensor, Tensor]:
        b, tokens, width = x.shape
        f, s = at.frames, text.shape[1]
        a1, b1, g1, a2, b2, g2 = self.modulation(time)
        c1, d1, h1, c2, d2, h2 = self.text_modulation(text_time)

        tq, tk, tv = self.text_attn.split(modulate(text, c1, d1))
        tq, tk = rotate(tq, at.text_cos, at.text_sin), rotate(tk, at.text_cos, at.text_sin)
        q, k, v = self.attn.split(modulate(x, a1, b1).reshape(b * f, tokens // f, width))
        q, k = rotate(q, at.cos, at.sin), rotate(k, at.cos, at.sin)
        heads, d = q.shape[1], q.shape[3]
        joint_k = torch.cat([k, tk[:, None].expand(b, f, heads, s, d).reshape(b * f, heads, s, d)], dim=2)
        joint_v = torch.cat([v, tv[:, None].expand(b, f, heads, s, d).reshape(b * f, heads, s, d)], dim=2)
        out = self.attn.merge(attention(q, joint_k, joint_v, at.joint_bias)).reshape(b, tokens, width)
        x = x + g1 * out
        x = x + g2 * self.mlp(modulate(x, a2, b2))

        text = text + h1 * self.text_attn.merge(attention(tq, tk, tv, at.text_bias))
        text = text + h2 * self.text_mlp(modulate(text, c2, d2))
        return x, text


class TemporalBlock(nn.Module):
    """Attention across frames, inside windows of tokens that are the same in all frames."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.modulation = Modulation(width, 6)
        self.attn, self.mlp = Heads(width, heads), Mlp(width, 3)

    def forward(self, x: Tensor, at: Positions, time: Tensor) -> Tensor:
        a1, b1, g1, a2, b2, g2 = self.modulation(time)
        q, k, v = self.attn.split(at.to_windows(modulate(x, a1, b1)))
        q, k = rotate(q, at.window_cos, at.window_sin), rotate(k, at.window_cos, at.window_sin)
        x = x + g1 * at.from_windows(self.attn.merge(attention(q, k, v, at.window_bias)))
        return x + g2 * self.mlp(modulate(x, a2, b2))


class Positions:
    """Everything that follows from shapes, shots and masks: rotations, biases and the order of tokens. Made once a call, read by all blocks."""

    def __init__(self, b: int, f: int, h: int, w: int, window: int, frame_shots: Tensor, text_shots: Tensor, text_mask: Tensor, rates: list[Tensor], like: Tensor):
        self.b, self.frames, self.h, self.w = b, f, h, w
        self.window = (window, window) if window else (h, w)
        # Index inside the shot, the shot's length, and the shot's start on the common axis: [B, f].
        index = place_in_group(frame_shots).to(like.dtype)
        length = (frame_shots[:, :, None] == frame_shots[:, None, :]).sum(-1).to(like.dtype)
        count = torch.ones_like(frame_shots).cumsum(1).to(like.dtype) - 1
        place = count + (frame_shots.to(like.dtype) + 1) * CAPTION_ROOM
        self.features = [index, index / length, (index + 1) / length]

        y, x = torch.arange(h, device=like.device).to(like.dtype), torch.arange(w, device=like.device).to(like.dtype)
        time_angle = place[:, :, None, None, None] * rates[0]
        y_angle = (y[:, None, None] * rates[1]).expand(b, f, h, w, -1)
        x_angle = (x[:, None] * rates[2]).expand(b, f, h, w, -1)
        angle = torch.cat([time_angle.expand(b, f, h, w, -1), y_angle, x_angle], dim=-1)
        self.cos, self.sin = self._turn(angle.reshape(b * f, h * w, -1))
        window_angle = self.to_windows(angle.reshape(b, f * h * w, -1))
        self.window_cos, self.window_sin = self._turn(window_angle)
        self.window_bias = bias_of(self.to_windows(like.new_ones(b, f * h * w, 1))[:, None, None, :, 0] > 0).to(like.dtype)

        text_index = place_in_group(text_shots).to(like.dtype)
        before = (frame_shots[:, None, :] < text_shots[:, :, None]).sum(-1).to(like.dtype)
        text_place = before + text_shots.to(like.dtype) * CAPTION_ROOM + text_index / TOKENS_PER_PLACE
        text_angle = text_place[:, :, None] * rates[0]
        text_angle = torch.cat([text_angle, text_angle.new_zeros(b, text_shots.shape[1], rates[1].shape[0] + rates[2].shape[0])], dim=-1)
        self.text_cos, self.text_sin = self._turn(text_angle)

        alive = text_mask > 0
        self.text_bias = bias_of(alive[:, None, None, :]).to(like.dtype)
        own = (frame_shots[:, :, None] == text_shots[:, None, :]) & alive[:, None, :]
        own = own.reshape(b * f, 1, 1, -1)
        self.joint_bias = torch.cat([like.new_zeros(b * f, 1, 1, h * w), bias_of(own).to(like.dtype)], dim=-1)

    @staticmethod
    def _turn(angle: Tensor) -> tuple[Tensor, Tensor]:
        return angle.cos()[:, None], angle.sin()[:, None]

    def to_windows(self, x: Tensor) -> Tensor:
        """[B, f*h*w, D] -> [B*windows, f*a*b, D] for windows of a x b tokens, edges filled with zero tokens."""
        b, f, h, w, d = self.b, self.frames, self.h, self.w, x.shape[-1]
        down, across = self.window
        x = F.pad(x.reshape(b * f, h, w, d), (0, 0, 0, -w % across, 0, -h % down))
        rows, columns = (h + down - 1) // down, (w + across - 1) // across
        x = x.reshape(b, f, rows, down, columns, across, d).permute(0, 2, 4, 1, 3, 5, 6)
        return x.reshape(b * rows * columns, f * down * across, d)

    def from_windows(self, x: Tensor) -> Tensor:
        """The inverse of to_windows."""
        b, f, h, w, d = self.b, self.frames, self.h, self.w, x.shape[-1]
        down, across = self.window
        rows, columns = (h + down - 1) // down, (w + across - 1) // across
        x = x.reshape(b, rows, columns, f, down, across, d).permute(0, 3, 1, 4, 2, 5, 6)
        return x.reshape(b, f, rows * down, columns * across, d)[:, :, :h, :w].reshape(b, f * h * w, d)


def precondition(noisy: Tensor, raw: Tensor, timestep: Tensor) -> Tensor:
    """The velocity that follows from noisy latents x and the network's raw output F, both [B, C, f, h, w], at timestep [B] in 0..1000.

    EDM's preconditioning (Karras et al., arXiv 2206.00364, equation 7) for x = (1 - sigma) x0 + sigma noise and data of standard deviation s: the guess of x0 is
    a x + b F with a = (1 - sigma) s^2 / D, b = sigma s / sqrt(D), D = (1 - sigma)^2 s^2 + sigma^2. So v = (x - x0) / sigma = (sigma - (1 - sigma) s^2) / D x - s / sqrt(D) F.
    Where there is much noise, F is near the clean latents, which have structure, and not the noise, which has none; where there is little, F is what is left to remove.
    """
    sigma = (timestep.float() / 1000)[:, None, None, None, None]
    square, clean = DATA_SPREAD**2, 1 - sigma
    spread = clean.square() * square + sigma.square()
    return (((sigma - clean * square) / spread) * noisy.float() - (DATA_SPREAD * spread.rsqrt()) * raw.float()).to(raw.dtype)


class Transformer(nn.Module):
    """Velocity of noisy latents: see the module's text for the layout, `forward` for shapes."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = config
        d, head = config.width, config.width // config.heads
        self.patch_in = nn.Linear(config.input_channels * config.patch**2, d)
        if config.semantic_channels:
            self.semantic_in = nn.Linear(config.plan_channels, d, bias=False)
            nn.init.zeros_(self.semantic_in.weight)
        self.place_in = nn.Linear(3 * 8 + 2 * 8, d)
        self.text_in = nn.Linear(config.text_width, d)
        self.time_in = nn.Sequential(nn.Linear(128, d), nn.SiLU(), nn.Linear(d, d), nn.SiLU())
        self.time_visual, self.time_text, self.time_out = nn.Linear(d, 6 * d), nn.Linear(d, 6 * d), nn.Linear(d, 2 * d)
        self.spatial = nn.ModuleList([SpatialBlock(d, config.heads) for _ in range(config.pairs)])
        self.temporal = nn.ModuleList([TemporalBlock(d, config.heads) for _ in range(config.pairs)])
        self.patch_out = nn.Linear(d, config.latent_channels * config.patch**2)
        self.register_buffer("rate_t", frequencies(head // 2 - 2 * (head // 6), 1.0, 0.02), persistent=False)
        self.register_buffer("rate_y", frequencies(head // 6, 1.5, 0.1), persistent=False)
        self.register_buffer("rate_x", frequencies(head // 6, 1.5, 0.1), persistent=False)
        self.register_buffer("time_rates", frequencies(64, 1.0, 1e-3), persistent=False)
        self.register_buffer("octaves", math.pi * 2.0 ** torch.arange(4), persistent=False)
        nn.init.zeros_(self.patch_out.weight)
        nn.init.zeros_(self.patch_out.bias)
        for layer in (self.time_visual, self.time_text, self.time_out):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden_states: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, encoder_attention_mask: Tensor,
                encoder_shot_ids: Tensor, frame_shot_ids: Tensor, semantic_states: Tensor | None = None) -> Tensor:
        """As `with_features`, the velocity alone."""
        return self.with_features(hidden_states, timestep, encoder_hidden_states, encoder_attention_mask, encoder_shot_ids, frame_shot_ids, semantic_states)[0]

    def with_features(self, hidden_states: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, encoder_attention_mask: Tensor,
                      encoder_shot_ids: Tensor, frame_shot_ids: Tensor, semantic_states: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """hidden_states [B, Cin, f, h, w], timestep [B] in 0..1000, text [B, S, D], mask and shot ids [B, S], frame shots [B, f], semantics [B, plan_channels, f, h/patch, w/patch]
        -> velocity [B, C, f, h, w], and the visual tokens behind the middle pair [B, f, h/patch, w/patch, D]."""
        b, c, f, height, width = hidden_states.shape
        n = self.config.patch
        h, w, d = height // n, width // n, self.config.width
        at = Positions(b, f, h, w, self.config.window, frame_shot_ids, encoder_shot_ids, encoder_attention_mask, [self.rate_t, self.rate_y, self.rate_x], encoder_hidden_states)
        x = hidden_states.reshape(b, c, f, h, n, w, n).permute(0, 2, 3, 5, 1, 4, 6).reshape(b, f * h * w, c * n * n)
        x = self.patch_in(x) + self.place_in(self._places(at)).reshape(b, f * h * w, d)
        if semantic_states is not None:
            x = x + self.semantic_in(semantic_states.permute(0, 2, 3, 4, 1).reshape(b, f * h * w, self.config.plan_channels).to(x.dtype))
        text = self.text_in(encoder_hidden_states)

        angle = timestep[:, None].to(x.dtype) * self.time_rates
        time = self.time_in(torch.cat([angle.cos(), angle.sin()], dim=-1))
        visual_time, text_time = self.time_visual(time).reshape(b, 6, d), self.time_text(time).reshape(b, 6, d)
        features = x
        for i, (spatial, temporal) in enumerate(zip(self.spatial, self.temporal, strict=True)):
            x, text = spatial(x, text, at, visual_time, text_time)
            x = temporal(x, at, visual_time)
            features = x if i == len(self.spatial) // 2 else features
        shift, scale = self.time_out(time).reshape(b, 2, 1, d).unbind(1)
        x = self.patch_out(modulate(x, shift, scale))
        x = x.reshape(b, f, h, w, self.config.latent_channels, n, n).permute(0, 4, 1, 2, 5, 3, 6)
        velocity = precondition(hidden_states[:, :self.config.latent_channels], x.reshape(b, self.config.latent_channels, f, height, width), timestep)
        return velocity, features.reshape(b, f, h, w, d)

    def _places(self, at: Positions) -> Tensor:
        """Where a token is in its shot and its frame, as sines: [B, f, h, w, 40]."""
        b, f, h, w = at.b, at.frames, at.h, at.w
        index, begin, end = at.features
        times = torch.cat([self._waves(index / 16), self._waves(begin), self._waves(end)], dim=-1)
        y = torch.arange(h, device=index.device).to(index.dtype) / h + 0.5 / h
        x = torch.arange(w, device=index.device).to(index.dtype) / w + 0.5 / w
        return torch.cat([times[:, :, None, None].expand(b, f, h, w, -1), self._waves(y)[:, None].expand(b, f, h, w, -1),
                          self._waves(x).expand(b, f, h, w, -1)], dim=-1)

    def _waves(self, u: Tensor) -> Tensor:
        angle = u[..., None] * self.octaves.to(u.dtype) * 0.5
        return torch.cat([angle.cos(), angle.sin()], dim=-1)
