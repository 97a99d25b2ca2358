"""The number type in which networks are trained here: the one that this processor multiplies faster, measured when a script begins.

Tile instructions (AMX) multiply bfloat16 two to four times faster than float32. With AVX-512 and its bfloat16 dot products alone it differs from machine to machine: 420 against 190 GFLOP/s on one,
195 against 310 on another, so that no flag of the processor tells.
"""

from __future__ import annotations

import time

import torch


def seconds(kind: torch.dtype) -> float:
    """The quickest of a few products of 1024 x 1024 matrices."""
    a, best = torch.ones(1024, 1024, dtype=kind), float("inf")
    for _ in range(4):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return best


ARITHMETIC = torch.bfloat16 if seconds(torch.bfloat16) < seconds(torch.float32) else torch.float32
"""bfloat16 where its products take less time, else float32."""
