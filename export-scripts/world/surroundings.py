"""Names background and camera from what lies behind the subjects."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .backgrounds import PLAIN, film_background
from .vocabulary import BACKGROUNDS, SIZES

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BANDS = 8
_PANS = np.concatenate([-np.arange(0.1, 0.75, 0.05), np.arange(0.1, 0.75, 0.05)])
"""Frame widths that the camera may travel over a shot; positive to the right."""
_ZOOMS = np.concatenate([-np.arange(0.15, 0.85, 0.1), np.arange(0.15, 0.85, 0.1)])
"""Logarithms of zoom factors; positive inwards."""


def name_background(frames: NDArray[np.uint8], subjects: Mask) -> str:
    """The background whose bands of colour are nearest. `subjects` marks the pixels to ignore."""
    features, labels = _band_templates()
    seen = _bands(frames.astype(np.float32), ~_grown(subjects, 2))
    return BACKGROUNDS[labels[np.abs(features - seen).mean(axis=1).argmin()]]


def _bands(frames: FloatArray, visible: Mask) -> FloatArray:
    """Mean colour and its spread of horizontal bands over all frames; what nothing shows takes the mean of the others."""
    frames_, height, width = visible.shape
    edges = np.linspace(0, height, _BANDS + 1).round().astype(int)
    weight = visible.astype(np.float32).sum(axis=2)
    sums = np.einsum("fhwc,fhw->fhc", frames, visible.astype(np.float32))
    squares = np.einsum("fhw,fhw->fh", frames.mean(axis=3) ** 2, visible.astype(np.float32))
    rows = []
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        total = weight[:, start:stop].sum()
        if total < 1:
            rows.append(np.full(4, np.nan, np.float32))
            continue
        mean = sums[:, start:stop].sum(axis=(0, 1)) / total
        spread = np.sqrt(max(0.0, float(squares[:, start:stop].sum() / total - mean.mean() ** 2)))
        rows.append(np.append(mean, 0.5 * spread))
    bands = np.stack(rows)
    return np.where(np.isnan(bands), np.nanmean(bands, axis=0), bands).ravel()


@lru_cache(maxsize=1)
def _band_templates() -> tuple[FloatArray, NDArray[np.int_]]:
    features, labels = [], []
    for index, name in enumerate(BACKGROUNDS):
        variants = 3 if name in PLAIN else 8
        for seed in range(variants):
            for size in SIZES:
                for camera, amount in (("fixed", 0.0), ("zooms in", 1.7)) if name not in PLAIN else (("fixed", 0.0),):
                    scene = film_background(name, 1000 + seed, size, 5, camera, amount)
                    features.append(_bands(scene, np.ones(scene.shape[:3], dtype=bool)))
                    labels.append(index)
    return np.stack(features), np.array(labels)


def name_camera(frames: NDArray[np.uint8], subjects: Mask) -> str:
    """The camera move that lets the background of frames some steps apart agree best."""
    count, height, width = frames.shape[:3]
    step = max(1, round((count - 1) / 8))
    shown = (~_grown(subjects, 1)).astype(np.float32)
    share_shown = ndimage.gaussian_filter(shown, (0, 1.0, 1.0))[:, ::2, ::2]
    grey = ndimage.gaussian_filter(frames.astype(np.float32).mean(axis=3) * shown, (0, 1.0, 1.0))[:, ::2, ::2] / (share_shown + 1e-6)
    visible = (share_shown > 0.5).astype(np.float32)
    first, second = slice(0, count - step), slice(step, count)
    picks = np.arange(count - step)[:: max(1, (count - step) // 10)]
    pair = (grey[first][picks], grey[second][picks], visible[first][picks], visible[second][picks])
    share = step / max(1, count - 1)
    still = _difference(*pair, 0.0, 1.0)
    pans = [_difference(*pair, pan * share * width / 2, 1.0) for pan in _PANS]
    zooms = [_difference(*pair, 0.0, float(np.exp(zoom * share))) for zoom in _ZOOMS]
    best_pan, best_zoom = int(np.argmin(pans)), int(np.argmin(zooms))
    best = min(pans[best_pan], zooms[best_zoom])
    if best > 0.8 * still or still - best < 0.25:
        return "fixed"
    if pans[best_pan] < zooms[best_zoom]:
        return "pans right" if _PANS[best_pan] > 0 else "pans left"
    return "zooms in" if _ZOOMS[best_zoom] > 0 else "zooms out"


def _difference(before: FloatArray, after: FloatArray, seen_before: FloatArray, seen_after: FloatArray, shift: float, zoom: float) -> float:
    """Mean difference between `after` and `before` moved by the camera: `shift` pixels to the right, `zoom` inwards."""
    _, height, width = before.shape
    rows = (np.arange(height) - (height - 1) / 2) / zoom + (height - 1) / 2
    columns = (np.arange(width) - (width - 1) / 2) / zoom + (width - 1) / 2 + shift
    inside = (columns >= 0) & (columns <= width - 1)
    moved = _sampled(before, rows, columns)
    weight = _sampled(seen_before, rows, columns, nearest=True) * seen_after * inside
    return float((np.abs(moved - after) * weight).sum() / max(1.0, float(weight.sum())))


def _sampled(images: FloatArray, rows: NDArray[np.float64], columns: NDArray[np.float64], nearest: bool = False) -> FloatArray:
    for axis, positions in ((1, rows), (2, columns)):
        size = images.shape[axis]
        positions = np.clip(positions, 0, size - 1)
        if nearest:
            images = images.take(np.rint(positions).astype(np.intp), axis=axis)
            continue
        low = np.minimum(positions.astype(np.intp), size - 2)
        share = (positions - low).astype(np.float32)
        share = share[:, None] if axis == 1 else share
        images = images.take(low, axis=axis) * (1 - share) + images.take(low + 1, axis=axis) * share
    return images


def _grown(mask: Mask, pixels: int) -> Mask:
    """Grows a mask within each frame."""
    return ndimage.maximum_filter(mask.view(np.uint8), (1, 2 * pixels + 1, 2 * pixels + 1)).astype(bool)
