"""Plug-ins: one file per filter, with `keep(samples, frames, **settings) -> [Left(sample_id, reason, detail)]`."""
