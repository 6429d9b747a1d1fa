"""The answer parsers of other systems, one file each, bugs included, to explain their published numbers.

`read(text, duration) -> pairs or None`: (start, end) in seconds as the system reads them, which may be reversed or lie
outside of the video; None where it reads nothing. Each is written from a description of what the system does.
"""
