"""Noisy Labels, Reproduced: noise-robust losses on CIFAR-10, from noisy labels to a verdict."""

__version__ = "0.1.0"
