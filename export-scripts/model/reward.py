"""What a video is worth: frames [B, 3, F, H, W] in [-1, 1] and the features of its captions [B, S, D] -> four scores from 0 to 1 a video.

Alignment is arithmetic on two readings. A convolutional trunk (the same for every frame) finds each cell's colour; the cells of one colour are one subject, whose place, size and features over
time say its kind, place and motion, and the cells of none are the scene. A reader of the captions says the same slots, each with one class more for "not said". The score is the share of what is
said that is seen: the probability that both readings name the same class, averaged over what is said. Structure, motion and aesthetics are read from all frames' features and how they change.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.layers import Heads, Mlp, attention, bias_of
from model.text import MAX_SHOTS
from world.vocabulary import BACKGROUNDS, CAMERAS, COLOURS, KINDS, MOTIONS, PLACES, STYLES

HEADS = ("alignment", "structure", "motion", "aesthetics")
SUBJECT_SLOTS = (KINDS, PLACES, MOTIONS)
"""What is read of each colour's subject."""
SCENE_SLOTS = (BACKGROUNDS, CAMERAS, STYLES)
SUBJECTS = 2
"""That a caption may name."""
STRIDE = 4
"""Pixels along a cell's edge."""
UNSAID = 0.5
"""How much it counts that the camera is fixed and the style flat where captions do not say: both go without saying, but what is left out may also be anything."""
USUAL = (0.0, UNSAID, UNSAID)
"""By slot of the scene: the weight of its first class where nothing is said."""
GEOMETRY = 5
"""Numbers of a subject in a frame: its centre, size and spread along both axes."""


