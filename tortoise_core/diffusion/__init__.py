"""Owns the diffusion process: noise schedule, process and samplers. Must not know the network."""
