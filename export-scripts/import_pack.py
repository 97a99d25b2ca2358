"""Turns an exported pack back into checkpoints, so that its training can go on where no checkpoint was kept.

    export-scripts/run import_pack.py --pack onnx/seedance-mini
    export-scripts/run train_transformer.py --plan more

Writes the networks' weights, as the pack has them (float16, averaged), below $SEEDANCE_WORK, where every script looks for them; a training that finds them begins at
step 0 with a fresh optimiser. What only training needs (the readers of attributes and scenes) is not in a pack and begins anew. Ends by comparing each network with its graph.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from export_graphs import compare
from export_pack import graphs_of
from model.bundle import Bundle
from model.peers import tokenizer_model
from model.reward import Reward, RewardConfig
from model.semantic import SemanticConfig, SemanticEncoder
from model.text import TextConfig
from model.transformer import TransformerConfig
from model.upscaler import Upscaler, UpscalerConfig
from model.vae import Decoder, Vae, VaeConfig
from training import WORK, fail


def weights_of(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """The graph's weights by the networks' names. The exporter keeps the names of all but the matrices of linear layers: those are known by the bias that is added to their product, or by their node where there is none."""
    stored = {t.name: torch.from_numpy(numpy_helper.to_array(t).astype(np.float32)) for t in graph.initializer if t.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)}
    stored |= {n.output[0]: stored[n.input[0]] for n in graph.node if n.op_type == "Cast" and n.input[0] in stored}
    products = {n.output[0]: n.input[1] for n in graph.node if n.op_type == "MatMul" and n.input[1] in stored}
    weights = dict(stored)
    weights |= {n.name.strip("/").removesuffix("/MatMul").replace("/", ".") + ".weight": stored[n.input[1]].T.contiguous() for n in graph.node if n.op_type == "MatMul" and n.input[1] in stored}
    for add in (n for n in graph.node if n.op_type == "Add"):
        for bias, product in (tuple(add.input), tuple(reversed(add.input))):
            if bias.endswith(".bias") and bias in stored and product in products:
                weights[bias.removesuffix("bias") + "weight"] = stored[products[product]].T.contiguous()
    return weights


def take(module: nn.Module, weights: dict[str, Tensor], prefix: str, path: Path) -> None:
    """Gives the module's parameters their weights. One that the graph lacks was left out because nothing reads it, and stays as it is."""
    found = {name: (p, weights[prefix + name]) for name, p in module.named_parameters() if prefix + name in weights}
    wrong = [f"{name} {list(p.shape)}, but has {list(value.shape)}" for name, (p, value) in found.items() if value.shape != p.shape]
    if wrong or not found:
        fail(f"{path} must hold {wrong[0] if wrong else 'weights'}. It was made by another version of these scripts.")
    with torch.no_grad():
        for p, value in found.values():
            p.copy_(value)


