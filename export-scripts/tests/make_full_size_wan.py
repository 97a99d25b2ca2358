"""Writes a model with a full-size Wan 2.1 1.3B transformer and random weights, laid out as a published one, to measure loading and memory: what it makes is noise.

    export-scripts/run tests/make_full_size_wan.py $SEEDANCE_WORK/wan-full
    export-scripts/run export_wan.py $SEEDANCE_WORK/wan-full --out $SEEDANCE_WORK/wan-full-pack --sizes 64x64 --frames 5
    ./seedance generate "a red ball" --pack $SEEDANCE_WORK/wan-full-pack --steps 1 --json

The transformer has the configuration of the published 1.3B one, in bfloat16 and two shards (2.8 GB); text encoder and VAE have its widths where they meet, and are tiny
otherwise, so that what is measured is the transformer. Each tensor repeats one block of a million random numbers from a place of its own on: ONNX Runtime keeps equal
packed weights once, so that equal tensors would measure nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from make_wan_pack import train_tokenizer
from wan.layers import hollow, weights_of
from wan.text_encoder import TextConfig, TextEncoder
from wan.transformer import Transformer, TransformerConfig
from wan.vae import DecoderGraph, EncoderGraph, VaeConfig

TRANSFORMER = {"_class_name": "WanTransformer3DModel", "patch_size": [1, 2, 2], "num_attention_heads": 12, "attention_head_dim": 128, "in_channels": 16, "out_channels": 16,
               "text_dim": 4096, "freq_dim": 256, "ffn_dim": 8960, "num_layers": 30, "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "eps": 1e-6}
TEXT = {"architectures": ["UMT5EncoderModel"], "model_type": "umt5", "vocab_size": 300, "d_model": 4096, "d_kv": 64, "d_ff": 64, "num_heads": 2, "num_layers": 1,
        "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128, "feed_forward_proj": "gated-gelu", "layer_norm_epsilon": 1e-6}
VAE = {"_class_name": "AutoencoderKLWan", "base_dim": 4, "z_dim": 16, "dim_mult": [1, 1, 1, 1], "num_res_blocks": 1, "attn_scales": [], "temperal_downsample": [False, True, True],
       "latents_mean": [0.0] * 16, "latents_std": [1.0] * 16}


def networks() -> dict[str, tuple[dict[str, object], list[nn.Module]]]:
    """The components without weights: their configurations, and the modules that use their tensors."""
    transformer = TransformerConfig((1, 2, 2), 12, 128, 16, 16, 4096, 256, 8960, 30, True, 1e-6, None)
    text = TextConfig(300, 4096, 64, 64, 2, 1, 32, 128, 1e-6)
    vae = VaeConfig(4, 16, (1, 1, 1, 1), 1, (False, True, True), (0.0,) * 16, (1.0,) * 16)
    return {"transformer": (TRANSFORMER, [hollow(lambda: Transformer(transformer))]), "text_encoder": (TEXT, [hollow(lambda: TextEncoder(text))]),
            "vae": (VAE, [hollow(lambda: EncoderGraph(vae)), hollow(lambda: DecoderGraph(vae))])}


def write_shard(path: Path, shapes: dict[str, tuple[int, ...]], block: Tensor) -> None:
    """A safetensors file of bfloat16, a tensor at a time."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    ones = torch.ones_like(block)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes.items():
            values = ones if "norm" in name and name.endswith(("weight", "gamma")) else block.roll(zlib.crc32(name.encode()))
            left = math.prod(shape)
            while left:
                part = values[: min(left, len(values))]
                file.write(memoryview(part.view(torch.int16).numpy()).cast("B"))
                left -= len(part)


def write_component(folder: Path, config: dict[str, object], modules: Iterable[nn.Module], shards: int, block: Tensor) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    shapes = {name: shape for module in modules for name, shape, _ in weights_of(module)}
    if shards == 1:
        write_shard(folder / "diffusion_pytorch_model.safetensors", shapes, block)
        return
    names = list(shapes)
    where: dict[str, str] = {}
    for i in range(shards):
        part = names[i * len(names) // shards: (i + 1) * len(names) // shards]
        file = f"diffusion_pytorch_model-{i + 1:05}-of-{shards:05}.safetensors"
        write_shard(folder / file, {name: shapes[name] for name in part}, block)
        where |= {name: file for name in part}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args(argv)

    shutil.rmtree(args.folder, ignore_errors=True)
    block = (torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)) * 0.02).bfloat16()
    for name, (config, modules) in networks().items():
        write_component(args.folder / name, config, modules, 2 if name == "transformer" else 1, block)
    (args.folder / "tokenizer").mkdir()
    train_tokenizer(args.folder / "tokenizer" / "spiece.model")
    print(f"{args.folder}: {sum(p.stat().st_size for p in args.folder.rglob('*') if p.is_file()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
