"""Backgrounds of low saturation, drawn on a canvas wider or finer than the frame so that the camera can move over it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Colour = tuple[float, float, float]

PLAIN: dict[str, Colour] = {"grey": (128, 128, 128), "white": (243, 243, 243), "black": (14, 14, 14)}


class Canvas:
    """Paints figures whose coordinates are frame heights: y from 0 to 1, x from 0 to `width`."""

    def __init__(self, pixels_wide: int, pixels_high: int) -> None:
        self.scale = float(pixels_high)
        self.width = pixels_wide / pixels_high
        self.image: FloatArray = np.zeros((pixels_high, pixels_wide, 3), np.float32)
        self.x = ((np.arange(pixels_wide) + 0.5) / self.scale).astype(np.float32)
        self.y = ((np.arange(pixels_high) + 0.5) / self.scale).astype(np.float32)

    def gradient(self, top: Colour, bottom: Colour) -> None:
        share = self.y[:, None, None]
        self.image[:] = np.float32(top) + share * (np.float32(bottom) - np.float32(top))

    def ground(self, height: FloatArray | float, colour: Colour) -> None:
        """Fills everything below a line; `height` is one y, or one for each column."""
        depth = (self.y[:, None] - np.broadcast_to(np.float32(height), self.x.shape)[None, :]) * self.scale
        self._blend((slice(None), slice(None)), depth, colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        rows, columns = self._box(x - rx, y - ry, x + rx, y + ry)
        u, v = (self.x[columns][None, :] - x) / rx, (self.y[rows][:, None] - y) / ry
        self._blend((rows, columns), (1 - np.sqrt(u * u + v * v)) * (min(rx, ry) * self.scale), colour)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        rows, columns = self._box(x0, y0, x1, y1)
        across = np.minimum(self.x[columns] - x0, x1 - self.x[columns])[None, :]
        down = np.minimum(self.y[rows] - y0, y1 - self.y[rows])[:, None]
        self._blend((rows, columns), np.minimum(across, down) * self.scale, colour)

    def slope(self, x: float, y: float, half_width: float, height: float, colour: Colour) -> None:
        """An upright isosceles triangle with its tip at (x, y)."""
        rows, columns = self._box(x - half_width, y, x + half_width, y + height)
        edge = (self.y[rows][:, None] - y) * (half_width / height) - np.abs(self.x[columns][None, :] - x)
        self._blend((rows, columns), np.minimum(edge, (y + height - self.y[rows])[:, None]) * self.scale, colour)

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        edges = [max(0, int(np.floor(v * self.scale)) - 1) for v in (y0, x0)] + [max(0, int(np.ceil(v * self.scale)) + 1) for v in (y1, x1)]
        return slice(edges[0], edges[2]), slice(edges[1], edges[3])

    def _blend(self, where: tuple[slice, slice], depth: FloatArray, colour: Colour) -> None:
        """`depth`: pixels inside the figure's edge (negative outside)."""
        cover = np.clip(depth + 0.5, 0, 1)[:, :, None]
        patch = self.image[where]
        patch += cover * (np.float32(colour) - patch)


def _along(canvas: Canvas, rng: np.random.Generator, spacing: float) -> list[float]:
    """Positions about `spacing` apart over the whole width, a little irregular."""
    start = rng.uniform(0, spacing)
    return [float(x + rng.uniform(-0.15, 0.15) * spacing) for x in np.arange(start, canvas.width + 0.2, spacing)]


def _wave(canvas: Canvas, rng: np.random.Generator, level: float, swing: float, length: float) -> FloatArray:
    return level + swing * np.sin((canvas.x / length + rng.uniform()) * (2 * np.pi)).astype(np.float32)


