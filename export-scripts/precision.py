"""The number type in which networks are trained here: the fastest that the processor has.

Tile instructions (AMX) multiply bfloat16 two to four times faster than float32. Without them it is the other way round: on a processor with AVX-512 and its bfloat16 dot
products, float32 reaches 310 GFLOP/s in a product of 2048 x 2048 matrices where bfloat16 reaches 195, and 357 against 205 in a convolution.
"""

from __future__ import annotations

import torch

ARITHMETIC = torch.bfloat16 if torch.cpu._is_amx_tile_supported() else torch.float32
"""bfloat16 where the processor has tiles for it, else float32."""
