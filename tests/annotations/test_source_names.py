"""Sources that collections name: every spelling is its corpus, and every name in the table has a reader."""

from pathlib import Path

import pytest

from vtgdata.annotations import source_names
from vtgdata.files import plugins
from vtgdata.files.samples import read_samples
from vtgdata.stages import ingest


@pytest.mark.parametrize(
    ("said", "corpus"),
    [("Charades-STA", "charades_sta"), ("QVHighlights", "qvhighlights"), ("ANet-Captions", "activitynet_captions"),
     ("YouCook2", "youcook2"), ("youtube", None), ("my own videos", None)],
)  # fmt: skip
def test_a_source_is_known_in_every_spelling(said: str, corpus: str | None) -> None:
    assert source_names.corpus_of(said) == corpus


def test_every_corpus_of_the_table_has_a_reader() -> None:
    assert {source_names.corpus_of(name) for name in source_names._CORPORA} <= set(plugins.names("corpora"))


def test_a_row_that_names_its_source_stands_under_that_licence_too(tmp_path: Path) -> None:
    row = '{"qid": %d, "query": "q", "vid": "K7QZ%d", "relevant_windows": [[1, 2]], "source": "%s"}\n'
    path = tmp_path / "my_train.jsonl"
    path.write_text(row % (1, 1, "Charades-STA") + row % (2, 2, "youtube"))
    ingest.run(
        ingest.Settings(corpus="moment_jsonl", paths=[str(path)], name="mine", license="MIT", out=str(tmp_path / "o"))
    )
    found = read_samples(tmp_path / "o" / "samples.parquet")
    assert [sample.license for sample in found] == ["MIT AND LicenseRef-Charades", "MIT"]
    assert found[0].extra["source_corpus"] == "charades_sta"
