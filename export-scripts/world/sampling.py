"""Draws clips of the small world: everything random about a clip is decided here, so that rendering has no randomness of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from .scene import Clip, Shot, Subject, WorldOptions, track, world_options
from .vocabulary import DIRECTIONS, PLACES, PLAIN_BACKGROUNDS, is_possible, is_withheld

SHORTEST_SHOT = 8
_PAIRS = (("on the left", "on the right"), ("at the top", "at the bottom"))


def sample_clip(rng: np.random.Generator, options: WorldOptions | None = None) -> Clip:
    """Draws a clip that keeps the rules of the world and the given restrictions."""
    options = options or world_options()
    width, height = _weighted(rng, options.sizes)
    longest = max(frames for frames, weight in options.frames.items() if weight > 0)
    shots_wanted = _weighted(rng, {n: w for n, w in options.shots.items() if longest > n * SHORTEST_SHOT})
    frames = _weighted(rng, {f: w for f, w in options.frames.items() if f > shots_wanted * SHORTEST_SHOT or (shots_wanted == 1)})
    style = _weighted(rng, options.styles)
    count = _weighted(rng, options.subjects)
    seed = int(rng.integers(2**31))
    shots: list[Shot] = []
    for start, length in _shot_ranges(rng, frames, shots_wanted):
        previous = shots[-1] if shots else None
        if previous is not None and rng.random() < 0.25:
            count = _weighted(rng, options.subjects)
        shots.append(_sample_shot(rng, options, (width, height), (start, length), style, count, previous, seed))
    return Clip(width, height, frames, tuple(shots), seed, _weighted(rng, options.languages))


def _shot_ranges(rng: np.random.Generator, frames: int, shots: int) -> list[tuple[int, int]]:
    """Start and length of each shot; cuts fall on 1 + 4k, where a latent frame begins."""
    latent = (frames - 1) // 4
    spare = latent - 2 * shots
    extra = rng.multinomial(spare, [1 / shots] * shots) if spare > 0 and shots > 1 else [max(spare, 0)] + [0] * (shots - 1)
    lengths = [4 * (2 + int(more)) for more in extra] if shots > 1 else [frames - 1]
    lengths[0] += 1
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return [(int(start), length) for start, length in zip(starts, lengths, strict=True)]


def _sample_shot(
    rng: np.random.Generator,
    options: WorldOptions,
    frame: tuple[int, int],
    frames: tuple[int, int],
    style: str,
    count: int,
    previous: Shot | None,
    seed: int,
) -> Shot:
    camera, background = _camera_and_background(rng, options, previous)
    amount = 0.0
    if camera.startswith("pans"):
        amount = rng.uniform(0.36, 0.6)
    elif camera.startswith("zooms"):
        amount = rng.uniform(1.45, 1.9)
    same = previous is not None and len(previous.subjects) == count and rng.random() < (0.75 if count == 1 else 0.4)
    characters = [(s.colour, s.kind) for s in previous.subjects] if same and previous else None
    close = previous is not None and count == 1 and not previous.close and rng.random() < 0.15 and "in the centre" in options.places
    for attempt in range(200):  # two shots that look alike would hide the cut; two subjects must not cover each other
        subjects = _sample_subjects(rng, options, frame, frames[1], count, characters, close)
        if subjects is None:
            characters, same = (None, False) if attempt > 20 else (characters, same)
            continue
        may_cross = attempt > 60 or rng.random() < options.crossing
        same_scene = previous is not None and previous.background == background
        hidden_cut = same_scene and not close and attempt < 150 and _goes_on(previous, subjects, frame)
        if not hidden_cut and (count == 1 or _are_apart(subjects, frames[1], may_cross)):
            background_seed = previous.background_seed if same_scene and previous else seed + frames[0]
            return Shot(subjects, background, camera, style, *frames, amount, background_seed, same, close)
    raise ValueError(f"World options must allow {count} subject(s) in a shot, but none was found in 200 tries. Allow more motions, places or kinds.")


def _goes_on(previous: Shot, subjects: tuple[Subject, ...], frame: tuple[int, int]) -> bool:
    """Whether the shot before could be mistaken to go on: subjects of its colours begin near where its own ended."""
    ends = {s.colour: track(s, previous.frames).centres[-1] for s in previous.subjects}
    if set(ends) != {s.colour for s in subjects}:
        return False
    return all(np.hypot(*((ends[s.colour] - (s.x, s.y)) / frame)) < 0.3 for s in subjects)


def _camera_and_background(rng: np.random.Generator, options: WorldOptions, previous: Shot | None) -> tuple[str, str]:
    scenic = [b for b in options.backgrounds if b not in PLAIN_BACKGROUNDS]
    keep = previous is not None and rng.random() < 0.5
    background = previous.background if keep and previous else str(rng.choice(options.backgrounds))
    cameras = dict(options.cameras)
    if not scenic or (keep and background not in scenic):
        cameras = {"fixed": 1.0}
    camera = _weighted(rng, cameras)
    if camera != "fixed" and background not in scenic:
        background = str(rng.choice(scenic))
    return camera, background


def _sample_subjects(
    rng: np.random.Generator,
    options: WorldOptions,
    frame: tuple[int, int],
    frames: int,
    count: int,
    characters: list[tuple[str, str]] | None,
    close: bool,
) -> tuple[Subject, ...] | None:
    places: Sequence[str | None] = [None]
    if close:
        places = ["in the centre"]
    elif count == 2:
        pairs = [pair for pair in _PAIRS if set(pair) <= set(options.places)]
        places = rng.permutation(pairs[int(rng.integers(len(pairs)))]).tolist()
    motions = [m for m in options.motions if not close or m in ("stays still", "spins")] or ["stays still"]
    chosen: list[Subject] = []
    for index in range(count):
        for _ in range(60):
            colour, kind = characters[index] if characters else (str(rng.choice(options.colours)), str(rng.choice(options.kinds)))
            motion = str(rng.choice(motions))
            place = places[index] or str(rng.choice(options.places))
            withheld = is_withheld(colour, kind, motion)
            fits = options.triples == "any" or withheld == (options.triples == "withheld")
            distinct = all(colour != other.colour and kind != other.kind for other in chosen)
            if fits and distinct and is_possible(kind, place, motion):
                chosen.append(_place_subject(rng, frame, frames, count, (colour, kind, place, motion), close))
                break
        else:
            return None
    return tuple(chosen)


def _place_subject(
    rng: np.random.Generator, frame: tuple[int, int], frames: int, count: int, slots: tuple[str, str, str, str], close: bool
) -> Subject:
    """Decides sizes and positions so that the place can be told from the first frame and the subject stays mostly inside."""
    colour, kind, place, motion = slots
    width, height = frame
    short = min(frame)
    span = rng.uniform(0.32, 0.42) if count == 2 else rng.uniform(0.40, 0.55)
    if close:
        span = rng.uniform(0.68, 0.80)
    growth = 1.0
    if motion in ("grows", "shrinks"):
        factor = rng.uniform(1.6, 1.75 if count == 2 else 2.0)
        growth = factor if motion == "grows" else 1 / factor
        span = (rng.uniform(0.36, 0.40) if count == 2 else rng.uniform(0.42, 0.50)) / np.sqrt(growth)
    size = span * short
    half = 0.5 * size * max(growth, 1.0)
    x, y = rng.uniform(-0.03, 0.03, 2) + 0.5
    if place in PLACES[:2]:
        x = min(max(half / width + 0.01, 0.22) + rng.uniform(0.0, 0.04), 0.34)
        x = 1 - x if place == "on the right" else x
    elif place in PLACES[2:4]:
        y = min(max(half / height + 0.01, 0.22) + rng.uniform(0.0, 0.04), 0.34)
        y = 1 - y if place == "at the bottom" else y
    subject = Subject(colour, kind, place, motion, x, y, size, growth=growth, mirrored=motion == "moves left")
    subject = _set_in_motion(rng, subject, frame, frames, half)
    return dataclasses.replace(subject, x=subject.x * width, y=subject.y * height)


def _set_in_motion(rng: np.random.Generator, subject: Subject, frame: tuple[int, int], frames: int, half: float) -> Subject:
    """Adds the motion's numbers; x and y are fractions of the frame here and move a little to make room."""
    width, height = frame
    if subject.motion in DIRECTIONS:
        along_x, along_y = DIRECTIONS[subject.motion]
        extent, start, sign = (width, subject.x, along_x) if along_x else (height, subject.y, along_y)
        travel = rng.uniform(0.35, 0.55)
        room = 1 - half / extent - (start if sign > 0 else 1 - start)
        if room < travel:
            centred = abs(start - 0.5) < 0.1
            shift = min(travel - room, 0.10 if centred else 0.0)
            travel = max(0.35, min(travel, room + shift))
            start -= sign * shift
        change = {"x": start, "travel_x": sign * travel * width} if along_x else {"y": start, "travel_y": sign * travel * height}
        return dataclasses.replace(subject, ease=rng.uniform(0.0, 0.6), **change)
    if subject.motion == "bounces":
        jumps = max(2, round((frames - 1) / rng.uniform(7.0, 10.0)))
        ground = subject.y if subject.place == "at the bottom" else rng.uniform(0.55, 0.60)
        return dataclasses.replace(subject, y=ground, bounces=jumps, bounce_height=rng.uniform(0.23, 0.32) * height)
    if subject.motion == "spins":
        fastest = 25.0 / 360.0 * (frames - 1)
        turns = max(0.5, min(rng.uniform(0.5, 1.25), fastest))
        return dataclasses.replace(subject, turns=turns)
    return subject


def _are_apart(subjects: tuple[Subject, ...], frames: int, may_cross: bool) -> bool:
    """Whether two subjects do not overlap: in the first frame, or (unless they may cross) in every frame."""
    first, second = (track(subject, frames) for subject in subjects)
    gaps = np.linalg.norm(first.centres - second.centres, axis=1) - 0.95 * (first.radii + second.radii)
    return bool(gaps[0] > 0 and (may_cross or gaps.min() > 0))


def _weighted[T](rng: np.random.Generator, weights: Mapping[T, float]) -> T:
    values = list(weights)
    shares = np.array([weights[value] for value in values], dtype=np.float64)
    return values[int(rng.choice(len(values), p=shares / shares.sum()))]
