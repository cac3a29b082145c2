"""Waveforms and spectrograms: rates, mel front-ends, loading, conditioning clips. Knows nothing of text or networks."""
