"""Tests of the networks, the sampler, the training loop and the export, at tiny widths.   export-scripts/run tests/test_model.py"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import encode_dataset
import encode_semantics
import evaluate
import export_pack
import import_pack
import render_dataset
import sample_for_reward
import score_drift
import score_upscaler
import score_vae
import train_distilled
import train_planner
import train_reward
import train_semantic_encoder
import train_thin_decoder
import train_tokenizer
import train_transformer
import train_upscaler
import train_vae
from export_pack import DecoderGraph
from model.bundle import Bundle, Tokenizer, frame_shots
from model.flow import Sampling, sample, schedule, shifted, stream_seed
from model.text import TextConfig
from model.transformer import DATA_SPREAD, Positions, TransformerConfig, precondition
from model.upscaler import Upscaler, UpscalerConfig, enlarge
from model.vae import Vae, VaeConfig
from muon import NEWTON_SCHULZ, Muon, orthogonal
from precision import ARITHMETIC
from training import load_average
from world import enlarged, render, sample_clip, world_options

TINY_VAE = VaeConfig(latent_channels=4, widths=(8, 12), encoder_blocks=(1, 1), decoder_blocks=(1, 1))


def tiny_bundle() -> Bundle:
    torch.manual_seed(3)
    bundle = Bundle(TextConfig(50, width=64, heads=1, layers=1), TransformerConfig(latent_channels=4, width=64, heads=1, pairs=1, text_width=64)).eval()
    torch.nn.init.normal_(bundle.transformer.patch_out.weight, std=0.2)
    return bundle


class VaeTests(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(1)
        self.vae = Vae(TINY_VAE).eval()

    def test_shapes_follow_the_strides(self) -> None:
        mean, _ = self.vae.encode(torch.randn(1, 3, 9, 32, 48))
        self.assertEqual(tuple(mean.shape), (1, 4, 3, 4, 6))
        self.assertEqual(tuple(self.vae.decode(mean).shape), (1, 3, 9, 32, 48))

    @torch.no_grad()
    def test_no_frame_depends_on_a_later_one(self) -> None:
        clip = torch.randn(1, 3, 9, 16, 16)
        changed = clip.clone()
        changed[:, :, 5:] += 1
        first, second = self.vae.encode(clip)[0], self.vae.encode(changed)[0]
        self.assertTrue(torch.allclose(first[:, :, :2], second[:, :, :2], atol=1e-6))
        self.assertFalse(torch.allclose(first[:, :, 2:], second[:, :, 2:], atol=1e-3))
        self.assertTrue(torch.allclose(self.vae.decode(first)[:, :, :5], self.vae.decode(first[:, :, :2]), atol=1e-5))

    @torch.no_grad()
    def test_chunks_decode_to_the_same_frames(self) -> None:
        for block in (block for level in self.vae.decoder.levels for block in level):
            torch.nn.init.normal_(block.conv2.weight, std=0.3)
        latents = torch.randn(1, 4, 7, 4, 6)
        graph, past, chunks = DecoderGraph(self.vae.decoder), None, []
        past = graph.past_like(latents)
        for begin, end in ((0, 2), (2, 3), (3, 7)):
            frames, *past = graph(latents[:, :, begin:end], *past)
            chunks.append(frames)
        together = self.vae.decode(latents)
        self.assertTrue(torch.allclose(torch.cat(chunks, dim=2)[:, :, 3:], together, atol=1e-5))
        alone = torch.cat([graph(latents[:, :, i:i + 1], *graph.past_like(latents))[0] for i in range(7)], dim=2)[:, :, 3:]
        self.assertFalse(torch.allclose(alone, together, atol=1e-3))


class UpscalerTests(unittest.TestCase):
    @torch.no_grad()
    def test_begins_as_a_plain_enlargement(self) -> None:
        clip = torch.rand(1, 3, 2, 6, 8) * 2 - 1
        self.assertTrue(torch.allclose(Upscaler(UpscalerConfig(8, 1))(clip), enlarge(clip)))
        self.assertEqual(enlarge(clip).shape, (1, 3, 2, 24, 32))

    def test_full_size_renderings_shrink_to_the_draft(self) -> None:
        clip = sample_clip(np.random.default_rng(3), world_options(frames=9, styles="outline", subjects=1, shots=1))
        draft, shrunk = render(clip).astype(float), train_upscaler.draft_of(render(enlarged(clip, 4))).astype(float)
        self.assertLess(np.abs(draft - shrunk).mean(), 3.0)


class MuonTests(unittest.TestCase):
    def test_updates_are_orthogonal(self) -> None:
        torch.manual_seed(1)
        for shape in ((24, 40), (40, 24), (512, 256)):
            layer = torch.nn.Linear(shape[1], shape[0], bias=False)
            before = layer.weight.detach().clone()
            layer.weight.grad = torch.randn(shape)
            Muon(layer, 0.5).step()
            block = ((before - layer.weight.detach()) / 0.5)[:256] / max(1.0, min(shape[0], 256) / shape[1]) ** 0.5
            values = torch.linalg.svdvals(block)
            self.assertLess(float(values.max()), 1.3)
            self.assertGreater(float(values.median()), 0.6)

    def test_wide_matrices_come_out_as_by_the_plain_steps(self) -> None:
        torch.manual_seed(5)
        wide = torch.randn(3, 12, 60) * torch.logspace(0, -2, 12)[None, :, None]
        a, b, c = NEWTON_SCHULZ
        x = (wide / wide.norm(dim=(1, 2), keepdim=True)).double()
        for _ in range(4):
            gram = x @ x.transpose(1, 2)
            x = a * x + (b * gram + c * gram @ gram) @ x
        self.assertTrue(torch.allclose(orthogonal(wide), x.float(), atol=1e-5 if ARITHMETIC is torch.float32 else 2e-2))

    def test_an_optimiser_goes_on_from_its_state(self) -> None:
        def steps(count: int, optimiser: Muon, layer: torch.nn.Module, first: int) -> None:
            for i in range(first, first + count):
                for k, p in enumerate(layer.parameters()):
                    p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(10 * i + k))
                optimiser.step()

        torch.manual_seed(2)
        whole = torch.nn.Linear(8, 6)
        begun = copy.deepcopy(whole)
        steps(4, Muon(whole), whole, 0)
        first = Muon(begun)
        steps(2, first, begun, 0)
        second = Muon(begun)
        second.load_state_dict(first.state_dict())
        steps(2, second, begun, 2)
        for p, q in zip(whole.parameters(), begun.parameters(), strict=True):
            self.assertTrue(torch.equal(p, q))


class TransformerTests(unittest.TestCase):
    def test_a_frame_reads_the_caption_of_its_own_shot_only(self) -> None:
        frames, words = torch.tensor([[0, 0, 1]]), torch.tensor([[0, 0, 1, 1]])
        mask = torch.tensor([[1, 1, 1, 0]])
        rates = [torch.ones(2), torch.ones(1), torch.ones(1)]
        at = Positions(1, 3, 2, 2, 2, frames, words, mask, rates, torch.zeros(1))
        allowed = at.joint_bias[:, 0, 0] == 0
        self.assertEqual(allowed.int().tolist(), [[1, 1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0, 1, 0]])

    @torch.no_grad()
    def test_filled_up_tokens_change_nothing(self) -> None:
        bundle = tiny_bundle()
        hidden, states = torch.randn(1, 9, 3, 6, 4), torch.randn(1, 5, 64)
        ones, zeros = torch.ones(1, 5, dtype=torch.int64), torch.zeros(1, 5, dtype=torch.int64)
        frames = torch.zeros(1, 3, dtype=torch.int64)
        short = bundle.transformer(hidden, torch.tensor([300.0]), states, ones, zeros, frames)
        filled = torch.cat([states, torch.randn(1, 3, 64)], dim=1)
        mask = torch.tensor([[1] * 5 + [0] * 3])
        long = bundle.transformer(hidden, torch.tensor([300.0]), filled, mask, torch.zeros(1, 8, dtype=torch.int64), frames)
        self.assertTrue(torch.allclose(short, long, atol=1e-5))

    def test_windows_come_back_as_they_went(self) -> None:
        bundle = tiny_bundle()
        seen: list[torch.Tensor] = []
        bundle.transformer.temporal[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs))
        with torch.no_grad():
            bundle.transformer(torch.randn(1, 9, 2, 10, 6), torch.tensor([1.0]), torch.randn(1, 2, 64), torch.ones(1, 2, dtype=torch.int64),
                               torch.zeros(1, 2, dtype=torch.int64), torch.zeros(1, 2, dtype=torch.int64))
        x, at, _ = seen[0]
        self.assertTrue(torch.equal(at.from_windows(at.to_windows(x)), x))


class FlowTests(unittest.TestCase):
    def test_preconditioned_output_is_the_velocity_towards_the_guess_of_edm(self) -> None:
        torch.manual_seed(4)
        noisy, raw, timestep = torch.randn(3, 2, 1, 2, 2), torch.randn(3, 2, 1, 2, 2), torch.tensor([40.0, 500.0, 1000.0])
        sigma, s = (timestep / 1000)[:, None, None, None, None], DATA_SPREAD
        spread = (1 - sigma) ** 2 * s**2 + sigma**2
        guess = (1 - sigma) * s**2 / spread * noisy + sigma * s / spread.sqrt() * raw
        self.assertTrue(torch.allclose(precondition(noisy, raw, timestep), (noisy - guess) / sigma, atol=1e-4))

    def test_preconditioned_output_without_noise_is_finite(self) -> None:
        self.assertTrue(torch.allclose(precondition(torch.ones(1, 1, 1, 1, 1), torch.ones(1, 1, 1, 1, 1), torch.zeros(1)), torch.tensor(-2.0)))

    def test_schedule_runs_from_noise_to_clean(self) -> None:
        levels = schedule(8, 2.0)
        self.assertEqual((len(levels), float(levels[0]), float(levels[-1])), (9, 1.0, 0.0))
        self.assertTrue(bool((levels[1:] < levels[:-1]).all()))
        self.assertAlmostEqual(float(shifted(torch.tensor(0.5), 3.0)), 0.75, places=6)

    def test_streams_of_noise_have_the_seeds_of_splitmix(self) -> None:
        """The first numbers of SplitMix64 from 0, as its authors' code gives them."""
        self.assertEqual([stream_seed(0, stream) for stream in (1, 2)], [0xE220A8397B1DCDAF & 0xFFFFFFFF, 0x6E789E6AA1B965F4 & 0xFFFFFFFF])
        self.assertEqual(stream_seed(7, 0), 7)
        self.assertEqual(len({stream_seed(7, stream) for stream in range(-2, 5)}), 7)

    def test_constant_velocity_lands_on_the_data(self) -> None:
        noise, data = torch.randn(2, 3), torch.randn(2, 3)
        for steps in (1, 4, 25):
            landed = sample(lambda x, sigma: noise - data, noise, schedule(steps, 2.0))
            self.assertTrue(torch.allclose(landed, data, atol=1e-5))


