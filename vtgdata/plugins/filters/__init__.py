"""Plug-ins: one file per filter, with `keep(samples, frames, **settings) -> [LeftOut(sample_id, reason, detail)]`."""
