"""Trains the SentencePiece tokenizer on captions of the world, in both languages.

    export-scripts/run train_tokenizer.py

Writes $SEEDANCE_WORK/tokenizer/spiece.model: unigram, NFKC with case folding, bytes for what it has never seen.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import sentencepiece

from training import WORK
from world import caption, sample_clip

PAD, BEGIN, END = 0, 1, 2


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=WORK / "tokenizer")
    parser.add_argument("--captions", type=int, default=20000)
    parser.add_argument("--vocabulary", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args(argv)

    rng = np.random.default_rng(args.seed)
    lines = [caption(sample_clip(rng), rng) for _ in range(args.captions)]
    args.out.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_prefix=str(args.out / "spiece"), vocab_size=args.vocabulary, model_type="unigram",
        byte_fallback=True, character_coverage=1.0, normalization_rule_name="nmt_nfkc_cf", hard_vocab_limit=False,
        pad_id=PAD, bos_id=BEGIN, eos_id=END, unk_id=3, num_threads=1, minloglevel=1)
    model = sentencepiece.SentencePieceProcessor(model_file=str(args.out / "spiece.model"))
    lengths = [len(model.encode(line)) for line in lines]
    print(f"{model.vocab_size()} pieces; tokens a caption: median {int(np.median(lengths))}, longest {max(lengths)}")


if __name__ == "__main__":
    main()
