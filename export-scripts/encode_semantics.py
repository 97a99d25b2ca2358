"""Encodes the clips of encode_dataset.py with the semantic encoder: what the first stage of SemanticGen learns to make, and the second to follow.

    export-scripts/run encode_semantics.py

For every set below $SEEDANCE_WORK/latents, the same files below $SEEDANCE_WORK/semantics: means float16 [N, C, f, h/2, w/2], stills, subject numbers and the clips' truth,
row by row as the latents, so that a LatentSet reads them alone or beside the latents. Writes the channels' statistics to $SEEDANCE_WORK/semantic_encoder/statistics.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import shutil
import time
from pathlib import Path

import numpy as np
import torch

from encode_dataset import encode_clips
from model.semantic import SemanticConfig, SemanticEncoder, token_subjects
from precision import ARITHMETIC
from training import WORK, fail, load_average


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args(argv)

    encoder: SemanticEncoder = load_average(args.work / "semantic_encoder" / "state.pt", lambda c: SemanticEncoder(SemanticConfig.from_dict(c)))  # type: ignore[assignment]
    encoder = encoder.to(ARITHMETIC, memory_format=torch.channels_last_3d)
    truths = sorted((args.work / "latents").glob("*/*.pkl"))
    if not truths:
        fail(f"{args.work / 'latents'} must hold encoded clips, but has none. Run encode_dataset.py first.")
    began, total, square, count = time.time(), np.zeros(encoder.config.channels), np.zeros(encoder.config.channels), 0
    with multiprocessing.Pool(max(1, (os.cpu_count() or 1) - 1)) as pool:
        for truth in truths:
            out = args.work / "semantics" / truth.parent.name
            out.mkdir(parents=True, exist_ok=True)
            clips = pickle.loads(truth.read_bytes())
            means, stills = encode_clips(encoder, clips, pool)
            values = means.astype(np.float64)
            total, square, count = total + values.sum((0, 2, 3, 4)), square + np.square(values).sum((0, 2, 3, 4)), count + values[:, 0].size
            np.save(out / f"{truth.stem}.npy", means)
            np.save(out / f"{truth.stem}.stills.npy", stills)
            np.save(out / f"{truth.stem}.subject.npy", token_subjects(torch.from_numpy(np.load(truth.with_name(f"{truth.stem}.subject.npy")))).numpy())
            shutil.copy(truth, out / truth.name)
            print(f"{truth.parent.name}/{truth.stem}: {len(clips)} clips, {time.time() - began:.0f} s", flush=True)
    mean = total / count
    statistics = {"mean": mean.tolist(), "std": np.sqrt(np.maximum(square / count - mean**2, 1e-8)).tolist()}
    (args.work / "semantic_encoder" / "statistics.json").write_text(json.dumps(statistics, indent=1) + "\n")


if __name__ == "__main__":
    main()
