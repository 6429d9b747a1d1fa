"""One file per corpus, with its facts `CORPUS`, a reader `read(paths, split)`, and an `EXAMPLE`."""
