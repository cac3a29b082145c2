"""The package stage: publishes the edition."""
