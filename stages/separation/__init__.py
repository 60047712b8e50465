"""Separators: mixtures with multi-labelled segments, losses on sums of estimates, X-UMX, Hybrid Demucs."""
