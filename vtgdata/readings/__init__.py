"""Plug-ins: the answer parsers of other systems, for comparison with their published numbers."""
