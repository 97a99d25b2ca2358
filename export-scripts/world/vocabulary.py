"""The closed vocabulary of the small world. The English words of each tuple are also the ids used everywhere else."""

from __future__ import annotations

from typing import Final

COLOURS: Final = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
KINDS: Final = ("ball", "square", "triangle", "star", "heart", "ring", "car", "fish", "bird", "cat")
PLACES: Final = ("on the left", "on the right", "at the top", "at the bottom", "in the centre")
MOTIONS: Final = ("stays still", "moves left", "moves right", "moves up", "moves down", "bounces", "spins", "grows", "shrinks")
BACKGROUNDS: Final = ("grey", "white", "black", "meadow", "night sky", "beach", "room")
CAMERAS: Final = ("fixed", "pans left", "pans right", "zooms in", "zooms out")
STYLES: Final = ("flat", "outline")
SIZES: Final = ((96, 64), (80, 80), (64, 96))
"""Width and height of the draft sizes: landscape, square, portrait."""

PLAIN_BACKGROUNDS: Final = ("grey", "white", "black")
UNSPINNABLE: Final = ("ball", "ring")

PALETTE: Final[dict[str, tuple[int, int, int]]] = {
    "red": (224, 32, 36),
    "orange": (250, 130, 16),
    "yellow": (244, 212, 24),
    "green": (36, 168, 56),
    "cyan": (24, 200, 212),
    "blue": (36, 72, 226),
    "purple": (138, 44, 190),
    "pink": (248, 88, 172),
}
"""RGB of each colour, 0 to 255."""

DIRECTIONS: Final[dict[str, tuple[int, int]]] = {
    "moves left": (-1, 0),
    "moves right": (1, 0),
    "moves up": (0, -1),
    "moves down": (0, 1),
}
"""The direction (x, y) in which a move goes, y down."""

# What would leave the frame, or (the spin of something round) could not be seen.
_IMPOSSIBLE: Final = {
    ("on the left", "moves left"),
    ("on the right", "moves right"),
    ("at the top", "moves up"),
    ("at the bottom", "moves down"),
    ("at the top", "bounces"),
}


def is_withheld(colour: str, kind: str, motion: str) -> bool:
    """Whether the triple is one of the tenth that no training clip shows: one kind for every pair of colour and motion."""
    return (3 * COLOURS.index(colour) + KINDS.index(kind) + 7 * MOTIONS.index(motion)) % 10 == 0


def is_possible(kind: str, place: str, motion: str) -> bool:
    """Whether the motion can start at the place and can be seen on the kind."""
    return (place, motion) not in _IMPOSSIBLE and not (motion == "spins" and kind in UNSPINNABLE)
