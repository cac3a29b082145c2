"""Stage 2: a `Book` becomes a `Script`, utterances with pauses and a coverage ledger: `script.write_script`.

Must not know where the book came from.
"""
