"""Waveforms and spectrograms: rates, mel front-ends, loading, conditioning clips."""
