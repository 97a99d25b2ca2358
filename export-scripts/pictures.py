"""Frames as bytes and as tensors, and how far two of them are apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training import fail


def to_tensor(frames: np.ndarray) -> Tensor:
    """uint8 [B, F, H, W, 3] -> float32 [B, 3, F, H, W] in [-1, 1]."""
    return torch.from_numpy(frames).permute(0, 4, 1, 2, 3).float().div_(127.5).sub_(1)


def to_frames(video: Tensor) -> np.ndarray:
    """[B, 3, F, H, W], nominally in [-1, 1] -> uint8 [B, F, H, W, 3]."""
    return ((video.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 4, 1).contiguous().numpy()


def psnr(made: Tensor, truth: Tensor) -> float:
    """In dB, of videos in [-1, 1]; what is made is cut to that range first."""
    return float(-10 * torch.log10(((made.clamp(-1, 1) - truth) / 2).square().mean()))


def read_video(path: Path, width: int, height: int) -> np.ndarray:
    """The frames of a video file, made smaller (or larger) to a size, uint8 [F, H, W, 3]."""
    command = ["ffmpeg", "-v", "error", "-i", f"file:{path}", "-vf", f"scale={width}:{height}:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        fail(f"{path} must be a video that FFmpeg reads, but does not play: {done.stderr.decode(errors='replace').strip()} Make it again.")
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)
