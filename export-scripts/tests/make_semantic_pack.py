"""Writes the tiny pack of SemanticGen's two stages and what its runs must give: tests/Shared/semantic-pack and tests/Shared/semantic-golden.

    export-scripts/run tests/make_semantic_pack.py

The networks are those of model/ at a few channels with random weights, exported as any pack of these scripts is; what their runs must give comes from the same networks in PyTorch. Three
runs: a sentence; two shots between a given first and last frame; and two shots in two windows, whose second begins with the last frame of the first. Of each the semantic tokens of the
whole video with their noise, as the transformer gets them, and the latents. Of one more, the tokens that the semantic encoder reads off a picture that lasts.
The folders are checked in; run this again only to change them, and commit what changed with the reason.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from evaluate import sample_latents  # noqa: E402
from export_graphs import round_to_half  # noqa: E402
from export_pack import configurations, contract, film_images, graphs_of, make_latents, make_plan, sums_of, write_contract, write_graphs  # noqa: E402
from make_tiny_pack import tokenizer  # noqa: E402
from model.bundle import Bundle, Tokenizer  # noqa: E402
from model.flow import Sampling, stream_seed  # noqa: E402
from model.peers import TorchPeer, tokenizer_model  # noqa: E402
from model.semantic import SemanticConfig, SemanticEncoder  # noqa: E402
from model.text import TextConfig  # noqa: E402
from model.transformer import TransformerConfig  # noqa: E402
from model.vae import Vae, VaeConfig  # noqa: E402
from pictures import to_frames, to_tensor  # noqa: E402

SHARED = Path(__file__).resolve().parents[2] / "tests" / "Shared"
WIDTH, LATENTS, TOKENS = 32, 4, 3
SIZE = (96, 64)
HOW = Sampling(4, 2.0, 2.0)
WINDOW = 9
RUNS = {
    "words": {"shots": ["a red ball"], "frames": 9, "seed": 7},
    "film": {"shots": ["a red ball", "一只猫在左边"], "frames": 9, "cut": 2, "seed": 11},
    "long": {"shots": ["a red ball", "一只猫在左边"], "frames": 17, "cut": 3, "seed": 5},
}


def shake(module: nn.Module) -> None:
    """Weights that were begun as zeros, so that nothing is left out of what a run computes."""
    with torch.no_grad():
        for p in module.parameters():
            if not p.any():
                p.normal_(std=0.2)


def networks(pieces: int) -> tuple[Bundle, Bundle, Vae, SemanticEncoder]:
    torch.manual_seed(12)
    text = TextConfig(pieces, WIDTH, heads=1, layers=1)
    bundle = Bundle(text, TransformerConfig(LATENTS, WIDTH, 1, 1, WIDTH, semantic_channels=TOKENS))
    planner = Bundle(text, TransformerConfig(TOKENS, WIDTH, 1, 1, WIDTH, patch=1, window=0))
    planner.text.load_state_dict(bundle.text.state_dict())
    vae = Vae(VaeConfig(LATENTS, (8, 12), (1, 1), (1, 1)))
    reader = SemanticEncoder(SemanticConfig(TOKENS, 16, 1, LATENTS, (8, 12), (1, 1)))
    for module in (bundle, planner, vae, reader):
        shake(module.eval())
        round_to_half(module)
    planner.text.load_state_dict(bundle.text.state_dict())
    with torch.no_grad():
        bundle.transformer.semantic_in.weight.mul_(8).copy_(bundle.transformer.semantic_in.weight.half().float())  # so that plans are seen in latents
    return bundle, planner, vae, reader


def make_long(peer: TorchPeer, run: dict[str, object], plan: Tensor) -> list[Tensor]:
    """Latents of each window, which follow their part of the plan; a later one begins with the last frame of the one before, and shows the shots that lie in it."""
    made, last = [], None
    groups, steps = (int(run["frames"]) - 1) // 4, (WINDOW - 1) // 4
    for number, begin in enumerate(range(0, groups, steps)):
        places = range(begin, begin + steps + 1)
        shots = [int(place >= int(run["cut"])) for place in places]
        noise = torch.randn(1, LATENTS, len(places), SIZE[1] // 8, SIZE[0] // 8, generator=torch.Generator().manual_seed(stream_seed(int(run["seed"]), number)))
        given = {} if last is None else {0: peer.encode(to_tensor(last[None, None])[:, :, 0])}
        latents = sample_latents(peer, [run["shots"][shots[0]:shots[-1] + 1]], [[shot - shots[0] for shot in shots]], noise, HOW, given, plan[:, :, begin:begin + steps + 1])  # type: ignore[index]
        last = to_frames(peer.decode(latents))[0, -1]
        made.append(latents)
    return made


@torch.no_grad()
def write_results(peer: TorchPeer, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, run in RUNS.items():
        f = (int(run["frames"]) - 1) // 4 + 1
        shots = [int(frame >= int(run.get("cut", f))) for frame in range(f)]
        images = {place: to_tensor(image[None, None])[:, :, 0] for place, image in zip((0, f - 1), film_images())} if name == "film" else {}
        plan = make_plan(peer, run["shots"], shots, (1, LATENTS, f, SIZE[1] // 8, SIZE[0] // 8), int(run["seed"]), images)  # type: ignore[arg-type]
        assert plan is not None
        latents = make_long(peer, run, plan) if name == "long" else [make_latents(peer, run["shots"], shots, SIZE, int(run["seed"]), HOW, images)]  # type: ignore[arg-type]
        np.save(folder / f"{name}_plan.npy", plan.numpy())
        np.save(folder / f"{name}_latents.npy", np.concatenate([part.numpy().ravel() for part in latents]))
    still = to_tensor(np.repeat(film_images()[0][None, None], WINDOW, axis=1))
    reader = peer.planner
    np.save(folder / "still_tokens.npy", ((reader.vae.encode(still)[0] - reader.mean) / reader.std).numpy())  # type: ignore[union-attr]
    request = {"runs": RUNS, "width": SIZE[0], "height": SIZE[1], "steps": HOW.steps, "guidance": HOW.guidance, "shift": HOW.shift, "torch": torch.__version__}
    (folder / "request.json").write_text(json.dumps(request, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    pack = SHARED / "semantic-pack"
    shutil.rmtree(pack, ignore_errors=True)
    bundle, planner, vae, reader = networks(tokenizer(pack / "tokenizer/model.onnx"))
    statistics = {"mean": [0.1, -0.1, 0.0, 0.2], "std": [0.5, 0.6, 0.5, 0.7]}
    tokens = {"mean": [0.05, 0.0, -0.1], "std": [0.4, 0.5, 0.3]}
    torch.manual_seed(0)  # the graphs are compared on random inputs
    graphs = graphs_of(bundle, vae, planner=planner, reader=reader)
    write_graphs(graphs, configurations(bundle, vae, planner=planner, reader=reader), pack)
    (pack / "README.md").write_text("# tiny-semantic\n\nThe pack of the tests of SemanticGen's two stages. `export-scripts/run tests/make_semantic_pack.py` wrote it; its weights are random.\n")
    values = contract(graphs, statistics, LATENTS, {name: total for name, total in sums_of(pack).items() if name != "README.md"}, tokens)
    values |= {"$schema": "../../../onnx/pack.schema.json", "name": "tiny-semantic", "version": "1.0.0", "description": "Random weights of SemanticGen's two stages; for tests.",
               "video": {"fps": 8, "size_multiple": 16, "sizes": ["96x64", "64x64"], "max_frames": WINDOW, "window_frames": WINDOW, "default_frames": WINDOW}}
    write_contract(values, pack)
    tokens_of = Tokenizer.from_bytes(tokenizer_model(pack / "tokenizer/model.onnx"))
    write_results(TorchPeer(bundle, vae, tokens_of, statistics, TorchPeer(planner, reader, tokens_of, tokens)), SHARED / "semantic-golden")
    for path in sorted(path for folder in ("semantic-pack", "semantic-golden") for path in (SHARED / folder).rglob("*") if path.is_file()):
        print(f"{path.relative_to(SHARED)}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
