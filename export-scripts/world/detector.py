"""Says what a clip shows, from its pixels alone, and scores it against what it should show."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .motions import Sighting, identify, name_motion, name_place
from .scene import Shot
from .silhouettes import colour_shares, find_colours, silhouettes, templates
from .surroundings import find_cuts, name_background, name_camera
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


def score_clip(frames: NDArray[np.uint8], expected: Sequence[Shot]) -> Scores:
    """Compares a clip with what its shots should show.

    Slots: colour, kind, place, motion (each for every subject of every shot), background, camera, style (every shot),
    cut (every cut is where it should be and there is no other), same (a character that stays the same over a cut).
    """
    scores: Scores = {}
    previous: tuple[ShotDescription, Shot] | None = None
    for shot in expected:
        seen = _describe_shot(frames[shot.start_frame : shot.start_frame + shot.frames], len(shot.subjects))
        for slot, right in _compare(seen, shot):
            scores.setdefault(slot, []).append(right)
        if previous is not None and shot.same_character:
            before, now = (sorted((s.colour, s.kind) for s in d.subjects) for d in (previous[0], seen))
            scores.setdefault("same", []).append(before == now and len(now) == len(shot.subjects))
        previous = seen, shot
    if len(expected) > 1:
        cuts = find_cuts(frames)
        scores["cut"] = [shot.start_frame in cuts for shot in expected[1:]]
    return scores


def all_right(scores: Scores) -> bool:
    """Whether every mention of every slot is right."""
    return all(all(mentions) for mentions in scores.values())


def _describe_shot(frames: NDArray[np.uint8], most: int) -> ShotDescription:
    height, width = frames.shape[1:3]
    shares, nearest = colour_shares(frames)
    described = []
    for colour in find_colours(shares, nearest, most):
        sighting = identify(silhouettes(shares, nearest, colour), templates())
        if sighting is not None:
            place, motion = name_place(sighting, width, height), name_motion(sighting, width, height)
            described.append(SubjectDescription(COLOURS[colour], sighting.kind, place, motion, sighting))
    covered = shares > 0.4
    style = max(described, key=lambda subject: subject.sighting.likeness).sighting.style if described else ""
    return ShotDescription(tuple(described), name_background(frames, covered), name_camera(frames, covered), style)


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
