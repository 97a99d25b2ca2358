"""Writes the tiny packs with which tests run whole commands in milliseconds: tests/Shared/tiny-pack and tests/Shared/tiny-film-pack.

    export-scripts/run tests/make_tiny_pack.py [FOLDER [FOLDER]]

They are checked in; run this again only to change them, and commit what changed with the reason. Every graph has the tensors of a real pack, and a known answer:

- tokenizer: SentencePiece with one piece a letter, padded to a rectangle like the real one.
- text_encoder: one row of a fixed table for each token, [B, S, 4].
- transformer: the exact velocity towards a clip of one colour, x0 = the mean of the token features, v = (x_sigma - x0) / sigma. Every solver of this
  project lands on x0 with it, whatever the number of steps, so that the pixels of a clip follow from its prompt alone.
- vae_decoder: the first three channels, each the mean of a latent frame and the one before (the first alone), repeated 8 x 8 pixels and 4 frames. What it
  remembers is the latent frame before: its three channels, and a 1 that says that there was one.

The film pack takes shots and given frames besides, and has every graph that a pack may have:

- text_encoder: as above, and the number of the token's shot is added to the last feature.
- transformer: x0 of a latent frame = the mean over the tokens of its own shot; where the mask is 1, the condition itself.
- vae_encoder: the mean colour of 8 x 8 pixels of each group's last frame, so that the decoder gives a frame of one colour back.
- vae_decoder_thin: the first three channels, each frame by itself.
- upscaler: every pixel four times.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import sentencepiece
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from export_graphs import export_tokenizer  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
CHANNELS, FEATURES, TEMPORAL, SPATIAL, TIMESTEPS = 4, 4, 4, 8, 1000
LETTERS = ["abcdefghijklmnopqrstuvwxyz", "红色的球向右移动一只猫在左边,。", "0123456789 .,:;!?'\"[]()-"]
Tensors = dict[str, tuple[str, list[int | str]]]


def node(*args: object, **keys: object) -> onnx.NodeProto:
    return helper.make_node(*args, **keys)  # type: ignore[arg-type]


def constants(**values: object) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]


def tokenizer(path: Path) -> int:
    """One piece a letter, in lower case: the tables of Unicode normalisation alone would be 240 kB. Returns the number of pieces."""
    written = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        model, rules = Path(folder) / "spiece.model", Path(folder) / "rules.tsv"
        rules.write_text("".join(f"{ord(letter.upper()):X}\t{ord(letter):X}\n" for letter in LETTERS[0]))
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(LETTERS * 4), model_writer=written, model_type="char", vocab_size=200, hard_vocab_limit=False, character_coverage=1.0,
            normalization_rule_tsv=str(rules), pad_id=0, bos_id=1, eos_id=2, unk_id=3, num_threads=1, minloglevel=2)
        model.write_bytes(written.getvalue())
        export_tokenizer(model, path)
    return int(sentencepiece.SentencePieceProcessor(model_proto=written.getvalue()).vocab_size())


def text_encoder(pieces: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """Features that add up over a prompt: the same letters give the same clip."""
    table = np.round(np.random.default_rng(5).uniform(-1.6, 1.6, (pieces, FEATURES)), 2).astype(np.float32)
    return [
        node("Gather", ["table", "input_ids"], ["features"], name="/text_encoder/Gather"),
        node("Cast", ["attention_mask"], ["real"], name="/text_encoder/Cast", to=FLOAT),
        node("Unsqueeze", ["real", "last"], ["column"], name="/text_encoder/Unsqueeze"),
        node("Mul", ["features", "column"], ["last_hidden_state"], name="/text_encoder/Mul"),
    ], constants(table=table, last=np.array([2], np.int64))


def film_text_encoder(pieces: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    nodes, initializers = text_encoder(pieces)
    nodes[-1].output[0] = "words"
    return nodes + [
        node("Cast", ["shot_ids"], ["shots"], name="/text_encoder/shots", to=FLOAT),
        node("Unsqueeze", ["shots", "last"], ["shot_column"], name="/text_encoder/shot_column"),
        node("Mul", ["shot_column", "last_feature"], ["shot_features"], name="/text_encoder/shot_features"),
        node("Add", ["words", "shot_features"], ["last_hidden_state"], name="/text_encoder/Add"),
    ], initializers + constants(last_feature=np.array([0, 0, 0, 1], np.float32))


def transformer() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    return [
        node("ReduceSum", ["encoder_hidden_states", "words"], ["sum"], name="/transformer/sum", keepdims=0),
        node("Cast", ["encoder_attention_mask"], ["real"], name="/transformer/real", to=FLOAT),
        node("ReduceSum", ["real", "words"], ["count"], name="/transformer/count", keepdims=1),
        node("Max", ["count", "one"], ["divisor"], name="/transformer/divisor"),
        node("Div", ["sum", "divisor"], ["mean"], name="/transformer/mean"),
        node("Unsqueeze", ["mean", "space"], ["clean"], name="/transformer/clean"),
        node("Slice", ["hidden_states", "zero", "channels", "words"], ["noisy"], name="/transformer/noisy"),
        node("Sub", ["noisy", "clean"], ["away"], name="/transformer/away"),
        node("Div", ["timestep", "timesteps"], ["sigma"], name="/transformer/sigma"),
        node("Unsqueeze", ["sigma", "rest"], ["sigma_wide"], name="/transformer/sigma_wide"),
        node("Div", ["away", "sigma_wide"], ["out_hidden_states"], name="/transformer/velocity"),
    ], constants(words=np.array([1], np.int64), one=np.float32(1), space=np.array([2, 3, 4], np.int64), zero=np.array([0], np.int64),
                 channels=np.array([CHANNELS], np.int64), timesteps=np.float32(TIMESTEPS), rest=np.array([1, 2, 3, 4], np.int64))


def film_transformer() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    return [
        node("Unsqueeze", ["frame_shot_ids", "second"], ["frame_shots"], name="/transformer/frame_shots"),
        node("Unsqueeze", ["encoder_shot_ids", "words"], ["word_shots"], name="/transformer/word_shots"),
        node("Equal", ["frame_shots", "word_shots"], ["same"], name="/transformer/same"),
        node("Cast", ["same"], ["same_real"], name="/transformer/same_real", to=FLOAT),
        node("Cast", ["encoder_attention_mask"], ["real"], name="/transformer/real", to=FLOAT),
        node("Unsqueeze", ["real", "words"], ["real_row"], name="/transformer/real_row"),
        node("Mul", ["same_real", "real_row"], ["own"], name="/transformer/own"),
        node("MatMul", ["own", "encoder_hidden_states"], ["sum"], name="/transformer/sum"),
        node("ReduceSum", ["own", "second"], ["count"], name="/transformer/count", keepdims=1),
        node("Max", ["count", "one"], ["divisor"], name="/transformer/divisor"),
        node("Div", ["sum", "divisor"], ["mean"], name="/transformer/mean"),
        node("Transpose", ["mean"], ["by_channel"], name="/transformer/by_channel", perm=[0, 2, 1]),
        node("Unsqueeze", ["by_channel", "space"], ["told"], name="/transformer/told"),
        node("Slice", ["hidden_states", "zero", "channels", "words"], ["noisy"], name="/transformer/noisy"),
        node("Slice", ["hidden_states", "channels", "mask_end", "words"], ["mask"], name="/transformer/mask"),
        node("Slice", ["hidden_states", "mask_end", "end", "words"], ["condition"], name="/transformer/condition"),
        node("Sub", ["condition", "told"], ["difference"], name="/transformer/difference"),
        node("Mul", ["difference", "mask"], ["given"], name="/transformer/given"),
        node("Add", ["told", "given"], ["clean"], name="/transformer/clean"),
        node("Sub", ["noisy", "clean"], ["away"], name="/transformer/away"),
        node("Div", ["timestep", "timesteps"], ["sigma"], name="/transformer/sigma"),
        node("Unsqueeze", ["sigma", "rest"], ["sigma_wide"], name="/transformer/sigma_wide"),
        node("Div", ["away", "sigma_wide"], ["out_hidden_states"], name="/transformer/velocity"),
    ], constants(words=np.array([1], np.int64), second=np.array([2], np.int64), one=np.float32(1), space=np.array([3, 4], np.int64), zero=np.array([0], np.int64),
                 channels=np.array([CHANNELS], np.int64), mask_end=np.array([CHANNELS + 1], np.int64), end=np.array([2**62], np.int64),
                 timesteps=np.float32(TIMESTEPS), rest=np.array([1, 2, 3, 4], np.int64))


def vae_encoder() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    return [
        node("Slice", ["sample", "zero", "end", "frame", "stride"], ["frames"], name="/vae_encoder/frames"),
        node("AveragePool", ["frames"], ["colours"], name="/vae_encoder/colours", kernel_shape=[1, SPATIAL, SPATIAL], strides=[1, SPATIAL, SPATIAL]),
        node("Slice", ["colours", "zero", "first", "channel"], ["red"], name="/vae_encoder/red"),
        node("Mul", ["red", "nothing"], ["zeros"], name="/vae_encoder/zeros"),
        node("Concat", ["colours", *["zeros"] * (2 * CHANNELS - 3)], ["latent_parameters"], name="/vae_encoder/parameters", axis=1),
    ], constants(zero=np.array([0], np.int64), first=np.array([1], np.int64), end=np.array([2**62], np.int64), frame=np.array([2], np.int64),
                 channel=np.array([1], np.int64), stride=np.array([TEMPORAL], np.int64), nothing=np.float32(0))


def vae_decoder_thin() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    return [
        node("Slice", ["latent_sample", "zero", "colours", "channel"], ["colour"], name="/vae_decoder_thin/colour"),
        node("Resize", ["colour", "", "scales"], ["all"], name="/vae_decoder_thin/Resize", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        node("Slice", ["all", "begin", "end", "frame"], ["sample"], name="/vae_decoder_thin/sample"),
    ], constants(zero=np.array([0], np.int64), colours=np.array([3], np.int64), channel=np.array([1], np.int64), begin=np.array([TEMPORAL - 1], np.int64),
                 end=np.array([2**62], np.int64), frame=np.array([2], np.int64), scales=np.array([1, 1, TEMPORAL, SPATIAL, SPATIAL], np.float32))


def upscaler() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    return [
        node("Resize", ["sample", "", "scales"], ["upscaled"], name="/upscaler/Resize", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
    ], constants(scales=np.array([1, 1, 1, 2, 2], np.float32))


def vae_decoder() -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    return [
        node("Slice", ["latent_sample", "zero", "colours", "channel"], ["colour"], name="/vae_decoder/colour"),
        node("Slice", ["colour", "zero", "one", "channel"], ["red"], name="/vae_decoder/red"),
        node("Mul", ["red", "nothing"], ["zeros"], name="/vae_decoder/zeros"),
        node("Add", ["zeros", "unit"], ["ones"], name="/vae_decoder/ones"),
        node("Concat", ["colour", "ones"], ["marked"], name="/vae_decoder/marked", axis=1),
        node("Concat", ["past_0", "marked"], ["all"], name="/vae_decoder/all", axis=2),
        node("Slice", ["all", "last", "end", "frame"], ["present_0"], name="/vae_decoder/present"),
        node("Slice", ["all", "zero", "last", "frame"], ["earlier"], name="/vae_decoder/earlier"),
        node("Slice", ["earlier", "zero", "colours", "channel"], ["before"], name="/vae_decoder/before"),
        node("Slice", ["earlier", "colours", "end", "channel"], ["there"], name="/vae_decoder/there"),
        node("Sub", ["before", "colour"], ["change"], name="/vae_decoder/change"),
        node("Mul", ["change", "there"], ["known_change"], name="/vae_decoder/known_change"),
        node("Mul", ["known_change", "half"], ["half_change"], name="/vae_decoder/half_change"),
        node("Add", ["colour", "half_change"], ["mean"], name="/vae_decoder/mean"),
        node("Resize", ["mean", "", "scales"], ["sample"], name="/vae_decoder/Resize", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
    ], constants(zero=np.array([0], np.int64), one=np.array([1], np.int64), last=np.array([-1], np.int64), colours=np.array([3], np.int64),
                 channel=np.array([1], np.int64), frame=np.array([2], np.int64), end=np.array([2**62], np.int64), nothing=np.float32(0), unit=np.float32(1),
                 half=np.float32(0.5), scales=np.array([1, 1, TEMPORAL, SPATIAL, SPATIAL], np.float32))


def shapes(film: bool = False) -> dict[str, tuple[Tensors, Tensors]]:
    words: list[int | str] = ["B", "S"]
    memory: list[int | str] = ["B", 4, 1, "h", "w"]
    frames: list[int | str] = ["B", 3, "F", "H", "W"]
    latents: list[int | str] = ["B", CHANNELS, "f", "h", "w"]
    tensors: dict[str, tuple[Tensors, Tensors]] = {
        "tokenizer": ({"text": ("string", ["N"])}, {"input_ids": ("int64", ["N", "S"]), "attention_mask": ("int64", ["N", "S"])}),
        "text_encoder": ({"input_ids": ("int64", words), "attention_mask": ("int64", words)}, {"last_hidden_state": ("float32", ["B", "S", FEATURES])}),
        "transformer": ({"hidden_states": ("float32", ["B", 2 * CHANNELS + 1, "f", "h", "w"]), "timestep": ("float32", ["B"]),
                         "encoder_hidden_states": ("float32", ["B", "S", FEATURES]), "encoder_attention_mask": ("int64", words)},
                        {"out_hidden_states": ("float32", latents)}),
        "vae_decoder": ({"latent_sample": ("float32", latents), "past_0": ("float32", memory)},
                        {"sample": ("float32", frames), "present_0": ("float32", memory)}),
    }
    if film:
        tensors["text_encoder"][0]["shot_ids"] = ("int64", words)
        tensors["transformer"][0].update({"encoder_shot_ids": ("int64", words), "frame_shot_ids": ("int64", ["B", "f"])})
        tensors |= {
            "vae_encoder": ({"sample": ("float32", frames)}, {"latent_parameters": ("float32", ["B", 2 * CHANNELS, "f", "h", "w"])}),
            "vae_decoder_thin": ({"latent_sample": ("float32", latents)}, {"sample": ("float32", frames)}),
            "upscaler": ({"sample": ("float32", frames)}, {"upscaled": ("float32", ["B", 3, "F", "nH", "nW"])}),
        }
    return tensors


def write(path: Path, nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto], tensors: tuple[Tensors, Tensors]) -> None:
    kinds = {"float32": FLOAT, "int64": INT64}
    inputs, outputs = ([helper.make_tensor_value_info(name, kinds[kind], axes) for name, (kind, axes) in side.items()] for side in tensors)
    model = helper.make_model(helper.make_graph(nodes, path.parent.name, inputs, outputs, initializers),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=9, producer_name="seedance-tests")
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def contract(files: dict[str, str], film: bool) -> dict[str, object]:
    def tensors(side: Tensors) -> dict[str, object]:
        return {name: {"type": kind, "shape": axes} for name, (kind, axes) in side.items()}

    return {
        "$schema": "../../../onnx/pack.schema.json", "contract": 1, "name": "tiny-film" if film else "tiny", "version": "1.0.0", "license": "Apache-2.0",
        "description": f"{'Shots' if film else 'Clips'} of one colour that follows from the prompt; for tests.",
        "latents": {"channels": CHANNELS, "temporal_stride": TEMPORAL, "spatial_stride": SPATIAL, "causal_first_frame": True,
                    "mean": [0.1, -0.1, 0.0, 0.0], "std": [0.5, 0.5, 0.5, 1.0]},
        "video": {"fps": 8, "size_multiple": 16, "sizes": ["48x32", "32x32", "32x48"], "max_frames": 17, "default_frames": 5},
        "sampling": {"solver": "euler", "steps": 4, "guidance": 1.5, "negative_prompt": ""},
        "text": {"max_tokens": 96, "max_shots": 4} if film else {"max_tokens": 48},
        "transformer_channels": [{"kind": "noisy", "channels": CHANNELS}, {"kind": "mask", "channels": 1}, {"kind": "condition", "channels": CHANNELS}],
        "graphs": {role: {"file": f"{role}/model.onnx", "inputs": tensors(inputs), "outputs": tensors(outputs)} for role, (inputs, outputs) in shapes(film).items()},
        "files": files,
    }


def write_pack(folder: Path, film: bool) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    pieces = tokenizer(folder / "tokenizer/model.onnx")
    graphs = {"text_encoder": text_encoder(pieces), "transformer": transformer(), "vae_decoder": vae_decoder()}
    if film:
        graphs |= {"text_encoder": film_text_encoder(pieces), "transformer": film_transformer(), "vae_encoder": vae_encoder(),
                   "vae_decoder_thin": vae_decoder_thin(), "upscaler": upscaler()}
    for role, (nodes, initializers) in graphs.items():
        write(folder / role / "model.onnx", nodes, initializers, shapes(film)[role])
    scheduler = folder / "scheduler/scheduler_config.json"
    scheduler.parent.mkdir()
    scheduler.write_text(json.dumps({"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": TIMESTEPS, "shift": 2.0}, indent=2) + "\n")
    files = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}
    (folder / "seedance.json").write_text(json.dumps(contract(files, film), indent=2, ensure_ascii=False) + "\n")
    name = "tiny-film" if film else "tiny"
    (folder / "README.md").write_text(f"# {name}\n\nThe pack of the tests. `export-scripts/run tests/make_tiny_pack.py` wrote it and says what each graph computes.\n")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            print(f"{name}/{path.relative_to(folder)}: {path.stat().st_size} bytes")


def main(argv: list[str]) -> int:
    for film, name in enumerate(("tiny-pack", "tiny-film-pack")):
        write_pack(Path(argv[film]) if film < len(argv) else REPOSITORY / "tests/Shared" / name, bool(film))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
