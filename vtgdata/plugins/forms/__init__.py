"""One file per form of published answers and difficulties, with its facts `FORM`, `read(path)`, and an `EXAMPLE`."""
