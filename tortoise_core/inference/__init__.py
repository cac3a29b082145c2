"""Speaking with trained networks: sampling codes, choosing candidates, decoding to audio.

Knows nothing of books, files or databases.
"""
