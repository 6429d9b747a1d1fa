"""One file per corpus: its facts `CORPUS`, `read(paths, split)`, and an `EXAMPLE`."""
