"""The voices stage: finds, enrols and removes voices. Must not know what latents mean to a model."""
