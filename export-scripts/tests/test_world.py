"""Tests of the small world: its rules, its rendering, its captions and its detector.  export-scripts/run tests/test_world.py"""

from __future__ import annotations

import unittest
from collections.abc import Iterator

import numpy as np

import world
from world import words
from world.captions import is_withheld_text
from world.cuts import find_cuts
from world.detector import describe, score_clip
from world.vocabulary import CAMERAS, COLOURS, DIRECTIONS, KINDS, MOTIONS, PALETTE, PLAIN_BACKGROUNDS, SIZES, UNSPINNABLE, is_withheld

FIXED_FLAT = {"backgrounds": PLAIN_BACKGROUNDS, "cameras": "fixed", "styles": "flat"}


def sampled(count: int, seed: int, **restrictions: object) -> Iterator[world.Clip]:
    rng = np.random.default_rng(seed)
    options = world.world_options(**restrictions)
    for _ in range(count):
        yield world.sample_clip(rng, options)


class SamplingTests(unittest.TestCase):
    clips: list[world.Clip]

    @classmethod
    def setUpClass(cls) -> None:
        cls.clips = list(sampled(600, 1))

    def subjects(self) -> Iterator[tuple[world.Clip, world.Shot, world.Subject]]:
        for clip in self.clips:
            for shot in clip.shots:
                for subject in shot.subjects:
                    yield clip, shot, subject

    def test_withheld_triples_are_a_tenth_and_never_shown(self) -> None:
        triples = [(c, k, m) for c in COLOURS for k in KINDS for m in MOTIONS]

        share = sum(is_withheld(*triple) for triple in triples) / len(triples)

        self.assertAlmostEqual(share, 0.1)
        self.assertFalse([s for _, _, s in self.subjects() if is_withheld(s.colour, s.kind, s.motion)])

    def test_only_withheld_triples_are_shown_on_request(self) -> None:
        for clip in sampled(50, 2, triples="withheld", subjects=1, shots=1):
            (subject,) = clip.shots[0].subjects
            self.assertTrue(is_withheld(subject.colour, subject.kind, subject.motion))

    def test_motions_are_large_enough_to_see(self) -> None:
        for clip, shot, subject in self.subjects():
            way = world.track(subject, shot.frames)
            moved = (way.centres[-1] - way.centres[0]) / (clip.width, clip.height)
            if subject.motion in DIRECTIONS:
                along = float(moved @ DIRECTIONS[subject.motion])
                self.assertTrue(0.349 <= along <= 0.551, (subject.motion, along))
            elif subject.motion == "bounces":
                self.assertGreaterEqual(subject.bounces, 2)
                self.assertGreaterEqual(float(np.ptp(way.centres[:, 1])), 0.2 * clip.height)
            elif subject.motion == "spins":
                self.assertGreaterEqual(subject.turns, 0.5)
                self.assertNotIn(subject.kind, UNSPINNABLE)
            elif subject.motion in ("grows", "shrinks"):
                ratio = way.radii[-1] / way.radii[0] if subject.motion == "grows" else way.radii[0] / way.radii[-1]
                self.assertTrue(1.59 <= ratio <= 2.01, ratio)

    def test_sizes_follow_the_number_of_subjects(self) -> None:
        for clip, shot, subject in self.subjects():
            if subject.growth == 1.0 and not shot.close:
                low, high = (0.40, 0.55) if len(shot.subjects) == 1 else (0.32, 0.42)
                self.assertTrue(low <= subject.size / min(clip.width, clip.height) <= high)

    def test_places_are_where_they_say(self) -> None:
        for clip, _, subject in self.subjects():
            x, y = subject.x / clip.width - 0.5, subject.y / clip.height - 0.5
            if subject.place == "in the centre":
                self.assertLess(max(abs(x), abs(y)), 0.145)
            else:
                away = {"on the left": -x, "on the right": x, "at the top": -y, "at the bottom": y}[subject.place]
                self.assertGreater(away, 0.145)
                self.assertAlmostEqual(away, max(abs(x), abs(y)))

    def test_two_subjects_differ_and_are_apart(self) -> None:
        pairs = [shot for clip in self.clips for shot in clip.shots if len(shot.subjects) == 2]

        self.assertGreater(len(pairs), 100)
        for shot in pairs:
            first, second = shot.subjects
            self.assertNotEqual(first.colour, second.colour)
            self.assertNotEqual(first.kind, second.kind)
            self.assertGreater(np.hypot(first.x - second.x, first.y - second.y), 0.94 * (first.size + second.size) / 2)

    def test_shots_fill_the_clip_and_cut_on_latent_frames(self) -> None:
        for clip in self.clips:
            self.assertEqual((clip.frames - 1) % 4, 0)
            self.assertEqual(sum(shot.frames for shot in clip.shots), clip.frames)
            self.assertEqual(clip.shots[0].start_frame, 0)
            for before, shot in zip(clip.shots, clip.shots[1:], strict=False):
                self.assertEqual(shot.start_frame, before.start_frame + before.frames)
                self.assertEqual(shot.start_frame % 4, 1)
                self.assertGreaterEqual(shot.frames, 8)

    def test_camera_moves_only_where_it_shows(self) -> None:
        shots = [shot for clip in self.clips for shot in clip.shots]

        self.assertFalse([s for s in shots if s.background in PLAIN_BACKGROUNDS and s.camera != "fixed"])
        self.assertTrue(all(s.camera_amount > 1 / 3 for s in shots if s.camera.startswith("pans")))
        self.assertTrue(all(s.camera_amount >= 1.4 for s in shots if s.camera.startswith("zooms")))

    def test_balances(self) -> None:
        count = len(self.clips)

        self.assertAlmostEqual(sum(len(c.shots) == 1 for c in self.clips) / count, 0.6, delta=0.07)
        self.assertAlmostEqual(sum(len(c.shots[0].subjects) == 1 for c in self.clips) / count, 0.6, delta=0.07)
        self.assertAlmostEqual(sum((c.width, c.height) == SIZES[0] for c in self.clips) / count, 0.6, delta=0.07)
        self.assertAlmostEqual(sum(c.language == "mixed" for c in self.clips) / count, 0.2, delta=0.06)


