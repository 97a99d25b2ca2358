"""Two ways to run the model behind one small surface: from the networks (PyTorch) and from an exported pack (ONNX Runtime)."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from latents import Statistics, columns
from model.bundle import Bundle, Text, Tokenizer
from model.flow import Sampling
from model.semantic import SemanticEncoder
from model.vae import TEMPORAL_STRIDE, Vae


class Peer(Protocol):
    tokenizer: Tokenizer
    latent_channels: int
    input_channels: int
    planner: Peer | None
    """SemanticGen's first stage, whose latents are semantic tokens."""
    how: Sampling
    """How a planner is sampled, whatever is asked of the latents."""

    def text(self, text: Text) -> Tensor:
        """Token ids, mask and shot ids -> [B, S, D]."""

    def velocity(self, hidden: Tensor, timestep: Tensor, states: Tensor, text: Text, frame_shots: Tensor, plan: Tensor | None = None) -> Tensor:
        """[B, Cin, f, h, w], and a plan's semantic tokens [B, 1 + S, f, h/2, w/2] where there is one -> [B, C, f, h, w], float32."""

    def decode(self, latents: Tensor) -> Tensor:
        """Normalised latents [B, C, f, h, w] -> [B, 3, F, H, W], nominally in [-1, 1]."""

    def encode(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W] in [-1, 1], each alone -> normalised latents [B, C, h, w]."""


class TorchPeer:
    """`vae`: what encodes images and decodes latents; of a planner the semantic encoder, which decodes nothing."""

    def __init__(self, bundle: Bundle, vae: Vae | SemanticEncoder | None, tokenizer: Tokenizer, statistics: Statistics, planner: Peer | None = None,
                 how: Sampling = Sampling()):
        self.how = how
        self.bundle, self.vae, self.tokenizer, self.statistics, self.planner = bundle, vae, tokenizer, statistics, planner
        self.latent_channels, self.input_channels = bundle.transformer.config.latent_channels, bundle.transformer.config.input_channels
        self.mean, self.std = columns(statistics)

    def text(self, text: Text) -> Tensor:
        return self.bundle.text(*text)

    def velocity(self, hidden: Tensor, timestep: Tensor, states: Tensor, text: Text, frame_shots: Tensor, plan: Tensor | None = None) -> Tensor:
        dtype = self.bundle.transformer.patch_in.weight.dtype
        return self.bundle.transformer(hidden.to(dtype), timestep, states, text[1], text[2], frame_shots, plan).float()

    def decode(self, latents: Tensor) -> Tensor:
        return torch.cat([self.vae.decode(z[None]) for z in latents * self.std + self.mean]).float()

    def encode(self, images: Tensor) -> Tensor:
        return ((self.vae.encode(images[:, :, None])[0].float() - self.mean) / self.std)[:, :, 0]


class PackPeer:
    """The graphs of a pack, each in its own session on the CPU. The tokenizer's model comes out of its graph: its operator is not in Debian's ONNX Runtime."""

    def __init__(self, pack: Path, transformer: str = "transformer"):
        import onnxruntime

        contract = json.loads((pack / "seedance.json").read_text(encoding="utf-8"))
        first = transformer == "semantic_transformer"
        latents = contract["semantics" if first else "latents"]
        self.latent_channels = latents["channels"]
        self.how = Sampling(*(latents[key] for key in ("steps", "guidance", "shift")), few="timestep_spacing" in latents) if first else Sampling()
        self.input_channels = sum(g["channels"] for g in (latents if first else contract)["transformer_channels"])
        self.mean, self.std = columns(latents)
        self.planner = PackPeer(pack, "semantic_transformer") if "semantic_states" in contract["graphs"][transformer]["inputs"] else None
        self.tokenizer = Tokenizer.from_bytes(tokenizer_model(pack / contract["graphs"]["tokenizer"]["file"]))
        onnxruntime.set_default_logger_severity(3)
        roles = {"text_encoder": "text_encoder", "transformer": transformer, "vae_encoder": "semantic_encoder" if first else "vae_encoder", "vae_decoder": "vae_decoder"}
        self.sessions = {part: onnxruntime.InferenceSession(str(pack / contract["graphs"][role]["file"]), providers=["CPUExecutionProvider"]) for part, role in roles.items()
                         if not (first and part == "vae_decoder")}

    def _run(self, role: str, *tensors: Tensor) -> Tensor:
        session = self.sessions[role]
        feeds = {i.name: t.numpy() for i, t in zip(session.get_inputs(), tensors, strict=True)}
        return torch.from_numpy(np.asarray(session.run(None, feeds)[0]))

    def text(self, text: Text) -> Tensor:
        return self._run("text_encoder", *text)

    def velocity(self, hidden: Tensor, timestep: Tensor, states: Tensor, text: Text, frame_shots: Tensor, plan: Tensor | None = None) -> Tensor:
        follows = self.sessions["transformer"].get_inputs()[6:]  # rows without a plan are zeros
        plans = [plan if plan is not None else torch.zeros(len(hidden), i.shape[1], hidden.shape[2], hidden.shape[3] // 2, hidden.shape[4] // 2) for i in follows]
        return self._run("transformer", hidden, timestep, states, text[1], text[2], frame_shots, *plans)

    def decode(self, latents: Tensor) -> Tensor:
        frames = []
        memory = self.sessions["vae_decoder"].get_inputs()[1:]
        for z in latents * self.std + self.mean:
            nothing = [torch.zeros(1, *i.shape[1:3], *z.shape[2:]) for i in memory]
            frames.append(self._run("vae_decoder", z[None], *nothing)[:, :, TEMPORAL_STRIDE - 1 if memory else 0:])
        return torch.cat(frames)

    def encode(self, images: Tensor) -> Tensor:
        latents = self._run("vae_encoder", images[:, :, None])[:, : self.latent_channels]
        return ((latents - self.mean) / self.std)[:, :, 0]


READ_TOKENIZER = """
import sys, onnx
graph = onnx.load(sys.argv[1]).graph
sys.stdout.buffer.write(next(a.s for n in graph.node if n.op_type == "SentencepieceTokenizer" for a in n.attribute if a.name == "model"))
"""


def tokenizer_model(path: Path) -> bytes:
    """The SentencePiece model inside a tokenizer graph. Read in a process of its own: onnx and onnxruntime in one process complain a thousand times."""
    return base64.b64decode(subprocess.run([sys.executable, "-c", READ_TOKENIZER, str(path)], capture_output=True, check=True).stdout)
