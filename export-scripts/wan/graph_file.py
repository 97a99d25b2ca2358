"""A hollow module becomes an ONNX file: traced without its weights, which then go from the published file to the graph's, one at a time.

So the memory of an export does not grow with the network: it is that of PyTorch, of one tensor in float32 (twice, while it is put in order) and of the values that a run at a
small size computes. A graph below the file format's 2 GB holds its weights itself; for a larger one they lie beside it, in one file that can be mapped.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor

from export_graphs import OPSET, STORED_AS_HALF, GraphExport, declare
from wan.layers import weights_of
from wan.source import Component

DATA = "model.onnx_data"
"""Name of the file with the weights of a large graph, beside model.onnx, as optimum and ONNX Runtime's own tools name it."""
ALIGNMENT = 4096
"""Bytes: a tensor begins with a page, so that it can be mapped."""
INSIDE_LIMIT = 1_800_000_000
"""Bytes of weights that a graph's own file holds; protobuf ends at 2 GiB."""
HALF_LIMIT = 65504.0


def trace(graph: GraphExport, path: Path) -> onnx.ModelProto:
    """The graph with its weights as inputs, under their published names. `path` is where PyTorch puts it for a moment."""
    axes = {name: {i: axis for i, axis in enumerate(shape) if isinstance(axis, str)} for name, (_, shape) in {**graph.inputs, **graph.outputs}.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)
        torch.onnx.export(graph.module, graph.samples[0], str(path), opset_version=OPSET, input_names=list(graph.inputs), output_names=list(graph.outputs),
                          dynamic_axes=axes, export_params=False, keep_initializers_as_inputs=True, do_constant_folding=False, dynamo=False)
    model = onnx.load(str(path))
    path.unlink()
    return model


def write(graph: GraphExport, component: Component, path: Path, names: Callable[[str], str] = lambda name: name, half: bool = False, outside: bool | None = None) -> int:
    """Writes model.onnx and, for a large network or where `outside` says so, its weights beside it. Returns the bytes of the weights."""
    model = trace(graph, path)
    weights = [(name, shape, prepare) for name, shape, prepare in weights_of(graph.module)]
    known = {name for name, _, _ in weights}
    inputs = [value for value in model.graph.input if value.name not in known]
    if [value.name for value in inputs] != list(graph.inputs):
        raise SystemExit(f"graph '{graph.role}' must have the inputs {', '.join(graph.inputs)}, but has {', '.join(value.name for value in inputs)}.")
    used = {name for node in model.graph.node for name in node.input}
    total = sum(int(np.prod(shape)) * (2 if half else 4) for _, shape, _ in weights)
    outside = total > INSIDE_LIMIT if outside is None else outside
    casts = []
    with path.with_name(DATA).open("wb") if outside else contextlib.nullcontext() as data:
        for name, _, prepare in weights:
            if name not in used:
                continue
            value = prepare(component.read(names(name))).contiguous()
            tensor = model.graph.initializer.add()
            if half and value.numel() >= STORED_AS_HALF:
                tensor.name = f"{name}/half"
                casts.append(helper.make_node("Cast", [tensor.name], [name], name=f"{name}/Cast", to=TensorProto.FLOAT))
                value = _halved(value, name, component)
            else:
                tensor.name = name
            tensor.data_type = TensorProto.FLOAT16 if value.dtype == torch.float16 else TensorProto.FLOAT
            tensor.dims.extend(value.shape)
            if outside:
                _append(tensor, value, data)
            else:
                tensor.raw_data = value.numpy().tobytes()
    nodes = list(model.graph.node)
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend(casts + nodes)
    model.graph.input.extend(inputs)
    model.graph.name = graph.role
    declare(model.graph.input, graph.inputs)
    declare(model.graph.output, graph.outputs)
    model.producer_name, model.producer_version = "seedance-onnx export-scripts", "1"
    path.write_bytes(model.SerializeToString(deterministic=True))
    return total


def _halved(value: Tensor, name: str, component: Component) -> Tensor:
    largest = float(value.abs().max())
    if not largest <= HALF_LIMIT:
        raise SystemExit(f"{component.folder}: values of tensor '{name}' must be at most {HALF_LIMIT:.0f} for float16, but one is {largest:.3g}. Export with --weights fp32.")
    return value.half()


def _append(tensor: TensorProto, value: Tensor, data: object) -> None:
    position = data.tell()  # type: ignore[attr-defined]
    offset = -(-position // ALIGNMENT) * ALIGNMENT
    data.write(b"\0" * (offset - position))  # type: ignore[attr-defined]
    data.write(memoryview(value.numpy()).cast("B") if value.numel() else b"")  # type: ignore[attr-defined]
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in (("location", DATA), ("offset", str(offset)), ("length", str(value.numel() * value.element_size()))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, text
