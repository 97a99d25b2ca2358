"""What a clip of the small world shows, in exact numbers: subjects, shots and clips, and how a subject moves."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .vocabulary import SIZES

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject of a shot. Lengths are pixels, y points down, the motion runs over the whole shot."""

    colour: str
    kind: str
    place: str
    motion: str
    x: float
    """Centre in the shot's first frame."""
    y: float
    size: float
    """Diameter in the shot's first frame."""
    travel_x: float = 0.0
    """Where the last frame's centre is, relative to the first's."""
    travel_y: float = 0.0
    growth: float = 1.0
    """The last frame's diameter over the first's."""
    turns: float = 0.0
    """Turns over the shot, clockwise."""
    bounces: int = 0
    """Jumps over the shot; each leaves the ground and lands."""
    bounce_height: float = 0.0
    ease: float = 0.0
    """0: constant speed; 1: the speed rises and falls as in a smooth step."""
    mirrored: bool = False
    """Looks to the left instead of to the right."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What happens between two cuts."""

    subjects: tuple[Subject, ...]
    background: str
    camera: str
    style: str
    start_frame: int
    frames: int
    camera_amount: float = 0.0
    """A pan's way in frame widths, or a zoom's factor."""
    background_seed: int = 0
    same_character: bool = False
    """The subject has the colour and kind of the shot before."""
    close: bool = False
    """The subject is seen from nearer: larger than in other shots."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A whole clip: enough to render it and to say what it shows."""

    width: int
    height: int
    frames: int
    shots: tuple[Shot, ...]
    seed: int
    language: str
    """en, zh or mixed."""
    scale: int = 1
    """Pixels along a draft's pixel; lines that have a least width keep it at every scale."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where a subject is in each frame of its shot."""

    centres: FloatArray
    """[frames, 2]: x and y."""
    radii: FloatArray
    """[frames]: half of the diameter."""
    angles: FloatArray
    """[frames]: clockwise, in radians."""


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """What may be sampled and how often. A mapping holds weights; weight 0 or absence forbids."""

    subjects: dict[int, float]
    shots: dict[int, float]
    frames: dict[int, float]
    sizes: dict[tuple[int, int], float]
    colours: tuple[str, ...]
    kinds: tuple[str, ...]
    places: tuple[str, ...]
    motions: tuple[str, ...]
    backgrounds: tuple[str, ...]
    cameras: dict[str, float]
    styles: dict[str, float]
    languages: dict[str, float]
    triples: str = "seen"
    """seen: no withheld (colour, kind, motion); withheld: only those; any: both."""
    crossing: float = 0.1
    """Chance that two subjects may meet on their way."""


def world_options(**changes: object) -> WorldOptions:
    """The whole world with the balances of its rules; keyword arguments replace fields.

    A single value stands for itself alone, several for equal weights; a dict gives the weights.
    """
    from . import vocabulary as words

    defaults: dict[str, object] = {
        "subjects": {1: 0.6, 2: 0.4},
        "shots": {1: 0.6, 2: 0.28, 3: 0.12},
        "frames": {9: 1.0, 13: 1.0, 17: 1.0, 21: 4 / 3, 25: 4 / 3, 29: 4 / 3, 33: 1.0, 37: 1.0, 41: 1.0},
        "sizes": dict(zip(SIZES, (0.6, 0.2, 0.2), strict=True)),
        "colours": words.COLOURS,
        "kinds": words.KINDS,
        "places": words.PLACES,
        "motions": words.MOTIONS,
        "backgrounds": words.BACKGROUNDS,
        "cameras": {"fixed": 0.6, "pans left": 0.1, "pans right": 0.1, "zooms in": 0.1, "zooms out": 0.1},
        "styles": {"flat": 0.75, "outline": 0.25},
        "languages": {"zh": 0.4, "en": 0.4, "mixed": 0.2},
    }
    lists = {name for name, value in defaults.items() if isinstance(value, tuple)}
    weighted = {name for name, value in defaults.items() if isinstance(value, dict)}
    for name, value in changes.items():
        if name in weighted and not isinstance(value, dict):
            many = isinstance(value, (tuple, list)) and not (name == "sizes" and isinstance(value[0], int))
            value = {entry: 1.0 for entry in (value if many else (value,))}
        elif name in lists:
            value = (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
        defaults[name] = value
    return WorldOptions(**defaults)  # type: ignore[arg-type]


def enlarged(clip: Clip, scale: int) -> Clip:
    """The same clip with `scale` times the pixels along both edges."""
    def grown(subject: Subject) -> Subject:
        lengths = ("x", "y", "size", "travel_x", "travel_y", "bounce_height")
        return dataclasses.replace(subject, **{name: scale * getattr(subject, name) for name in lengths})

    shots = tuple(dataclasses.replace(shot, subjects=tuple(grown(s) for s in shot.subjects)) for shot in clip.shots)
    return dataclasses.replace(clip, width=scale * clip.width, height=scale * clip.height, shots=shots, scale=scale * clip.scale)


def track(subject: Subject, frames: int) -> Track:
    """The subject's exact centre, radius and angle in each of a shot's frames."""
    time = np.linspace(0.0, 1.0, frames) if frames > 1 else np.zeros(1)
    way = time + subject.ease * (time * time * (3.0 - 2.0 * time) - time)
    # Jumps are counted from frame 0 to the frame after 4k - 1 others, so that landings fall on frames in short shots too.
    beat = np.arange(frames) / max(4, 4 * round((frames - 1) / 4))
    jump = np.abs(np.sin(np.pi * subject.bounces * beat)) * subject.bounce_height
    centres = np.stack([subject.x + subject.travel_x * way, subject.y + subject.travel_y * way - jump], axis=1)
    radii = 0.5 * subject.size * subject.growth**way
    angles = 2.0 * np.pi * subject.turns * time
    return Track(centres.astype(np.float32), radii.astype(np.float32), angles.astype(np.float32))