class DistillationTests(unittest.TestCase):
    def test_pieces_are_the_steps_of_the_sampler(self) -> None:
        begins = torch.stack([train_distilled.piece(torch.tensor([float(n)]), 4, 2.5, 0.0)[0] for n in range(4)])
        self.assertTrue(torch.allclose(begins.double(), Sampling(4, 1, 2.5, few=True).sigmas[:-1], atol=1e-6))
        self.assertEqual(float(train_distilled.piece(torch.tensor([3.0]), 4, 2.5, 1.0)[0]), 0.0)

    def test_a_straight_way_leads_where_the_steps_lead(self) -> None:
        """For v = x every Euler step multiplies by 1 + its length."""
        x, number = torch.ones(2, 1, 1, 1, 1), torch.tensor([0.0, 2.0])
        velocity = train_distilled.straight(lambda at, sigma: at, x, number, 3)
        for row, n in enumerate((0, 2)):
            levels = [float(train_distilled.piece(torch.tensor([float(n)]), train_distilled.FEW.steps, train_distilled.FEW.shift, part / 3)[0]) for part in range(4)]
            arrived = np.prod([1 + b - a for a, b in zip(levels, levels[1:])])
            self.assertAlmostEqual(float(velocity[row]), (arrived - 1) / (levels[3] - levels[0]), places=5)


