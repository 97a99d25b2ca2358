"""What every training here shares: where files go, checkpoints that resume to the same curve, averaged weights, one log line a while."""

from __future__ import annotations

import copy
import json
import os
import pickle
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from muon import Muon
from precision import ARITHMETIC

WORK = Path(os.environ.get("SEEDANCE_WORK", Path.home() / ".cache/seedance/work"))


def fail(message: str) -> NoReturn:
    """One clear line on stderr and exit code 2."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    raise SystemExit(2)


def seed_step(seed: int, step: int) -> np.random.Generator:
    """All randomness of a step comes from (seed, step): a training that was killed goes on with the same draws."""
    torch.manual_seed((seed << 32) ^ step)
    random.seed((seed << 32) ^ step)
    return np.random.default_rng([seed, step])


def rise_and_fall(step: int, steps: int, falling: float) -> float:
    """A share that rises over 100 steps, stays at 1, and falls to 2 per cent over the last `falling` of all steps."""
    return min(1.0, (step + 1) / 100, 0.02 + 0.98 * (steps - step) / (falling * steps))


class Average:
    """Exponential moving average of a model's parameters."""

    def __init__(self, parameters: Iterable[Tensor], decay: float):
        self.decay = decay
        self.values = [p.detach().float().clone() for p in parameters]

    @torch.no_grad()
    def update(self, parameters: Iterable[Tensor], step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach().float() for p in parameters], 1 - decay)

    def copy_to(self, parameters: Iterable[Tensor]) -> None:
        with torch.no_grad():
            for p, v in zip(parameters, self.values, strict=True):
                p.copy_(v)


class Master[M: nn.Module]:
    """Weights in ARITHMETIC for the passes, float32 ones for the optimiser: the same model where both are float32."""

    def __init__(self, model: M):
        self.model, self.fast = model, model if ARITHMETIC is torch.float32 else copy.deepcopy(model).to(ARITHMETIC)

    def take_gradients(self) -> None:
        """Moves the gradients to the optimiser's weights."""
        if self.fast is self.model:
            return
        for p, q in zip(self.model.parameters(), self.fast.parameters(), strict=True):
            p.grad = None if q.grad is None else q.grad.float()
            q.grad = None

    @torch.no_grad()
    def give_weights(self) -> None:
        """Moves the weights to the passes' ones, and forgets the gradients."""
        self.model.zero_grad(set_to_none=True)
        if self.fast is not self.model:
            torch._foreach_copy_(list(self.fast.parameters()), list(self.model.parameters()))


class Run:
    """A resumable training: `state.pt` in its folder holds weights, averages, optimiser and step."""

    def __init__(self, folder: Path, model: nn.Module, optimiser: Muon, average_decay: float, config: dict[str, object]):
        self.folder, self.model, self.optimiser, self.config = folder, model, optimiser, config
        self.average = Average(model.parameters(), average_decay)
        self.step, self.started, self.spent = 0, time.time(), 0.0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def path(self) -> Path:
        return self.folder / "state.pt"

    def resume(self) -> bool:
        if not self.path.exists():
            return False
        state = read_checkpoint(self.path)
        if state["config"] != self.config:
            fail(f"{self.path} was made with {state['config']}, but this run asks for {self.config}. Name another --out, or remove it.")
        self.model.load_state_dict(state["model"])
        if "optimiser" in state:  # a pack that was turned into a checkpoint has none
            self.optimiser.load_state_dict(state["optimiser"])
        self.average.values = state["average"]
        self.step, self.spent = state["step"], state["seconds"]
        self.log(f"resumed at step {self.step}")
        return True

    def save(self) -> None:
        temporary = self.path.with_suffix(".partial")
        need = 16 * sum(p.numel() for p in self.model.parameters())  # weights, averages and two moments
        free = shutil.disk_usage(self.folder).free
        if free < need:
            fail(f"{self.folder} must have {need / 1e6:.0f} MB free for a checkpoint, but has {free / 1e6:.0f} MB. Free some and start again: it goes on from the last checkpoint.")
        torch.save({"config": self.config, "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
                    "average": self.average.values, "step": self.step, "seconds": self.seconds}, temporary)
        temporary.replace(self.path)

    def averaged(self) -> nn.Module:
        """A copy of the model with the averaged weights, in evaluation mode."""
        model = copy.deepcopy(self.model).eval()
        self.average.copy_to(model.parameters())
        return model

    def train(self, until: int, master: Master, losses_of: Callable[[np.random.Generator], dict[str, Tensor]], rate: Callable[[int], float], score: Callable[[], None],
              *, label: str, seed: int, score_every: float) -> None:
        """Steps on until step `until`, minimising the loss "total". `rate` gives the share of the highest rate at a step; every half minute a line of mean losses,
        every `score_every` seconds a score and a checkpoint."""
        last_log, last_score, seen = time.time(), time.time(), []
        while self.step < until:
            self.optimiser.set_rate(rate(self.step))
            losses = losses_of(seed_step(seed, self.step))
            losses["total"].backward()
            master.take_gradients()
            self.optimiser.step()
            master.give_weights()
            self.step += 1
            self.average.update(self.model.parameters(), self.step)
            seen.append({name: value.item() for name, value in losses.items()})
            if time.time() - last_log > 30:
                names = dict.fromkeys(name for losses in seen for name in losses)  # not every step has every loss
                self.log(label, **{name: float(np.mean([s[name] for s in seen if name in s])) for name in names}, rate=rate(self.step - 1))
                last_log, seen = time.time(), []
            if time.time() - last_score > score_every:
                score()
                self.save()
                last_score = time.time()

    @property
    def seconds(self) -> float:
        return self.spent + time.time() - self.started

    def log(self, text: str, **values: float) -> None:
        line = f"[{self.seconds / 60:6.1f} min] step {self.step:6d}  {text}" + "".join(f"  {k} {v:.4g}" for k, v in values.items())
        print(line, flush=True)
        with open(self.folder / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, "seconds": round(self.seconds, 1), "text": text, **values}) + "\n")


def read_checkpoint(path: Path) -> dict[str, object]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        fail(f"{path} must be a checkpoint of these scripts, but cannot be read: {str(error).splitlines()[0]} Remove it, or name another folder.")
    if not isinstance(state, dict) or not {"config", "model", "average"} <= set(state):
        fail(f"{path} must be a checkpoint of these scripts, but is not. Remove it, or name another folder.")
    return state


def load_average(path: Path, build: Callable[[dict[str, object]], nn.Module]) -> nn.Module:
    """The model of a checkpoint with its averaged weights, in evaluation mode."""
    if not path.exists():
        fail(f"checkpoint must exist, but {path} does not. Run the training that makes it first.")
    state = read_checkpoint(path)
    try:
        model = build(state["config"])  # type: ignore[arg-type]
        model.load_state_dict(state["model"])  # type: ignore[arg-type]
    except (KeyError, TypeError, RuntimeError) as error:
        fail(f"{path} must be a checkpoint of this network, but is of another: {str(error).splitlines()[0]} Train it again, or name another folder.")
    with torch.no_grad():
        for p, v in zip(model.parameters(), state["average"], strict=True):  # type: ignore[call-overload]
            p.copy_(v)
    return model.eval()
