"""Batches of requests as files, and their answers brought back."""
