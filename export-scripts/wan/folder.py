"""A published Wan model as a whole: every component opened and checked, and what must agree between them. Nothing is loaded, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import sentencepiece
from torch import nn

from wan import image_encoder, text_encoder, transformer, vae
from wan.image_encoder import ImageConfig, ImageEncoder
from wan.layers import find_mismatches, hollow
from wan.source import Component, open_component, read_json
from wan.text_encoder import TextConfig, TextEncoder
from wan.transformer import Transformer, TransformerConfig
from wan.vae import DecoderGraph, EncoderGraph, VaeConfig

ROLES = ("tokenizer", "text_encoder", "image_encoder", "transformer", "transformer_2", "vae_encoder", "vae_decoder")
PAD, END = 0, 1
SCHEDULER = {"_class_name": "UniPCMultistepScheduler", "num_train_timesteps": 1000, "flow_shift": 3.0, "prediction_type": "flow_prediction", "use_flow_sigmas": True,
             "solver_order": 2, "solver_type": "bh2", "predict_x0": True, "lower_order_final": True, "final_sigmas_type": "zero"}
SOLVERS = {"UniPCMultistepScheduler": ("unipc", "flow_shift"), "DPMSolverMultistepScheduler": ("dpm++", "flow_shift"), "FlowMatchEulerDiscreteScheduler": ("euler", "shift")}
"""The scheduler's class -> the solver of the contract, and the key of the flow shift."""


@dataclass
class Paths:
    """Where the components lie; by default in the folders of one published model."""

    root: Path
    moved: dict[str, Path] = field(default_factory=dict)

    def of(self, component: str) -> Path:
        return self.moved.get(component, self.root / component)


@dataclass
class Network:
    """A module without weights, and where they are."""

    component: Component
    module: nn.Module
    names: Callable[[str], str] = lambda name: name


@dataclass
class WanModel:
    networks: dict[str, Network]
    index: dict[str, object]
    scheduler: dict[str, object]
    boundary: float | None = None
    tokenizer: Path | None = None
    text: TextConfig | None = None
    image: ImageConfig | None = None
    transformer: TransformerConfig | None = None
    vae: VaeConfig | None = None

    def is_whole(self, roles: Collection[str]) -> bool:
        """Whether these are all graphs that a pack of the model needs."""
        left_out = {"transformer_2"} | (set() if self.transformer and self.transformer.image_width else {"image_encoder"})
        return set(ROLES) - left_out <= set(roles)


def open_model(paths: Paths, roles: Collection[str], problems: list[str], boundary: float | None = None) -> WanModel:
    """Opens what the roles need. If `problems` is not empty afterwards, the model is not to be used. `boundary` stands for boundary_ratio of model_index.json."""
    model = WanModel({}, _optional(paths.root / "model_index.json", problems) or {}, _optional(paths.of("scheduler") / "scheduler_config.json", problems) or dict(SCHEDULER))
    if boundary is not None:
        model.index["boundary_ratio"] = boundary
    if "text_encoder" in roles:
        model.text = _open_text(paths, model, problems)
    if "transformer" in roles or "transformer_2" in roles:
        _open_transformers(paths, roles, model, problems)
    if "image_encoder" in roles and model.transformer and model.transformer.image_width:
        model.image = _open_image(paths, model, problems)
    if "vae_encoder" in roles or "vae_decoder" in roles:
        model.vae = _open_vae(paths, roles, model, problems)
    if "tokenizer" in roles:
        _open_tokenizer(paths, model, problems)
    _check_index(paths, model, problems)
    _check_agreement(model, problems)
    return model


def _optional(path: Path, problems: list[str]) -> dict[str, object] | None:
    return read_json(path, problems) if path.exists() else None


def _open_text(paths: Paths, model: WanModel, problems: list[str]) -> TextConfig | None:
    component = open_component(paths.of("text_encoder"), text_encoder.FAMILY, problems)
    config = text_encoder.read_config(component, problems) if component else None
    if component and config:
        other = text_encoder.published_name(component)
        network = Network(component, hollow(lambda: TextEncoder(config)), lambda name: other.get(name, name))
        problems += find_mismatches(network.module, component, network.names, unused=lambda name: name == "encoder.embed_tokens.weight")
        model.networks["text_encoder"] = network
    return config


def _open_image(paths: Paths, model: WanModel, problems: list[str]) -> ImageConfig | None:
    component = open_component(paths.of("image_encoder"), image_encoder.FAMILIES, problems)
    config = image_encoder.read_config(component, problems) if component else None
    if component and config:
        network = Network(component, hollow(lambda: ImageEncoder(config)))
        unused = image_encoder.is_unused(config)
        problems += find_mismatches(network.module, component, unused=lambda name: name.startswith(unused))
        model.networks["image_encoder"] = network
    return config


