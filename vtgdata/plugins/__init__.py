"""Plug-ins: a folder is a kind, a file is a plug-in. Nobody imports them: `files.plugins.load(kind, name)` does."""
