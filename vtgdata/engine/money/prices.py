"""Prices of tokens: the user's own table, then ours, which has dates and sources.

A price in neither table is unknown, never 0, but for a server of one's own: one on this machine (loopback) costs
nothing, and so does any other that the user calls free (--free). Money is counted in whole picodollars (10^-12 US
dollars), so that a sum is exact, and the same in any order.
"""

import fnmatch
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import plugins, yaml_text

OURS = Path(__file__).with_name("prices.yaml")
PICO = 10**12
"""Picodollars in a dollar."""
_PER_TOKEN = 10**6
"""Picodollars a token costs at one dollar per million tokens."""


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one model's tokens cost, in US dollars per million."""

    model: str
    """The server's name of the model; `*` stands for any characters."""
    input: float
    output: float
    host: str = ""
    """Host of the servers that the price holds for; empty for any."""
    above_tokens: int | None = None
    """With more input tokens than this, `above_input` and `above_output` hold instead."""
    above_input: float | None = None
    above_output: float | None = None
    date: str = ""
    """Date on which the price was read, as in 2026-10-07."""
    source: str = ""
    """Where the price was read."""

    def __post_init__(self) -> None:
        amounts = (self.input, self.output, self.above_input or 0.0, self.above_output or 0.0)
        if not all(0 <= amount < float("inf") for amount in amounts):
            raise ValueError(f"a price of {self.model} is not 0 or more dollars per million tokens")
        if (self.above_tokens is None) != (self.above_input is None or self.above_output is None):
            raise ValueError(f"{self.model}: above_tokens, above_input and above_output go together")

    @property
    def free(self) -> bool:
        """Whether all tokens are free."""
        return not (self.input or self.output or self.above_input or self.above_output)

    def holds_for(self, model: str, urls: Sequence[str]) -> bool:
        """Whether it is the price of a model on servers with these base URLs."""
        here = not self.host or {urlsplit(url).hostname for url in urls} == {self.host}
        return fnmatch.fnmatchcase(model, self.model) and here

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """Cost of these numbers of tokens, in picodollars.

        >>> Price(model="m", input=1.25, output=10).cost(1000, 20)
        1450000000
        """
        above = self.above_tokens is not None and tokens_in > self.above_tokens
        given, said = (self.above_input, self.above_output) if above else (self.input, self.output)
        return round((given or 0.0) * _PER_TOKEN) * tokens_in + round((said or 0.0) * _PER_TOKEN) * tokens_out


LOCAL = Price(model="*", input=0.0, output=0.0, source="it runs on this machine")
"""Price of a model that runs on this machine."""


OWN = "it runs on a server on this machine"
CALLED_FREE = "--free says so"


def load(path: Path) -> list[Price]:
    """The prices in a YAML or JSON file; raises VtgError, naming the entry, when it is not a list of prices."""
    try:
        found = yaml_text.read(path)
    except VtgError as error:
        raise VtgError(f"--prices {error}") from error
    try:
        return msgspec.convert(found, list[Price])
    except msgspec.ValidationError as error:
        raise VtgError(
            f"--prices {path}: {error}. Write a list of prices in dollars per million tokens, as in "
            "`- {model: qwen3-vl-8b, input: 0.2, output: 0.6}`."
        ) from error


def is_local(spec: str) -> bool:
    """Whether a model runs on this machine: its plug-in says so by `LOCAL = True`."""
    return getattr(plugins.load("models", plugins.parse_spec(spec).name), "LOCAL", False)


def price_of(spec: str, model: str, urls: Sequence[str], prices: str, *, free: bool = False) -> Price | None:
    """What a model costs; None when that is unknown.

    Args:
        spec: of the model, as in `openai_api:gpt-4.1`.
        model: its name on its servers.
        urls: base URLs of the servers; a price with a host must hold for all of them.
        prices: file of prices that are used before ours; empty for none.
        free: whether a model in no table costs nothing.
    """
    table = load(Path(prices)) if prices else []
    if is_local(spec):
        return LOCAL
    found = next((price for price in [*table, *load(OURS)] if price.holds_for(model, urls)), None)
    if found is None and urls and all(map(is_loopback, urls)):
        return Price(model=model, input=0.0, output=0.0, source=OWN)
    return Price(model=model, input=0.0, output=0.0, source=CALLED_FREE) if found is None and free else found


def is_loopback(url: str) -> bool:
    """Whether a server's address is one of this machine.

    >>> is_loopback("http://localhost:8000/v1"), is_loopback("http://[::1]:8000/v1"), is_loopback("http://gpu7:8000/v1")
    (True, True, False)
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def dollars(picodollars: int) -> float:
    """An amount in US dollars.

    >>> dollars(1450000000)
    0.00145
    """
    return picodollars / PICO


def shown(picodollars: int) -> str:
    """An amount as text for people: in cents, but amounts below $0.10 with two significant digits.

    >>> shown(12_345_678_900_000), shown(1_450_000_000), shown(0)
    ('$12.35', '$0.0014', '$0.00')
    """
    amount = dollars(picodollars)
    return f"${amount:,.2f}" if amount >= 0.1 or not picodollars else f"${amount:.2g}"
