"""The diffusion process: noise schedule, process and samplers. Knows no network."""
