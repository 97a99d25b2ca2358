"""What the reward is trained and checked on: clips with exact truth, samples with what the detector sees, and captions with what they say; as tensors."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dataset import HELD_OUT, ClipSet
from model.bundle import Text, Tokenizer
from model.reward import STRIDE, SUBJECTS, USUAL
from model.text import TextEncoder
from pictures import to_tensor
from world import Clip, Shot, track
from world.captions import Said
from world.detector import Scores, ShotDescription
from world.vocabulary import BACKGROUNDS, CAMERAS, COLOURS, KINDS, MOTIONS, PLACES, STYLES

WINDOW = 64
LEAST_CELLS = 14
"""Of a subject inside a window, so that its kind can be seen."""
Told = list[tuple[str, Said]]


@dataclass(frozen=True)
class Sample:
    clip: Clip
    """A clip that shows what the captions say; all slots are said, but for a fixed camera and the flat style."""
    captions: list[str]
    steps: int
    scores: Scores
    """The detector's, a slot."""
    seen: list[ShotDescription]
    held_out: bool

    @property
    def total(self) -> float:
        """The detector's total: the mean over slots of the share that is right."""
        return float(np.mean([np.mean(mentions) for mentions in self.scores.values()]))


@dataclass(frozen=True)
class SeenSubject:
    colour: str
    kind: str
    place: str
    motion: str
    centres: np.ndarray
    """[frames, 2] in pixels."""
    radii: np.ndarray


@dataclass(frozen=True)
class SeenShot:
    """What a shot shows, by the truth or by the detector; an empty style is unknown."""

    start_frame: int
    frames: int
    subjects: tuple[SeenSubject, ...]
    background: str
    camera: str
    style: str


def seen_in(clip: Clip) -> list[SeenShot]:
    shots = []
    for shot in clip.shots:
        ways = [track(s, shot.frames) for s in shot.subjects]
        subjects = tuple(SeenSubject(s.colour, s.kind, s.place, s.motion, way.centres, way.radii) for s, way in zip(shot.subjects, ways, strict=True))
        shots.append(SeenShot(shot.start_frame, shot.frames, subjects, shot.background, shot.camera, shot.style))
    return shots


def seen_by_detector(described: Sequence[ShotDescription], clip: Clip) -> list[SeenShot]:
    return [SeenShot(shot.start_frame, shot.frames, tuple(SeenSubject(s.colour, s.kind, s.place, s.motion, s.sighting.centres, s.sighting.radii) for s in seen.subjects),
                     seen.background, seen.camera, seen.style) for seen, shot in zip(described, clip.shots, strict=True)]


@dataclass(frozen=True)
class Truth:
    """What clips show; -1 where that is unknown. cells [B, F, h, w]: 0 none, 1 + colour. starts [B, F]: 1 where a shot begins. shots [B, S, F]: 1 for the frames of a shot.
    present [B, S, colours]: 1 or 0. subjects [3, B, S, colours]: kind, place, motion. scene [3, B, S]: background, camera, style."""

    cells: Tensor
    starts: Tensor
    shots: Tensor
    present: Tensor
    subjects: Tensor
    scene: Tensor


