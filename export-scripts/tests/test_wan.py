"""Tests of the export of Wan: modules and graphs against recorded outputs of diffusers, and what is refused.   export-scripts/run tests/test_wan.py"""

from __future__ import annotations

import json
import math
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import onnx
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from wan import image_encoder, text_encoder, transformer, vae
from wan.folder import Network, WanModel
from wan.layers import fill, halves, hollow, weights_of
from wan.pack import graphs_of, images
from wan.source import Component, open_component
from wan_reference import (GOLDEN, GRAPHS, UniPc, assembled, difference, export, flow_sigmas, guided_run, image_condition, loaded, needs_golden, random_images, run_graphs,
                           split_into_shards)

CLOSE = 1e-4
"""To the golden outputs, relative to the largest value."""


@needs_golden
class GoldenTests(unittest.TestCase):
    """Graphs of the tiny golden model, exported once for all tests."""

    folder: tempfile.TemporaryDirectory[str]

    @classmethod
    def setUpClass(cls) -> None:
        if not GOLDEN.exists():
            return
        cls.folder = tempfile.TemporaryDirectory()
        cls.golden = load_file(GOLDEN / "golden.safetensors")
        cls.text = load_file(GOLDEN / "text_encoder_golden.safetensors")
        for kind, only in (("t2v", GRAPHS), ("i2v", "transformer")):
            code, said = export(assembled(Path(cls.folder.name) / f"{kind}-model", kind), "--only", only, "--out", cls.path(kind))
            assert code == 0, said

    @classmethod
    def tearDownClass(cls) -> None:
        if GOLDEN.exists():
            cls.folder.cleanup()

    @classmethod
    def path(cls, *parts: str) -> Path:
        return Path(cls.folder.name).joinpath(*parts)

    def assert_close(self, actual: Tensor, expected: Tensor, tolerance: float = CLOSE) -> None:
        self.assertLessEqual(difference(actual, expected), tolerance)

    def t2v_inputs(self, timestep: float) -> dict[str, Tensor]:
        return {"hidden_states": self.golden["t2v.hidden_states"], "timestep": torch.tensor([timestep]), "encoder_hidden_states": self.golden["t2v.encoder_hidden_states"]}

    def test_transformer_graphs_equal_diffusers(self) -> None:
        i2v = {name: self.golden[f"i2v.{name}"] for name in ("hidden_states", "encoder_hidden_states", "encoder_hidden_states_image")} | {"timestep": torch.tensor([700.0])}
        t2v = self.path("t2v", "transformer", "model.onnx")
        both = {name: torch.cat([first, second]) for (name, first), second in zip(self.t2v_inputs(500.0).items(), self.t2v_inputs(999.0).values(), strict=True)}

        first, second, batch, image = run_graphs([(t2v, self.t2v_inputs(500.0)), (t2v, self.t2v_inputs(999.0)), (t2v, both), (self.path("i2v", "transformer", "model.onnx"), i2v)])

        self.assert_close(first["out_hidden_states"], self.golden["t2v.out.500"])
        self.assert_close(second["out_hidden_states"], self.golden["t2v.out.999"])
        self.assert_close(batch["out_hidden_states"], torch.cat([self.golden["t2v.out.500"], self.golden["t2v.out.999"]]))
        self.assert_close(image["out_hidden_states"], self.golden["i2v.out.700"])

    def test_text_encoder_graph_equals_the_authors(self) -> None:
        ids, mask = self.text["input_ids"], self.text["attention_mask"]
        real = mask.bool()

        (out,) = run_graphs([(self.path("t2v", "text_encoder", "model.onnx"), {"input_ids": ids, "attention_mask": mask})])

        self.assert_close(out["last_hidden_state"][real], self.text["last_hidden_state"][real])
        self.assertEqual(float(out["last_hidden_state"][~real].abs().max()), 0.0)

    def test_vae_graphs_equal_diffusers(self) -> None:
        decoder = loaded(vae.DecoderGraph, vae, GOLDEN / "vae")
        latents = self.golden["vae.latents"]
        past = {f"past_{i}": value for i, value in enumerate(decoder.past_like(latents))}

        encoded, decoded = run_graphs([(self.path("t2v", "vae_encoder", "model.onnx"), {"sample": self.golden["vae.video"]}),
                                       (self.path("t2v", "vae_decoder", "model.onnx"), {"latent_sample": latents} | past)])

        self.assert_close(encoded["latent_parameters"][:, :16], self.golden["vae.encoded_mean"])
        self.assert_close(decoded["sample"][:, :, 3:], self.golden["vae.decoded"])

    def test_graphs_equal_their_networks_at_other_sizes(self) -> None:
        torch.manual_seed(7)
        network = loaded(transformer.Transformer, transformer, GOLDEN / "t2v/transformer")
        encoder, text = loaded(vae.EncoderGraph, vae, GOLDEN / "vae"), loaded(text_encoder.TextEncoder, text_encoder, GOLDEN / "text_encoder")
        latents = (torch.randn(2, 16, 5, 6, 14), torch.tensor([3.0, 870.0]), torch.randn(2, 512, 32))
        clips = [torch.rand(1, 3, f, h, w) * 2 - 1 for f, h, w in ((1, 16, 40), (21, 24, 16))]
        words = torch.randint(0, 300, (3, 300)), torch.ones(3, 300, dtype=torch.int64)

        got = run_graphs([(self.path("t2v", "transformer", "model.onnx"), dict(zip(("hidden_states", "timestep", "encoder_hidden_states"), latents, strict=True))),
                          *[(self.path("t2v", "vae_encoder", "model.onnx"), {"sample": clip}) for clip in clips],
                          (self.path("t2v", "text_encoder", "model.onnx"), dict(zip(("input_ids", "attention_mask"), words, strict=True)))])

        with torch.no_grad():
            self.assert_close(got[0]["out_hidden_states"], network(*latents))
            self.assert_close(got[1]["latent_parameters"], encoder(clips[0]))
            self.assert_close(got[2]["latent_parameters"], encoder(clips[1]))
            self.assert_close(got[3]["last_hidden_state"], text(*words))

    def test_chunks_decode_to_the_same_frames_as_the_whole(self) -> None:
        torch.manual_seed(8)
        decoder, graph = loaded(vae.DecoderGraph, vae, GOLDEN / "vae"), self.path("t2v", "vae_decoder", "model.onnx")
        for latents in (torch.randn(1, 16, 7, 4, 6), self.golden["vae.latents"]):
            with torch.no_grad():
                whole = decoder.decode(latents)
            self.assertEqual(whole.shape[2], 1 + 4 * (latents.shape[2] - 1))
            past, parts = {f"past_{i}": value for i, value in enumerate(decoder.past_like(latents))}, []
            for begin, end in ((0, 1), (1, 3), (3, latents.shape[2])):
                (out,) = run_graphs([(graph, {"latent_sample": latents[:, :, begin:end]} | past)])
                parts.append(out["sample"])
                past = {name: out[name.replace("past", "present")] for name in past}

            self.assert_close(torch.cat(parts, dim=2)[:, :, 3:], whole, 1e-5)

    @torch.no_grad()
    def test_first_frame_alone_is_the_first_of_the_clip(self) -> None:
        decoder, encoder = loaded(vae.DecoderGraph, vae, GOLDEN / "vae"), loaded(vae.EncoderGraph, vae, GOLDEN / "vae")
        latents, clip = self.golden["vae.latents"], self.golden["vae.video"]

        self.assert_close(decoder.decode(latents[:, :, :1]), self.golden["vae.decoded"][:, :, :1], 1e-5)
        self.assert_close(encoder(clip[:, :, :1]), encoder(clip)[:, :, :1], 1e-5)

    @torch.no_grad()
    def test_image_branch_sees_image_and_text_at_full_text_length(self) -> None:
        network = loaded(transformer.Transformer, transformer, GOLDEN / "i2v/transformer")
        torch.manual_seed(9)
        inputs = (self.golden["i2v.hidden_states"], torch.tensor([700.0]), torch.randn(1, 512, 32), torch.randn(1, 9, 20))
        other_image, other_text = (*inputs[:3], torch.randn(1, 9, 20)), (*inputs[:2], torch.randn(1, 512, 32), inputs[3])

        out = network(*inputs)

        self.assertGreater(difference(network(*other_image), out), 1e-3)
        self.assertGreater(difference(network(*other_text), out), 1e-3)
        names = ("hidden_states", "timestep", "encoder_hidden_states", "encoder_hidden_states_image")
        (graph,) = run_graphs([(self.path("i2v", "transformer", "model.onnx"), dict(zip(names, inputs, strict=True)))])
        self.assert_close(graph["out_hidden_states"], out)

    @torch.no_grad()
    def test_places_of_a_first_and_a_last_frame_are_added_to_their_features(self) -> None:
        source, model = GOLDEN / "i2v/transformer", self.path("flf-model", "transformer")
        places = torch.randn(1, 10, 20, generator=torch.Generator().manual_seed(12))
        model.mkdir(parents=True)
        weights = "diffusion_pytorch_model.safetensors"
        save_file(load_file(source / weights) | {"condition_embedder.image_embedder.pos_embed": places}, model / weights)
        (model / "config.json").write_text(json.dumps(json.loads((source / "config.json").read_text()) | {"pos_embed_seq_len": 10}))
        code, said = export(model.parent, "--only", "transformer", "--out", self.path("flf"))
        self.assertEqual((code, said), (0, ""))
        torch.manual_seed(13)
        inputs = {"hidden_states": torch.randn(1, 36, 2, 4, 6), "timestep": torch.tensor([300.0]), "encoder_hidden_states": torch.randn(1, 512, 32)}
        features = torch.randn(1, 10, 20)

        with_places, without = loaded(transformer.Transformer, transformer, model), loaded(transformer.Transformer, transformer, source)
        (graph,) = run_graphs([(self.path("flf", "transformer", "model.onnx"), inputs | {"encoder_hidden_states_image": features})])

        out = with_places(*inputs.values(), features)
        self.assert_close(out, without(*inputs.values(), features + places), 1e-6)
        self.assertGreater(difference(out, without(*inputs.values(), features)), 1e-4)
        self.assert_close(graph["out_hidden_states"], out)

    @torch.no_grad()
    def test_condition_tells_the_given_frames_and_shows_them(self) -> None:
        decoder, encoder = loaded(vae.DecoderGraph, vae, GOLDEN / "vae"), loaded(vae.EncoderGraph, vae, GOLDEN / "vae")
        first, last = self.golden["vae.video"][:, :, 0], self.golden["vae.video"][:, :, -1]
        mean, std = torch.zeros(1, 16, 1, 1, 1), torch.ones(1, 16, 1, 1, 1)

        one, both = (image_condition(encoder, 13, mean, std, first, end) for end in (None, last))

        self.assertEqual(both.shape, (1, 20, 4, 6, 5))
        self.assertEqual(one[0, :4, :, 0, 0].tolist(), [[1, 0, 0, 0]] * 4)
        self.assertEqual(both[0, :4, :, 0, 0].tolist(), [[1, 0, 0, 0]] * 3 + [[1, 0, 0, 1]])
        self.assert_close(one[:, 4:, :3], both[:, 4:, :3], 1e-5)  # the encoder looks back only
        self.assertGreater(difference(one[:, 4:, 3:], both[:, 4:, 3:]), 1e-6)  # this tiny encoder hardly tells pictures apart
        self.assert_close(decoder.decode(one[:, 4:, :1]), decoder.decode(encoder(first[:, :, None])[:, :16]), 1e-5)

    def test_shards_and_halves_give_the_same_graph(self) -> None:
        """Two shards of bfloat16 and float16, external data: what rounding leaves is what the graph computes with."""
        model = self.path("sharded")
        published = load_file(GOLDEN / "t2v/transformer/diffusion_pytorch_model.safetensors")
        tensors = {name: value.bfloat16() if i % 2 else value.half() for i, (name, value) in enumerate(published.items())}
        split_into_shards(model / "transformer", tensors, GOLDEN / "t2v/transformer/config.json")
        problems: list[str] = []
        component = open_component(model / "transformer", transformer.FAMILY, problems)
        assert component, problems
        network = fill(hollow(lambda: transformer.Transformer(transformer.read_config(component, problems))), component)
        with unittest.mock.patch("wan.graph_file.INSIDE_LIMIT", 1000):
            code, said = export(model, "--only", "transformer", "--out", self.path("sharded-pack"))
        self.assertEqual((code, said), (0, ""))
        graph = self.path("sharded-pack", "transformer", "model.onnx")

        (out,) = run_graphs([(graph, self.t2v_inputs(500.0))])

        with torch.no_grad():
            self.assert_close(out["out_hidden_states"], network(*self.t2v_inputs(500.0).values()))
        self.assertGreater((graph.parent / "model.onnx_data").stat().st_size, 100_000)
        offsets = [int(e.value) for t in onnx.load(str(graph), load_external_data=False).graph.initializer for e in t.external_data if e.key == "offset"]
        self.assertTrue(offsets and all(offset % 4096 == 0 for offset in offsets))

    def test_float16_weights_take_half_the_disk(self) -> None:
        code, said = export(self.path("t2v-model"), "--only", "transformer", "--weights", "fp16", "--out", self.path("half"))
        self.assertEqual((code, said), (0, ""))

        (out,) = run_graphs([(self.path("half", "transformer", "model.onnx"), self.t2v_inputs(500.0))])

        self.assert_close(out["out_hidden_states"], self.golden["t2v.out.500"], 1e-2)
        self.assertLess(self.path("half/transformer/model.onnx").stat().st_size, self.path("t2v/transformer/model.onnx").stat().st_size - 40_000)

    def test_guided_run_of_graph_equals_that_of_network(self) -> None:
        """Six guided steps, network and graph; the program's own run is compared in the C# tests."""
        network, graph = loaded(transformer.Transformer, transformer, GOLDEN / "t2v/transformer"), self.path("t2v", "transformer", "model.onnx")
        g = self.golden
        whole = (g["loop.noise"], g["loop.negative"], g["t2v.encoder_hidden_states"], 6, 3.0, 5.0)

        def through_graph(x: Tensor, t: Tensor, text: Tensor) -> Tensor:
            (out,) = run_graphs([(graph, {"hidden_states": x, "timestep": t, "encoder_hidden_states": text})])
            return out["out_hidden_states"]

        self.assert_close(guided_run(through_graph, *whole), guided_run(network, *whole))


