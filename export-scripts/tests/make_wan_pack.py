"""Writes the tiny Wan packs of the C# tests and what their runs must give, all below tests/Shared: wan-pack and wan-golden, wan-image-pack and wan-image-golden.

    export-scripts/run tests/make_wan_pack.py [text] [image]

The packs are the golden models beside the repository, through the exporter as any published model goes, with a tokenizer of one piece a letter. What their runs must give comes
from the same weights in PyTorch, with the solver as diffusers has it. Of text-to-video: the guided run from the golden noise and text features, and a whole video from a
sentence. Of image-to-video, whose image encoder is one of random weights: the guided run from a sentence and a picture. Files that both packs have alike lie in wan-pack alone.
The folders are checked in; run this again only to change them, and commit what changed with the reason. Both are written if neither is named.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from safetensors.torch import load_file
from torch import Tensor

import export_wan
from wan import image_encoder, text_encoder, transformer, vae
from wan_reference import GOLDEN, guided_run, image_condition, loaded, random_images

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
def text_features(tokenizer: sentencepiece.SentencePieceProcessor) -> list[Tensor]:
    """Of the request's negative prompt and its prompt."""
    encoder, features = loaded(text_encoder.TextEncoder, text_encoder, GOLDEN / "text_encoder"), []
    for text in (REQUEST["negative"], REQUEST["prompt"]):
        ids = torch.tensor([[*tokenizer.encode(str(text)), 1]])
        filled = torch.nn.functional.pad(ids, (0, TEXT_LENGTH - ids.shape[1]))
        features.append(encoder(filled, (torch.arange(TEXT_LENGTH) < ids.shape[1]).long()[None]))
    return features


def request_run(denoiser: Callable[..., Tensor], features: list[Tensor]) -> Tensor:
    """The request's latents."""
    shape = (1, 16, (int(REQUEST["frames"]) - 1) // 4 + 1, int(REQUEST["height"]) // 8, int(REQUEST["width"]) // 8)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(int(REQUEST["seed"])))
    return guided_run(denoiser, noise, *features, steps=int(REQUEST["steps"]), shift=float(REQUEST["shift"]), guidance=float(REQUEST["guidance"]))


def write_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """The arrays, and the request that they belong to."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in arrays.items():
        np.save(folder / f"{name}.npy", value)
    (folder / "request.json").write_text(json.dumps(REQUEST | {"torch": torch.__version__}, indent=2) + "\n")


def statistics(config: vae.VaeConfig) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the latents, [1, C, 1, 1, 1]."""
    mean, std = (torch.tensor(values).reshape(1, -1, 1, 1, 1) for values in (config.mean, config.std))
    return mean, std


@torch.no_grad()
def write_results(tokenizer: sentencepiece.SentencePieceProcessor, folder: Path) -> None:
    golden = load_file(GOLDEN / "golden.safetensors")
    denoiser, decoder = loaded(transformer.Transformer, transformer, GOLDEN / "t2v/transformer"), loaded(vae.DecoderGraph, vae, GOLDEN / "vae")
    inputs = {"loop_noise": golden["loop.noise"], "loop_negative": golden["loop.negative"], "loop_prompt": golden["t2v.encoder_hidden_states"]}
    results = {"loop_latents": guided_run(denoiser, inputs["loop_noise"], inputs["loop_negative"], inputs["loop_prompt"], steps=6, shift=3.0, guidance=5.0)}
    results |= {"vae_latents": golden["vae.latents"], "vae_decoded": golden["vae.decoded"]}
    latents = request_run(denoiser, text_features(tokenizer))
    mean, std = statistics(decoder.config)
    frames = decoder.decode(latents * std + mean)[0].permute(1, 2, 3, 0)
    pixels = ((frames.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    write_arrays(folder, {name: value.numpy() for name, value in (inputs | results | {"video_latents": latents, "video_frames": pixels}).items()})


def picture() -> np.ndarray:
    """Noise, [H, W, 3] uint8: a tiny encoder gives nearly the same for anything smooth."""
    return np.random.default_rng(3).integers(0, 256, (int(REQUEST["height"]), int(REQUEST["width"]), 3), dtype=np.uint8)


@torch.no_grad()
def write_image_results(tokenizer: sentencepiece.SentencePieceProcessor, images: Path, folder: Path) -> None:
    denoiser, looker = loaded(transformer.Transformer, transformer, GOLDEN / "i2v/transformer"), loaded(image_encoder.ImageEncoder, image_encoder, images)
    encoder, decoder = loaded(vae.EncoderGraph, vae, GOLDEN / "vae"), loaded(vae.DecoderGraph, vae, GOLDEN / "vae")
    image = picture()
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 127.5 - 1
    features = looker(pixels)
    condition = image_condition(encoder, int(REQUEST["frames"]), *statistics(decoder.config), pixels)
    latents = request_run(lambda x, t, text: denoiser(torch.cat([x, condition], dim=1), t, text, features), text_features(tokenizer))
    write_arrays(folder, {"image": image, "image_features": features.numpy(), "image_condition": condition.numpy(), "video_latents": latents.numpy()})


def leave_out_what_both_have(pack: Path, other: Path) -> None:
    for path in [path for path in pack.rglob("*") if path.is_file()]:
        twin = other / path.relative_to(pack)
        if twin.exists() and twin.read_bytes() == path.read_bytes():
            path.unlink()
    for folder in [path for path in pack.iterdir() if path.is_dir() and not any(path.iterdir())]:
        folder.rmdir()


def main(argv: list[str]) -> int:
    shared = REPOSITORY / "tests" / "Shared"
    wanted = argv or ["text", "image"]
    with tempfile.TemporaryDirectory() as folder:
        pieces = Path(folder) / "spiece.model"
        tokenizer = train_tokenizer(pieces)
        common = ["--vae", str(GOLDEN / "vae"), "--text-encoder", str(GOLDEN / "text_encoder"), "--tokenizer", str(pieces), "--sizes", "48x32,96x64", "--max-frames", "33",
                  "--frames", "9", "--steps", "6"]
        if "text" in wanted:
            export_wan.main([str(GOLDEN / "t2v"), *common, "--overwrite", "--name", "wan-tiny", "--out", str(shared / "wan-pack")])
            write_results(tokenizer, shared / "wan-golden")
        if "image" in wanted:
            images, pack = random_images(Path(folder) / "image_encoder"), shared / "wan-image-pack"
            shutil.rmtree(pack, ignore_errors=True)
            export_wan.main([str(GOLDEN / "i2v"), *common, "--image-encoder", str(images), "--name", "wan-tiny-images", "--out", str(pack)])
            leave_out_what_both_have(pack, shared / "wan-pack")
            write_image_results(tokenizer, images, shared / "wan-image-golden")
    for path in sorted(path for folder in ("wan-pack", "wan-golden", "wan-image-pack", "wan-image-golden") for path in (shared / folder).rglob("*")):
        if path.is_file():
            print(f"{path.relative_to(shared)}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