@dataclass(frozen=True)
class RewardConfig:
    text_width: int = 256
    widths: tuple[int, ...] = (32, 80, 160)
    """At 1/2, 1/4 and 1/8 of the frame's size."""
    blocks: tuple[int, ...] = (1, 2, 2)
    cell: int = 128
    """Features of a cell."""
    change: int = 48
    """Features of a cell's change since the frame before."""
    width: int = 128
    """Of everything that is no convolution."""

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, object]) -> RewardConfig:
        return RewardConfig(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Views:
    """What the trunk sees in every frame. In float32."""

    cells: Tensor
    """Logits of each cell's class [B, F, 1 + colours, h, w]: none, or a subject of a colour."""
    subjects: Tensor
    """[B, F, colours, D] of the subjects."""
    shares: Tensor
    """[B, F, colours]: how much of the frame each colour covers."""
    geometry: Tensor
    """[B, F, colours, GEOMETRY]."""
    scene: Tensor
    """[B, F, D] of the cells of no subject."""
    whole: Tensor
    """[B, F, D] of all cells."""
    figures: Tensor
    """[B, F, D]: means over the cells of all subjects."""
    cuts: Tensor
    """Logits [B, F]: whether a shot begins with the frame."""


@dataclass(frozen=True)
class Reading:
    """Logits of what each shot shows [B, shots, ...]: whether there is a subject of a colour [colours], its slots [colours, classes], the slots of the scene [classes]."""

    present: Tensor
    subjects: list[Tensor]
    scene: list[Tensor]
    there: Tensor
    """[B, shots]: 1 where a shot has frames, else 0."""


@dataclass(frozen=True)
class Words:
    """Logits of what the captions say [B, shots, ...], each slot's last class being "not said": of two subjects [2, classes] the colour and `SUBJECT_SLOTS`, of the scene [classes];
    and of the shot that each token speaks of [B, S, shots]. `shots` [B, shots] is 1 for those there are."""

    subjects: list[Tensor]
    scene: list[Tensor]
    tokens: Tensor
    shots: Tensor


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1, self.conv2 = conv(width, width), conv(width, width)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


def conv(inputs: int, outputs: int, space: int = 3, stride: int = 1) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, space, stride, space // 2)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class Trunk(nn.Module):
    """Frames, each alone -> features of cells, of finer cells' edges, and of what changed since the frame before."""

    def __init__(self, config: RewardConfig):
        super().__init__()
        half, quarter, eighth = config.widths
        self.levels = nn.ModuleList([
            nn.Sequential(conv(inputs, outputs, stride=2), *[Block(outputs) for _ in range(count)])
            for inputs, outputs, count in zip((3, half, quarter), config.widths, config.blocks, strict=True)])
        self.cell = conv(quarter + eighth, config.cell, 1)
        self.classes = conv(config.cell, 1 + len(COLOURS), 1)
        self.near = conv(quarter, 32, 1)
        self.change = conv(2 * 32, 2 * config.change)

    def forward(self, sample: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """[B, 3, F, H, W] -> cells [N, D, h, w], classes, fine features and changes, N = B * F."""
        b, c, f, h, w = sample.shape
        x = sample.transpose(1, 2).reshape(b * f, c, h, w).to(self.cell.weight.dtype).contiguous(memory_format=torch.channels_last)
        fine = self.levels[1](F.silu(self.levels[0](x)))
        coarse = self.levels[2](F.silu(fine))
        cells = self.cell(F.silu(torch.cat([fine, F.interpolate(coarse, size=fine.shape[-2:], mode="nearest")], dim=1)))
        near = self.near(fine)
        n, d, rows, columns = near.shape
        clips = near.reshape(b, f, d, rows, columns)
        before = torch.cat([clips[:, :1], clips[:, :-1]], dim=1).reshape(n, d, rows, columns)
        first, second = self.change(torch.cat([near, near - before], dim=1)).chunk(2, dim=1)
        return cells, self.classes(F.silu(cells)), fine, first * second


class Later(nn.Module):
    """Residual layer over neighbouring frames of [B, F, ..., D]."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(3 * width, width), nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        y = torch.cat([previous(y), y, torch.cat([y[:, 1:], y[:, -1:]], dim=1)], dim=-1)
        return x + self.out(F.silu(self.mix(y)))


def previous(x: Tensor) -> Tensor:
    """Of every frame of [B, F, ...] the one before; of the first itself."""
    return torch.cat([x[:, :1], x[:, :-1]], dim=1)


def mlp(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, outputs))


class Watcher(nn.Module):
    """The trunk, and what it sees gathered by colour; then by shot."""

    def __init__(self, config: RewardConfig):
        super().__init__()
        d, m, e = config.cell, config.change, config.width
        self.subject_in = mlp(d + m + 2 * GEOMETRY, e, e)
        self.subject_later = nn.Sequential(Later(e), Later(e))
        self.cut = mlp(2 * d + m + 3 * len(COLOURS), e, 1)
        self.scene_in = mlp(d + 3 * m, e, e)
        self.scene_later = Later(e)
        self.subject_out = nn.Sequential(nn.LayerNorm(2 * e + d + 2 * GEOMETRY), nn.Linear(2 * e + d + 2 * GEOMETRY, 2 * e), nn.SiLU())
        self.present = nn.Linear(2 * e, 1)
        self.subject_heads = nn.ModuleList([nn.Linear(2 * e, len(slot)) for slot in SUBJECT_SLOTS])
        self.scene_out = nn.Sequential(nn.LayerNorm(e + d), nn.Linear(e + d, e), nn.SiLU())
        self.scene_heads = nn.ModuleList([nn.Linear(e, len(slot)) for slot in SCENE_SLOTS])
        self.whole_in = mlp(5 * d + 2 * config.widths[1] + 2 * m + 2 * GEOMETRY, e, e)

    def forward(self, b: int | Tensor, cells: Tensor, classes: Tensor, fine: Tensor, change: Tensor) -> Views:
        n, d, h, w = cells.shape
        f = n // b
        shares = classes.float().flatten(2).softmax(1)  # [N, 1 + colours, cells]
        y, x = axis_of(h, shares), axis_of(w, shares)
        y, x = y[:, None].expand(h, w).flatten(), x[None].expand(h, w).flatten()
        none, of = shares[:, 0], shares[:, 1:]
        weights = torch.cat([of, torch.stack([none, none * x, none * y, 1 - none], dim=1)], dim=1)
        mass = of.sum(-1)
        centre_x, centre_y = (of @ x) / (mass + 0.1), (of @ y) / (mass + 0.1)
        spread_x, spread_y = (((of @ axis.square()) / (mass + 0.1) - centre.square()).clamp(min=0).sqrt() for axis, centre in ((x, centre_x), (y, centre_y)))
        count = len(COLOURS)
        total = torch.cat([mass, *[weights[:, count + i].sum(-1, keepdim=True) for i in (0, 0, 0, 3)]], dim=1)
        features = torch.cat([cells, change], dim=1).flatten(2).transpose(1, 2)
        pooled = (weights.to(features.dtype) @ features).float() / (total + 0.5)[:, :, None]
        share = mass / none.shape[-1]
        geometry = torch.stack([centre_x, centre_y, (share + 1e-3).log(), spread_x, spread_y], dim=-1)
        fine, change = fine.float().flatten(2), change.float().flatten(2)
        level = fine.mean(-1)
        edges = (fine - level[:, :, None]).square().mean(-1).add(1e-4).sqrt()
        whole, most = cells.float().flatten(2).mean(-1), cells.flatten(2).amax(-1).float()
        shift = change.mean(-1)

        video = lambda v: v.reshape(b, f, *v.shape[1:])  # noqa: E731
        pooled, geometry, share, whole = video(pooled), video(geometry), video(share), video(whole)
        step = geometry - previous(geometry)
        subjects = self.subject_later(self.subject_in(torch.cat([pooled[:, :, :count], geometry, step], dim=-1)))
        scene = self.scene_later(self.scene_in(torch.cat([pooled[:, :, count], pooled[:, :, count + 1, d:], pooled[:, :, count + 2, d:]], dim=-1)))
        figures = pooled[:, :, count + 3, :d]
        weight = share / (share.sum(-1, keepdim=True) + 1e-3)
        moved = ((share + previous(share))[..., None] * step).abs()[..., :3].flatten(2) * 10
        changed = (whole - previous(whole)).abs()
        cuts = self.cut(torch.cat([changed, (pooled[:, :, count, :d] - previous(pooled[:, :, count, :d])).abs(), video(change.abs().mean(-1)), moved], dim=-1))[..., 0]
        subject_step = torch.cat([(weight[..., None] * step).sum(2), (weight[..., None] * (step - previous(step)).abs()).sum(2)], dim=-1)
        whole = self.whole_in(torch.cat([whole, video(most), changed, figures, (figures - previous(figures)).abs(), video(level), video(edges), video(shift),
                                         video(change.abs().mean(-1)), subject_step], dim=-1))
        return Views(video(classes.float()), torch.cat([subjects, pooled[:, :, :count, :d]], dim=-1), share, geometry, scene, whole, figures, cuts)

    def read(self, views: Views, shots: Tensor, starts: Tensor) -> Reading:
        """What each shot shows. `shots` [B, shots, F]: how much a frame belongs to a shot; `starts` [B, F]: 1 where one begins."""
        inside = shots[..., None] * (views.shares / (views.shares + 0.01))[:, None]  # [B, shots, F, colours]
        first = inside * starts[:, None, :, None]
        mean = lambda weights, values: torch.einsum("bsfc,bfcd->bscd", weights, values) / (weights.sum(2)[..., None] + 1e-3)  # noqa: E731
        e = views.scene.shape[-1]
        step = views.geometry - previous(views.geometry)
        later = shots * (1 - starts)[:, None]
        way = torch.einsum("bsf,bfcd->bscd", later, torch.cat([step, step.abs()], dim=-1))
        known = (inside.sum(2) / (shots.sum(2)[..., None] + 1e-3))[..., None]
        subject = self.subject_out(torch.cat([mean(inside, views.subjects), mean(first, views.subjects[..., :e]), way * known], dim=-1))
        over = later + 1e-3 * shots  # a still has no later frames
        scene = torch.einsum("bsf,bfd->bsd", over / (over.sum(2, keepdim=True) + 1e-6), views.scene)
        figures = torch.einsum("bsf,bfd->bsd", shots / (shots.sum(2, keepdim=True) + 1e-6), views.figures)
        scene = self.scene_out(torch.cat([scene, figures], dim=-1))
        return Reading(self.present(subject)[..., 0], [head(subject) for head in self.subject_heads], [head(scene) for head in self.scene_heads], shots.sum(2).clamp(max=1))


def axis_of(size: Tensor | int, like: Tensor) -> Tensor:
    """`size` numbers from -1 to 1, where the size is known when the graph runs."""
    steps = torch.arange(size).to(like.dtype)  # type: ignore[call-overload]
    return steps * 2 / (steps[-1:].clamp(min=1)) - 1


class Listener(nn.Module):
    """Reads slots from the features of captions: one look over all tokens, then a query a slot and shot."""

    def __init__(self, config: RewardConfig):
        super().__init__()
        e = config.width
        self.inwards = nn.Linear(config.text_width, e)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(e), nn.LayerNorm(e), nn.LayerNorm(e)
        self.look, self.mlp = Heads(e, max(1, e // 32)), Mlp(e, 2)
        self.shot = nn.Linear(config.text_width, MAX_SHOTS)
        sizes = (len(COLOURS), *(len(s) for s in SUBJECT_SLOTS))
        self.queries = nn.Parameter(torch.randn(SUBJECTS * len(sizes) + len(SCENE_SLOTS), e) * 0.3)
        self.key, self.value = nn.Linear(e, e), nn.Linear(e, e)
        self.subject_heads = nn.ModuleList([nn.Linear(e, n + 1) for n in sizes])
        self.scene_heads = nn.ModuleList([nn.Linear(e, len(s) + 1) for s in SCENE_SLOTS])

    def forward(self, states: Tensor, mask: Tensor) -> Words:
        tokens = self.shot(states)
        of = tokens.softmax(-1)
        x = self.inwards(states)
        inside = bias_of(mask > 0)[:, None, None]
        q, k, v = self.look.split(self.norm1(x))
        x = x + self.look.merge(attention(q, k, v, inside))
        x = self.norm3(x + self.mlp(self.norm2(x)))
        scores = self.queries @ self.key(x).transpose(1, 2) * x.shape[-1] ** -0.5
        scores = scores[:, None] + ((of + 1e-6).log().transpose(1, 2)[:, :, None] + inside)  # [B, shots, queries, S]
        read = scores.softmax(-1) @ self.value(x)[:, None]
        slots = len(self.subject_heads)
        subjects = [head(read[:, :, i:SUBJECTS * slots:slots]) for i, head in enumerate(self.subject_heads)]
        scene = [head(read[:, :, SUBJECTS * slots + i]) for i, head in enumerate(self.scene_heads)]
        return Words(subjects, scene, tokens, (of * mask[..., None]).amax(1))


def alignment(words: Words, reading: Reading) -> Tensor:
    """[B]: the share of what is said in a video's shots that is seen there. Both have the same shots."""
    present = reading.present.sigmoid()
    colours = words.subjects[0].softmax(-1)  # [B, shots, 2, colours + 1]
    named, there = colours[..., :-1], 1 - colours[..., -1]
    # The subject of a said colour; where none of that colour is seen, whatever is.
    chosen = ((named + 0.02) * (present + 1e-3)[:, :, None]).clamp(min=1e-6)
    chosen = chosen / chosen.sum(-1, keepdim=True)
    weights, rights = [there], [(named * present[:, :, None]).sum(-1)]
    for said, seen in zip(words.subjects[1:], reading.subjects, strict=True):
        said = said.softmax(-1)
        weights.append(there * (1 - said[..., -1]))
        rights.append(there * torch.einsum("bsmc,bsck,bsmk->bsm", chosen, seen.softmax(-1), said[..., :-1]))
    shots = words.shots
    weight, right = ((torch.stack(v).sum((0, 3)) * shots) for v in (weights, rights))
    for said, seen, usual in zip(words.scene, reading.scene, USUAL, strict=True):
        said, seen = said.softmax(-1), seen.softmax(-1)
        weight = weight + shots * (1 - (1 - usual) * said[..., -1])
        right = right + shots * ((seen * said[..., :-1]).sum(-1) + usual * said[..., -1] * seen[..., 0])
    return (right * reading.there).sum(1) / (weight.sum(1) + 1e-3)


class Judge(nn.Module):
    """Three qualities of all frames and how they change: logits [B, 3]."""

    def __init__(self, config: RewardConfig):
        super().__init__()
        e = config.width
        self.later = nn.Sequential(Later(e), Later(e))
        self.out = mlp(3 * e, e, len(HEADS) - 1)

    def forward(self, views: Views) -> Tensor:
        x = self.later(views.whole)
        mean = x.mean(1)
        spread = (x - mean[:, None]).square().mean(1).add(1e-4).sqrt()
        return self.out(torch.cat([mean, x.amax(1), spread], dim=-1))


class Reward(nn.Module):
    def __init__(self, config: RewardConfig):
        super().__init__()
        self.config = config
        self.trunk, self.watcher, self.listener, self.judge = Trunk(config), Watcher(config), Listener(config), Judge(config)

    def see(self, sample: Tensor) -> Views:
        return self.watcher(sample.shape[0], *self.trunk(sample))

    def forward(self, sample: Tensor, encoder_hidden_states: Tensor, encoder_attention_mask: Tensor) -> Tensor:
        """Scores [B, 4] in the order of `HEADS`."""
        views, words = self.see(sample), self.listener(encoder_hidden_states, encoder_attention_mask)
        shots, starts = shots_of(views.cuts, words.shots)
        aligned = alignment(words, self.watcher.read(views, shots, starts))
        return torch.cat([aligned[:, None], self.judge(views).sigmoid()], dim=1).clamp(0, 1)


def shots_of(cuts: Tensor, said: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of cuts [B, F] and the shots that are spoken of [B, shots] -> which frames are whose [B, shots, F] and where shots begin [B, F]. Cuts beyond the last shot are none."""
    begins = torch.cat([torch.zeros_like(cuts[:, :1]), (cuts[:, 1:] > 0).to(cuts.dtype)], dim=1)
    last = (said > 0.5).to(cuts.dtype).sum(1, keepdim=True) - 1
    number = torch.minimum(begins.cumsum(1), last.clamp(min=0))
    starts = torch.cat([torch.ones_like(cuts[:, :1]), number[:, 1:] - number[:, :-1]], dim=1)
    shots = (number[:, None] - torch.arange(said.shape[1]).to(number)[None, :, None]).abs() < 0.5
    return shots.to(cuts.dtype), starts
