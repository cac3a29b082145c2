"""Stage 2: a `Book` becomes a `Script` of utterances with pauses and a coverage ledger: `tasks.segment.script.write_script`."""
