"""Shared code of models behind servers: which server is asked, its state and dialect, and what its replies mean."""
