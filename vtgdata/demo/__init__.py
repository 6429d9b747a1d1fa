"""The demo: draws videos with known moments, and trains the tiny model that learns to see them."""
