"""Weights on disk: safetensors beside their configuration, import of the published files, digests."""
