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

from model.semantic import SemanticConfig, SemanticEncoder, token_subjects
from model.vae import TEMPORAL_STRIDE
from pictures import to_tensor
from precision import ARITHMETIC
from training import WORK, fail, load_average
from world import render

BATCH = 16


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
    encode = lambda x: encoder.encode(x.to(ARITHMETIC).contiguous(memory_format=torch.channels_last_3d))[0].float().numpy()  # noqa: E731
    with multiprocessing.Pool(max(1, (os.cpu_count() or 1) - 1)) as pool, torch.no_grad():
        for truth in truths:
            out = args.work / "semantics" / truth.parent.name
            out.mkdir(parents=True, exist_ok=True)
            clips, rows, stills, batch = pickle.loads(truth.read_bytes()), [], [], []
            for i, frames in enumerate(pool.imap(render, clips, chunksize=8)):
                batch.append(frames)
                if len(batch) == BATCH or i == len(clips) - 1:
                    x = to_tensor(np.stack(batch))
                    rows.append(encode(x))
                    alone = x[:, :, ::TEMPORAL_STRIDE].transpose(1, 2).flatten(0, 1)[:, :, None]
                    stills.append(encode(alone).reshape(len(batch), -1, *rows[-1].shape[1:2], *rows[-1].shape[3:]).swapaxes(1, 2))
                    batch = []
            means = np.concatenate(rows)
            total, square, count = total + means.sum((0, 2, 3, 4)), square + np.square(means).sum((0, 2, 3, 4)), count + means[:, 0].size
            np.save(out / f"{truth.stem}.npy", means.astype(np.float16))
            np.save(out / f"{truth.stem}.stills.npy", np.concatenate(stills).astype(np.float16))
            np.save(out / f"{truth.stem}.subject.npy", token_subjects(torch.from_numpy(np.load(truth.with_name(f"{truth.stem}.subject.npy")))).numpy())
            shutil.copy(truth, out / truth.name)
            print(f"{truth.parent.name}/{truth.stem}: {len(clips)} clips, {time.time() - began:.0f} s", flush=True)
    mean = total / count
    statistics = {"mean": mean.tolist(), "std": np.sqrt(np.maximum(square / count - mean**2, 1e-8)).tolist()}
    (args.work / "semantic_encoder" / "statistics.json").write_text(json.dumps(statistics, indent=1) + "\n")


if __name__ == "__main__":
    main()
