"""Finds hard cuts: frames that differ from the frame before far more than their neighbours do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .silhouettes import FAINTEST, colour_shares
from .vocabulary import COLOURS

FloatArray = NDArray[np.float32]

_CELL = 4


def find_cuts(frames: NDArray[np.uint8]) -> list[int]:
    """The frames that certainly begin a new shot; a quiet cut (the same scene and subject) may be missed."""
    whole, subjects = _jumps(frames)
    return [int(index) + 1 for index in np.flatnonzero((whole > 3.0) | (subjects > 2.0))]


def is_cut(frames: NDArray[np.uint8], frame: int) -> bool:
    """Whether a new shot begins at the frame. Finer than `find_cuts`: in 1 of 80 frames it takes a quick move for a cut."""
    near = slice(max(0, frame - 5), frame + 5)
    whole, subjects = _jumps(frames[near])
    index = frame - near.start - 1
    return bool(whole[index] > 1.7 or subjects[index] > 1.5)


def _jumps(frames: NDArray[np.uint8]) -> tuple[FloatArray, FloatArray]:
    """[frames - 1] each: the change of the picture, and of the subjects' places, over the usual change around it."""
    small = ndimage.uniform_filter(frames.astype(np.float32), (0, 3, 3, 0))[:, 1::3, 1::3]
    picture = np.abs(np.diff(small, axis=0)).mean(axis=(1, 2, 3))
    shares, nearest = colour_shares(frames)
    shares = np.where(shares > FAINTEST, shares, 0)
    count, height, width = shares.shape
    rows, columns = height // _CELL, width // _CELL
    layers = [np.where(nearest == colour, shares, 0)[:, : rows * _CELL, : columns * _CELL] for colour in range(len(COLOURS))]
    places = np.stack(layers, axis=1).reshape(count, len(COLOURS), rows, _CELL, columns, _CELL).sum(axis=(3, 5))
    places = ndimage.gaussian_filter(places, (0, 0, 1, 1))
    moved = np.abs(np.diff(places, axis=0)).sum(axis=(1, 2, 3)) / ((places[1:] + places[:-1]).sum(axis=(1, 2, 3)) + 1e-3)
    return _against_neighbours(picture, 0.1), _against_neighbours(moved, 0.1)


def _against_neighbours(changes: FloatArray, floor: float) -> FloatArray:
    """Each change over the usual change on its livelier side."""
    usual = []
    for index in range(len(changes)):
        sides = (changes[max(0, index - 3) : index], changes[index + 1 : index + 4])
        usual.append(max([float(np.median(side)) for side in sides if len(side)], default=0.0))
    return changes / (np.array(usual, np.float32) + floor)
