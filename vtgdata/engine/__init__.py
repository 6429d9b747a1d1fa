"""The machine that asks models: work keys, the journal, the loop, and what becomes of the answers."""
