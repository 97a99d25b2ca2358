"""Scores the detector on rendered clips, whose truth is exact: how far its verdict on a model's clips can be trusted."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import world
from world.detector import all_right, score_clip
from world.vocabulary import PLAIN_BACKGROUNDS

Video = NDArray[np.uint8]

WORLDS: dict[str, dict[str, object]] = {
    "plain": {"subjects": 1, "shots": 1, "backgrounds": PLAIN_BACKGROUNDS, "styles": "flat", "cameras": "fixed"},
    "one": {"subjects": 1, "shots": 1},
    "two": {"subjects": 2, "shots": 1},
    "shots": {"shots": (2, 3)},
}
SLOTS = ("colour", "kind", "place", "motion", "background", "camera", "style", "cut", "same")


def compressed(video: Video) -> Video:
    """The clip after a round trip through H.264 (CRF 18, 4:2:0)."""
    _, height, width, _ = video.shape
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "8"]
    encode = ["ffmpeg", "-v", "error", *raw, "-i", "-", "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-threads", "1", "-f", "matroska", "-"]
    decode = ["ffmpeg", "-v", "error", "-threads", "1", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    packed = subprocess.run(encode, input=video.tobytes(), stdout=subprocess.PIPE, check=True).stdout
    pixels = subprocess.run(decode, input=packed, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(pixels, np.uint8).reshape(video.shape)


def worn(video: Video, wear: str, rng: np.random.Generator) -> Video:
    """The clip as a codec or a small model would leave it."""
    if wear == "h264":
        return compressed(video)
    if wear == "blur":
        return np.rint(ndimage.gaussian_filter(video.astype(np.float32), (0, 0.8, 0.8, 0))).astype(np.uint8)
    if wear == "noise":
        return np.clip(video + rng.normal(0, 6, video.shape), 0, 255).astype(np.uint8)
    return video


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--wear", default="none,h264,blur,noise")
    parser.add_argument("--wrong", action="store_true", help="print each clip that is not all right")
    arguments = parser.parse_args(argv)
    print(f"{'%':<12}{'':<7}" + "".join(f"{slot:>11}" for slot in SLOTS) + f"{'all':>8}{'CPU ms':>8}")
    for name in arguments.worlds.split(","):
        for wear in arguments.wear.split(","):
            _score(name, wear, arguments.clips, arguments.seed, arguments.wrong)
    return 0


def _score(name: str, wear: str, count: int, seed: int, show_wrong: bool) -> None:
    rng = np.random.default_rng(seed)
    options = world.world_options(**WORLDS[name])
    totals: dict[str, list[bool]] = {slot: [] for slot in SLOTS}
    right, seconds, frames = 0, 0.0, 0
    for index in range(count):
        clip = world.sample_clip(rng, options)
        video = worn(world.render(clip), wear, rng)
        start = time.process_time()
        scores = score_clip(video, clip.shots)
        seconds += time.process_time() - start if index else 0.0
        frames += clip.frames if index else 0
        right += all_right(scores)
        for slot, mentions in scores.items():
            totals[slot] += mentions
        if show_wrong and not all_right(scores):
            wrong = [slot for slot, mentions in scores.items() if not all(mentions)]
            print(f"  {index} {clip.width}x{clip.height} {clip.frames} {wrong} {world.full_caption(clip, 'en')}"[:400])
    cells = "".join(f"{100 * np.mean(totals[slot]):>11.1f}" if totals[slot] else f"{'-':>11}" for slot in SLOTS)
    print(f"{name:<12}{wear:<7}{cells}{100 * right / count:>8.1f}{1000 * seconds / max(1, frames) * 17:>8.1f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
