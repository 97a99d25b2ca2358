"""Writes the tiny graphs that tests/Seedance.Onnx.Ort.Tests opens.

    export-scripts/run tests/make_graphs.py [FOLDER]

They are checked in; run this again only to change one, and commit what changed with the reason.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

REPOSITORY = Path(__file__).resolve().parents[2]
FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
OPSET = 17


def model(name: str, nodes: list, inputs: list, outputs: list, initializers: list = (), extensions: bool = False) -> onnx.ModelProto:
    """One graph with a fixed producer and versions, so that the same script writes the same bytes."""
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
                              [helper.make_tensor_value_info(*o) for o in outputs], list(initializers))
    opsets = [helper.make_opsetid("", OPSET)] + ([helper.make_opsetid("ai.onnx.contrib", 1)] if extensions else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="seedance-tests")


def add() -> onnx.ModelProto:
    """total = left + right, both [N, 3]."""
    return model("add", [helper.make_node("Add", ["left", "right"], ["total"], name="/add/Add")],
                 [("left", FLOAT, ["N", 3]), ("right", FLOAT, ["N", 3])], [("total", FLOAT, ["N", 3])])


def repeat() -> onnx.ModelProto:
    """result = value · 1.0 · 1.0 · …, count times: it runs as long as it is told to, in many short nodes."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"], name="/repeat/body/Identity"),
         helper.make_node("Mul", ["before", "one"], ["after"], name="/repeat/body/Mul")],
        "body",
        [helper.make_tensor_value_info("turn", INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         helper.make_tensor_value_info("before", FLOAT, ["N"])],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), helper.make_tensor_value_info("after", FLOAT, ["N"])])
    return model("repeat", [helper.make_node("Loop", ["count", "always", "value"], ["result"], name="/repeat/Loop", body=body)],
                 [("value", FLOAT, ["N"]), ("count", INT64, [])], [("result", FLOAT, ["N"])],
                 [numpy_helper.from_array(np.array(True), "always"), numpy_helper.from_array(np.array(1, np.float32), "one")])


def pick() -> onnx.ModelProto:
    """row = table[index]: fails at run time when the index is out of range."""
    return model("pick", [helper.make_node("Gather", ["table", "index"], ["row"], name="/pick/Gather")],
                 [("index", INT64, ["N"])], [("row", FLOAT, ["N", 2])],
                 [numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(3, 2), "table")])


def words() -> onnx.ModelProto:
    """Lower case and length in bytes of every text: operators of ONNX Runtime Extensions, strings in and out."""
    return model("words", [helper.make_node("StringLower", ["text"], ["lower"], name="/words/StringLower", domain="ai.onnx.contrib"),
                           helper.make_node("StringLength", ["text"], ["length"], name="/words/StringLength", domain="ai.onnx.contrib")],
                 [("text", STRING, ["N"])], [("lower", STRING, ["N"]), ("length", INT64, ["N"])], extensions=True)


def external(location: str, weight: np.ndarray) -> onnx.ModelProto:
    """scaled = value · weight, with the weight in another file."""
    outside = TensorProto(name="weight", data_type=FLOAT, dims=weight.shape, data_location=TensorProto.EXTERNAL)
    for key, entry in (("location", location), ("offset", "0"), ("length", str(weight.nbytes))):
        outside.external_data.add(key=key, value=entry)
    return model("external", [helper.make_node("Mul", ["value", "weight"], ["scaled"], name="/external/Mul")],
                 [("value", FLOAT, ["N", weight.size])], [("scaled", FLOAT, ["N", weight.size])], [outside])


def fixed_letters() -> onnx.ModelProto:
    """turned = value transposed, [2, 3] to [3, 2]: a contract that calls all four axes by one letter is wrong."""
    return model("fixed_letters", [helper.make_node("Transpose", ["value"], ["turned"], name="/fixed_letters/Transpose", perm=[1, 0])],
                 [("value", FLOAT, [2, 3])], [("turned", FLOAT, [3, 2])])


def main(argv: list[str]) -> int:
    folder = Path(argv[0]) if argv else REPOSITORY / "tests/Seedance.Onnx.Ort.Tests/graphs"
    folder.mkdir(parents=True, exist_ok=True)
    weight = np.array([2, 3, 4, 5], np.float32)
    (folder / "weight.bin").write_bytes(weight.tobytes())
    graphs = {"add": add(), "repeat": repeat(), "pick": pick(), "words": words(), "fixed_letters": fixed_letters(),
              "external": external("weight.bin", weight), "external_outside": external("../weight.bin", weight)}
    for name, graph in graphs.items():
        (folder / f"{name}.onnx").write_bytes(graph.SerializeToString(deterministic=True))
        print(f"{folder / name}.onnx")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
