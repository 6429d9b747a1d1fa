"""The general reader of JSON lines, beside its contract."""

from pathlib import Path

from vtgdata.plugins.corpora import moment_jsonl


def test_a_key_that_says_youtube_says_whose_id_it_is(tmp_path: Path) -> None:
    path = tmp_path / "my_train.jsonl"
    for key, value, source in (
        ("youtube_id", "aB3_dE-6hIj", "aB3_dE-6hIj"), ("video_id", "aB3_dE-6hIj", None),
        ("url", "https://youtu.be/aB3_dE-6hIj?t=3", "aB3_dE-6hIj"),
    ):  # fmt: skip
        path.write_text(f'{{"qid": 1, "query": "a dog", "{key}": "{value}", "windows": [[1, 2]]}}\n', encoding="utf-8")
        (row,) = moment_jsonl.read([path], None)
        assert (row.video_id, row.source_id) == ("aB3_dE-6hIj", source)
