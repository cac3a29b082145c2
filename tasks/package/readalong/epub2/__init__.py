"""Makes an EPUB 3 of an EPUB 2, since only that has overlays, where no more than its frame has to change.

Must not know overlays, audio or what is spoken.
"""
