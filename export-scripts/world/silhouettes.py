"""Finds coloured subjects in frames and tells their kind, style, angle and size by comparing silhouettes with rendered ones."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .render import paint
from .scene import Subject, Track
from .vocabulary import COLOURS, KINDS, PALETTE, STYLES, UNSPINNABLE

FloatArray = NDArray[np.float32]

ANGLES = 24
"""Template angles a turn."""
_CELLS = 28
_REACH = 2.4
"""A patch reaches this many root-mean-square radii from the centroid."""
_RADII = {"flat": (10.0, 16.0), "outline": (8.5, 12.0, 17.0, 24.0)}
_BLURS = (0.4, 1.0)
FAINTEST = 0.45
"""Share of the palette's chroma above which a pixel belongs to a subject."""

# Two axes of the plane of equal brightness, in which a colour's direction is its hue and its length the chroma.
_CHROMA_PLANE = np.float32([[2 / 6**0.5, 0.0], [-1 / 6**0.5, 2**-0.5], [-1 / 6**0.5, -(2**-0.5)]])
_HUES = np.float32([PALETTE[colour] for colour in COLOURS]) @ _CHROMA_PLANE


@dataclass(frozen=True, slots=True)
class Silhouettes:
    """One subject's normalised silhouettes and where they are."""

    patches: FloatArray
    """[frames, cells * cells], zero mean and unit length."""
    centroids: FloatArray
    """[frames, 2]: x and y in pixels."""
    spreads: FloatArray
    """[frames]: root-mean-square distance from the centroid, in pixels; 0 where nothing was found."""
    whole: NDArray[np.bool_]
    """[frames]: the subject does not touch the frame's edge."""

    @property
    def enough(self) -> bool:
        """Whether so many frames show the subject that it can be described."""
        found = int(np.count_nonzero(self.spreads))
        return found >= 2 and found >= 0.3 * len(self.spreads)


@dataclass(frozen=True, slots=True)
class Templates:
    """Silhouettes of every kind, style, size, side and angle."""

    patches: FloatArray
    kinds: NDArray[np.int_]
    styles: NDArray[np.int_]
    angles: NDArray[np.int_]
    """Counts the angles of a turn; the ANGLES templates of a size and side follow each other."""
    offsets: FloatArray
    """[templates, 2]: the centroid relative to the centre, in root-mean-square radii."""
    ratios: FloatArray
    """The radius over the root-mean-square radius."""


def colour_shares(frames: NDArray[np.uint8]) -> tuple[FloatArray, NDArray[np.int_]]:
    """For each pixel: how much of a palette colour it holds (1 = all), and the index of that colour."""
    chroma = frames.astype(np.float32) @ _CHROMA_PLANE
    length = np.sqrt(chroma[..., 0] ** 2 + chroma[..., 1] ** 2)
    hues = _HUES / np.linalg.norm(_HUES, axis=1, keepdims=True)
    nearest = np.zeros(length.shape, np.intp)
    candidates = length > 25
    nearest[candidates] = (chroma[candidates] @ hues.T).argmax(axis=1)
    full = np.linalg.norm(_HUES, axis=1)[nearest]
    return np.minimum(length / full, 1.0), nearest


def find_colours(shares: FloatArray, nearest: NDArray[np.int_], most: int) -> list[int]:
    """The colours that cover the most pixels, largest first; specks do not count."""
    areas = np.bincount(nearest[shares > FAINTEST], minlength=len(COLOURS)) / len(shares)
    ranked = np.argsort(-areas)[:most]
    return [int(index) for index in ranked if areas[index] > 14 and areas[index] > 0.12 * areas[ranked[0]]]


def silhouettes(shares: FloatArray, nearest: NDArray[np.int_], colour: int) -> Silhouettes:
    """Cuts the subject of a colour out of every frame: the largest connected thing and what lies in its box."""
    count = len(shares)
    alphas = np.where(nearest == colour, shares, 0).astype(np.float32)
    centroids, spreads = np.zeros((count, 2), np.float32), np.zeros(count, np.float32)
    whole = np.zeros(count, dtype=bool)
    patches = np.zeros((count, _CELLS * _CELLS), np.float32)
    for index, alpha in enumerate(alphas):
        box = _largest_box(alpha > FAINTEST)
        if box is None:
            continue
        rows, columns = box
        whole[index] = rows.start > 0 and columns.start > 0 and rows.stop < alpha.shape[0] and columns.stop < alpha.shape[1]
        centroid, spreads[index], patches[index] = normalised_patch(_without_background(alpha[rows, columns]))
        centroids[index] = centroid + (columns.start, rows.start)
    return Silhouettes(patches, centroids, spreads, whole)