def save(folder: Path, module: nn.Module, config: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    average = [p.detach().clone() for p in module.parameters()]
    torch.save({"config": config, "model": module.state_dict(), "average": average, "step": 0, "seconds": 0.0}, folder / "state.pt")
    print(f"{folder}: {sum(p.numel() for p in average) / 1e6:.1f} M parameters", flush=True)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, default=Path("onnx/seedance-mini"))
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args(argv)

    if not (args.pack / "seedance.json").exists():
        fail(f"--pack must be a folder with a seedance.json, but {args.pack} has none.")
    there = [name for name in ("tokenizer/spiece.model", *(f"{part}/state.pt" for part in ("transformer", "transformer_distilled", "vae", "vae_thin", "upscaler", "reward", "planner", "semantic_encoder"))) if (args.work / name).exists()]
    if there:
        fail(f"--work must be a folder without checkpoints, but {args.work} has {', '.join(there)}. Name another folder, or remove them.")
    contract = json.loads((args.pack / "seedance.json").read_text(encoding="utf-8"))
    graph = lambda role: onnx.load(str(args.pack / role / "model.onnx")).graph  # noqa: E731

    def config(role: str, kind: type) -> object:
        """The network's configuration; a key that it does not know is of the file's format, and what the file lacks has its default."""
        values = json.loads((args.pack / role / "config.json").read_text())
        return kind(**{f.name: tuple(v) if isinstance(v := values[f.name], list) else v for f in dataclasses.fields(kind) if f.name in values})

    def statistics(section: str) -> dict[str, list[float]]:
        return {k: contract[section][k] for k in ("mean", "std")}

    bundle = Bundle(config("text_encoder", TextConfig), config("transformer", TransformerConfig))  # type: ignore[arg-type]
    for part, role in ((bundle.text, "text_encoder"), (bundle.transformer, "transformer")):
        take(part, weights_of(graph(role)), "", args.pack / role)

    def another(role: str) -> Bundle | None:
        """Another transformer on the same text encoder."""
        if not (args.pack / role).exists():
            return None
        other = Bundle(bundle.text.config, config(role, TransformerConfig))  # type: ignore[arg-type]
        other.text.load_state_dict(bundle.text.state_dict())
        take(other.transformer, weights_of(graph(role)), "", args.pack / role)
        return other

    distilled, planner = another("transformer_distilled"), another("semantic_transformer")

    vae = Vae(config("vae_decoder", VaeConfig))  # type: ignore[arg-type]
    take(vae.encoder, weights_of(graph("vae_encoder")), "encoder.", args.pack / "vae_encoder")
    take(vae.decoder, weights_of(graph("vae_decoder")), "decoder.", args.pack / "vae_decoder")
    thin = upscaler = reward = reader = None
    if (args.pack / "vae_decoder_thin").exists():
        thin_config: VaeConfig = config("vae_decoder_thin", VaeConfig)  # type: ignore[assignment]
        thin = Decoder(thin_config)
        take(thin, weights_of(graph("vae_decoder_thin")), "decoder.", args.pack / "vae_decoder_thin")
    if (args.pack / "upscaler").exists():
        upscaler = Upscaler(config("upscaler", UpscalerConfig))  # type: ignore[arg-type]
        take(upscaler, weights_of(graph("upscaler")), "", args.pack / "upscaler")
    if (args.pack / "reward").exists():
        reward = Reward(config("reward", RewardConfig))  # type: ignore[arg-type]
        take(reward, weights_of(graph("reward")), "", args.pack / "reward")

    if (args.pack / "semantic_encoder").exists():
        reader = SemanticEncoder(config("semantic_encoder", SemanticConfig))  # type: ignore[arg-type]
        take(reader, weights_of(graph("semantic_encoder")), "", args.pack / "semantic_encoder")

    for network in graphs_of(bundle, vae, distilled, thin, upscaler, reward, planner, reader):
        print(f"{network.role}: differs from the graph by {compare(network, args.pack / network.role / 'model.onnx'):.1e} at most", flush=True)
    (args.work / "tokenizer").mkdir(parents=True, exist_ok=True)
    (args.work / "tokenizer" / "spiece.model").write_bytes(tokenizer_model(args.pack / "tokenizer" / "model.onnx"))
    save(args.work / "transformer", bundle, bundle.config)
    if distilled:
        save(args.work / "transformer_distilled", distilled, distilled.config)
    save(args.work / "vae", vae, vae.config.to_dict())
    (args.work / "vae" / "statistics.json").write_text(json.dumps(statistics("latents"), indent=1) + "\n")
    if planner:
        save(args.work / "planner", planner, planner.config)
    if reader:
        save(args.work / "semantic_encoder", reader, reader.config.to_dict())
        (args.work / "semantic_encoder" / "statistics.json").write_text(json.dumps(statistics("semantics"), indent=1) + "\n")
    if thin:
        save(args.work / "vae_thin", thin, thin_config.to_dict())
    if upscaler:
        save(args.work / "upscaler", upscaler, upscaler.config.to_dict())
    if reward:
        save(args.work / "reward", reward, reward.config.to_dict())


if __name__ == "__main__":
    main()
