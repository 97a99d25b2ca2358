"""The ten kinds as signed-distance maps: silhouettes in [-1, 1], details such as eyes and wheels on top. y points down, everything looks to the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

EXTENT = 1.6
"""A map reaches from -EXTENT to EXTENT in units of the subject's radius."""
RESOLUTION = 320
"""Cells a side of a map."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kind:
    """A silhouette and its details, as flat maps of signed distances in units of the radius (inside is negative)."""

    body: NDArray[np.float32]
    dark: NDArray[np.float32] | None
    light: NDArray[np.float32] | None


class _Pen:
    """Draws unions of simple figures on the grid of a map."""

    def __init__(self) -> None:
        axis = (np.arange(RESOLUTION) + 0.5) / RESOLUTION * 2 * EXTENT - EXTENT
        self.x, self.y = np.meshgrid(axis, axis)

    def ellipse(self, x: float, y: float, rx: float, ry: float | None = None, tilt: float = 0.0) -> Mask:
        c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
        u, v = (self.x - x) * c + (self.y - y) * s, (self.y - y) * c - (self.x - x) * s
        return (u / rx) ** 2 + (v / (ry or rx)) ** 2 <= 1

    def polygon(self, *points: tuple[float, float]) -> Mask:
        """Fills a polygon of any form by the even-odd rule."""
        inside = np.zeros(self.x.shape, dtype=bool)
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
            if y0 != y1:
                crosses = (self.y >= min(y0, y1)) & (self.y < max(y0, y1))
                inside ^= crosses & (self.x < x0 + (self.y - y0) * (x1 - x0) / (y1 - y0))
        return inside


def _ball(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    return pen.ellipse(0, 0, 0.95), None, pen.ellipse(-0.36, -0.42, 0.24, 0.16, -40)


def _square(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    side = 0.86
    return pen.polygon((-side, -side), (side, -side), (side, side), (-side, side)), None, None


def _triangle(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    return pen.polygon((0, -1.12), (0.98, 0.62), (-0.98, 0.62)), None, None


def _star(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    turns = np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2 == 0, 1.1, 0.46)
    return pen.polygon(*[(float(r * np.sin(a)), float(-r * np.cos(a))) for r, a in zip(radii, turns, strict=True)]), None, None


def _heart(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16 - 0.1
    return pen.polygon(*zip((x * 1.0).tolist(), (y * 1.0).tolist(), strict=True)), None, None


def _ring(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    return pen.ellipse(0, 0, 1.0) & ~pen.ellipse(0, 0, 0.5), None, None


def _car(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    lower = pen.polygon((-1.0, -0.06), (0.72, -0.1), (1.0, 0.1), (1.0, 0.42), (-1.0, 0.42))
    cabin = pen.polygon((-0.78, 0.0), (-0.56, -0.62), (0.26, -0.62), (0.66, 0.0))
    wheels = pen.ellipse(-0.54, 0.42, 0.27) | pen.ellipse(0.54, 0.42, 0.27)
    hubs = pen.ellipse(-0.54, 0.42, 0.1) | pen.ellipse(0.54, 0.42, 0.1)
    rear = pen.polygon((-0.6, -0.1), (-0.46, -0.48), (-0.16, -0.48), (-0.16, -0.1))
    front = pen.polygon((-0.02, -0.1), (-0.02, -0.48), (0.2, -0.48), (0.44, -0.1))
    return lower | cabin | wheels, wheels & ~hubs, hubs | rear | front


def _fish(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    body = pen.ellipse(0.22, 0.02, 0.78, 0.52)
    tail = pen.polygon((-0.35, 0.02), (-1.0, -0.56), (-0.84, 0.02), (-1.0, 0.6))
    fins = pen.polygon((0.3, -0.4), (-0.22, -0.82), (-0.2, -0.3)) | pen.polygon((0.2, 0.4), (-0.16, 0.82), (-0.14, 0.3))
    return body | tail | fins, pen.ellipse(0.6, -0.12, 0.1), pen.ellipse(0.6, -0.12, 0.2)


def _bird(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    body = pen.ellipse(0.02, 0.3, 0.64, 0.4, 8) | pen.ellipse(0.54, -0.04, 0.35)
    beak = pen.polygon((0.8, -0.18), (1.14, 0.04), (0.8, 0.16))
    wing = pen.polygon((0.36, 0.2), (0.08, -0.4), (-0.56, -1.02), (-0.62, -0.4), (-0.4, 0.3))
    tail = pen.polygon((-0.4, 0.08), (-1.06, 0.12), (-0.96, 0.52), (-0.4, 0.44))
    return body | beak | wing | tail, beak | pen.ellipse(0.62, -0.08, 0.1), None


def _cat(pen: _Pen) -> tuple[Mask, Mask | None, Mask | None]:
    head = pen.ellipse(0.22, -0.34, 0.52, 0.44)
    ears = pen.polygon((-0.28, -0.42), (-0.26, -1.04), (0.14, -0.7)) | pen.polygon((0.72, -0.42), (0.7, -1.04), (0.3, -0.7))
    body = pen.ellipse(0.14, 0.5, 0.56, 0.58) | pen.polygon((-0.36, 0.75), (0.62, 0.75), (0.7, 1.02), (-0.42, 1.02))
    neck = pen.polygon((-0.14, -0.1), (0.56, -0.1), (0.6, 0.4), (-0.3, 0.4))
    tail = (pen.ellipse(-0.5, 0.42, 0.5, 0.56) & ~pen.ellipse(-0.56, 0.3, 0.3, 0.36)) & ((pen.y > 0.3) | (pen.x < -0.6))
    eyes = pen.ellipse(0.04, -0.36, 0.1, 0.13) | pen.ellipse(0.44, -0.36, 0.1, 0.13)
    return head | ears | neck | body | tail, eyes, None


_FIGURES: dict[str, Callable[[_Pen], tuple[Mask, Mask | None, Mask | None]]] = {
    "ball": _ball,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "heart": _heart,
    "ring": _ring,
    "car": _car,
    "fish": _fish,
    "bird": _bird,
    "cat": _cat,
}


@lru_cache(maxsize=None)
def kind_shape(name: str) -> Kind:
    """The maps of a kind, made once."""
    body, dark, light = _FIGURES[name](_Pen())
    return Kind(_distances(body), None if dark is None else _distances(dark), None if light is None else _distances(light))


def _distances(mask: Mask) -> NDArray[np.float32]:
    cell = 2 * EXTENT / RESOLUTION
    outside = ndimage.distance_transform_edt(~mask) - 0.5
    inside = ndimage.distance_transform_edt(mask) - 0.5
    return (np.where(mask, -inside, outside) * cell).astype(np.float32).ravel()
