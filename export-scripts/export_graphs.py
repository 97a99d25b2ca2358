"""Exports each network as an ONNX graph, stores its weights as float16, and checks the graph against the network at three shapes.

Graphs keep decomposed operators: fusing them is the runtime's work. Weights are rounded to float16 in the network itself before the export, so that
graph and network stay equal; in the file each is a float16 tensor behind a Cast, which ONNX Runtime folds away when it opens the graph.
"""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 18
STORED_AS_HALF = 256
"""Tensors of at least this many values are stored as float16."""
TOLERANCE = 2e-5
"""Largest difference between graph and network, relative to the largest value: float32 sums in another order."""


Tensors = dict[str, tuple[str, list[int | str]]]
"""Name -> element type and axes, where a number is fixed and a letter is free."""


@dataclass(frozen=True)
class GraphExport:
    """A network, how to call it, and its tensors."""

    role: str
    module: nn.Module
    inputs: Tensors
    outputs: Tensors
    samples: Sequence[tuple[Tensor, ...]]


def round_to_half(module: nn.Module) -> None:
    with torch.no_grad():
        for p in module.parameters():
            if p.numel() >= STORED_AS_HALF:
                p.copy_(p.half().float())


def export(graph: GraphExport, path: Path) -> float:
    """Writes the graph and returns its largest relative difference to the network over all samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    module = graph.module.eval()
    axes = {name: {i: axis for i, axis in enumerate(shape) if isinstance(axis, str)} for name, (_, shape) in {**graph.inputs, **graph.outputs}.items()}
    # Of weights that happen to be equal (few numbers after few steps) the exporter would keep one name, and the others could not be told when the pack is taken back.
    with torch.no_grad(), mock.patch("torch._C._jit_pass_onnx_deduplicate_initializers", lambda graph, weights, training: weights):
        torch.onnx.export(module, graph.samples[0], str(path), opset_version=OPSET, input_names=list(graph.inputs), output_names=list(graph.outputs),
                          dynamic_axes=axes, do_constant_folding=True, dynamo=False)
    model = onnx.load(str(path))
    store_as_half(model)
    declare(model.graph.input, graph.inputs)
    declare(model.graph.output, graph.outputs)
    model.producer_name, model.producer_version = "seedance-onnx export-scripts", "1"
    onnx.save(model, str(path))
    return compare(graph, path)


def declare(values: object, shapes: Tensors) -> None:
    """Names the axes of inputs and outputs as the contract does."""
    for value in values:  # type: ignore[attr-defined]
        kind = value.type.tensor_type.elem_type
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, shapes[value.name][1]))


def store_as_half(model: onnx.ModelProto) -> None:
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= STORED_AS_HALF:
            values = numpy_helper.to_array(tensor)
            half = values.astype(np.float16)
            if not np.array_equal(half.astype(np.float32), values):
                continue  # a constant that is no weight and needs its bits
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(half, name + "/half"))
            casts.append(helper.make_node("Cast", [name + "/half"], [name], name=name + "/Cast", to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)


CHECK = """
import sys, numpy as np, onnxruntime as ort
ort.set_default_logger_severity(3)
session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
names = [i.name for i in session.get_inputs()]
data = np.load(sys.argv[2])
worst = 0.0
for k in range(int(sys.argv[3])):
    got = session.run(None, {n: data[f"{k}.in.{n}"] for n in names})
    for i, g in enumerate(got):
        want = data[f"{k}.out.{i}"]
        assert g.shape == want.shape, (g.shape, want.shape)
        assert np.isfinite(g).all()
        worst = max(worst, float(np.abs(g - want).max() / np.abs(want).max()))
