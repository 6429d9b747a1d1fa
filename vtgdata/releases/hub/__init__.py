"""The Hugging Face Hub: fetching releases, and pushing them and models."""

from vtgdata.releases.hub.client import (
    Fetched,
    commit,
    endpoint,
    errors,
    fetch,
    local,
    pinned,
)

__all__ = [
    "Fetched",
    "commit",
    "endpoint",
    "errors",
    "fetch",
    "local",
    "pinned",
]
