"""One file per verifier, with `verify(rows of one sample, sample, frames, **settings) -> a reason or None per row`."""
