"""Says what a clip shows, from its pixels alone, and scores it against what it should show."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cuts import is_cut
from .motions import Sighting, identify, name_motion, name_place
from .scene import Shot
from .silhouettes import colour_shares, find_colours, silhouettes, templates
from .surroundings import name_background, name_camera
from .vocabulary import COLOURS

Scores = dict[str, list[bool]]
"""For each slot, whether each of its mentions is right: one a subject and shot, or one a shot, or one a cut."""


@dataclass(frozen=True, slots=True)
class SubjectDescription:
    """A subject as detected."""

    colour: str
    kind: str
    place: str
    motion: str
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class ShotDescription:
    """A shot as detected; subjects with the most pixels come first."""

    subjects: tuple[SubjectDescription, ...]
    background: str
    camera: str
    style: str


def describe(frames: NDArray[np.uint8], boundaries: Sequence[int] = (0,), subjects: int = 1) -> list[ShotDescription]:
    """Describes each shot of a clip [frames, height, width, RGB].

    boundaries: the first frame of each shot. subjects: how many to look for at most.
    """
    ends = [*boundaries[1:], len(frames)]
    return [_describe_shot(frames[start:end], subjects) for start, end in zip(boundaries, ends, strict=True)]


def describe_shots(frames: NDArray[np.uint8], expected: Sequence[Shot]) -> list[ShotDescription]:
    """Describes a clip whose shots are where they should be, looking for as many subjects as each should have."""
    return [_describe_shot(frames[shot.start_frame : shot.start_frame + shot.frames], len(shot.subjects)) for shot in expected]


def score_clip(frames: NDArray[np.uint8], expected: Sequence[Shot], described: Sequence[ShotDescription] | None = None) -> Scores:
    """Compares a clip with what its shots should show. `described`: what `describe_shots` says, if that is known.

    Slots: colour, kind, place, motion (each for every subject of every shot), background, camera, style (every shot),
    cut (a new shot begins where it should), same (a character that stays the same over a cut).
    """
    scores: Scores = {}
    previous: tuple[ShotDescription, Shot] | None = None
    for shot, seen in zip(expected, described or describe_shots(frames, expected), strict=True):
        for slot, right in _compare(seen, shot):
            scores.setdefault(slot, []).append(right)
        if previous is not None and shot.same_character:
            before, now = (sorted((s.colour, s.kind) for s in d.subjects) for d in (previous[0], seen))
            scores.setdefault("same", []).append(before == now and len(now) == len(shot.subjects))
        previous = seen, shot
    if len(expected) > 1:
        scores["cut"] = [is_cut(frames, shot.start_frame) for shot in expected[1:]]
    return scores


def all_right(scores: Scores) -> bool:
    """Whether every mention of every slot is right."""
    return all(all(mentions) for mentions in scores.values())


def _describe_shot(frames: NDArray[np.uint8], most: int) -> ShotDescription:
    height, width = frames.shape[1:3]
    shares, nearest = colour_shares(frames)
    found = [(colour, silhouettes(shares, nearest, colour)) for colour in find_colours(shares, nearest, most)]
    found = [(colour, seen) for colour, seen in found if seen.enough]
    sightings = identify([seen for _, seen in found], templates())
    described = tuple(
        SubjectDescription(COLOURS[colour], seen.kind, name_place(seen, width, height), name_motion(seen, width, height), seen)
        for (colour, _), seen in zip(found, sightings, strict=True)
    )
    covered = (shares > 0.4) | _discs(sightings, frames.shape)
    style = sightings[0].style if sightings else ""
    return ShotDescription(described, name_background(frames, covered), name_camera(frames, covered), style)


def _discs(sightings: Sequence[Sighting], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where subjects are, their dark and white details included."""
    y, x = np.arange(shape[1])[None, :, None] + 0.5, np.arange(shape[2])[None, None, :] + 0.5
    covered = np.zeros(shape[:3], dtype=bool)
    for seen in sightings:
        centre_x, centre_y = seen.centres[:, 0, None, None], seen.centres[:, 1, None, None]
        covered |= (x - centre_x) ** 2 + (y - centre_y) ** 2 < (1.05 * seen.radii[:, None, None]) ** 2
    return covered


def _compare(seen: ShotDescription, shot: Shot) -> list[tuple[str, bool]]:
    """Slot by slot; detected subjects are given to the expected ones so that most slots agree."""
    slots = ("colour", "kind", "place", "motion")
    padded = [*seen.subjects, *[None] * len(shot.subjects)][: len(shot.subjects)]
    trials = []
    for order in itertools.permutations(padded):
        pairs = zip(order, shot.subjects, strict=True)
        trials.append([(slot, found is not None and getattr(found, slot) == getattr(wanted, slot)) for found, wanted in pairs for slot in slots])
    best = max(trials, key=lambda trial: sum(right for _, right in trial))
    return [*best, ("background", seen.background == shot.background), ("camera", seen.camera == shot.camera), ("style", seen.style == shot.style)]