def _open_transformers(paths: Paths, roles: Collection[str], model: WanModel, problems: list[str]) -> None:
    configs: dict[str, TransformerConfig] = {}
    for role in ("transformer", "transformer_2"):
        if role not in roles or (role == "transformer_2" and not paths.of(role).exists()):
            continue
        component = open_component(paths.of(role), transformer.FAMILY, problems)
        config = transformer.read_config(component, problems) if component else None
        if component and config:
            network = Network(component, hollow(lambda config=config: Transformer(config)))
            # Diffusers too passes over the norm of the query that no one makes.
            problems += find_mismatches(network.module, component, unused=lambda name: name.endswith("norm_added_q.weight"))
            model.networks[role] = network
            configs[role] = config
    model.transformer = configs.get("transformer")
    if len(configs) == 2 and configs["transformer"] != configs["transformer_2"]:
        problems.append(f"{paths.of('transformer_2') / 'config.json'} must be as that of the transformer, but differs. Name two experts of one model.")


def _open_vae(paths: Paths, roles: Collection[str], model: WanModel, problems: list[str]) -> VaeConfig | None:
    component = open_component(paths.of("vae"), vae.FAMILY, problems)
    config = vae.read_config(component, problems) if component else None
    if component and config:
        for role, make, parts in (("vae_encoder", EncoderGraph, ("encoder.", "quant_conv.")), ("vae_decoder", DecoderGraph, ("decoder.", "post_quant_conv."))):
            if role in roles:
                model.networks[role] = Network(component, hollow(lambda make=make: make(config)))
                problems += find_mismatches(model.networks[role].module, component, unused=lambda name, parts=parts: not name.startswith(parts))
    return config


def _open_tokenizer(paths: Paths, model: WanModel, problems: list[str]) -> None:
    folder = paths.of("tokenizer")
    path = folder if folder.is_file() else folder / "spiece.model"
    if not path.exists():
        problems.append(f"{path} must be there, but is missing. Download the tokenizer, or name its SentencePiece model.")
        return
    try:
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        problems.append(f"{path} must be a SentencePiece model, but cannot be read: {error}. Download it again.")
        return
    if pieces.pad_id() != PAD or pieces.eos_id() != END:
        problems.append(f"{path} must have {PAD} for padding and {END} for a text's end, but has {pieces.pad_id()} and {pieces.eos_id()}. Name the tokenizer of umT5.")
    if model.text and pieces.vocab_size() > model.text.vocabulary:
        problems.append(f"{path} must have at most {model.text.vocabulary} pieces, as the text encoder has, but has {pieces.vocab_size()}. Name the tokenizer that belongs to it.")
    model.tokenizer = path


def _check_index(paths: Paths, model: WanModel, problems: list[str]) -> None:
    where = paths.root / "model_index.json"
    if model.index.get("expand_timesteps"):
        problems.append(f"{where}: expand_timesteps must be false, but is true. Models with a timestep for each patch are not supported.")
    boundary = model.index.get("boundary_ratio")
    if boundary is not None and not (isinstance(boundary, (int, float)) and 0 < boundary < 1):
        problems.append(f"{where}: boundary_ratio must be between 0 and 1, but is {boundary}. Download it again.")
    elif boundary is not None:
        model.boundary = float(boundary)
    if ("transformer_2" in model.networks) != (model.boundary is not None) and "transformer" in model.networks:
        has = "has one" if "transformer_2" in model.networks else "has none"
        problems.append(f"{where}: boundary_ratio must be there exactly with a transformer_2, but is {boundary}, and the model {has}. "
                        "Say it with --boundary, or name both experts.")
    name = model.scheduler.get("_class_name")
    if name not in SOLVERS:
        problems.append(f"{paths.of('scheduler') / 'scheduler_config.json'}: _class_name must be one of {', '.join(SOLVERS)}, but is {name}. Use one of these.")


def _check_agreement(model: WanModel, problems: list[str]) -> None:
    t, v, text = model.transformer, model.vae, model.text
    if t and v:
        channels = v.latent_channels
        if t.outputs != channels:
            problems.append(f"The transformer's out_channels must be {channels}, as the VAE's z_dim, but is {t.outputs}. Name components of one model.")
        expected = (channels, 2 * channels + v.temporal_stride)
        if t.inputs not in expected:
            problems.append(f"The transformer's in_channels must be {expected[0]}, or {expected[1]} with mask and condition, as the VAE's z_dim is {channels}, but is {t.inputs}. "
                            "Name components of one model.")
    if t and model.image and t.image_width != model.image.width:
        problems.append(f"The transformer's image_dim must be {model.image.width}, as the image encoder's hidden_size, but is {t.image_width}. Name components of one model.")
    if t and model.image and t.image_rows not in (None, model.image.rows, 2 * model.image.rows):
        problems.append(f"The transformer's pos_embed_seq_len must be {model.image.rows} or {2 * model.image.rows}, rows of one image or two from the image encoder, but is "
                        f"{t.image_rows}. Name components of one model.")
    if t and text and t.text_width != text.width:
        problems.append(f"The transformer's text_dim must be {text.width}, as the text encoder's d_model, but is {t.text_width}. Name components of one model.")
