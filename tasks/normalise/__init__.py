"""Stage 3 of the text, between annotate and segment: turns written text into words to say, rule by rule.

`normalise.normalise` is the way in, `normalise.RULES` the order. Knows nothing of books or utterances.
"""