class RenderTests(unittest.TestCase):
    def test_render_twice_is_equal(self) -> None:
        for clip in sampled(20, 3):
            first, second = world.render(clip), world.render(clip)

            self.assertEqual(first.shape, (clip.frames, clip.height, clip.width, 3))
            self.assertEqual(first.dtype, np.uint8)
            self.assertTrue(np.array_equal(first, second))

    def test_masks_cover_the_colour(self) -> None:
        for clip in sampled(20, 4, shots=1, subjects=1, styles="flat", kinds=("square", "triangle", "star", "heart", "ring")):
            (shot,) = world.truth(clip, masks=True)
            assert shot.masks is not None
            inside = world.render(clip)[shot.masks[0]].astype(float)
            colour = PALETTE[clip.shots[0].subjects[0].colour]

            exact = np.abs(inside - colour).max(axis=1) < 2

            self.assertGreater(exact.mean(), 0.7)

    def test_camera_moves_the_background_alone(self) -> None:
        for camera in CAMERAS[1:]:
            (clip,) = sampled(1, 5, shots=1, subjects=1, cameras=camera, motions="stays still", backgrounds="meadow", frames=9)
            video = world.render(clip).astype(int)
            (shot,) = world.truth(clip, masks=True)
            assert shot.masks is not None
            background = ~shot.masks.any(axis=(0, 1))

            change = np.abs(video[-1] - video[0]).mean(axis=2)

            self.assertGreater(change[background].mean(), 5, camera)
            self.assertTrue(np.array_equal(shot.masks[0, 0], shot.masks[0, -1]))


