"""Renders clips with soft edges, and says exactly what they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backgrounds import film_background
from .scene import Clip, Shot, Subject, Track, track
from .shapes import EXTENT, RESOLUTION, kind_shape
from .vocabulary import PALETTE

FloatArray = NDArray[np.float32]

DARK = np.float32((28, 28, 34))
LIGHT = np.float32((246, 246, 244))


@dataclass(frozen=True, slots=True)
class ShotTruth:
    """Where a shot's subjects are."""

    start_frame: int
    frames: int
    tracks: tuple[Track, ...]
    """One for each subject."""
    masks: NDArray[np.bool_] | None
    """[subjects, frames, height, width]: where a subject is seen, if asked for."""


def render(clip: Clip) -> NDArray[np.uint8]:
    """The clip's pixels, [frames, height, width, RGB]."""
    video = np.empty((clip.frames, clip.height, clip.width, 3), np.uint8)
    for shot in clip.shots:
        frames = video[shot.start_frame : shot.start_frame + shot.frames]
        scene = film_background(shot.background, shot.background_seed, (clip.width, clip.height), shot.frames, shot.camera, shot.camera_amount)
        frames[:] = (scene + 0.5).astype(np.uint8)
        for subject in shot.subjects:
            for frame, rows, columns, alpha, colour in _patches(subject, shot, clip):
                patch = frames[frame, rows, columns]
                under = patch.astype(np.float32)
                patch[:] = (under + alpha[:, :, None] * (colour - under) + 0.5).astype(np.uint8)
    return video


def truth(clip: Clip, masks: bool = False) -> tuple[ShotTruth, ...]:
    """Exact centres, radii and angles of each shot's subjects, and on request the masks of what is visible."""
    result = []
    for shot in clip.shots:
        seen = None
        if masks:
            seen = np.zeros((len(shot.subjects), shot.frames, clip.height, clip.width), dtype=bool)
            for index, subject in enumerate(shot.subjects):
                for frame, rows, columns, alpha, _ in _patches(subject, shot, clip):
                    covered = alpha > 0.5
                    seen[index, frame, rows, columns] |= covered
                    seen[:index, frame, rows, columns] &= ~covered
        tracks = tuple(track(subject, shot.frames) for subject in shot.subjects)
        result.append(ShotTruth(shot.start_frame, shot.frames, tracks, seen))
    return tuple(result)


def outline_width(radius: float | FloatArray, scale: int = 1) -> FloatArray:
    """Pixels of an outline's stroke for a subject of the given radius."""
    return np.maximum(np.float32(2.6 * scale), np.float32(0.17) * np.float32(radius))


def _patches(subject: Subject, shot: Shot, clip: Clip) -> Iterator[tuple[int, slice, slice, FloatArray, FloatArray]]:
    """For each frame in which the subject is seen: frame, rows, columns, coverage and colour."""
    way = track(subject, shot.frames)
    reach = int(np.ceil(float(way.radii.max()) * (EXTENT if subject.turns else 1.2))) + 1
    lefts, tops = (np.floor(way.centres - reach).astype(int)).T
    alpha, colour = paint(subject, way, lefts, tops, 2 * reach + 2, clip.scale if shot.style == "outline" else 0)
    for frame in range(shot.frames):
        left, top = max(lefts[frame], 0), max(tops[frame], 0)
        right, bottom = min(lefts[frame] + 2 * reach + 2, clip.width), min(tops[frame] + 2 * reach + 2, clip.height)
        if left < right and top < bottom:
            inner = slice(top - tops[frame], bottom - tops[frame]), slice(left - lefts[frame], right - lefts[frame])
            yield frame, slice(top, bottom), slice(left, right), alpha[frame][inner], colour[frame][inner]


def paint(subject: Subject, way: Track, lefts: NDArray[np.int_], tops: NDArray[np.int_], side: int, outline: int) -> tuple[FloatArray, FloatArray]:
    """Coverage [frames, side, side] and colour [frames, side, side, 3] of the boxes around the subject. `outline`: the clip's scale, or 0 for a filled subject."""
    pixel = np.arange(side, dtype=np.float32) + 0.5
    radii = way.radii[:, None, None]
    x = ((lefts - way.centres[:, 0])[:, None] + pixel).astype(np.float32)[:, None, :] / radii
    y = ((tops - way.centres[:, 1])[:, None] + pixel).astype(np.float32)[:, :, None] / radii
    cos, sin = np.cos(way.angles)[:, None, None], np.sin(way.angles)[:, None, None]
    u, v = (x * cos + y * sin, y * cos - x * sin) if subject.turns else np.broadcast_arrays(x, y)
    to_cell = np.float32(RESOLUTION / (2 * EXTENT))
    columns = np.clip((u * (-to_cell if subject.mirrored else to_cell) + RESOLUTION / 2).astype(np.int32), 0, RESOLUTION - 1)
    rows = np.clip((v * to_cell + RESOLUTION / 2).astype(np.int32), 0, RESOLUTION - 1)
    cells = rows * RESOLUTION + columns
    shape = kind_shape(subject.kind)
    body = shape.body[cells] * radii
    hue = np.float32(PALETTE[subject.colour])
    colour = np.broadcast_to(hue, (*body.shape, 3))
    if outline:
        half = outline_width(radii, outline) / 2
        body = np.abs(body + half) - half
        if shape.dark is not None:
            body = np.minimum(body, shape.dark[cells] * radii)
        return np.clip(0.5 - body, 0, 1), colour
    for detail, shade in ((shape.light, LIGHT), (shape.dark, DARK)):
        if detail is not None:
            cover = np.clip(0.5 - detail[cells] * radii, 0, 1)[:, :, :, None]
            colour = colour + cover * (shade - colour)
    return np.clip(0.5 - body, 0, 1), colour
