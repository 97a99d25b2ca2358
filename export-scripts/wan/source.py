"""A published component: config.json and safetensors, whole or in shards, checked before anything is loaded.

Everything that is wrong is collected as text, "<thing> must be <expected>, but is <actual>. <what to do>.", so that a folder with several faults names them all.
A tensor is read only when it is asked for, straight from the mapped file; opening a component costs nothing but its headers.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

KINDS: dict[str, tuple[torch.dtype, int]] = {"F64": (torch.float64, 8), "F32": (torch.float32, 4), "F16": (torch.float16, 2), "BF16": (torch.bfloat16, 2)}
LARGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies."""

    file: Path
    kind: str
    shape: tuple[int, ...]
    begin: int
    """The first byte, counted from the start of the file."""

    @property
    def byte_count(self) -> int:
        return math.prod(self.shape) * KINDS[self.kind][1]

    def read(self) -> Tensor:
        """The tensor in float32, whatever it is stored in; float16 and bfloat16 widen without loss."""
        if not math.prod(self.shape):
            return torch.zeros(self.shape)
        data = np.memmap(self.file, np.uint8, mode="c", offset=self.begin, shape=(self.byte_count,))
        return torch.from_numpy(data).view(KINDS[self.kind][0]).reshape(self.shape).float()


def read_json(path: Path, problems: list[str]) -> dict[str, object] | None:
    """An object from a file; None, and why, where there is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path} must be there, but is missing. Download the folder again.")
        return None
    except (OSError, ValueError) as error:
        problems.append(f"{path} must be JSON, but is not: {error}. Download it again.")
        return None
    if not isinstance(values, dict):
        problems.append(f"{path} must be a JSON object, but is a {type(values).__name__}. Download it again.")
        return None
    return values


def read_header(path: Path, problems: list[str]) -> dict[str, Stored]:
    """The tensors of one safetensors file by name: 8 bytes of length, a JSON header, then the values."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            first = file.read(8)
            length = struct.unpack("<Q", first)[0] if len(first) == 8 else size
            if length > min(size - 8, LARGEST_HEADER):
                problems.append(f"{path} must be a safetensors file, but has {size} bytes and no room for its header. Download it again.")
                return {}
            header = json.loads(file.read(length))
    except FileNotFoundError:
        problems.append(f"{path} must be there, but is missing. Download it.")
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} must be a safetensors file, but its header cannot be read: {error}. Download it again.")
        return {}
    found: dict[str, Stored] = {}
    end = 8 + length
    try:
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            if entry["dtype"] not in KINDS:
                problems.append(f"{path}: tensor '{name}' must be one of {', '.join(KINDS)}, but is {entry['dtype']}. Use weights that are not quantised.")
                continue
            begin, stop = entry["data_offsets"]
            stored = Stored(path, entry["dtype"], tuple(int(n) for n in entry["shape"]), 8 + length + int(begin))
            if stop - begin != stored.byte_count or begin < 0 or min(stored.shape, default=0) < 0:
                problems.append(f"{path}: tensor '{name}' must have {stored.byte_count} bytes, but has {stop - begin}. Download the file again.")
                continue
            found[name] = stored
            end = max(end, 8 + length + int(stop))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problems.append(f"{path} must be a safetensors file, but its header is malformed: {error!r}. Download it again.")
        return {}
    if size != end:
        what = "is cut off" if size < end else "has bytes that belong to nothing"
        problems.append(f"{path} must have {end} bytes, but has {size}: it {what}. Download it again.")
        return {}
    return found


@dataclass(frozen=True)
class Component:
    """One folder: its configuration and where its tensors lie."""

    folder: Path
    config: dict[str, object]
    tensors: dict[str, Stored]

    def value(self, key: str, default: object = None) -> object:
        return self.config.get(key, default)

    def read(self, name: str) -> Tensor:
        return self.tensors[name].read()

    @property
    def byte_count(self) -> int:
        return sum(tensor.byte_count for tensor in self.tensors.values())


def open_component(folder: Path, family: str | tuple[str, ...], problems: list[str]) -> Component | None:
    """Opens a component that must be of a family, by the classes that its config.json may name; None, and every reason, if it cannot be used."""
    before = len(problems)
    config = read_json(folder / "config.json", problems)
    if config is None:
        return None
    named = [str(name) for name in [config.get("_class_name"), *(config.get("architectures") or [])] if name]  # type: ignore[misc]
    families = (family,) if isinstance(family, str) else family
    if not set(families) & set(named):
        problems.append(f"{folder / 'config.json'} must be of a {families[0]}, but is of {' or '.join(named) or 'a model that it does not name'}. Name the folder of a Wan model.")
        return None
    tensors = _tensors(folder, problems)
    return Component(folder, config, tensors) if len(problems) == before else None


def _tensors(folder: Path, problems: list[str]) -> dict[str, Stored]:
    for stem in ("diffusion_pytorch_model", "model"):
        index, whole = folder / f"{stem}.safetensors.index.json", folder / f"{stem}.safetensors"
        if index.exists():
            return _shards(folder, index, problems)
        if whole.exists():
            return read_header(whole, problems)
    problems.append(f"{folder} must hold model.safetensors or diffusion_pytorch_model.safetensors, or the index of its shards, but holds none. Download the weights.")
    return {}


def _shards(folder: Path, index: Path, problems: list[str]) -> dict[str, Stored]:
    values = read_json(index, problems)
    if values is None:
        return {}
    where = values.get("weight_map")
    if not isinstance(where, dict) or not all(isinstance(v, str) and v == Path(v).name for v in where.values()):
        problems.append(f"{index}: weight_map must say in which file beside it each tensor lies, but does not. Download it again.")
        return {}
    shards = {shard: read_header(folder / shard, problems) for shard in sorted(set(where.values()))}
    for name, shard in where.items():
        if shards[shard] and name not in shards[shard]:
            problems.append(f"{folder / shard} must hold tensor '{name}', as {index.name} says, but does not. Download both again.")
    return {name: shards[shard][name] for name, shard in where.items() if name in shards[shard]}
