"""Exports a published Wan 2.1 model (or 2.2's pair of experts) as a pack.

    export-scripts/run export_wan.py MODEL --out onnx/wan-2.1-t2v-1.3b

MODEL is the folder as published for diffusers: text_encoder, tokenizer, transformer (and transformer_2), vae, and for image-to-video image_encoder, with their config.json
and safetensors, whole or in shards, in float32, float16 or bfloat16. Nothing of diffusers or transformers is needed. Everything is checked before anything is written, and
the pack appears only once it is whole.

Components are exported one after another, and their weights go from file to file one tensor at a time, so that the memory of an export is that of PyTorch (0.4 GB), of the
largest tensor twice, and of the graphs that are compared with their networks (those of at most --compare-below).
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import resource
import shutil
import sys
from pathlib import Path

import torch

from export_graphs import compare, export_tokenizer
from wan.folder import ROLES, SOLVERS, Network, Paths, WanModel, open_model
from wan.graph_file import write
from wan.layers import fill
from wan.pack import Facts, GraphExport, contract, find_problems, graphs_of

TOLERANCE = 1e-4
"""Largest difference between graph and network, relative to the largest value: sums of thousands of products in another order, behind attention that nothing scales."""
PACK_PROBLEM = 3
"""Exit code, as that of the program for a pack that cannot be used."""
CLASSES = {"text_encoder": ["transformers", "UMT5EncoderModel"], "tokenizer": ["transformers", "T5TokenizerFast"], "image_encoder": ["transformers", "CLIPVisionModel"],
           "transformer": ["diffusers", "WanTransformer3DModel"], "vae": ["diffusers", "AutoencoderKLWan"]}


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of the published model")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pack; one that exists is replaced with --overwrite only")
    parser.add_argument("--overwrite", action="store_true")
    for part in ("text-encoder", "tokenizer", "image-encoder", "transformer", "transformer-2", "vae", "scheduler"):
        parser.add_argument(f"--{part}", type=Path, help=f"where {part.replace('-', '_')} lies, if not in the model's folder")
    parser.add_argument("--only", default=",".join(ROLES), help="graphs to export, by role; without all of them no seedance.json is written")
    parser.add_argument("--weights", choices=("fp32", "fp16"), default="fp32", help="fp32 keeps every published value; fp16 takes half the disk and rounds")
    parser.add_argument("--compare-below", type=float, default=1.0, metavar="GB", help="compare graphs of at most so many GB of weights with their networks")
    parser.add_argument("--name", help="the pack's name; the output folder's if not specified")
    parser.add_argument("--version", default="2.1")
    parser.add_argument("--license", default="Apache-2.0")
    parser.add_argument("--sizes", default="832x480,480x832", help="sizes the model was made for, the default first")
    parser.add_argument("--fps", type=int, default=16)
    parser.add_argument("--max-frames", type=int, default=81)
    parser.add_argument("--frames", type=int, default=81, help="frames when a request does not say")
    parser.add_argument("--steps", type=int, default=50, help="4 for step-distilled weights")
    parser.add_argument("--guidance", type=float, default=5.0, help="1 for step-distilled weights")
    parser.add_argument("--guidance-2", type=float, help="guidance of transformer_2; --guidance if not specified")
    parser.add_argument("--shift", type=float, help="flow shift, 3 for 480p and 5 for 720p; that of the scheduler's file if not specified")
    parser.add_argument("--boundary", type=float, help="noise level from which transformer takes over from transformer_2, if model_index.json does not say")
    parser.add_argument("--negative-prompt", default="")
    parser.add_argument("--text-length", type=int, default=512, help="tokens that every text is filled up to")
    return parser.parse_args(argv)


def refuse(problems: list[str]) -> None:
    """One line for each problem, and the end, if there is any."""
    if problems:
        for problem in problems:
            print(f"export_wan.py: {problem}", file=sys.stderr)
        raise SystemExit(PACK_PROBLEM)


def opened(args: argparse.Namespace, roles: list[str]) -> tuple[WanModel, Facts]:
    """The model and what is said about it, all of it checked."""
    problems = [f"--only must have roles among {', '.join(ROLES)}, but has '{role}'. Correct it." for role in roles if role not in ROLES]
    if args.out.exists() and not args.overwrite:
        problems.append(f"{args.out} must not exist, but does. Name another folder, or add --overwrite.")
    elif args.out.exists() and (args.out.is_file() or (any(args.out.iterdir()) and not any(args.out.glob("*/model.onnx")))):
        problems.append(f"{args.out} must be a pack or an empty folder to be replaced, but is neither. Name another folder.")
    parts = ("text_encoder", "tokenizer", "image_encoder", "transformer", "transformer_2", "vae", "scheduler")
    moved = {part: getattr(args, part) for part in parts if getattr(args, part) is not None}
    model = open_model(Paths(args.model, moved), roles, problems, args.boundary)
    if args.shift is not None and model.scheduler.get("_class_name") in SOLVERS:
        model.scheduler[SOLVERS[str(model.scheduler["_class_name"])][1]] = args.shift
    facts = Facts(args.name or args.out.name, args.version, args.license, tuple(args.sizes.split(",")), args.fps, args.max_frames, args.frames, args.steps, args.guidance,
                  args.guidance_2, args.negative_prompt, args.text_length)
    if model.transformer and model.vae:
        problems += find_problems(model, facts)
    refuse(problems)
    return model, facts


def export_graph(graph: GraphExport, network: Network, path: Path, half: bool, compare_below: float) -> None:
    size = write(graph, network.component, path, network.names, half)
    text = f"{graph.role}: {size / 1e6:.1f} MB of weights"
    if size <= compare_below * 1e9:
        fill(network.module, network.component, network.names, half)
        text += f", differs from the network by {compare(graph, path, TOLERANCE):.1e} at most"
    else:
        text += ", not compared with the network: it is larger than --compare-below"
    print(text, flush=True)


def write_configurations(model: WanModel, folder: Path) -> None:
    kind = "WanImageToVideoPipeline" if model.image else "WanPipeline"
    classes = CLASSES if model.image else {name: values for name, values in CLASSES.items() if name != "image_encoder"}
    index = {"_class_name": kind, **classes, "scheduler": ["diffusers", model.scheduler["_class_name"]]} | model.index
    files = {"model_index.json": index, "scheduler/scheduler_config.json": model.scheduler}
    files |= {f"{role}/config.json": network.component.config for role, network in model.networks.items()}
    for name, values in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def card(facts: Facts, weights: str) -> str:
    return f"""# {facts.name}

