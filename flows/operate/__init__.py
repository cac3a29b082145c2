"""Keeps a box at work: server, workers, deployments, schedules, what is left after crashes. Knows nothing of stages."""
