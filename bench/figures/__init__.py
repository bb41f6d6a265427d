"""Figures of glckpt against native runs: see bench/run."""
