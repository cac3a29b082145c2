"""Speaking with trained networks: sampling codes, choosing candidates, decoding to audio."""
