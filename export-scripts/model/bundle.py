"""Tokenizer, text encoder and transformer as one trained thing, and what turns prompts into its inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sentencepiece
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.text import AttributeReader, SceneReader, TextConfig, TextEncoder
from model.transformer import Transformer, TransformerConfig
from world import Clip
from world.vocabulary import BACKGROUNDS, CAMERAS, COLOURS, KINDS, MOTIONS, PLACES, STYLES

SUBJECT_SLOTS = (COLOURS, KINDS, PLACES, MOTIONS)
SCENE_SLOTS = (BACKGROUNDS, CAMERAS, STYLES)
Text = tuple[Tensor, Tensor, Tensor]
"""Token ids, mask and shot ids, each [B, S] int64."""


class Bundle(nn.Module):
    def __init__(self, text: TextConfig, transformer: TransformerConfig):
        super().__init__()
        self.text, self.transformer = TextEncoder(text), Transformer(transformer)
        self.scene = SceneReader(transformer.width, (len(COLOURS) + 1, len(KINDS) + 1), transformer.patch)
        self.reader = AttributeReader(text.width, tuple(len(s) for s in SUBJECT_SLOTS), tuple(len(s) for s in SCENE_SLOTS))

    @property
    def config(self) -> dict[str, object]:
        return {"text": self.text.config.to_dict(), "transformer": self.transformer.config.to_dict()}

    @staticmethod
    def from_config(config: dict[str, dict[str, int]]) -> Bundle:
        return Bundle(TextConfig(**config["text"]), TransformerConfig(**config["transformer"]))


class Tokenizer:
    """SentencePiece with begin and end marks around every shot's caption."""

    def __init__(self, model: sentencepiece.SentencePieceProcessor):
        self.model = model
        self.size: int = model.vocab_size()

    @staticmethod
    def load(path: Path) -> Tokenizer:
        return Tokenizer.from_bytes(path.read_bytes())

    @staticmethod
    def from_bytes(model: bytes) -> Tokenizer:
        return Tokenizer(sentencepiece.SentencePieceProcessor(model_proto=model))

    def __call__(self, videos: list[list[str]]) -> Text:
        """One list of shot captions a video -> padded ids, mask, shot ids."""
        rows, shots = [], []
        for captions in videos:
            pieces = [self.model.encode(c, add_bos=True, add_eos=True) for c in captions]
            rows.append([t for p in pieces for t in p])
            shots.append([s for s, p in enumerate(pieces) for _ in p])
        longest = max(len(r) for r in rows)
        longest += -longest % 4
        pad = lambda values: torch.tensor([v + [0] * (longest - len(v)) for v in values])  # noqa: E731
        return pad(rows), pad([[1] * len(r) for r in rows]), pad(shots)


def frame_shots(clip: Clip, latent_frames: int) -> list[int]:
    """The shot of every latent frame."""
    starts = [(shot.start_frame + 3) // 4 for shot in clip.shots]
    return [sum(start <= f for start in starts) - 1 for f in range(latent_frames)]


def attribute_loss(bundle: Bundle, states: Tensor, text: Text, clips: list[Clip]) -> Tensor:
    """Cross-entropy of the attribute reader over all shots; mean over slots. Which of two subjects a caption names first is for the caption to say: the
    order that fits better counts."""
    shots = max(len(clip.shots) for clip in clips)
    subjects = np.full((len(clips), shots, 2, len(SUBJECT_SLOTS)), -1)
    scenes = np.full((len(clips), shots, len(SCENE_SLOTS)), -1)
    for i, clip in enumerate(clips):
        for s, shot in enumerate(clip.shots):
            scenes[i, s] = [BACKGROUNDS.index(shot.background), CAMERAS.index(shot.camera), STYLES.index(shot.style)]
            for m, subject in enumerate(shot.subjects):
                subjects[i, s, m] = [slot.index(v) for slot, v in zip(SUBJECT_SLOTS, (subject.colour, subject.kind, subject.place, subject.motion), strict=True)]
    mask = (text[2][:, None] == torch.arange(shots)[None, :, None]) & (text[1][:, None] > 0)
    subject_logits, scene_logits = bundle.reader(states, mask)
    said = torch.from_numpy(subjects)
    straight, crossed = (sum(_entropy(logits, order[..., i]) for i, logits in enumerate(subject_logits)) for order in (said, said.flip(2)))
    two = (said[..., 0] >= 0).all(-1, keepdim=True)
    best = torch.where(two & (crossed.sum(-1, keepdim=True) < straight.sum(-1, keepdim=True)), crossed, straight)  # type: ignore[union-attr]
    scene = sum(_entropy(logits, torch.from_numpy(scenes)[..., i]) for i, logits in enumerate(scene_logits))
    mentions, scenery = (said[..., 0] >= 0).sum(), (torch.from_numpy(scenes)[..., 0] >= 0).sum()
    return (best.sum() / mentions + scene.sum() / scenery) / (len(SUBJECT_SLOTS) + len(SCENE_SLOTS))  # type: ignore[union-attr]


def _entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Cross-entropy at every place; 0 where the class is -1."""
    return F.cross_entropy(logits.float().flatten(0, -2), classes.flatten(), ignore_index=-1, reduction="none").reshape(classes.shape)


def scene_loss(bundle: Bundle, features: Tensor, clips: list[Clip], subjects: Tensor) -> Tensor:
    """Cross-entropy of the scene reader, whose class 0 is nothing; subjects [B, f, h, w] says which subject of its shot stands in a cell (0: none)."""
    frames = subjects.shape[1]
    lookup = np.zeros((len(clips), frames, 3, 2), np.int64)
    for i, clip in enumerate(clips):
        for f, s in enumerate(frame_shots(clip, frames)):
            for number, subject in enumerate(clip.shots[s].subjects, 1):
                lookup[i, f, number] = COLOURS.index(subject.colour) + 1, KINDS.index(subject.kind) + 1
    flat = subjects.flatten(2)
    losses = []
    for slot, logits in enumerate(bundle.scene(features)):
        classes = torch.from_numpy(lookup[..., slot]).gather(2, flat)
        losses.append(F.cross_entropy(logits.float().flatten(0, -2), classes.flatten()))
    return torch.stack(losses).mean()
