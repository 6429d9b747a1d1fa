"""From the annotations that video temporal grounding corpora publish to a release, and to models trained on it."""

__version__ = "0.1.0"