Exported by `export-scripts/export_wan.py` from weights published for diffusers, stored as {weights}. Version {facts.version}, licence {facts.license}: that of the weights'
publishers, whose model card says what the model was trained on and what it is for.
"""


def main(argv: list[str] | None = None) -> None:
    args = parse(argv)
    roles = [role for role in args.only.split(",") if role]
    model, facts = opened(args, roles)
    torch.manual_seed(0)  # graphs are compared on random inputs
    partial = args.out.with_name(args.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        graphs = graphs_of(model)
        if model.tokenizer:
            export_tokenizer(model.tokenizer, partial / "tokenizer" / "model.onnx", begin=False, length=facts.text_length)
        for role, graph in graphs.items():
            export_graph(graph, model.networks[role], partial / role / "model.onnx", args.weights == "fp16", args.compare_below)
            graph.module.to("meta")
            gc.collect()
        write_configurations(model, partial)
        if model.is_whole([*graphs, *(["tokenizer"] if model.tokenizer else [])]):
            files = {path.relative_to(partial).as_posix(): sha256(path) for path in sorted(partial.rglob("*")) if path.is_file()}
            (partial / "README.md").write_text(card(facts, args.weights), encoding="utf-8")
            text = json.dumps(contract(model, graphs, facts, files), indent=2, ensure_ascii=False)
            (partial / "seedance.json").write_text(text + "\n", encoding="utf-8")
        shutil.rmtree(args.out, ignore_errors=True)
        partial.rename(args.out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1e6
    print(f"{args.out}: {sum(p.stat().st_size for p in args.out.rglob('*') if p.is_file()) / 1e6:.1f} MB, made in at most {most:.1f} GB of memory")


if __name__ == "__main__":
    main()
