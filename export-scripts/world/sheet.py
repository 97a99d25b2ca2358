"""Contact sheets: some frames of each clip in a row, its caption below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MARGIN = 4
_LINE = 13


def sheet(clips: Sequence[NDArray[np.uint8]], captions: Sequence[str], path: str | Path, columns: int = 6, scale: int = 2) -> None:
    """Writes a PNG with one row a clip: `columns` evenly spaced frames, each pixel repeated `scale` times, and the caption."""
    from PIL import Image, ImageDraw, ImageFont

    rows = []
    for frames in clips:
        chosen = np.linspace(0, len(frames) - 1, min(columns, len(frames))).round().astype(int)
        rows.append(np.concatenate([np.pad(frames[i], ((0, 0), (0, 1), (0, 0))) for i in chosen], axis=1).repeat(scale, 0).repeat(scale, 1))
    width = max(row.shape[1] for row in rows) + 2 * _MARGIN
    font = _font(ImageFont)
    texts = [textwrap.wrap(text, max(20, width // 7)) or [""] for text in captions]
    height = sum(row.shape[0] + _LINE * len(text) + 2 * _MARGIN for row, text in zip(rows, texts, strict=True))
    page = Image.new("RGB", (width, height), (64, 64, 64))
    draw = ImageDraw.Draw(page)
    y = _MARGIN
    for row, text in zip(rows, texts, strict=True):
        page.paste(Image.fromarray(row), (_MARGIN, y))
        y += row.shape[0]
        for line in text:
            draw.text((_MARGIN, y), line, fill=(235, 235, 235), font=font)
            y += _LINE
        y += 2 * _MARGIN
    page.save(path)


def _font(image_font: object) -> object:
    """A font with Chinese letters where the machine has one, else Pillow's own."""
    for name in ("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "DejaVuSans.ttf"):
        try:
            return image_font.truetype(name, 11)  # type: ignore[attr-defined]
        except OSError:
            continue
    return image_font.load_default(11)  # type: ignore[attr-defined]
