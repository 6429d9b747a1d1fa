"""Plug-ins: one file per filter, with `keep(samples, frames, **settings) -> dropped (id, reason, detail)`."""
