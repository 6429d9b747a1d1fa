"""The demo: a generator of videos with known moments, and the tiny model that learns to see them."""