print(worst)
"""


def compare(graph: GraphExport, path: Path, tolerance: float = TOLERANCE) -> float:
    """Runs the graph in a process of its own (onnx and onnxruntime quarrel over schemas in one) and compares with the network."""
    arrays: dict[str, np.ndarray] = {}
    # On some processors oneDNN's convolutions of few channels are off by 5e-4, where PyTorch's own and ONNX Runtime's agree with double precision to 5e-7.
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        for k, sample in enumerate(graph.samples):
            arrays |= {f"{k}.in.{n}": t.numpy() for n, t in zip(graph.inputs, sample, strict=True)}
            out = graph.module(*sample)
            out = out if isinstance(out, tuple) else (out,)
            arrays |= {f"{k}.out.{i}": o.numpy() for i, o in enumerate(out)}
    store = path.with_suffix(".check.npz")
    np.savez(store, **arrays)
    try:
        done = subprocess.run([sys.executable, "-c", CHECK, str(path), str(store), str(len(graph.samples))], capture_output=True, text=True, check=False)
    finally:
        store.unlink()
    if done.returncode:
        raise SystemExit(f"graph '{graph.role}' does not run: {done.stderr.strip()[-2000:]}")
    worst = float(done.stdout.strip().splitlines()[-1])
    if not worst <= tolerance:
        raise SystemExit(f"graph '{graph.role}' must equal the network to {tolerance}, but differs by {worst:.2e}.")
    return worst


def export_tokenizer(model: Path, path: Path, begin: bool = True, length: int = 0) -> None:
    """Strings [N] -> padded ids and mask [N, S], int64: the Extensions' SentencePiece operator, then its ragged rows laid out as a rectangle.

    `begin`: whether a mark stands before each text, besides the one behind it. `length`: the fewest columns that rows are filled up to, with zeros.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    constant: Callable[[str, np.ndarray], TensorProto] = lambda name, value: numpy_helper.from_array(value, name)  # noqa: E731
    initialisers = [
        constant("nbest", np.array([0], np.int64)), constant("alpha", np.array([0.0], np.float32)), constant("yes", np.array([True])),
        constant("no", np.array([False])), constant("zero", np.array(0, np.int64)), constant("one", np.array(1, np.int64)),
        constant("axis1", np.array([1], np.int64)), constant("axis0", np.array([0], np.int64)), constant("first", np.array([0], np.int64)),
        constant("second", np.array([1], np.int64)), constant("last", np.array([-1], np.int64)), constant("end", np.array([2**62], np.int64)),
    ]
    if length:
        initialisers.append(constant("least", np.array(length, np.int64)))
    node = helper.make_node
    nodes = [
        node("SentencepieceTokenizer", ["text", "nbest", "alpha", "yes" if begin else "no", "yes", "no"], ["flat", "offsets"], name="/tokenizer/SentencepieceTokenizer",
             domain="ai.onnx.contrib", model=base64.b64encode(model.read_bytes()).decode()),
        node("Slice", ["offsets", "first", "last", "axis0"], ["begins"], name="/tokenizer/begins"),
        node("Slice", ["offsets", "second", "end", "axis0"], ["ends"], name="/tokenizer/ends"),
        node("Sub", ["ends", "begins"], ["lengths"], name="/tokenizer/lengths"),
        node("ReduceMax", ["lengths"], ["longest_text" if length else "longest"], name="/tokenizer/longest", keepdims=0),
        *([node("Max", ["longest_text", "least"], ["longest"], name="/tokenizer/least")] if length else []),
        node("Range", ["zero", "longest", "one"], ["columns"], name="/tokenizer/columns"),
        node("Unsqueeze", ["columns", "axis0"], ["column_row"], name="/tokenizer/column_row"),
        node("Unsqueeze", ["lengths", "axis1"], ["length_column"], name="/tokenizer/length_column"),
        node("Less", ["column_row", "length_column"], ["inside"], name="/tokenizer/inside"),
        node("Cast", ["inside"], ["attention_mask"], name="/tokenizer/mask", to=TensorProto.INT64),
        node("Unsqueeze", ["begins", "axis1"], ["begin_column"], name="/tokenizer/begin_column"),
        node("Add", ["begin_column", "column_row"], ["places"], name="/tokenizer/places"),
        node("Mul", ["places", "attention_mask"], ["safe_places"], name="/tokenizer/safe_places"),
        node("Gather", ["flat", "safe_places"], ["gathered"], name="/tokenizer/gathered", axis=0),
        node("Cast", ["gathered"], ["wide"], name="/tokenizer/wide", to=TensorProto.INT64),
        node("Mul", ["wide", "attention_mask"], ["input_ids"], name="/tokenizer/ids"),
    ]
    graph = helper.make_graph(
        nodes, "tokenizer", [helper.make_tensor_value_info("text", TensorProto.STRING, ["N"])],
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["N", "S"]), helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["N", "S"])],
        initialisers)
    model_proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.contrib", 1)], ir_version=9,
                                    producer_name="seedance-onnx export-scripts")
    onnx.save(model_proto, str(path))
