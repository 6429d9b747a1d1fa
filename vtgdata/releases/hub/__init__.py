"""The Hugging Face Hub: fetching releases, pushing them, and pushing models."""

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
