"""Wan 2.1 (and 2.2's pair of experts) from a published diffusers folder to a pack: plain PyTorch modules under the published weight names."""