class WholeWayTests(unittest.TestCase):
    """Render, train a few steps of everything, encode, resume, evaluate and export: the very scripts, tiny."""

    def test_from_nothing_to_a_pack(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            render_dataset.main(["--out", str(work / "clips"), "--count", "140", "--frames", "17"])
            train_vae.main(["--data", str(work / "clips"), "--out", str(work / "vae"), "--steps", "3", "--words", "1", "--score-clips", "1", "--channels", "4", "--widths", "16,24",
                            "--encoder-blocks", "1,1", "--decoder-blocks", "1,1"])
            train_thin_decoder.main(["--data", str(work / "clips"), "--vae", str(work / "vae"), "--out", str(work / "vae_thin"), "--steps", "2", "--score-clips", "1"])
            train_upscaler.main(["--work", str(work), "--clips", "26", "--steps", "2", "--batch", "2", "--width", "8", "--blocks", "1"])
            score_vae.main(["--vae", str(work / "vae"), "--clips", "1", "--frames", "17", "--json", str(work / "vae.json")])
            self.assertEqual({"one", "two", "shots"}, set(json.loads((work / "vae.json").read_text())))
            score_upscaler.main(["--work", str(work), "--clips", "1", "--json", str(work / "upscaler.json")])
            self.assertLessEqual({"reward", "flicker", "colour"}, set(json.loads((work / "upscaler.json").read_text())["network"]))
            train_tokenizer.main(["--out", str(work / "tokenizer"), "--captions", "1500", "--vocabulary", "600"])
            encode_dataset.main(["--vae", str(work / "vae"), "--out", str(work / "latents" / "simple"), "--world", "simple", "--count", "12"])
            arguments = ["--out", str(work / "transformer"), "--latents", str(work / "latents"), "--tokenizer", str(work / "tokenizer" / "spiece.model"),
                         "--vae", str(work / "vae"), "--plan", "simple", "--width", "64", "--pairs", "1", "--score-prompts", "1"]
            train_transformer.main([*arguments, "--scale", "0.0005"])
            train_transformer.main([*arguments, "--scale", "0.0007"])
            log = [json.loads(line) for line in (work / "transformer" / "log.jsonl").read_text().splitlines()]
            self.assertIn("resumed", " ".join(str(line["text"]) for line in log))
            for name in train_distilled.SETS:
                (work / "latents" / name).symlink_to(work / "latents" / "simple")
            train_distilled.main(["--work", str(work), "--steps", "2", "--batch", "4", "--parts", "2", "--score-prompts", "1"])
            sample_for_reward.main(["--work", str(work), "--out", str(work / "reward"), "--count", "10", "--steps", "0,2"])
            train_reward.main(["--data", str(work / "clips"), "--transformer", str(work / "transformer"), "--tokenizer", str(work / "tokenizer" / "spiece.model"), "--out", str(work / "reward"),
                               "--steps", "2", "--stills", "1", "--frames", "34", "--widths", "8,8,16", "--width", "16", "--score-clips", "1"])
            export_pack.main(["--work", str(work), "--out", str(work / "pack"), "--reference", str(work / "reference")])

            import_pack.main(["--pack", str(work / "pack"), "--work", str(work / "again")])
            errors, kept = io.StringIO(), work / "again" / "tokenizer" / "spiece.model"
            kept.write_bytes(b"mine")
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(errors):
                import_pack.main(["--pack", str(work / "pack"), "--work", str(work / "again")])
            self.assertIn("transformer/state.pt", errors.getvalue())
            self.assertEqual(kept.read_bytes(), b"mine")
            train_transformer.main([*arguments, "--out", str(work / "again" / "transformer"), "--scale", "0.0005"])

            contract = json.loads((work / "pack" / "seedance.json").read_text())
            self.assertEqual(contract["latents"]["channels"], 4)
            self.assertLessEqual({"vae_decoder_thin", "upscaler", "transformer_distilled", "reward"}, set(contract["graphs"]))
            self.assertEqual((contract["sampling"]["distilled"]["steps"], contract["cascade"]["scale"]), (4, 4))
            self.assertEqual(contract["text"]["max_shots"], 8)
            evaluate.main(["--pack", str(work / "pack"), "--kinds", "one,shots", "--count", "2", "--steps", "2", "--given", "--json", str(work / "scores.json")])
            scores = json.loads((work / "scores.json").read_text())
            self.assertEqual({"one", "shots", "en", "zh", "overall", "first", "ends"}, set(scores) & {"one", "two", "shots", "en", "zh", "overall", "first", "ends"})
            self.assertIn("cut", scores["shots"])
            self.assertIn("psnr[-1]", scores["ends"])
            evaluate.main(["--pack", str(work / "pack"), "--transformer", "transformer_distilled", "--few", "--steps", "4", "--guidance", "1", "--kinds", "two", "--count", "1"])
            train_semantic_encoder.main(["--work", str(work), "--steps", "2", "--batch", "1", "--channels", "4", "--score-clips", "1"])
            encode_semantics.main(["--work", str(work)])
            train_planner.main(["--work", str(work), "--width", "64", "--pairs", "1", "--steps", "2", "--batch", "4", "--score-prompts", "1"])
            train_distilled.main(["--work", str(work), "--planner", "--steps", "2", "--batch", "4", "--parts", "2"])
            train_transformer.main([*arguments, "--out", str(work / "second"), "--semantics", str(work / "semantic_encoder"), "--planner", str(work / "planner"),
                                    "--start", str(work / "transformer" / "state.pt"), "--scale", "0.0005"])
            evaluate.main(["--work", str(work), "--transformer", "second", "--kinds", "shots", "--count", "1", "--steps", "2"])
            evaluate.main(["--work", str(work), "--transformer", "second", "--without-plan", "--kinds", "one", "--count", "1", "--steps", "2"])
            shutil.rmtree(work / "transformer_distilled")
            train_distilled.main(["--work", str(work), "--teacher", str(work / "second"), "--steps", "2", "--batch", "4", "--parts", "2", "--score-prompts", "1"])
            export_pack.main(["--work", str(work), "--transformer", "second", "--out", str(work / "two_stages"), "--reference", str(work / "two_stages_reference")])
            made = json.loads((work / "two_stages" / "seedance.json").read_text())
            self.assertLessEqual({"semantic_encoder", "semantic_transformer"}, set(made["graphs"]))
            self.assertEqual((made["semantics"]["channels"], made["graphs"]["transformer"]["inputs"]["semantic_states"]["shape"][1]), (4, 5))
            self.assertEqual([made["semantics"][key] for key in ("steps", "guidance", "timestep_spacing")], [4, 1.0, "trailing"])
            evaluate.main(["--pack", str(work / "two_stages"), "--without-plan", "--kinds", "one", "--count", "1", "--steps", "2"])
            evaluate.main(["--pack", str(work / "two_stages"), "--kinds", "one", "--count", "1", "--steps", "2", "--given"])
            import_pack.main(["--pack", str(work / "two_stages"), "--work", str(work / "two_again")])
            again = evaluate.load(work / "two_again")
            self.assertEqual((again.bundle.transformer.config.semantic_channels, again.planner.statistics["mean"]), (4, made["semantics"]["mean"]))
            export_pack.main(["--work", str(work), "--transformer", "second", "--without-plan", "--out", str(work / "alone"), "--reference", str(work / "alone_reference")])
            self.assertNotIn("semantics", json.loads((work / "alone" / "seedance.json").read_text()))
            for name in ("latents", "film"):
                latents = np.load(work / "reference" / f"{name}.npy")
                self.assertEqual(latents.shape, (1, 4, 5, 8, 12))
                self.assertTrue(np.isfinite(latents).all())


class VideoFileTests(unittest.TestCase):
    """What the program makes of written prompts, here the rendered truth in its place."""

    def write(self, folder: Path, videos: list[np.ndarray]) -> Path:
        """Lossless, numbered as `seedance generate --prompts` numbers them."""
        for number, frames in enumerate(videos, 1):
            raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{frames.shape[2]}x{frames.shape[1]}", "-r", "8", "-i", "-"]
            subprocess.run(["ffmpeg", "-v", "error", "-y", *raw, "-c:v", "ffv1", "-pix_fmt", "bgr0", str(folder / f"v-{number}.mkv")], input=frames.tobytes(), check=True)
        return folder / "v.mkv"

    def test_truth_scores_as_truth_and_other_videos_do_not(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            options = ["--kinds", "one,shots", "--count", "2"]
            evaluate.main([*options, "--write-prompts", str(folder / "prompts.txt")])
            prompts = [p for part in evaluate.drawn_prompts(["one", "shots"], 2, False, 7).values() for p in part]
            lines = [json.loads(line) for line in (folder / "prompts.txt").read_text(encoding="utf-8").splitlines()]
            self.assertEqual([[shot["caption"] for shot in line["shots"]] for line in lines], [list(p.shot_prompts) for p in prompts])
            self.assertEqual([sum(shot["seconds"] for shot in line["shots"]) for line in lines], [17 / 8] * 4)

            truth = [render(p.clip) for p in prompts]
            totals = []
            for videos in (truth, truth[::-1]):
                file = self.write(folder, videos)
                evaluate.main([*options, "--videos", str(file), "--json", str(folder / "scores.json")])
                totals.append(json.loads((folder / "scores.json").read_text())["overall"]["total"])
            self.assertGreater(totals[0], 90)
            self.assertLess(totals[1], 60)

            for spoil, problem in ((lambda f: f.write_bytes(b""), "does not play"), (lambda f: self.write(folder, [truth[0][:9]]), "must have 17 frames"), (lambda f: f.unlink(), "1 of them are missing")):
                self.write(folder, truth)
                spoil(folder / "v-1.mkv")
                errors = io.StringIO()
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(errors):
                    evaluate.main([*options, "--videos", str(file)])
                self.assertIn(problem, errors.getvalue())

    def test_drift_is_what_changes_from_the_first_to_the_last_second(self) -> None:
        prompts = evaluate.drawn_prompts(["one"], 8, True, 7)["one"]
        one, other = next((a, b) for a in prompts for b in prompts if a.expected[0].subjects[0].colour != b.expected[0].subjects[0].colour)
        same = score_drift.drift(one, np.concatenate([render(one.clip)] * 2))
        changed = score_drift.drift(one, np.concatenate([render(one.clip), render(other.clip)]))
        self.assertEqual((same["colour kept"], same["kind kept"], same["total first"], same["total last"]), (100, 100, 100, 100))
        self.assertEqual((changed["colour kept"], changed["total first"]), (0, 100))
        self.assertLess(changed["total last"], 100)
        self.assertLess(same["mean colour"], 2)
        lines = [json.loads(evaluate.storyboard(p, 60 / (17 / 8)))["shots"] for p in prompts]
        self.assertEqual([line[0]["seconds"] for line in lines], [60] * len(prompts))


class TokenTests(unittest.TestCase):
    def test_frames_belong_to_their_shots(self) -> None:
        clip = sample_clip(np.random.default_rng(5), world_options(shots=2, frames=25))
        shots = frame_shots(clip, 7)
        cut = clip.shots[1].start_frame
        self.assertEqual(shots, [0 if 4 * f - 3 < cut and f * 4 < cut else 1 for f in range(7)])

    def test_a_wrong_checkpoint_is_refused_with_one_line(self) -> None:
        build = lambda c: Vae(VaeConfig.from_dict(c))  # noqa: E731
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.pt"
            torn, other, stranger = path.with_name("torn.pt"), path.with_name("other.pt"), path.with_name("stranger.pt")
            torn.write_bytes(b"no checkpoint")
            torch.save([1, 2], stranger)
            torch.save({"config": {**TINY_VAE.to_dict(), "widths": [8, 16]}, "model": Vae(TINY_VAE).state_dict(), "average": []}, other)
            for wrong, said in ((path, "must exist"), (torn, "cannot be read"), (stranger, "but is not"), (other, "but is of another")):
                errors = io.StringIO()
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(errors):
                    load_average(wrong, build)
                self.assertEqual(errors.getvalue().count("\n"), 1)
                self.assertIn(said, errors.getvalue())


if __name__ == "__main__":
    unittest.main()