class CaptionTests(unittest.TestCase):
    def test_every_word_of_the_vocabulary_is_said(self) -> None:
        rng = np.random.default_rng(6)
        clips = list(sampled(1500, 6))
        for language in ("en", "zh"):
            said = "\n".join(world.caption(clip, rng, language) for clip in clips)
            for table in (words.COLOURS, words.KINDS, words.PLACES, words.MOTIONS, words.BACKGROUNDS, words.CAMERAS, words.STYLES):
                for own, _ in table[language].values():
                    for wording in own:
                        self.assertIn(wording, said)

    def test_colour_and_kind_are_the_shots_own(self) -> None:
        rng = np.random.default_rng(7)
        for clip in sampled(300, 7, subjects=1, shots=1):
            (subject,) = clip.shots[0].subjects
            for language in ("en", "zh"):
                text = world.caption(clip, rng, language)
                for table, entry in ((words.COLOURS, subject.colour), (words.KINDS, subject.kind)):
                    own, others = table[language][entry]
                    self.assertTrue(any(word in text for word in own + others), text)

    def test_own_words_are_said_most(self) -> None:
        rng = np.random.default_rng(8)
        clips = list(sampled(400, 8, subjects=1, shots=1, motions="moves right"))

        own = sum("向右移动" in world.caption(clip, rng, "zh") for clip in clips)

        self.assertGreater(own, 200)

    def test_bare_forms_are_frequent(self) -> None:
        rng = np.random.default_rng(9)
        clips = list(sampled(400, 9, subjects=1, shots=1, colours="red", kinds="ball", motions="moves right", triples="any"))

        bare = sum(world.caption(clip, rng, "en") in ("a red ball moves right", "a red ball moves to the right") for clip in clips)

        self.assertGreater(bare, 20)

    def test_full_caption_says_every_slot(self) -> None:
        for clip in sampled(100, 10, shots=1, subjects=1):
            shot = clip.shots[0]
            subject = shot.subjects[0]
            text = world.full_caption(clip, "zh", template_seed=3)
            for table, entry in (
                (words.COLOURS, subject.colour),
                (words.KINDS, subject.kind),
                (words.PLACES, subject.place),
                (words.MOTIONS, subject.motion),
                (words.BACKGROUNDS, shot.background),
                (words.CAMERAS, shot.camera),
                (words.STYLES, shot.style),
            ):
                self.assertTrue(any(word in text for word in table["zh"][entry][0]), text)

    def test_training_never_says_what_is_withheld(self) -> None:
        rng = np.random.default_rng(11)
        said = [text for clip in sampled(1000, 11) for text in world.shot_captions(clip, rng)]

        withheld = [text for text in said if is_withheld_text(text)]

        self.assertEqual(withheld, [])

    def test_evaluation_prompts_are_withheld_and_repeatable(self) -> None:
        for kind in ("one", "two", "shots"):
            prompts = world.evaluation_prompts(kind, 12, seed=1)

            self.assertEqual(prompts, world.evaluation_prompts(kind, 12, seed=1))
            self.assertEqual(sum(prompt.language == "zh" for prompt in prompts), 6)
            self.assertTrue(all(is_withheld_text(text) for prompt in prompts for text in prompt.shot_prompts))


class DetectorTests(unittest.TestCase):
    def accuracy(self, clips: Iterator[world.Clip]) -> dict[str, float]:
        totals: dict[str, list[bool]] = {}
        for clip in clips:
            for slot, mentions in score_clip(world.render(clip), clip.shots).items():
                totals.setdefault(slot, []).extend(mentions)
        return {slot: float(np.mean(mentions)) for slot, mentions in totals.items()}

    def test_one_subject(self) -> None:
        found = self.accuracy(sampled(120, 12, subjects=1, shots=1, **FIXED_FLAT)) | self.accuracy(sampled(120, 13, subjects=1, shots=1))

        for slot, share in found.items():
            self.assertGreaterEqual(share, 0.99, slot)

    def test_two_subjects(self) -> None:
        for slot, share in self.accuracy(sampled(60, 14, subjects=2, shots=1, crossing=0.0)).items():
            self.assertGreaterEqual(share, 0.98, slot)

    def test_several_shots(self) -> None:
        for slot, share in self.accuracy(sampled(50, 15, shots=(2, 3))).items():
            self.assertGreaterEqual(share, 0.98, slot)

    def test_other_truth_is_wrong(self) -> None:
        one, other = sampled(2, 16, subjects=1, shots=1, frames=17, sizes=(96, 64), colours=("red", "blue"), kinds=("car", "star"))
        video = world.render(one)
        (seen,) = describe(video)
        wanted, unlike = one.shots[0].subjects[0], other.shots[0].subjects[0]

        scores = score_clip(video, other.shots)

        self.assertEqual((seen.subjects[0].colour, seen.subjects[0].kind), (wanted.colour, wanted.kind))
        self.assertEqual(scores["colour"], [wanted.colour == unlike.colour])
        self.assertEqual(scores["kind"], [wanted.kind == unlike.kind])
        self.assertEqual(scores["motion"], [wanted.motion == unlike.motion])

    def test_empty_clip_shows_no_subject(self) -> None:
        (clip,) = sampled(1, 17, subjects=1, shots=1, **FIXED_FLAT)
        empty = np.full((clip.frames, clip.height, clip.width, 3), 128, np.uint8)

        scores = score_clip(empty, clip.shots)

        self.assertEqual(describe(empty)[0].subjects, ())
        self.assertFalse(any(any(scores[slot]) for slot in ("colour", "kind", "place", "motion")))

    def test_no_cut_is_found_in_one_shot(self) -> None:
        found = [find_cuts(world.render(clip)) for clip in sampled(40, 18, shots=1, frames=17)]

        self.assertLessEqual(sum(map(len, found)), 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
