"""Tells clips in words: English, Chinese or both mixed, short or long, with slots left out at random."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from . import words
from .scene import Clip, Shot, Subject
from .words import Wordings

SYNONYM_CHANCE = 0.2


def is_withheld_text(text: str) -> bool:
    """Whether a shot's caption is kept for the evaluation: training never sees it."""
    return zlib.crc32(text.encode()) % 16 == 5


@dataclass(frozen=True, slots=True)
class Said:
    """Which slots a caption mentions, besides colour and kind."""

    place: bool
    motion: bool
    background: bool
    camera: bool
    style: bool


class _Writer:
    """Picks wordings. In a mixed caption some slots are said in the other language."""

    def __init__(self, rng: np.random.Generator, language: str, synonyms: float = SYNONYM_CHANCE) -> None:
        self.rng = rng
        self.synonyms = synonyms
        mixed = language == "mixed"
        self.base = str(rng.choice(["en", "zh"])) if mixed else language
        self.foreign = self._foreign_slots() if mixed else frozenset()

    def _foreign_slots(self) -> frozenset[str]:
        groups = [("colour", "kind"), ("kind",), ("motion",), ("background", "camera", "style"), ("motion", "background")]
        return frozenset(groups[int(self.rng.integers(len(groups)))])

    def language(self, slot: str) -> str:
        return ("zh" if self.base == "en" else "en") if slot in self.foreign else self.base

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def one(self, *choices: str) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def word(self, slot: str, table: dict[str, Wordings], entry: str) -> str:
        own, others = table[self.language(slot)][entry]
        return self.one(*(others if others and self.chance(self.synonyms) else own))

    def thing(self, subject: Subject, article: str) -> str:
        """The subject with its colour; `article` is a, the, the same, or nothing."""
        colour = self.word("colour", words.COLOURS, subject.colour)
        kind = self.word("kind", words.KINDS, subject.kind)
        return self._with_article(colour, kind, subject.kind, article)

    def bare_thing(self, subject: Subject, article: str) -> str:
        return self._with_article("", self.word("kind", words.KINDS, subject.kind), subject.kind, article)

    def _with_article(self, colour: str, kind: str, kind_id: str, article: str) -> str:
        if self.base == "zh":
            measure = words.MEASURES.get(kind_id, "个")
            head = {"a": f"一{measure}", "the": "", "the same": f"同一{measure}", "": ""}[article]
            of = "的" if colour and (self.language("colour") == "zh" or self.language("kind") == "zh") else ""
            of = "" if len(colour) == 1 and self.chance(0.6) else of
            return head + _spaced(colour + of, kind)
        phrase = f"{colour} {kind}".strip()
        if article == "a":
            article = "an" if phrase[0] in "aeiou" else "a"
        return f"{article} {phrase}".strip()


def _spaced(left: str, right: str) -> str:
    """Joins words of a Chinese sentence; Latin words next to each other keep a space."""
    return f"{left} {right}" if left and right and left[-1].isascii() and right[0].isascii() else left + right


def caption(clip: Clip, rng: np.random.Generator, language: str | None = None) -> str:
    """One caption for the whole clip; several shots are joined in one of the multi-shot notations."""
    language = language or clip.language
    return join_shots(shot_captions(clip, rng, language), language, rng)


def shot_captions(clip: Clip, rng: np.random.Generator, language: str | None = None) -> list[str]:
    """One caption for each shot, as the text encoder gets them. None of them is a text withheld for the evaluation."""
    return [text for text, _ in told_shots(clip, rng, language)]


def told_shots(clip: Clip, rng: np.random.Generator, language: str | None = None) -> list[tuple[str, Said]]:
    """The captions of `shot_captions`, each with the slots that it mentions."""
    language = language or clip.language
    captions: list[tuple[str, Said]] = []
    for shot in clip.shots:
        for _ in range(50):
            writer = _Writer(rng, language)
            said = _draw_slots(shot, rng)
            text = _shot_caption(shot, writer, said)
            if not is_withheld_text(text):
                break
        captions.append((text, said))
    return captions


