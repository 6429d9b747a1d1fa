"""Plug-ins: one file per corpus, with `CORPUS`, `read(paths, split)` and `EXAMPLE`."""
