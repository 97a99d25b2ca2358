"""What is wrong with clips that a reward must tell from right ones: each corruption spoils one quality, by a degree from 0 to 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import ndimage

from world import Clip, Shot, Subject, render, track
from world.captions import Said, told_shots
from world.vocabulary import BACKGROUNDS, CAMERAS, COLOURS, KINDS, MOTIONS, PLACES, STYLES

Frames = np.ndarray
Corruption = Callable[[Clip, Frames, np.random.Generator, float], Frames]
LEAST_CHANGE = 0.4
"""Grey levels in the mean, of 255: what changes a clip less cannot be seen, and is drawn again."""


def jitter(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """Every frame displaced at random."""
    reach = 1 + round(5 * degree)
    padded = np.pad(frames, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    places = rng.integers(0, 2 * reach + 1, (len(frames), 2))
    return np.stack([padded[i, y:y + clip.height, x:x + clip.width] for i, (y, x) in enumerate(places)])


def shuffle(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """Frames in the order of a time that runs to and fro, inside each shot."""
    out = frames.copy()
    for shot in clip.shots:
        times = np.arange(shot.frames) + rng.normal(0, 0.8 + 3 * degree, shot.frames)
        out[shot.start_frame:shot.start_frame + shot.frames] = frames[shot.start_frame + np.argsort(times)]
    return out


def stutter(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """The picture stands for some frames and then jumps on."""
    held = rng.random(len(frames)) < 0.35 + 0.5 * degree
    held[[0, *(shot.start_frame for shot in clip.shots)]] = False
    return frames[np.maximum.accumulate(np.where(held, 0, np.arange(len(frames))))]


def _changed(clip: Clip, rng: np.random.Generator, change: Callable[[Subject], Subject | None]) -> tuple[Shot, Frames]:
    """A shot of the clip, and the clip with one of that shot's subjects changed (None: gone)."""
    number = int(rng.integers(len(clip.shots)))
    shot = clip.shots[number]
    which = int(rng.integers(len(shot.subjects)))
    subjects = [change(s) if i == which else s for i, s in enumerate(shot.subjects)]
    other = dataclasses.replace(shot, subjects=tuple(s for s in subjects if s))
    return shot, render(dataclasses.replace(clip, shots=(*clip.shots[:number], other, *clip.shots[number + 1:])))


def another(words: tuple[str, ...], word: str, rng: np.random.Generator) -> str:
    return words[(words.index(word) + int(rng.integers(1, len(words)))) % len(words)]