class ImageEncoderTests(unittest.TestCase):
    @torch.no_grad()
    def test_layers_equal_pytorchs_own_and_the_last_is_left_out(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = random_images(Path(folder) / "image_encoder")
            encoder, weights = loaded(image_encoder.ImageEncoder, image_encoder, source), load_file(source / "model.safetensors")
        picture = torch.rand(1, 3, 28, 28, generator=torch.Generator().manual_seed(3)) * 2 - 1
        seen = ((picture + 1) / 2 - torch.tensor(image_encoder.MEAN).reshape(3, 1, 1)) / torch.tensor(image_encoder.STD).reshape(3, 1, 1)

        def of(name: str) -> Tensor:
            return weights[f"vision_model.{name}"]

        patches = nn.functional.conv2d(seen, of("embeddings.patch_embedding.weight"), stride=14).flatten(2).mT
        x = torch.cat([of("embeddings.class_embedding").expand(1, 1, 20), patches], dim=1) + of("embeddings.position_embedding.weight")
        x = nn.functional.layer_norm(x, (20,), of("pre_layrnorm.weight"), of("pre_layrnorm.bias"))
        for i in range(2):
            layer = nn.TransformerEncoderLayer(20, 2, 24, dropout=0.0, activation="gelu", batch_first=True, norm_first=True).eval()
            prefix = f"encoder.layers.{i}."
            layer.load_state_dict({
                "self_attn.in_proj_weight": torch.cat([of(f"{prefix}self_attn.{n}_proj.weight") for n in "qkv"]),
                "self_attn.in_proj_bias": torch.cat([of(f"{prefix}self_attn.{n}_proj.bias") for n in "qkv"])}
                | {f"{mine}.{part}": of(f"{prefix}{theirs}.{part}") for part in ("weight", "bias") for mine, theirs in (
                    ("self_attn.out_proj", "self_attn.out_proj"), ("linear1", "mlp.fc1"), ("linear2", "mlp.fc2"), ("norm1", "layer_norm1"), ("norm2", "layer_norm2"))})
            x = layer(x)

        self.assertLessEqual(difference(encoder(picture), x), 1e-5)


TRANSFORMER = {"_class_name": "WanTransformer3DModel", "patch_size": [1, 2, 2], "num_attention_heads": 40, "attention_head_dim": 128, "in_channels": 16, "out_channels": 16,
               "text_dim": 4096, "freq_dim": 256, "ffn_dim": 13824, "num_layers": 40, "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "eps": 1e-6,
               "rope_max_seq_len": 1024, "image_dim": None, "added_kv_proj_dim": None, "pos_embed_seq_len": None}
SMALL = {"num_attention_heads": 12, "ffn_dim": 8960, "num_layers": 30}
IMAGE = {"in_channels": 36, "image_dim": 1280}
PUBLISHED = {"T2V 1.3B": (SMALL, 1_418_996_800), "T2V 14B": ({}, 14_288_491_584), "I2V 1.3B": (SMALL | IMAGE | {"added_kv_proj_dim": 1536}, 1_564_428_608),
             "I2V 14B": (IMAGE | {"added_kv_proj_dim": 5120}, 16_394_878_784), "FLF2V 14B": (IMAGE | {"added_kv_proj_dim": 5120, "pos_embed_seq_len": 514}, 16_395_536_704),
             "2.2 I2V A14B": ({"in_channels": 36}, 14_288_901_184)}
"""Configurations of published transformers, by what differs from that of 14B, and how many weights they have."""
CLIP = {"architectures": ["CLIPVisionModel"], "hidden_act": "gelu", "hidden_size": 1280, "intermediate_size": 5120, "num_attention_heads": 16, "num_hidden_layers": 32,
        "image_size": 224, "patch_size": 14, "layer_norm_eps": 1e-5}
UMT5 = {"architectures": ["UMT5EncoderModel"], "model_type": "umt5", "vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_heads": 64, "num_layers": 24,
        "feed_forward_proj": "gated-gelu"}
VAE = {"_class_name": "AutoencoderKLWan", "base_dim": 96, "z_dim": 16, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_scales": [], "temperal_downsample": [False, True, True],
       "latents_mean": [0.0] * 16, "latents_std": [1.0] * 16}


class PublishedConfigurationTests(unittest.TestCase):
    """Configurations as they are published, without their weights: what they are read as, how many weights the network has, and what its graph is given."""

    def read(self, module: object, values: dict[str, object]) -> object:
        problems: list[str] = []
        config = module.read_config(Component(Path("model"), values, {}), problems)  # type: ignore[attr-defined]
        self.assertEqual(problems, [])
        return config

    def weights(self, network: nn.Module) -> int:
        return sum(math.prod(shape) for _, shape, _ in weights_of(network))

    def test_transformers_have_their_published_number_of_weights(self) -> None:
        for name, (changes, count) in PUBLISHED.items():
            with self.subTest(name):
                config = self.read(transformer, TRANSFORMER | changes)
                self.assertEqual(self.weights(hollow(lambda config=config: transformer.Transformer(config))), count)

    def test_image_models_say_what_they_are_given(self) -> None:
        expected = {"I2V 14B": ({"min": 1, "max": 1}, ["B", "I", 1280]), "FLF2V 14B": ({"min": 2, "max": 2}, ["B", 514, 1280]), "2.2 I2V A14B": ({"min": 1, "max": 2}, None)}
        for name, (number, features) in expected.items():
            with self.subTest(name):
                values = TRANSFORMER | PUBLISHED[name][0]
                config = self.read(transformer, values)
                network = Network(Component(Path("model"), values, {}), hollow(lambda config=config: transformer.Transformer(config)))
                model = WanModel({"transformer": network}, {}, {}, image=self.read(image_encoder, CLIP), transformer=config)

                inputs = graphs_of(model)["transformer"].inputs

                self.assertEqual(images(model), number)
                self.assertEqual(inputs["hidden_states"][1], ["B", 36, "f", "h", "w"])
                self.assertEqual(inputs.get("encoder_hidden_states_image", (None, None))[1], features)

    def test_encoders(self) -> None:
        self.assertEqual(self.read(image_encoder, CLIP).rows, 257)
        self.assertEqual(self.weights(hollow(lambda: text_encoder.TextEncoder(self.read(text_encoder, UMT5)))), 5_680_910_336)
        vae_config = self.read(vae, VAE)
        self.assertEqual((vae_config.temporal_stride, vae_config.spatial_stride), (4, 8))

    def test_places_of_features_without_features_are_refused(self) -> None:
        problems: list[str] = []

        self.assertIsNone(transformer.read_config(Component(Path("model"), TRANSFORMER | {"pos_embed_seq_len": 514, "added_kv_proj_dim": 8}, {}), problems))

        self.assertEqual(len(problems), 2)
        self.assertIn("pos_embed_seq_len must be a whole number above 0 with image_dim and null without, but is 514", problems[1])


class SolverTests(unittest.TestCase):
    def test_constant_velocity_lands_on_the_data(self) -> None:
        noise, data = torch.randn(8, generator=torch.Generator().manual_seed(1)), torch.linspace(-1, 1, 8)
        sigmas, timesteps = flow_sigmas(6, 3.0)
        solver, x = UniPc(sigmas), noise
        for i in range(6):
            x = solver.step(i, noise - data, x)

        self.assertTrue(torch.allclose(x, data, atol=1e-5))
        self.assertEqual(timesteps, sorted(timesteps, reverse=True))

    def test_ordered_halves_keep_scores(self) -> None:
        torch.manual_seed(2)
        q, k = torch.randn(2, 6, 5), torch.randn(2, 6, 5)  # [heads, d, tokens]

        ordered = (halves(q.reshape(12, 5), 2).reshape(2, 6, 5), halves(k.reshape(12, 5), 2).reshape(2, 6, 5))

        self.assertTrue(torch.allclose(q.transpose(1, 2) @ k, ordered[0].transpose(1, 2) @ ordered[1], atol=1e-6))
        self.assertTrue(torch.equal(ordered[0][0, 1], q[0, 2]))


if __name__ == "__main__":
    unittest.main()
