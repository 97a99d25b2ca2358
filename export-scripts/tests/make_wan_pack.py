"""Writes the tiny Wan pack of the C# tests and what its runs must give: tests/Shared/wan-pack and tests/Shared/wan-golden.

    export-scripts/run tests/make_wan_pack.py

The pack is the golden text-to-video model beside the repository, through the exporter as any published model goes, with a tokenizer of one piece a letter. What its runs must
give comes from the same weights in PyTorch, with the solver as diffusers has it: the guided run from the golden noise and text features, and a whole video from a sentence.
Both folders are checked in; run this again only to change them, and commit what changed with the reason.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from safetensors.torch import load_file

import export_wan
from wan import text_encoder, transformer, vae
from wan_reference import GOLDEN, guided_run, loaded

REPOSITORY = Path(__file__).resolve().parents[2]
LETTERS = ["abcdefghijklmnopqrstuvwxyz", "红色的球向右移动一只猫在左边", "0123456789 .,:;!?'-"]
REQUEST = {"prompt": "a red ball moves right", "negative": "grey", "seed": 5, "frames": 21, "width": 48, "height": 32, "steps": 4, "guidance": 5.0, "shift": 3.0}
TEXT_LENGTH = 512


def train_tokenizer(path: Path) -> sentencepiece.SentencePieceProcessor:
    """One piece a letter, with umT5's marks: 0 fills up, 1 ends a text, 2 is unknown, none begins one."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(LETTERS * 4), model_writer=written, model_type="char", vocab_size=200, hard_vocab_limit=False,
                                             character_coverage=1.0, normalization_rule_name="identity", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, num_threads=1, minloglevel=2)
    path.write_bytes(written.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())


@torch.no_grad()
def write_results(tokenizer: sentencepiece.SentencePieceProcessor, folder: Path) -> None:
    golden = load_file(GOLDEN / "golden.safetensors")
    denoiser = loaded(transformer.Transformer, transformer, GOLDEN / "t2v/transformer")
    encoder, decoder = loaded(text_encoder.TextEncoder, text_encoder, GOLDEN / "text_encoder"), loaded(vae.DecoderGraph, vae, GOLDEN / "vae")
    folder.mkdir(parents=True, exist_ok=True)
    inputs = {"loop_noise": golden["loop.noise"], "loop_negative": golden["loop.negative"], "loop_prompt": golden["t2v.encoder_hidden_states"]}
    results = {"loop_latents": guided_run(denoiser, inputs["loop_noise"], inputs["loop_negative"], inputs["loop_prompt"], steps=6, shift=3.0, guidance=5.0)}
    results |= {"vae_latents": golden["vae.latents"], "vae_decoded": golden["vae.decoded"]}

    features = []
    for text in (REQUEST["negative"], REQUEST["prompt"]):
        ids = torch.tensor([[*tokenizer.encode(str(text)), 1]])
        filled = torch.nn.functional.pad(ids, (0, TEXT_LENGTH - ids.shape[1]))
        features.append(encoder(filled, (torch.arange(TEXT_LENGTH) < ids.shape[1]).long()[None]))
    shape = (1, 16, (int(REQUEST["frames"]) - 1) // 4 + 1, int(REQUEST["height"]) // 8, int(REQUEST["width"]) // 8)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(int(REQUEST["seed"])))
    latents = guided_run(denoiser, noise, *features, steps=int(REQUEST["steps"]), shift=float(REQUEST["shift"]), guidance=float(REQUEST["guidance"]))
    config = decoder.config
    mean, std = (torch.tensor(values).reshape(1, -1, 1, 1, 1) for values in (config.mean, config.std))
    frames = decoder.decode(latents * std + mean)[0].permute(1, 2, 3, 0)
    results |= {"video_latents": latents}
    for name, value in (inputs | results).items():
        np.save(folder / f"{name}.npy", value.numpy())
    np.save(folder / "video_frames.npy", ((frames.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy())
    (folder / "request.json").write_text(json.dumps(REQUEST | {"torch": torch.__version__}, indent=2) + "\n")


def main(argv: list[str]) -> int:
    shared = REPOSITORY / "tests" / "Shared"
    with tempfile.TemporaryDirectory() as folder:
        pieces = Path(folder) / "spiece.model"
        tokenizer = train_tokenizer(pieces)
        export_wan.main([str(GOLDEN / "t2v"), "--vae", str(GOLDEN / "vae"), "--text-encoder", str(GOLDEN / "text_encoder"), "--tokenizer", str(pieces), "--overwrite",
                         "--name", "wan-tiny", "--sizes", "48x32,96x64", "--max-frames", "33", "--frames", "9", "--steps", "6", "--out", str(shared / "wan-pack")])
    write_results(tokenizer, shared / "wan-golden")
    for path in sorted([*(shared / "wan-pack").rglob("*"), *(shared / "wan-golden").rglob("*")]):
        if path.is_file():
            print(f"{path.relative_to(shared)}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
