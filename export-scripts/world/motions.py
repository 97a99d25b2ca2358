"""Names a subject's place and motion from where its silhouettes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .silhouettes import ANGLES, Silhouettes, Templates
from .vocabulary import KINDS, STYLES, UNSPINNABLE

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A subject as seen over a shot."""

    kind: str
    style: str
    likeness: float
    """Mean correlation with the best templates of the kind and style, at most 1."""
    centres: FloatArray
    """[frames, 2] in pixels."""
    radii: FloatArray
    turns: float
    """Turns over the shot, clockwise; 0 where standing upright explains the frames as well."""


def identify(subjects: Sequence[Silhouettes], known: Templates) -> list[Sighting]:
    """Kind, style and track of the subjects of a shot, which share their style."""
    groups = known.kinds * len(STYLES) + known.styles
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    likenesses, kinds = [], []
    for seen in subjects:
        likeness = seen.patches @ known.patches.T
        weights = np.where(seen.whole, 1.0, 0.05) * (seen.spreads > 0)
        mean = weights / weights.sum() @ np.maximum.reduceat(likeness, starts, axis=1)
        likenesses.append(likeness)
        kinds.append(mean.reshape(len(KINDS), len(STYLES)))
    if not subjects:
        return []
    style = int(sum(kind.max(axis=0) for kind in kinds).argmax())
    sightings = [
        _follow(seen, known, likeness, int(kind[:, style].argmax()), style)
        for seen, likeness, kind in zip(subjects, likenesses, kinds, strict=True)
    ]
    return _apart(sightings) if len(sightings) == 2 else sightings


def _apart(pair: list[Sighting]) -> list[Sighting]:
    """Takes sizes only from frames in which the two do not cover each other."""
    first, second = pair
    distance = np.linalg.norm(first.centres - second.centres, axis=1)
    clear = np.flatnonzero(distance > 0.85 * (first.radii + second.radii))
    if not 3 <= len(clear) < len(distance):
        return pair
    return [replace(seen, radii=np.interp(np.arange(len(distance)), clear, seen.radii[clear]).astype(np.float32)) for seen in pair]


def _follow(seen: Silhouettes, known: Templates, likeness: FloatArray, kind_index: int, style_index: int) -> Sighting:
    """The track of a subject whose kind and style are known."""
    found = seen.spreads > 0
    chosen = np.flatnonzero((known.kinds == kind_index) & (known.styles == style_index))
    likeness = likeness[:, chosen]
    kind = KINDS[kind_index]
    match = chosen[likeness.argmax(axis=1)]
    radii = seen.spreads * known.ratios[match]
    centres = seen.centroids - known.offsets[match] * seen.spreads[:, None]
    # A frame in which something hides the subject tells little about where it is.
    good = found & (likeness.max(axis=1) > 0.7 * np.quantile(likeness.max(axis=1)[found], 0.75))
    frames = np.arange(len(found))
    centres = np.stack([np.interp(frames, frames[good], centres[good, axis]) for axis in (0, 1)], axis=1)
    radii = np.interp(frames, frames[good], radii[good])
    turns = 0.0 if kind in UNSPINNABLE else _turns(likeness[good].reshape(good.sum(), -1, ANGLES), frames[good] / max(1, len(found) - 1))
    return Sighting(kind, STYLES[style_index], float(likeness.max(axis=1)[good].mean()), centres.astype(np.float32), radii.astype(np.float32), turns)


def _turns(likeness: FloatArray, time: NDArray[np.float64]) -> float:
    """The steady rotation that explains the frames best; likeness is [frames, sides, angles]."""
    offsets = np.arange(ANGLES)
    frames = np.arange(len(time))[:, None]
    upright = float(likeness.mean(axis=0).max())
    best_turns, best = 0.0, upright
    for turns in np.arange(0.35, 1.5, 0.05):
        for sign in (1, -1):
            angles = (np.rint(sign * turns * ANGLES * time).astype(int)[:, None] + offsets) % ANGLES
            value = max(float(side[frames, angles].mean(axis=0).max()) for side in likeness.swapaxes(0, 1))
            if value > best:
                best_turns, best = sign * float(turns), value
    return best_turns if best > upright + 0.4 * (1 - upright) + 0.005 else 0.0


def name_place(sighting: Sighting, width: int, height: int) -> str:
    """Where the subject starts."""
    x, y = sighting.centres[0] / (width, height) - 0.5
    if max(abs(x), abs(y)) < 0.145:
        return "in the centre"
    if abs(x) > abs(y):
        return "on the left" if x < 0 else "on the right"
    return "at the top" if y < 0 else "at the bottom"


def name_motion(sighting: Sighting, width: int, height: int) -> str:
    """What the subject does."""
    x, y = sighting.centres[:, 0] / width, sighting.centres[:, 1] / height
    way_x, way_y = _way(x), _way(y)
    growth = float(np.log(np.median(sighting.radii[-2:]) / np.median(sighting.radii[:2])))
    if max(abs(way_x), abs(way_y)) > 0.2 and abs(growth) < 0.5:
        if abs(way_x) > abs(way_y):
            return "moves right" if way_x > 0 else "moves left"
        return "moves down" if way_y > 0 else "moves up"
    if sighting.turns:
        return "spins"
    if abs(growth) > 0.28:
        return "grows" if growth > 0 else "shrinks"
    if _crossings(y) >= 3 and y.max() - y.min() > 0.12:
        return "bounces"
    return "stays still"


def _way(positions: FloatArray) -> float:
    """From the start to the end, in the same unit."""
    return float(np.median(positions[-2:]) - np.median(positions[:2]))


def _crossings(positions: FloatArray) -> int:
    """How often the positions swing from the upper to the lower third of their range or back."""
    low, high = np.quantile(positions, [0.02, 0.98])
    level = (positions - low) / max(float(high - low), 1e-6)
    sides = np.where(level > 0.6, 1, np.where(level < 0.4, -1, 0))
    sides = sides[sides != 0]
    return int(np.count_nonzero(np.diff(sides)))
