"""Tests of whole Wan packs, what their contracts say, and of what is refused.   export-scripts/run tests/test_wan_packs.py"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import tempfile
import unittest
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import export_wan
from make_wan_pack import train_tokenizer
from wan_reference import GOLDEN, GRAPHS, assembled, export, needs_golden, random_images, split_into_shards


def give_places(transformer: Path, rows: int) -> None:
    """Makes a tiny image-to-video transformer one whose features have places, as that of a first and a last frame."""
    weights, config = transformer / "diffusion_pytorch_model.safetensors", transformer / "config.json"
    tensors = {name: value.clone() for name, value in load_file(weights).items()}
    save_file(tensors | {"condition_embedder.image_embedder.pos_embed": torch.zeros(1, rows, 20)}, weights)
    config.write_text(json.dumps(json.loads(config.read_text()) | {"pos_embed_seq_len": rows}))


@needs_golden
class WholePackTests(unittest.TestCase):
    """Packs with everything in them: what seedance.json says."""

    def setUp(self) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.out = Path(self.temporary.name) / "pack"

    def exported(self, kind: str, *arguments: object, experts: bool = False, rows: int = 0) -> dict[str, object]:
        model = assembled(Path(self.temporary.name) / "model", kind)
        if rows:
            give_places(model / "transformer", rows)
        if experts:
            shutil.copytree(model / "transformer", model / "transformer_2")
            (model / "model_index.json").write_text(json.dumps({"_class_name": "WanPipeline", "boundary_ratio": 0.875}))
        (model / "tokenizer").mkdir()
        train_tokenizer(model / "tokenizer" / "spiece.model")
        random_images(model / "image_encoder")
        code, said = export(model, "--out", self.out, *arguments)
        self.assertEqual((code, said), (0, ""))
        return json.loads((self.out / "seedance.json").read_text())

    def test_text_to_video(self) -> None:
        contract = self.exported("t2v", "--shift", 5)

        self.assertEqual(list(contract["graphs"]), ["tokenizer", "text_encoder", "transformer", "vae_encoder", "vae_decoder"])
        self.assertEqual(contract["transformer_channels"], [{"kind": "noisy", "channels": 16}])
        self.assertNotIn("images", contract)
        self.assertEqual(contract["sampling"], {"solver": "unipc", "steps": 50, "guidance": 5.0, "negative_prompt": ""})
        self.assertEqual(json.loads((self.out / "scheduler/scheduler_config.json").read_text())["flow_shift"], 5)
        self.assertEqual(contract["graphs"]["vae_decoder"]["inputs"]["past_0"]["shape"], ["B", 1, 1, 1, 1])
        files = {p.relative_to(self.out).as_posix() for p in self.out.rglob("*") if p.is_file()} - {"seedance.json", "README.md"}
        self.assertEqual(files, set(contract["files"]))
        self.assertTrue(all(hashlib.sha256((self.out / file).read_bytes()).hexdigest() == digest for file, digest in contract["files"].items()))

    def test_image_to_video(self) -> None:
        contract = self.exported("i2v")

        channels = [{"kind": "noisy", "channels": 16}, {"kind": "mask", "channels": 4}, {"kind": "condition", "channels": 16, "absent": "grey"}]
        self.assertEqual(contract["transformer_channels"], channels)
        self.assertEqual(contract["images"], {"min": 1, "max": 1})
        self.assertEqual(contract["graphs"]["image_encoder"]["outputs"]["last_hidden_state"]["shape"], ["B", 5, 20])
        self.assertEqual(contract["graphs"]["transformer"]["inputs"]["encoder_hidden_states_image"]["shape"], ["B", "I", 20])

    def test_first_and_last_frame_to_video(self) -> None:
        contract = self.exported("i2v", rows=10)

        self.assertEqual(contract["images"], {"min": 2, "max": 2})
        self.assertEqual(contract["graphs"]["transformer"]["inputs"]["encoder_hidden_states_image"]["shape"], ["B", 10, 20])

    def test_two_experts_and_distilled_steps(self) -> None:
        contract = self.exported("t2v", "--guidance", 1, "--guidance-2", 3.5, "--steps", 4, experts=True)

        self.assertEqual(contract["sampling"], {"solver": "unipc", "steps": 4, "guidance": 1.0, "negative_prompt": "", "boundary_ratio": 0.875, "guidance_2": 3.5})
        self.assertEqual(contract["graphs"]["transformer_2"]["inputs"], contract["graphs"]["transformer"]["inputs"])


@needs_golden
class RefusalTests(unittest.TestCase):
    """What cannot be exported is named, with all its faults, before anything is written."""

    def setUp(self) -> None:
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.model = assembled(Path(self.temporary.name) / "model")
        self.out = Path(self.temporary.name) / "pack"

    def refused(self, *arguments: object, only: str = GRAPHS) -> str:
        code, said = export(self.model, "--only", only, "--out", self.out, *arguments)
        self.assertEqual(code, export_wan.PACK_PROBLEM)
        self.assertEqual([path.name for path in Path(self.temporary.name).iterdir()], ["model"])
        return said

    def change_config(self, component: str, **values: object) -> None:
        path = self.model / component / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    def test_missing_shard(self) -> None:
        tensors = load_file(self.model / "transformer/diffusion_pytorch_model.safetensors")
        shutil.rmtree(self.model / "transformer")
        split_into_shards(self.model / "transformer", tensors, GOLDEN / "t2v/transformer/config.json")
        (self.model / "transformer/diffusion_pytorch_model-00002-of-00002.safetensors").unlink()

        self.assertIn("diffusion_pytorch_model-00002-of-00002.safetensors must be there, but is missing", self.refused())

    def test_truncated_weights(self) -> None:
        path = self.model / "vae/diffusion_pytorch_model.safetensors"
        path.write_bytes(path.read_bytes()[:-100])

        self.assertRegex(self.refused(), r"vae/diffusion_pytorch_model\.safetensors must have 102228 bytes, but has 102128: it is cut off")

    def test_header_that_promises_too_much(self) -> None:
        path = self.model / "vae/diffusion_pytorch_model.safetensors"
        path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")

        self.assertIn("no room for its header", self.refused())

    def test_configuration_of_another_family(self) -> None:
        self.change_config("transformer", _class_name="FluxTransformer2DModel")

        self.assertIn("must be of a WanTransformer3DModel, but is of FluxTransformer2DModel", self.refused())

    def test_channels_that_disagree(self) -> None:
        self.change_config("vae", z_dim=48)

        said = self.refused()

        self.assertIn("out_channels must be 48, as the VAE's z_dim, but is 16", said)
        self.assertIn("latents_mean must have 48 entries, but has 16", said)

    def test_places_that_are_no_multiple_of_an_images_features(self) -> None:
        shutil.rmtree(self.model)
        self.model = assembled(self.model, "i2v")
        give_places(self.model / "transformer", 7)
        random_images(self.model / "image_encoder")

        self.assertIn("pos_embed_seq_len must be 5 or 10, rows of one image or two from the image encoder, but is 7", self.refused(only="image_encoder," + GRAPHS))

    def test_image_model_without_its_image_encoder(self) -> None:
        shutil.rmtree(self.model)
        self.model = assembled(self.model, "i2v")

        self.assertIn("image_encoder/config.json must be there, but is missing", self.refused(only="image_encoder," + GRAPHS))

    def test_image_encoder_of_another_width(self) -> None:
        shutil.rmtree(self.model)
        self.model = assembled(self.model, "i2v")
        self.change_config("transformer", image_dim=24)
        random_images(self.model / "image_encoder")

        self.assertIn("image_dim must be 20, as the image encoder's hidden_size, but is 24", self.refused(only="image_encoder," + GRAPHS))

    def test_several_faults_are_named_at_once(self) -> None:
        self.change_config("transformer", qk_norm="layer_norm")
        self.change_config("text_encoder", model_type="t5")
        (self.model / "vae/config.json").unlink()

        said = self.refused()

        self.assertEqual(len(said.strip().splitlines()), 3)

    def test_weights_of_another_size(self) -> None:
        self.change_config("text_encoder", d_ff=64, num_layers=1)

        said = self.refused()

        self.assertIn("tensor 'encoder.block.0.layer.1.DenseReluDense.wi_0.weight' must be [64, 32], but is [48, 32]", said)
        self.assertIn("must hold only tensors of its family, but has 'encoder.block.1", said)

    def test_missing_tokenizer(self) -> None:
        self.assertIn("tokenizer/spiece.model must be there, but is missing", self.refused(only="tokenizer," + GRAPHS))

    def test_second_expert_without_a_boundary(self) -> None:
        shutil.copytree(self.model / "transformer", self.model / "transformer_2")

        self.assertIn("boundary_ratio must be there exactly with a transformer_2", self.refused(only="transformer_2," + GRAPHS))

    def test_sizes_off_the_grid(self) -> None:
        said = self.refused("--sizes", "100x64", "--frames", "10")

        self.assertIn("multiples of 16, but has 100x64", said)
        self.assertIn("--frames must be 1 + a multiple of 4, but is 10", said)

    def test_existing_output(self) -> None:
        code, said = export(self.model, "--only", GRAPHS, "--out", self.model)

        self.assertEqual(code, export_wan.PACK_PROBLEM)
        self.assertIn("must not exist, but does", said)

    def test_a_folder_that_is_no_pack_is_never_replaced(self) -> None:
        code, said = export(self.model, "--only", GRAPHS, "--out", self.model, "--overwrite")

        self.assertEqual(code, export_wan.PACK_PROBLEM)
        self.assertIn("must be a pack or an empty folder to be replaced, but is neither", said)
        self.assertTrue((self.model / "vae" / "config.json").exists())


if __name__ == "__main__":
    unittest.main()
