"""One file per filter, with `keep(samples, frames, **settings) -> samples to leave out, each with its reason`."""
