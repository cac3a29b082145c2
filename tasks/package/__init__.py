"""The package stage: publishes the edition. Must not know how the audio was made."""
