"""A model for tests that says what a file of texts says: `support.said:texts.json`, a list of texts by sample id.

Of several texts of a sample each answer draws one by its seed; a text of null is a request that failed.
"""

import json
import random
from pathlib import Path

from vtgdata.records import Endpoint, Reply, Request

LOCAL = True


class Said:
    """Answers with the texts of a file."""

    id = "said"
    looks = False
    concurrency = 8

    def __init__(self, path: str) -> None:
        self.texts: dict[str, list[str | None]] = json.loads(Path(path).read_text())

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed."""
        texts = [random.Random(seed).choice(self.texts[request.sample_id]) for seed in request.seeds]
        return [Reply(text=text, error="server error 500" if text is None else None) for text in texts]

    async def close(self) -> None:
        """Nothing is held."""


def connect(argument: str, endpoint: Endpoint) -> Said:
    """The texts of a file."""
    del endpoint
    return Said(argument)
