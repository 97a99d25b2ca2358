"""Tokenizer, text encoder and transformer as one trained thing, and what turns prompts into its inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sentencepiece
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.text import AttributeReader, TextConfig, TextEncoder
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
    """Cross-entropy of the attribute reader over all shots; mean over slots."""
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
    losses = [F.cross_entropy(logits.float().flatten(0, -2), torch.from_numpy(subjects[..., i]).flatten(), ignore_index=-1) for i, logits in enumerate(subject_logits)]
    losses += [F.cross_entropy(logits.float().flatten(0, -2), torch.from_numpy(scenes[..., i]).flatten(), ignore_index=-1) for i, logits in enumerate(scene_logits)]
    return torch.stack(losses).mean()