def _without_background(share: FloatArray) -> FloatArray:
    """Removes what a background may hold of a colour: a meadow is a little green."""
    return np.clip((share - 0.35) / 0.65, 0, 1)


def normalised_patch(alpha: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Centroid (x, y), root-mean-square radius and the silhouette at a fixed scale, flattened."""
    total = float(alpha.sum())
    across, down = alpha.sum(axis=0), alpha.sum(axis=1)
    xs, ys = np.arange(alpha.shape[1]) + 0.5, np.arange(alpha.shape[0]) + 0.5
    x, y = float(across @ xs) / total, float(down @ ys) / total
    spread = float(np.sqrt((across @ (xs - x) ** 2 + down @ (ys - y) ** 2) / total)) + 1e-6
    steps = ((np.arange(_CELLS) + 0.5) / _CELLS * 2 - 1) * (_REACH * spread)
    patch = _mixing(y - 0.5 + steps, alpha.shape[0]) @ alpha @ _mixing(x - 0.5 + steps, alpha.shape[1]).T
    patch = (patch - patch.mean()).ravel()
    return np.float32([x, y]), spread, patch / (np.linalg.norm(patch) + 1e-6)


def _mixing(positions: NDArray[np.float64], size: int) -> FloatArray:
    """[positions, size]: weights of a soft, about one cell wide, sampling; outside of the image is 0."""
    width = max(1.0, float(positions[1] - positions[0]))
    weights = np.maximum(0, 1 - np.abs(positions[:, None] - np.arange(size)[None, :]) / width)
    return (weights / width).astype(np.float32)


def _largest_box(mask: NDArray[np.bool_]) -> tuple[slice, slice] | None:
    joined = ndimage.binary_dilation(mask, _SQUARE)
    labels, count = ndimage.label(joined)
    if count == 0:
        return None
    sizes = np.bincount(labels[mask], minlength=count + 1)
    sizes[0] = 0
    if sizes.max() < 10:
        return None
    return ndimage.find_objects(labels == sizes.argmax())[0]


_SQUARE = np.ones((3, 3), dtype=bool)


@lru_cache(maxsize=1)
def templates() -> Templates:
    """Renders every kind and normalises it in the way in which frames are."""
    patches, labels, offsets, ratios = [], [], [], []
    for kind_index, kind in enumerate(KINDS):
        sides = (False, True) if kind in ("car", "fish", "bird", "cat") else (False,)
        angles = np.zeros(1) if kind in UNSPINNABLE else np.arange(ANGLES) * (2 * np.pi / ANGLES)
        for style_index, style in enumerate(STYLES):
            for radius, blur, mirrored in itertools.product(_RADII[style], _BLURS, sides):
                for angle, alpha in enumerate(_rendered(kind, style, radius, mirrored, angles, blur)):
                    centroid, spread, patch = normalised_patch(alpha)
                    patches.append(patch)
                    labels.append((kind_index, style_index, angle))
                    offsets.append((centroid - alpha.shape[0] / 2) / spread)
                    ratios.append(radius / spread)
    kinds, styles, turned = np.array(labels).T
    return Templates(np.stack(patches), kinds, styles, turned, np.float32(offsets), np.float32(ratios))


def _rendered(kind: str, style: str, radius: float, mirrored: bool, angles: NDArray[np.float64], blur: float) -> FloatArray:
    """[angles, side, side]: shares of the colour, blurred as a codec or a model blurs frames."""
    side = 2 * (int(radius * 1.6) + 2)
    count = len(angles)
    way = Track(np.full((count, 2), side / 2, np.float32), np.full(count, radius, np.float32), angles.astype(np.float32))
    subject = Subject("red", kind, "", "spins", 0, 0, 2 * radius, turns=1.0, mirrored=mirrored)
    corner = np.zeros(count, dtype=int)
    alpha, colour = paint(subject, way, corner, corner, side, style == "outline")
    red = np.clip((colour[..., 0] - colour[..., 1]) / (PALETTE["red"][0] - PALETTE["red"][1]), 0, 1)
    return _without_background(ndimage.gaussian_filter(alpha * red, (0, blur, blur)))
