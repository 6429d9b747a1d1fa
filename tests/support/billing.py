"""A server that bills by tokens, and what its bill and a journal say was spent, to the picodollar."""

from pathlib import Path
from typing import Any

from support.servers import Server, completion, seeded
from vtgdata.engine.journal.counts import peek, spend
from vtgdata.engine.money.prices import Price

PRICE = Price(model="tiny", input=2.0, output=10.0)


def usage(seed: int) -> tuple[int, int]:
    """Tokens of the answer that a seed draws."""
    return 300 + seed % 200, 5 + seed % 40


def billed(body: dict[str, Any], number: int) -> dict[str, Any]:
    """An answer that is a function of the seed, and so are its tokens."""
    tokens_in, tokens_out = usage(body["seed"])
    told = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    return completion(seeded(body, number)) | {"usage": told}


def bill(server: Server) -> int:
    """Picodollars of all that a server answered."""
    return sum(PRICE.cost(*usage(request.seed)) for request in server.requests)


def spent(path: Path) -> int:
    """Picodollars that a journal says were spent."""
    with peek(path) as select:
        return spend(select, None).picodollars
