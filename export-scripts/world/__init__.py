"""The small world that the shipped pack is trained on: scenes drawn at random, rendered with exact truth, and told in words."""

from .captions import caption, full_caption, join_shots, shot_captions
from .prompts import EvaluationPrompt, evaluation_prompts
from .render import ShotTruth, render, truth
from .sampling import sample_clip
from .scene import Clip, Shot, Subject, Track, WorldOptions, enlarged, track, world_options
from .vocabulary import is_withheld

__all__ = [
    "Clip",
    "EvaluationPrompt",
    "Shot",
    "ShotTruth",
    "Subject",
    "Track",
    "WorldOptions",
    "caption",
    "enlarged",
    "evaluation_prompts",
    "full_caption",
    "is_withheld",
    "join_shots",
    "render",
    "sample_clip",
    "shot_captions",
    "track",
    "truth",
    "world_options",
]
