"""One file per decoding library, with `probe(path)` and `frames(path, times)`."""
