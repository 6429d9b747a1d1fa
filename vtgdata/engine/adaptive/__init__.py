"""Adaptive n: asks each sample only until its difficulty is known."""
