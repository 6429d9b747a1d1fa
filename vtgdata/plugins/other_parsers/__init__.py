"""The answer parsers of other systems, one file each, bugs included, to explain their published numbers.

`read(text, duration) -> pairs or None`: (start, end) in seconds as the system reads them, possibly reversed or outside
the video; None if it reads nothing. Each parser is written from a description of the system's behaviour.
"""