def turn_into(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """A subject has another kind or colour in some of its frames."""
    slot, words = (("kind", KINDS), ("colour", COLOURS))[int(rng.random() < 0.3)]
    shot, other = _changed(clip, rng, lambda s: dataclasses.replace(s, **{slot: another(words, getattr(s, slot), rng)}))
    out, count = frames.copy(), max(2, round((0.15 + 0.35 * degree) * shot.frames))
    begin = shot.start_frame + int(rng.integers(1, max(2, shot.frames - count)))
    chosen = np.arange(begin, min(begin + count, shot.start_frame + shot.frames)) if rng.random() < 0.7 else shot.start_frame + rng.permutation(shot.frames)[:count]
    out[chosen] = other[chosen]
    return out


def morph(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """A subject is half one kind and half another, all along or more and more."""
    shot, other = _changed(clip, rng, lambda s: dataclasses.replace(s, kind=another(KINDS, s.kind, rng)))
    share = np.full(shot.frames, 0.25 + 0.25 * degree) if rng.random() < 0.6 else np.linspace(0, 0.5 + 0.5 * degree, shot.frames)
    inside = slice(shot.start_frame, shot.start_frame + shot.frames)
    out = frames.copy()
    out[inside] = frames[inside] + share[:, None, None, None] * (other[inside].astype(float) - frames[inside]) + 0.5
    return out


def cut_off(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """A part of a subject is missing."""
    removed: list[Subject] = []
    shot, other = _changed(clip, rng, lambda s: removed.append(s))  # type: ignore[func-returns-value]
    way, angle = track(removed[0], shot.frames), rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:clip.height, :clip.width]
    out = frames.copy()
    for i in range(shot.frames):
        beyond = (x - way.centres[i, 0]) * np.cos(angle) + (y - way.centres[i, 1]) * np.sin(angle) > way.radii[i] * (0.5 - 0.7 * degree)
        out[shot.start_frame + i][beyond] = other[shot.start_frame + i][beyond]
    return out


def warp(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """Everything bent, the same in all frames or otherwise in each."""
    count = len(frames) if rng.random() < 0.5 else 1
    coarse = rng.normal(0, 1.2 + 3 * degree, (2, count, 6, 8))
    bends = ndimage.zoom(coarse, (1, 1, clip.height / 6, clip.width / 8), order=1)[:, :, :clip.height, :clip.width]
    t, y, x = np.broadcast_arrays(np.arange(len(frames))[:, None, None], np.arange(clip.height)[:, None] + bends[0], np.arange(clip.width) + bends[1])
    return np.stack([ndimage.map_coordinates(frames[..., c], (t, y, x), order=1, mode="nearest") for c in range(3)], axis=-1)


def wrong_cells(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """Square cells that show another place and time of the clip."""
    out = frames.copy()
    for _ in range(2 + round(14 * degree)):
        side, length = int(rng.choice([8, 8, 16])), int(rng.integers(2, len(frames) + 1))
        (y, x), (v, u) = (rng.integers(0, (clip.height // 8 - side // 8 + 1, clip.width // 8 - side // 8 + 1)) * 8 for _ in range(2))
        t, s = (int(rng.integers(0, len(frames) - length + 1)) for _ in range(2))
        out[t:t + length, y:y + side, x:x + side] = frames[s:s + length, v:v + side, u:u + side]
    return out


def blur(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    sigma = 0.5 + 1.8 * degree
    return ndimage.gaussian_filter(frames.astype(np.float32), (0, sigma, sigma, 0), truncate=2.5).astype(np.uint8)


def coarsen(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """Made smaller and larger again."""
    n = 2 if degree < 0.6 else 4
    small = frames.reshape(len(frames), clip.height // n, n, clip.width // n, n, 3).mean((2, 4))
    return np.clip(ndimage.zoom(small, (1, n, n, 1), order=1), 0, 255).astype(np.uint8) if rng.random() < 0.5 else small.repeat(n, 1).repeat(n, 2).astype(np.uint8)


def add_noise(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    noise = rng.standard_normal(frames.shape, np.float32) * (5 + 35 * degree)
    return np.clip(frames + noise, 0, 255).astype(np.uint8)


def flicker(clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames:
    """Frames that are brighter or darker than the ones beside them, some colours more than others."""
    gains = 1 + rng.normal(0, 0.04 + 0.2 * degree, (len(frames), 1, 1, 1)) + rng.normal(0, 0.08 * degree, (len(frames), 1, 1, 3))
    shifts = rng.normal(0, 4 + 20 * degree, (len(frames), 1, 1, 1))
    return np.clip(frames * gains + shifts, 0, 255).astype(np.uint8)


CORRUPTIONS: dict[str, tuple[Corruption, ...]] = {
    "structure": (turn_into, turn_into, morph, cut_off, warp, wrong_cells),
    "motion": (jitter, shuffle, shuffle, stutter),
    "aesthetics": (blur, coarsen, add_noise, flicker),
}
"""By what they spoil: the heads of the reward."""


def corrupt(head: str, clip: Clip, frames: Frames, rng: np.random.Generator, degree: float) -> Frames | None:
    """The clip with one quality spoilt, in a way that can be seen; None if nothing could be (the order of frames that are all alike, say)."""
    for _ in range(6):
        kinds = CORRUPTIONS[head]
        out = kinds[int(rng.integers(len(kinds)))](clip, frames, rng, degree)
        if np.abs(out.astype(np.int16) - frames).mean() > LEAST_CHANGE:
            return out
    return None


SLOTS = {"colour": COLOURS, "kind": KINDS, "place": PLACES, "motion": MOTIONS, "background": BACKGROUNDS, "camera": CAMERAS, "style": STYLES}


def retold(clip: Clip, rng: np.random.Generator) -> tuple[Clip, list[tuple[str, Said]]]:
    """The clip as captions with one attribute wrong would have it, and those captions: a character's colour or kind in all of its shots, anything else in one."""
    number = int(rng.integers(len(clip.shots)))
    shot = clip.shots[number]
    slot = list(SLOTS)[int(rng.integers(len(SLOTS)))]
    subject = shot.subjects[int(rng.integers(len(shot.subjects)))]

    def other(s: Subject, everywhere: bool) -> Subject:
        same = (s.colour, s.kind) == (subject.colour, subject.kind) if everywhere else s is subject
        return dataclasses.replace(s, **{slot: word}) if same else s

    if slot in ("background", "camera", "style"):
        word = another(SLOTS[slot], getattr(shot, slot), rng)
        shots = [dataclasses.replace(s, **{slot: word}) if i == number else s for i, s in enumerate(clip.shots)]
    else:
        # Two subjects keep being of two colours and kinds.
        taken = {getattr(s, slot) for sh in clip.shots for s in sh.subjects} if slot in ("colour", "kind") else {getattr(subject, slot)}
        word = str(rng.choice([w for w in SLOTS[slot] if w not in taken]))
        character = slot in ("colour", "kind")
        shots = [dataclasses.replace(s, subjects=tuple(other(x, character) if character or i == number else x for x in s.subjects)) for i, s in enumerate(clip.shots)]
    wrong = dataclasses.replace(clip, shots=tuple(shots))
    for _ in range(20):
        told = told_shots(wrong, rng)
        if slot in ("colour", "kind") or getattr(told[number][1], slot):
            return wrong, told
    return wrong, told
