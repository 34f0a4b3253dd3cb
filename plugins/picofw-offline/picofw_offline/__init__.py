"""Providers for picofw that run on this machine: they measure and compute, and say so where they cannot."""

__version__ = "0.1.0"
