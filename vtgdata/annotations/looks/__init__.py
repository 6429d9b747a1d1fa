"""Looks at a whole annotation file: a wrong unit, swapped columns, placeholders, shuffled pairs."""
