"""One file per filter, with `keep(samples, frames, **settings) -> rows to leave out, each with its reason`."""
