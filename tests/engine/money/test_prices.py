"""Prices: found by model and host, exact, and 0 only of a server on this machine or where the user says so."""

from pathlib import Path

import pytest

from vtgdata.engine.money import prices
from vtgdata.engine.money.prices import PICO, Price, load, price_of
from vtgdata.errors import VtgError

GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai"


def test_our_prices_are_dated_and_have_a_source_and_a_host() -> None:
    table = load(prices.OURS)
    assert table and all(price.date and price.source.startswith("https://") and price.host for price in table)
    assert len({(price.model, price.host) for price in table}) == len(table)


def test_a_known_model_has_its_price_at_its_own_host_only() -> None:
    found = price_of("openai_api:gemini-2.5-flash", "gemini-2.5-flash", [GOOGLE], "")
    assert found is not None and (found.input, found.output) == (0.30, 2.50)
    for urls in (["http://gpu7:8000/v1"], [GOOGLE, "http://localhost:8000/v1"], []):
        assert price_of("openai_api:gemini-2.5-flash", "gemini-2.5-flash", urls, "") is None
    own = price_of("openai_api:gemini-2.5-flash", "gemini-2.5-flash", ["http://localhost:8000/v1"], "")
    assert own is not None and own.free and own.source == prices.OWN


def test_a_model_in_no_table_has_no_price_unless_it_is_called_free_and_one_on_this_machine_costs_nothing() -> None:
    for urls in (["http://gpu7:8000/v1"], ["http://127.0.0.1:1/v1", "http://gpu7:8000/v1"], []):
        assert price_of("openai_api:tiny", "tiny", urls, "") is None
        called = price_of("openai_api:tiny", "tiny", urls, "", free=True)
        assert called is not None and called.free and called.source == prices.CALLED_FREE
    own = price_of("openai_api:tiny", "tiny", ["http://127.0.0.1:1/v1", "http://[::1]:2/v1"], "")
    assert own is not None and own.free and own.source == prices.OWN
    paid = price_of("openai_api:gemini-2.5-flash", "gemini-2.5-flash", [GOOGLE], "", free=True)
    assert paid is not None and not paid.free, "a price that is known counts"
    assert price_of("scripted:samples.parquet", "", [], "") == prices.LOCAL
    assert price_of("transformers_local:folder", "", [], "") == prices.LOCAL
    assert prices.LOCAL.free and "this machine" in prices.LOCAL.source


def test_prices_of_one_s_own_go_first(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('[{"model": "gemini-*", "input": 1, "output": 2}, {"model": "tiny", "input": 0, "output": 0}]')
    found = price_of("openai_api:gemini-2.5-flash", "gemini-2.5-flash", [GOOGLE], str(file))
    assert found is not None and (found.input, found.output) == (1, 2)
    own = price_of("openai_api:tiny", "tiny", ["http://127.0.0.1:1/v1"], str(file))
    assert own is not None and own.free


def test_a_cost_is_exact_and_a_long_prompt_has_its_own_price() -> None:
    price = Price(
        model="m", input=1.25, output=10, above_tokens=200_000, above_input=2.5, above_output=15.0
    )  # fmt: skip
    assert price.cost(200_000, 1) == 200_000 * 1_250_000 + 10_000_000
    assert price.cost(200_001, 1) == 200_001 * 2_500_000 + 15_000_000
    # A million tokens at a dime and a half are 15 cents, whatever binary fractions make of 0.15.
    assert Price(model="m", input=0.15, output=0).cost(10**6, 0) * 100 == 15 * PICO
    assert sum(Price(model="m", input=0.1, output=0.3).cost(1, 1) for _ in range(10**4)) == 4000 * 10**6


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("model: x", "Expected `array`"),
        ("- {model: x, input: 1}", "output"),
        ("- {model: x, input: 1, output: -1}", "0 or more"),
        ("- {model: x, input: .nan, output: 1}", "0 or more"),
        ("- {model: x, input: free, output: 1}", "Expected `float`"),
        ("- {model: x, inptu: 1, output: 1}", "inptu"),
        ("- {model: x, input: 1, output: 1, above_tokens: 5}", "go together"),
        ("- {model: [", "not a YAML"),
        ("", "Expected `array`"),
    ],
)
def test_a_file_of_prices_that_is_none_says_what_is_wrong(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(VtgError, match=word):
        load(tmp_path / "p.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=r"nowhere.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")
