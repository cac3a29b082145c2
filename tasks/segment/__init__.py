"""Stage 4 of the text, after normalise and before plan: cuts a book into utterances with pauses.

`script.write_script` is the way in. Each candidate for an utterance is normalised as it is cut, because it must fit as
it is spoken, not as it is written. Must not know where the book came from.
"""
