"""Two of the parties of bench/side-by-side, and the comparison of all.

    export-scripts/run side_by_side.py run --peer torch --work WORK --pack PACK --output FOLDER/torch.1
    export-scripts/run side_by_side.py compare FOLDER

`run` makes one video several times, guided Euler steps from torch's noise, and writes FOLDER/NAME.json (median seconds of text, a step and decoding; the most memory of the
process) and FOLDER/NAME.npy (the latents). Peers: `torch` is PyTorch eager in float32, `torch-bf16` the same under bfloat16 autocast, `loop` an ONNX Runtime session a graph as the
pack has them, fed with numpy arrays. `compare` reads what all parties left, checks that float32 ones agree, and prints times as ratios with their spread over the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import Tensor

from evaluate import load, sample_latents
from model.bundle import Text
from model.flow import Sampling
from model.peers import PackPeer, Peer
from training import fail

PEERS = ("torch", "torch-bf16", "loop")
RUNTIME = "runtime"
STAGES = ("text", "step", "decode")
TOLERANCE = 1e-3
"""How far float32 latents may be apart: 25 steps of sums in other orders."""


class Timed:
    """A peer whose calls are timed."""

    def __init__(self, peer: Peer):
        self.peer, self.planner = peer, peer.planner
        self.tokenizer, self.latent_channels, self.input_channels = peer.tokenizer, peer.latent_channels, peer.input_channels
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def _time(self, stage: str, began: float) -> None:
        self.seconds[stage].append(time.perf_counter() - began)

    def text(self, text: Text) -> Tensor:
        began = time.perf_counter()
        states = self.peer.text(text)
        self._time("text", began)
        return states

    def velocity(self, hidden: Tensor, timestep: Tensor, states: Tensor, text: Text, frame_shots: Tensor, plan: Tensor | None = None) -> Tensor:
        began = time.perf_counter()
        velocity = self.peer.velocity(hidden, timestep, states, text, frame_shots, plan)
        self._time("step", began)
        return velocity

    def decode(self, latents: Tensor) -> Tensor:
        began = time.perf_counter()
        frames = self.peer.decode(latents)
        self._time("decode", began)
        return frames

    def encode(self, images: Tensor) -> Tensor:
        return self.peer.encode(images)


def run(args: argparse.Namespace) -> None:
    contract = json.loads((args.pack / "seedance.json").read_text(encoding="utf-8"))
    shift = json.loads((args.pack / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))["shift"]
    latents = contract["latents"]
    width, height = (int(side) for side in args.size.split("x"))
    shape = (1, latents["channels"], (args.frames - 1) // latents["temporal_stride"] + 1, height // latents["spatial_stride"], width // latents["spatial_stride"])
    peer = Timed(PackPeer(args.pack) if args.peer == "loop" else load(args.work))
    precision = torch.autocast("cpu", dtype=torch.bfloat16) if args.peer == "torch-bf16" else contextlib.nullcontext()
    with torch.no_grad(), precision:
        for index in range(args.runs + 1):
            if index == 1:
                peer.seconds.clear()  # the first video warms up
            noise = torch.randn(shape, generator=torch.Generator().manual_seed(args.seed))
            made = sample_latents(peer, [[args.prompt]], [[0] * shape[2]], noise, Sampling(args.steps, args.guidance, shift))
            peer.decode(made)
    np.save(args.output.with_suffix(args.output.suffix + ".npy"), made.float().numpy()[0])
    report = {stage: statistics.median(peer.seconds[stage]) for stage in STAGES}
    report |= {"steps": args.steps, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    args.output.with_suffix(args.output.suffix + ".json").write_text(json.dumps(report, indent=1) + "\n")


def read_runtime(path: Path, steps: int) -> dict[str, float]:
    """What `seedance bench --json` wrote, in the words of the other parties."""
    stages = {stage["name"]: stage["medianMilliseconds"] / 1000 for stage in json.loads(path.read_text(encoding="utf-8"))["cases"][0]["stages"]}
    return {stage: stages[stage] for stage in STAGES} | {"steps": steps}


def say_distances(folder: Path) -> None:
    """How far apart the processors were while the runtime ran: rounds in which that differs compare the machine, not the parties."""
    for path in sorted(folder.glob(f"{RUNTIME}*.*.json")):
        if trips := json.loads(path.read_text(encoding="utf-8"))["cases"][0]["handoffNanoseconds"]:
            print(f"{path.name.removesuffix('.json')}: from processor to processor and back in {min(trips):.0f} to {max(trips):.0f} ns")


def total(report: dict[str, float]) -> float:
    return report["text"] + report["steps"] * report["step"] + report["decode"]


def check(folder: Path, name: str, expected: np.ndarray, exact: bool) -> bool:
    """Says how far a party's latents are from the runtime's; whether that is near enough."""
    path = next(iter(sorted(folder.glob(f"{name}.*.npy"))), folder / f"{name}.safetensors")
    if not path.exists():
        return True
    actual = np.load(path) if path.suffix == ".npy" else load_file(path)["latents"].reshape(expected.shape)
    if actual.shape != expected.shape:
        fail(f"latents of {name} must have shape {expected.shape}, but have {actual.shape}. All parties must make the same video.")
    apart = float(np.abs(actual - expected).max())
    near = bool(apart <= TOLERANCE) or not exact
    print(f"{name}: latents differ from the runtime's by {apart:.1e} at most{'' if near else f', more than {TOLERANCE:.0e}: this is another video'}")
    return near


def compare(folder: Path) -> None:
    steps = json.loads((folder / "setting.json").read_text())["steps"]
    parties: dict[str, list[dict[str, float]]] = defaultdict(list)
    for path in sorted(folder.glob("*.*.json")):
        name = path.name.split(".")[0]
        parties[name].append(read_runtime(path, steps) if name.startswith(RUNTIME) else json.loads(path.read_text()))
    memory = {name: max(r.get("memory", 0) for r in reports) for name, reports in parties.items()}
    for path in folder.glob("*-video.txt"):
        memory[path.name.removesuffix("-video.txt")] = json.loads(path.read_text(encoding="utf-8"))["peakMemoryBytes"]
    if len(parties[RUNTIME]) < 1 or len({len(reports) for reports in parties.values()}) > 1:
        fail(f"{folder} must hold as many rounds of each party, but holds {({name: len(reports) for name, reports in parties.items()})}. Run bench/side-by-side again.")

    expected = load_file(folder / f"{RUNTIME}.safetensors")["latents"]
    expected = expected.reshape(expected.shape[-4:])
    agree = [check(folder, name, expected, exact=name in ("torch", "loop")) for name in parties if name != RUNTIME]
    say_distances(folder)
    print("\n| party | text | a step | decode | a video | of the runtime | spread | memory |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, reports in sorted(parties.items(), key=lambda item: statistics.median(map(total, item[1]))):
        ratios = [total(theirs) / total(ours) for theirs, ours in zip(reports, parties[RUNTIME], strict=True)]
        cells = [f"{1000 * statistics.median(r[stage] for r in reports):.1f} ms" for stage in STAGES]
        print(f"| {name} | {' | '.join(cells)} | {statistics.median(map(total, reports)):.2f} s | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} | {memory[name] / 1e6:.0f} MB |")
    if not all(agree):
        sys.exit(1)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run", help="one party, one round")
    one.add_argument("--peer", choices=PEERS, required=True)
    one.add_argument("--pack", type=Path, required=True)
    one.add_argument("--work", type=Path, help="checkpoints that import_pack.py made of the pack, for torch")
    one.add_argument("--prompt", default="a red ball on the left moves right")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--size", default="96x64")
    one.add_argument("--frames", type=int, default=17)
    one.add_argument("--steps", type=int, default=25)
    one.add_argument("--guidance", type=float, default=3.0)
    one.add_argument("--runs", type=int, default=3)
    one.add_argument("--output", type=Path, required=True, help="what the files are called, without their endings")
    two = commands.add_parser("compare", help="all parties")
    two.add_argument("folder", type=Path)
    args = parser.parse_args(argv)
    if args.command == "compare":
        compare(args.folder)
    elif args.peer != "loop" and args.work is None:
        fail("--work must be given for torch, but is missing. import_pack.py makes it.")
    else:
        run(args)


if __name__ == "__main__":
    main()
