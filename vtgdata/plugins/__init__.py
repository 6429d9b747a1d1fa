"""Plug-ins: a folder is a kind, a file is a plug-in; only `files.plugins.load(kind, name)` imports them."""
