"""What a model sees: finding, probing and sampling videos, the frame store, messages, the blind control."""
