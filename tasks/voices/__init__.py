"""The voices stage: finds, enrols and removes voices."""