def full_shot_caption(shot: Shot, language: str, template_seed: int = 0, usual: bool = True) -> str:
    """A caption that mentions every slot in the vocabulary's own words; without `usual`, a fixed camera and the flat style go without saying."""
    said = Said(True, True, True, camera=usual or shot.camera != "fixed", style=usual or shot.style != "flat")
    return _shot_caption(shot, _Writer(np.random.default_rng(template_seed), language, synonyms=0.0), said, terse=False)


def full_caption(clip: Clip, language: str | None = None, template_seed: int = 0) -> str:
    """A caption that mentions every slot of every shot, for the evaluation."""
    language = language or clip.language
    captions = [full_shot_caption(shot, language, template_seed) for shot in clip.shots]
    return join_shots(captions, language, np.random.default_rng(template_seed))


def join_shots(captions: list[str], language: str, rng: np.random.Generator) -> str:
    """Writes several shots as one prompt, in one of the notations that a prompt may use."""
    if len(captions) == 1:
        return captions[0]
    chinese = language == "zh" or (language == "mixed" and rng.random() < 0.5)
    if rng.random() < 0.5:
        if chinese:
            colon = "：" if rng.random() < 0.5 else ":"
            return " ".join(f"镜头{number}{colon}{text}" for number, text in enumerate(captions, 1))
        return " ".join(f"[Shot {number}] {text}." for number, text in enumerate(captions, 1))
    return ("，然后切换到" if chinese else ", then cut to ").join(captions)


def _draw_slots(shot: Shot, rng: np.random.Generator) -> Said:
    draw = rng.random(6)
    if draw[0] < (0.22 if len(shot.subjects) == 1 else 0.08):
        return Said(False, True, False, False, False)
    two = len(shot.subjects) == 2
    return Said(
        place=bool(draw[1] < (0.75 if two else 0.55)),
        motion=bool(draw[2] < (0.75 if shot.subjects[0].motion == "stays still" else 0.9)),
        background=bool(draw[3] < 0.65),
        camera=bool(draw[4] < (0.15 if shot.camera == "fixed" else 0.75)),
        style=bool(draw[5] < (0.2 if shot.style == "flat" else 0.75)),
    )


def _shot_caption(shot: Shot, writer: _Writer, said: Said, terse: bool = True) -> str:
    if len(shot.subjects) == 1:
        core = _one(shot, writer, said, terse)
    else:
        core = _two(shot, writer, said)
    comma = writer.one("，", "，", ",") if writer.base == "zh" else ", "
    background = writer.word("background", words.BACKGROUNDS, shot.background) if said.background else ""
    parts = [core]
    if background and writer.base == "en":
        join = writer.one("after", "after", "after", "before", "comma")
        if join == "before":
            parts = [background, core]
        elif join == "after" and ":" not in core:
            parts = [f"{core} {background}"]
        else:
            parts = [core, background]
    elif background:
        parts = [background, core] if writer.chance(0.65) else [core, background]
        if background.startswith("在") and writer.chance(0.4) and parts[0] == background:
            parts = [background + core]
    tail = []
    if said.camera:
        tail.append(writer.word("camera", words.CAMERAS, shot.camera))
    if said.style:
        tail.append(writer.word("style", words.STYLES, shot.style))
    if len(tail) == 2 and writer.chance(0.5):
        tail.reverse()
    parts = tail + parts if tail and writer.chance(0.2) else parts + tail
    return comma.join(parts)


def _named(shot: Shot, subject: Subject, writer: _Writer, terse: bool = True) -> str:
    """The subject's first mention."""
    close = ""
    if shot.close and writer.chance(0.8):
        close = writer.one(*words.CLOSE[writer.base])
    if shot.same_character and terse and writer.chance(0.85):
        thing = writer.bare_thing(subject, "the same") if writer.chance(0.5) else writer.thing(subject, "the same")
    else:
        thing = writer.thing(subject, "" if terse and writer.chance(0.12) else "a")
    if not close:
        return thing
    return f"{thing}, {close}," if writer.base == "en" else f"{thing}{close}，"


