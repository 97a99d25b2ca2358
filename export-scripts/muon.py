"""Muon for weights of two and more axes, Adam for the rest, as one optimiser.

Muon (Keller Jordan et al., 2024, https://kellerjordan.github.io/posts/muon): the momentum of a weight matrix, made orthogonal by four
Newton-Schulz steps, is the update. On the VAE here it stood 4 dB above AdamW after the same four minutes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from precision import ARITHMETIC

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


BLOCK = 256
"""Rows that are made orthogonal together. Taller matrices are several maps in one (queries, keys and values; the sub-pixels of an upsampling)."""


def orthogonal(matrices: Tensor, steps: int = 4) -> Tensor:
    """For each of [N, rows, columns], rows <= columns, the nearest matrix whose singular values are about 1 (0.7 to 1.2)."""
    a, b, c = NEWTON_SCHULZ
    x = (matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)).to(ARITHMETIC)
    if ARITHMETIC is torch.float32 and x.shape[2] >= 3 * x.shape[1]:
        return _orthogonal_wide(x, steps)
    for _ in range(steps):
        gram = product(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.float()


def product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right for batches of matrices, in the way that is fastest here: float32 through the operator that adds, bfloat16 on a copy of a transposed view."""
    if left.dtype is torch.float32:
        return torch.baddbmm(left.new_zeros(len(left), left.shape[1], right.shape[2]), left, right, beta=0)
    return left @ right.contiguous()


def _orthogonal_wide(x: Tensor, steps: int) -> Tensor:
    """The same steps on the small square: each multiplies x from the left by a polynomial of its Gram matrix, and such polynomials commute, so that
    their product is gathered first and x, the long side, is touched twice. Needs float32: the Gram matrix squares the singular values."""
    a, b, c = NEWTON_SCHULZ
    gram = product(x, x.transpose(1, 2))
    gathered = torch.eye(x.shape[1]).expand_as(gram)
    for step in range(steps):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c) + a * torch.eye(x.shape[1])
        gathered = product(factor, gathered) if step else factor
        gram = product(product(factor, gram), factor) if step < steps - 1 else gram
    return product(gathered, x)


def blocks_of(matrix: Tensor) -> Tensor:
    """[rows, columns] -> [N, n, m] with n <= m: blocks of BLOCK rows where they fill the matrix, lying on their longer side."""
    rows, columns = matrix.shape
    parts = rows // BLOCK if rows % BLOCK == 0 else 1
    blocks = matrix.reshape(parts, rows // parts, columns)
    return blocks.transpose(1, 2) if blocks.shape[1] > columns else blocks


class Muon(torch.optim.Optimizer):
    """Each group has its own rate: `matrices` (convolutions are flattened to outputs x everything else) and `vectors`."""

    def __init__(self, model: nn.Module, matrix_rate: float = 0.01, vector_rate: float = 1e-3, *, momentum: float = 0.95, decay: float = 0.0,
                 is_vector: Callable[[str, Tensor], bool] = lambda name, p: p.ndim < 2):
        split: dict[bool, list[Tensor]] = {True: [], False: []}
        for name, p in model.named_parameters():
            split[is_vector(name, p)].append(p)
        super().__init__([{"params": split[False], "lr": matrix_rate, "muon": True}, {"params": split[True], "lr": vector_rate, "muon": False}],
                         {"momentum": momentum, "betas": (0.9, 0.98), "decay": decay})
        for group in self.param_groups:
            group["base"] = group["lr"]

    def set_rate(self, share: float) -> None:
        """Every group's rate as a share of its own highest."""
        for group in self.param_groups:
            group["lr"] = share * group["base"]

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            present = [p for p in group["params"] if p.grad is not None]
            if group["muon"]:
                self._matrices(present, group)
            else:
                for p in present:
                    self._vector(p, group)

    def _matrices(self, parameters: list[Tensor], group: dict[str, object]) -> None:
        """Blocks of one shape are made orthogonal together."""
        rate, momentum = group["lr"], group["momentum"]
        shapes: dict[tuple[int, ...], list[tuple[Tensor, Tensor]]] = defaultdict(list)
        for p in parameters:
            state = self.state[p]
            if not state:
                state["mean"] = torch.zeros_like(p)
            mean = state["mean"]
            mean.lerp_(p.grad, 1 - momentum)  # type: ignore[operator, arg-type]
            blocks = blocks_of(p.grad.lerp(mean, momentum).reshape(p.shape[0], -1))  # type: ignore[union-attr]
            shapes[tuple(blocks.shape[1:])].append((p, blocks))
        for members in shapes.values():
            updates = orthogonal(torch.cat([blocks for _, blocks in members])).split([len(blocks) for _, blocks in members])
            for (p, _), update in zip(members, updates, strict=True):
                rows, columns = p.shape[0], p[0].numel()
                tall = min(rows, BLOCK) > columns
                p.mul_(1 - rate * group["decay"])  # type: ignore[operator]
                p.add_((update.transpose(1, 2) if tall else update).reshape(p.shape), alpha=-rate * max(1.0, min(rows, BLOCK) / columns) ** 0.5)  # type: ignore[operator]

    def _vector(self, p: Tensor, group: dict[str, object]) -> None:
        state = self.state[p]
        if not state:
            state["mean"], state["square"], state["step"] = torch.zeros_like(p), torch.zeros_like(p), torch.zeros(())
        first, second = group["betas"]  # type: ignore[misc]
        state["step"] += 1
        state["mean"].lerp_(p.grad, 1 - first)
        state["square"].mul_(second).addcmul_(p.grad, p.grad, value=1 - second)
        mean, square = state["mean"] / (1 - first ** state["step"]), state["square"] / (1 - second ** state["step"])
        p.mul_(1 - group["lr"] * group["decay"])  # type: ignore[operator]
        p.sub_(group["lr"] * mean / (square.sqrt() + 1e-8))


