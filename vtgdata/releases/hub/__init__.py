"""The Hugging Face Hub: fetching releases, pushing them, and pushing models."""

from vtgdata.releases.hub.client import (
    Fetched,
    commit,
    endpoint,
    fetch,
    local,
    pinned,
)
from vtgdata.releases.hub.refusals import errors

__all__ = [
    "Fetched",
    "commit",
    "endpoint",
    "errors",
    "fetch",
    "local",
    "pinned",
]
