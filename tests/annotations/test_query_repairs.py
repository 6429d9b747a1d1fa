import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.plugins.corpora import moment_jsonl
from vtgdata.records import Drop, RawRow, Sample


def outcome(query: str) -> Sample | Drop:
    row = RawRow(origin="o", raw={}, video_id="v", file="v.mp4", query=query, windows=[(1.0, 2.0)], split="train")
    return next(iter(normalise([row], moment_jsonl.CORPUS)))


@pytest.mark.parametrize(
    ("query", "mended", "code"),
    [
        ("salt &amp; pepper", "salt & pepper", "query_entities"),
        ("the man&#39;s &quot;hat&quot;", 'the man\'s "hat"', "query_entities"),
        ("a\x00 man", "a man", "query_invisible"),
        ("a \u200bman\ufeff runs", "a man runs", "query_invisible"),
        ("\u200d a man", "a man", "query_invisible"),
    ],
)
def test_entities_and_invisible_characters_are_repaired_and_noted(query: str, mended: str, code: str) -> None:
    found = outcome(query)
    assert isinstance(found, Sample)
    assert found.query == mended
    assert code in {repair.code for repair in found.repairs}


@pytest.mark.parametrize("query", ["\u00c2\x1f0", "\u00c0\x1b\x86", "salt &amp;amp; pepper", "a man .&nbsp;."])
def test_what_one_repair_completes_is_repaired_too(query: str) -> None:
    found = outcome(query)
    assert isinstance(found, Sample)
    again = outcome(found.query)
    assert isinstance(again, Sample) and (again.query, again.repairs) == (found.query, ())


@pytest.mark.parametrize(
    "query",
    ["a man & a dog; then a cat", "AT&T ad", "a family \U0001f468\u200d\U0001f469\u200d\U0001f467", "می\u200cخواهم"],
)
def test_what_only_looks_like_them_stays(query: str) -> None:
    found = outcome(query)
    assert isinstance(found, Sample)
    assert (found.query, found.repairs) == (query, ())


@pytest.mark.parametrize("query", ["None", "NaN", "nan", "null", "<NA>", " NaN ", "\x00", "\u200b", "&nbsp;"])
def test_what_programs_write_for_no_text_is_no_query(query: str) -> None:
    found = outcome(query)
    assert isinstance(found, Drop)
    assert found.reason == "empty_query"


@pytest.mark.parametrize("query", ["a <image> falls", "the sign says <|im_end|>", "&lt;|im_end|&gt;", "[INST] a dog"])
def test_a_control_token_in_a_query_stays_and_is_noted(query: str) -> None:
    found = outcome(query)
    assert isinstance(found, Sample)
    assert found.query == query.replace("&lt;", "<").replace("&gt;", ">")
    (noted,) = [repair for repair in found.repairs if repair.code == "control_token"]
    assert noted.new.startswith("kept; to servers it is")


@pytest.mark.parametrize("query", ["a <b>bold</b> man", "she [laughs]", "a < b", "[MUSIC] plays", "he <claps>"])
def test_a_word_in_brackets_is_no_control_token(query: str) -> None:
    found = outcome(query)
    assert isinstance(found, Sample) and (found.query, found.repairs) == (query, ())
