"""Adaptive n: asking each sample only until its place is known."""