def truth_of(clips: Sequence[list[SeenShot]], frames: int, height: int, width: int, known: Sequence[bool] | None = None) -> Truth:
    """`known`: of which clips anything is known but where their shots begin."""
    count, shots = len(clips), max(len(c) for c in clips)
    h, w = -(-height // STRIDE), -(-width // STRIDE)
    y, x = (np.arange(h) + 0.5) * STRIDE, (np.arange(w) + 0.5) * STRIDE
    cells, starts, of = np.zeros((count, frames, h, w), np.int64), np.zeros((count, frames), np.float32), np.zeros((count, shots, frames), np.float32)
    present, subjects, scene = np.full((count, shots, len(COLOURS)), -1.0, np.float32), np.full((3, count, shots, len(COLOURS)), -1), np.full((3, count, shots), -1)
    for i, clip in enumerate(clips):
        for s, shot in enumerate(clip):
            starts[i, shot.start_frame], of[i, s, shot.start_frame:shot.start_frame + shot.frames] = 1, 1
            if known and not known[i]:
                continue
            present[i, s] = 0
            scene[:, i, s] = BACKGROUNDS.index(shot.background), CAMERAS.index(shot.camera), STYLES.index(shot.style) if shot.style else -1
            for subject in shot.subjects:
                c = COLOURS.index(subject.colour)
                present[i, s, c] = 1
                subjects[:, i, s, c] = KINDS.index(subject.kind), PLACES.index(subject.place), MOTIONS.index(subject.motion)
                inside = (x - subject.centres[:, 0, None])[:, None, :] ** 2 + (y - subject.centres[:, 1, None])[:, :, None] ** 2 < (subject.radii[:, None, None] * 0.95) ** 2
                cells[i, shot.start_frame:shot.start_frame + shot.frames][inside] = c + 1
        if known and not known[i]:
            cells[i] = -1
    return Truth(*(torch.from_numpy(a) for a in (cells, starts, of, present, subjects, scene)))


def stills(clips: ClipSet, rng: np.random.Generator, count: int) -> tuple[Tensor, Truth]:
    """Square windows of single frames [B, 3, 1, WINDOW, WINDOW]; neither place nor motion nor camera can be seen in them."""
    pixels, rows = np.empty((count, 1, WINDOW, WINDOW, 3), np.uint8), []
    for i in range(count):
        video, clip = clips.random(rng)
        frame = int(rng.integers(len(video)))
        y, x = (int(rng.integers(0, room // 8 + 1)) * 8 for room in (clip.height - WINDOW, clip.width - WINDOW))
        pixels[i, 0] = video[frame, y:y + WINDOW, x:x + WINDOW]
        shot = next(s for s in seen_in(clip) if s.start_frame <= frame < s.start_frame + s.frames)
        at = frame - shot.start_frame
        subjects = tuple(SeenSubject(s.colour, s.kind, s.place, s.motion, s.centres[at:at + 1] - (x, y), s.radii[at:at + 1]) for s in shot.subjects)
        rows.append([SeenShot(0, 1, subjects, shot.background, shot.camera, shot.style)])
    truth = truth_of(rows, 1, WINDOW, WINDOW)
    visible = (truth.cells.flatten(1)[:, :, None] == torch.arange(1, 1 + len(COLOURS))).sum(1)[:, None]
    truth.present[(truth.present > 0) & (visible < LEAST_CELLS)] = -1
    truth.subjects[:, visible < LEAST_CELLS] = -1
    truth.subjects[1:], truth.scene[1] = -1, -1
    return to_tensor(pixels), truth


def clips_of_one_shape(clips: ClipSet, rng: np.random.Generator, frames: int, held_out: bool = False) -> list[tuple[np.ndarray, Clip]]:
    """Clips of one size and length, about `frames` frames in all."""
    bucket = int(rng.choice(len(clips.frames), p=clips.shares))
    videos, total = clips.frames[bucket], len(clips.frames[bucket])
    rows = rng.integers(total - HELD_OUT, total, max(2, round(frames / videos.shape[1]))) if held_out else rng.integers(0, total - HELD_OUT, max(2, round(frames / videos.shape[1])))
    return [(np.array(videos[r]), clips.clips[bucket][r]) for r in rows]


class SampleSet:
    """The videos of sample_for_reward.py."""

    def __init__(self, folder: Path):
        self.videos = np.load(folder / "samples.npy", mmap_mode="r")
        self.samples: list[Sample] = pickle.loads((folder / "samples.pkl").read_bytes())
        self.training = [i for i, s in enumerate(self.samples) if not s.held_out]
        self.held_out = [i for i, s in enumerate(self.samples) if s.held_out and s.steps > 0]

    def frames(self, rows: Sequence[int]) -> Tensor:
        return to_tensor(np.stack([self.videos[r] for r in rows]))

    def truth(self, rows: Sequence[int]) -> Truth:
        of = [self.samples[r] for r in rows]
        return truth_of([seen_by_detector(s.seen, s.clip) for s in of], *self.videos.shape[1:4])


def all_said(clip: Clip) -> list[Said]:
    """What the captions of a sample say."""
    return [Said(True, True, True, shot.camera != "fixed", shot.style != "flat") for shot in clip.shots]


def said_by(clips: Sequence[Clip], said: Sequence[Sequence[Said]], shots: int) -> tuple[Tensor, Tensor]:
    """The classes that captions name, the last of each slot for "not said": [4, B, shots, 2] of subjects and [3, B, shots] of the scene; -1 where there is no shot."""
    subjects, scene = np.full((4, len(clips), shots, SUBJECTS), -1), np.full((3, len(clips), shots), -1)
    for i, (clip, told) in enumerate(zip(clips, said, strict=True)):
        for s, (shot, says) in enumerate(zip(clip.shots, told, strict=True)):
            subjects[:, i, s] = np.array([len(COLOURS), len(KINDS), len(PLACES), len(MOTIONS)])[:, None]
            for m, subject in enumerate(shot.subjects):
                subjects[:2, i, s, m] = COLOURS.index(subject.colour), KINDS.index(subject.kind)
                if says.place:
                    subjects[2, i, s, m] = PLACES.index(subject.place)
                if says.motion:
                    subjects[3, i, s, m] = MOTIONS.index(subject.motion)
            scene[:, i, s] = (BACKGROUNDS.index(shot.background) if says.background else len(BACKGROUNDS), CAMERAS.index(shot.camera) if says.camera else len(CAMERAS),
                              STYLES.index(shot.style) if says.style else len(STYLES))
    return torch.from_numpy(subjects), torch.from_numpy(scene)


def share_right(asked: Clip, said: Sequence[Said], shown: Sequence[SeenShot] | Sequence[Shot]) -> float:
    """The share of what captions say that a clip shows; of two subjects the order counts in which more is right, and what is said of a shot that is not there is wrong."""
    right = total = 0.0
    for s, (shot, says) in enumerate(zip(asked.shots, said, strict=True)):
        slots = ["colour", "kind", *(name for name in ("place", "motion") if getattr(says, name))]
        scene = {name: 1.0 if getattr(says, name) else usual for name, usual in zip(("background", "camera", "style"), USUAL, strict=True)}
        total += len(slots) * len(shot.subjects) + sum(scene.values())
        if s >= len(shown):
            continue
        there = [*shown[s].subjects, None, None][:max(len(shown[s].subjects), len(shot.subjects))]
        orders = [there, there[::-1]]
        right += max(sum(getattr(a, n) == getattr(b, n) for a, b in zip(shot.subjects, order, strict=False) if b for n in slots) for order in orders)
        asked_scene = {"background": shot.background} | {n: getattr(shot, n) if getattr(says, n) else usual for n, usual in (("camera", CAMERAS[0]), ("style", STYLES[0]))}
        right += sum(weight * (asked_scene[name] == getattr(shown[s], name)) for name, weight in scene.items())
    return right / total


@torch.no_grad()
def encode(encoder: TextEncoder, tokenizer: Tokenizer, captions: list[list[str]]) -> tuple[Tensor, Text]:
    """Features of captions in float32, and their tokens."""
    text = tokenizer(captions)
    return encoder(*text).float(), text
