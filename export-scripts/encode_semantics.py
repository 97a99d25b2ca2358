"""Reads semantic tokens off the latents of encode_dataset.py: what the first stage of SemanticGen learns to make, and the second to follow.

    export-scripts/run encode_semantics.py

For every set below $SEEDANCE_WORK/latents, the same files below $SEEDANCE_WORK/semantics: means float16 [N, C, f, h/2, w/2], stills, subject numbers and the clips' truth,
row by row as the latents, so that a LatentSet reads them alone or beside the latents. Writes the channels' statistics to $SEEDANCE_WORK/semantic_encoder/statistics.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch

from model.semantic import SemanticConfig, SemanticEncoder, gaussian, token_subjects
from precision import ARITHMETIC
from training import WORK, fail, load_average

BATCH = 64
"""Clips that are read at once."""


@torch.no_grad()
def tokens_of(encoder: SemanticEncoder, latents: np.ndarray) -> np.ndarray:
    """Latents [N, Cl, f, h, w] -> means of tokens float16 [N, C, f, h/2, w/2]."""
    read = lambda part: gaussian(encoder.of_latents(torch.from_numpy(part.astype(np.float32)).to(ARITHMETIC)))[0].float().numpy().astype(np.float16)  # noqa: E731
    return np.concatenate([read(latents[i:i + BATCH]) for i in range(0, len(latents), BATCH)])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args(argv)

    encoder: SemanticEncoder = load_average(args.work / "semantic_encoder" / "state.pt", lambda c: SemanticEncoder(SemanticConfig.from_dict(c)))  # type: ignore[assignment]
    encoder = encoder.to(ARITHMETIC)
    files = sorted((args.work / "latents").glob("*/*.pkl"))
    if not files:
        fail(f"{args.work / 'latents'} must hold encoded clips, but has none. Run encode_dataset.py first.")
    began, total, square, count = time.time(), np.zeros(encoder.config.channels), np.zeros(encoder.config.channels), 0
    for truth in files:
        out = args.work / "semantics" / truth.parent.name
        out.mkdir(parents=True, exist_ok=True)
        latents, stills, cells = (np.load(truth.with_name(f"{truth.stem}{kind}.npy")) for kind in ("", ".stills", ".subject"))
        means = tokens_of(encoder, latents)
        n, c, f, h, w = stills.shape
        alone = tokens_of(encoder, stills.swapaxes(1, 2).reshape(n * f, c, 1, h, w))
        values = means.astype(np.float64)
        total, square, count = total + values.sum((0, 2, 3, 4)), square + np.square(values).sum((0, 2, 3, 4)), count + values[:, 0].size
        np.save(out / f"{truth.stem}.npy", means)
        np.save(out / f"{truth.stem}.stills.npy", alone.reshape(n, f, *alone.shape[1:2], *alone.shape[3:]).swapaxes(1, 2))
        np.save(out / f"{truth.stem}.subject.npy", token_subjects(torch.from_numpy(cells)).numpy())
        shutil.copy(truth, out / truth.name)
        print(f"{truth.parent.name}/{truth.stem}: {n} clips, {time.time() - began:.0f} s", flush=True)
    mean = total / count
    statistics = {"mean": mean.tolist(), "std": np.sqrt(np.maximum(square / count - mean**2, 1e-8)).tolist()}
    (args.work / "semantic_encoder" / "statistics.json").write_text(json.dumps(statistics, indent=1) + "\n")


if __name__ == "__main__":
    main()