def _one(shot: Shot, writer: _Writer, said: Said, terse: bool) -> str:
    subject = shot.subjects[0]
    thing = _named(shot, subject, writer, terse)
    place = writer.word("place", words.PLACES, subject.place) if said.place else ""
    motion = writer.word("motion", words.MOTIONS, subject.motion) if said.motion else ""
    if writer.base == "zh":
        return _one_chinese(writer, thing, place, motion)
    ing = said.motion and "motion" not in writer.foreign and writer.chance(0.15)
    motion = words.MOTIONS_ING[subject.motion] if ing else motion
    if not place:
        return f"{thing} {motion}".strip()
    if not motion:
        return writer.one(f"{thing} {place}", f"{place}, {thing}")
    forms = [f"{thing} {place} {motion}"] * 3 + [f"{place}, {thing} {motion}"]
    if not ing:
        forms += [f"{thing} is {place} and {motion}", f"{thing} starts {place} and {motion}"]
    return writer.one(*forms)


def _one_chinese(writer: _Writer, thing: str, place: str, motion: str) -> str:
    if not place:
        return _spaced(thing, motion)
    if not motion:
        return writer.one(f"{thing}在{place}", f"{place}有{thing}")
    return writer.one(
        *[f"{thing}在{place}{_gap(place, motion)}{motion}"] * 3,
        f"{place}的{_spaced(thing, motion)}",
        f"{place}有{thing}，{motion}",
        f"{thing}从{place}开始{motion}",
    )


def _gap(left: str, right: str) -> str:
    return " " if left[-1].isascii() and right[0].isascii() else ""


def _two(shot: Shot, writer: _Writer, said: Said) -> str:
    order = list(shot.subjects)
    if writer.chance(0.5):
        order.reverse()
    things = [_named(shot, subject, writer) for subject in order]
    places = [writer.word("place", words.PLACES, s.place) if said.place else "" for s in order]
    motions = [writer.word("motion", words.MOTIONS, s.motion) if said.motion else "" for s in order]
    if writer.base == "zh":
        return _two_chinese(order, writer, things, places, motions)
    if said.motion and writer.chance(0.35):
        heads = [f"{t} {p}".strip() for t, p in zip(things, places, strict=True)]
        again = [writer.bare_thing(s, "the") for s in order]
        link = writer.one(", ", " and ", ", and ")
        return f"{heads[0]} and {heads[1]}: {again[0]} {motions[0]}{link}{again[1]} {motions[1]}"
    clauses = []
    for thing, place, motion in zip(things, places, motions, strict=True):
        front = bool(place) and writer.chance(0.15)
        clauses.append(" ".join(part for part in ((f"{place},", thing, motion) if front else (thing, place, motion)) if part))
    return writer.one(" and ", ", ", " while ", " and ").join(clauses) if said.motion else " and ".join(clauses)


def _two_chinese(order: list[Subject], writer: _Writer, things: list[str], places: list[str], motions: list[str]) -> str:
    comma = writer.one("，", ",")
    if motions[0] and writer.chance(0.35):
        again = [writer.bare_thing(s, "the") for s in order]
        heads = [f"{p}的{t}" if p else t for t, p in zip(things, places, strict=True)]
        return f"{heads[0]}和{heads[1]}{comma}{_spaced(again[0], motions[0])}{comma}{_spaced(again[1], motions[1])}"
    clauses = []
    for thing, place, motion in zip(things, places, motions, strict=True):
        if place:
            clauses.append(writer.one(f"{thing}在{place}{_gap(place, motion) if motion else ''}{motion}", f"{place}的{_spaced(thing, motion)}"))
        else:
            clauses.append(_spaced(thing, motion))
    return (comma if motions[0] else "和").join(clauses)
