"""Shared code of models behind servers: choice of a server, state of a server, replies and their size limit."""
