"""vtgdata: from the annotations that video temporal grounding corpora publish to a release and the models trained on it."""

__version__ = "0.1.0"
