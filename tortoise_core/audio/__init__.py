"""Owns waveforms and spectrograms: rates, mel front-ends, loading, conditioning clips. Must not know networks."""
