"""The prompts of the evaluation: deterministic, half of them Chinese, and none of their texts ever used in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .captions import full_shot_caption, is_withheld_text, join_shots
from .sampling import sample_clip
from .scene import Clip, Shot, WorldOptions, world_options
from .vocabulary import PLAIN_BACKGROUNDS, is_withheld


@dataclass(frozen=True, slots=True)
class EvaluationPrompt:
    """A prompt and what a clip made from it must show."""

    prompt: str
    language: str
    shot_prompts: tuple[str, ...]
    """One caption for each shot; the prompt joins them."""
    clip: Clip
    """A clip that shows what the prompt says; its shots hold the expected slots."""

    @property
    def expected(self) -> tuple[Shot, ...]:
        """The expected slots, shot by shot."""
        return self.clip.shots

    @property
    def unseen(self) -> bool:
        """Whether a (colour, kind, motion) triple is one that training never shows."""
        return any(is_withheld(s.colour, s.kind, s.motion) for shot in self.clip.shots for s in shot.subjects)


def evaluation_prompts(
    kind: Literal["one", "two", "shots"],
    count: int,
    seed: int,
    *,
    simple: bool = False,
    frames: int | None = None,
    triples: Literal["seen", "withheld", "any"] = "any",
    size: tuple[int, int] = (96, 64),
) -> list[EvaluationPrompt]:
    """Prompts with one subject, with two, or with two shots of one subject; English and Chinese take turns.

    `simple` allows only plain backgrounds, the flat style and a fixed camera. Every prompt names place, motion and background.
    """
    rng = np.random.default_rng([seed, ("one", "two", "shots").index(kind)])
    restrictions: dict[str, object] = {
        "subjects": 2 if kind == "two" else 1,
        "shots": 2 if kind == "shots" else 1,
        "frames": frames or 17,
        "sizes": size,
        "triples": triples,
        "crossing": 0.0,
    }
    if simple:
        restrictions |= {"backgrounds": PLAIN_BACKGROUNDS, "styles": "flat", "cameras": "fixed"}
    options = world_options(**restrictions)
    prompts: list[EvaluationPrompt] = []
    while len(prompts) < count:
        prompt = _draw(rng, options, "en" if len(prompts) % 2 == 0 else "zh")
        if prompt is not None and all(prompt.prompt != other.prompt for other in prompts):
            prompts.append(prompt)
    return prompts


def _draw(rng: np.random.Generator, options: WorldOptions, language: str) -> EvaluationPrompt | None:
    clip = sample_clip(rng, options)
    texts: list[str] = []
    for shot in clip.shots:
        if shot.close:
            return None
        first = int(rng.integers(2**31))
        wordings = (full_shot_caption(shot, language, first + attempt, usual=False) for attempt in range(200))
        text = next((wording for wording in wordings if is_withheld_text(wording)), None)
        if text is None:
            return None
        texts.append(text)
    return EvaluationPrompt(join_shots(texts, language, rng), language, tuple(texts), clip)