def _meadow(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.gradient((178, 198, 214), (214, 222, 222))
    for x in _along(canvas, rng, 0.75):
        y = rng.uniform(0.1, 0.22)
        for shift, r in ((0.0, 0.07), (0.08, 0.05), (-0.08, 0.045)):
            canvas.ellipse(x + shift, y, r * 1.3, r * 0.7, (236, 239, 240))
    canvas.ground(_wave(canvas, rng, 0.46, 0.05, 1.3), (146, 166, 140))
    for x in _along(canvas, rng, 0.6):
        canvas.rectangle(x - 0.018, 0.42, x + 0.018, 0.6, (112, 98, 88))
        canvas.ellipse(x, 0.38, 0.105, 0.13, (92, 118, 88))
    canvas.ground(_wave(canvas, rng, 0.58, 0.02, 0.9), (122, 150, 108))
    for row in (0.68, 0.8, 0.92):
        for x in _along(canvas, rng, 0.3):
            canvas.ellipse(x, row + rng.uniform(-0.03, 0.03), 0.022, 0.018, (232, 232, 216))


def _night_sky(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.gradient((18, 22, 40), (48, 52, 76))
    for row in (0.08, 0.22, 0.36, 0.52, 0.66):
        for x in _along(canvas, rng, 0.28):
            r = rng.uniform(0.012, 0.02)
            canvas.ellipse(x, row + rng.uniform(-0.05, 0.05), r, r, (214, 216, 222))
    for x in _along(canvas, rng, 1.3):
        canvas.ellipse(x, 0.2, 0.1, 0.1, (222, 220, 206))
        canvas.ellipse(x + 0.05, 0.17, 0.08, 0.08, (26, 30, 48))
    for x in _along(canvas, rng, 0.55):
        canvas.slope(x, rng.uniform(0.7, 0.8), 0.32, 0.4, (28, 31, 44))
    canvas.ground(_wave(canvas, rng, 0.92, 0.02, 0.8), (18, 20, 30))


def _beach(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.gradient((192, 210, 222), (222, 228, 228))
    canvas.ground(0.4, (134, 162, 178))
    for x in _along(canvas, rng, 0.9):
        canvas.slope(x, 0.2, 0.09, 0.19, (240, 240, 236))
        canvas.rectangle(x - 0.11, 0.395, x + 0.11, 0.43, (104, 96, 92))
    for row in (0.47, 0.54):
        for x in _along(canvas, rng, 0.45):
            canvas.ellipse(x, row, 0.1, 0.012, (196, 208, 214))
    canvas.ground(_wave(canvas, rng, 0.6, 0.015, 0.5) - 0.02, (230, 232, 230))
    canvas.ground(_wave(canvas, rng, 0.62, 0.015, 0.5), (214, 202, 176))
    for x in _along(canvas, rng, 0.7):
        canvas.ellipse(x, 0.76, 0.09, 0.055, (146, 138, 130))
    for row in (0.7, 0.88, 0.95):
        for x in _along(canvas, rng, 0.35):
            canvas.ellipse(x, row, 0.02, 0.014, (184, 172, 148))


def _room(canvas: Canvas, rng: np.random.Generator) -> None:
    canvas.gradient((206, 198, 188), (198, 188, 178))
    for place, x in enumerate(_along(canvas, rng, 0.62)):
        if place % 2:
            canvas.rectangle(x - 0.13, 0.18, x + 0.13, 0.42, (112, 98, 90))
            canvas.rectangle(x - 0.095, 0.215, x + 0.095, 0.385, (222, 220, 212))
            canvas.slope(x, 0.25, 0.07, 0.13, (150, 152, 150))
        else:
            canvas.rectangle(x - 0.2, 0.1, x + 0.2, 0.5, (238, 238, 234))
            canvas.rectangle(x - 0.165, 0.135, x - 0.015, 0.465, (172, 190, 204))
            canvas.rectangle(x + 0.015, 0.135, x + 0.165, 0.465, (172, 190, 204))
    canvas.ground(0.7, (236, 232, 226))
    canvas.ground(0.74, (152, 132, 116))
    for row in (0.82, 0.91):
        canvas.rectangle(-0.1, row - 0.006, canvas.width + 0.1, row + 0.006, (130, 112, 98))
    for x in _along(canvas, rng, 0.5):
        canvas.rectangle(x - 0.008, 0.74, x + 0.008, 1.0, (130, 112, 98))


_SCENES: dict[str, Callable[[Canvas, np.random.Generator], None]] = {
    "meadow": _meadow,
    "night sky": _night_sky,
    "beach": _beach,
    "room": _room,
}


def draw_background(name: str, seed: int, pixels_wide: int, pixels_high: int) -> FloatArray:
    """[pixels_high, pixels_wide, 3], 0 to 255. The same seed puts the same landmarks at the same places."""
    rng = np.random.default_rng([seed, len(name)])
    if name in PLAIN:
        level = np.clip(np.float32(PLAIN[name]) + np.float32(rng.uniform(-8, 8)), 0, 255)
        return np.broadcast_to(level, (pixels_high, pixels_wide, 3)).copy()
    canvas = Canvas(pixels_wide, pixels_high)
    _SCENES[name](canvas, rng)
    return canvas.image


def film_background(name: str, seed: int, size: tuple[int, int], frames: int, camera: str, amount: float) -> FloatArray:
    """The background seen by the camera: [1 or frames, height, width, 3]; one frame where nothing moves.

    A camera that pans left sees further left, so that the background moves to the right in the frame.
    """
    width, height = size
    if name in PLAIN or camera == "fixed":
        return draw_background(name, seed, width, height)[None]
    time = np.linspace(0.0, 1.0, frames)
    if camera.startswith("pans"):
        way = amount * width
        canvas = draw_background(name, seed, width + int(np.ceil(way)) + 2, height)
        offsets = way * (1 - time if camera == "pans left" else time)
        return np.stack([_columns(canvas, offset + np.arange(width)) for offset in offsets])
    canvas = draw_background(name, seed, round(width * amount), round(height * amount))
    zooms = amount ** (time if camera == "zooms in" else 1 - time)
    return np.stack([_window(canvas, width, height, amount / zoom) for zoom in zooms])


def _window(canvas: FloatArray, width: int, height: int, step: float) -> FloatArray:
    """Samples the middle of the canvas, `step` canvas pixels apart."""
    rows = (np.arange(height) + 0.5 - height / 2) * step + canvas.shape[0] / 2 - 0.5
    columns = (np.arange(width) + 0.5 - width / 2) * step + canvas.shape[1] / 2 - 0.5
    return _columns(_columns(canvas.swapaxes(0, 1), rows).swapaxes(0, 1), columns)


def _columns(image: FloatArray, positions: NDArray[np.float64]) -> FloatArray:
    """Linear interpolation along the second axis."""
    positions = np.clip(positions, 0, image.shape[1] - 1.001)
    first = positions.astype(np.intp)
    share = (positions - first).astype(np.float32)[None, :, None]
    return image[:, first] * (1 - share) + image[:, first + 1] * share
