"""Requests as batch files for provider APIs, and their answers brought back."""
