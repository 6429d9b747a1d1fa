"""Asking models: questions, work keys, requests in flight, rows of what was answered."""
