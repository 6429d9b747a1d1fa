import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import PIECE, SampleTable, open_samples, sample_row, write_samples
from vtgdata.files.schemas import SAMPLES


def opened(folder, samples, **choice) -> SampleTable:
    write_samples(folder / "samples.parquet", samples)
    return open_samples(folder / "samples.parquet", **choice)


def test_it_reads_as_the_list_of_its_samples_however_often(tmp_path):
    samples = [make_sample(f"a:{i}") for i in range(5)]
    found = opened(tmp_path, samples)
    assert list(found) == list(found) == samples
    assert len(found) == 5
    assert found[-1] == samples[-1]
    assert list(found[1:3]) == samples[1:3]


def test_more_than_a_piece_comes_in_order(tmp_path):
    found = opened(tmp_path, [make_sample(f"a:{i}") for i in range(PIECE + 3)])
    assert [sample.sample_id for sample in found] == [f"a:{i}" for i in range(PIECE + 3)]


def test_a_part_is_what_is_wanted_of_the_chosen(tmp_path):
    found = opened(tmp_path, [make_sample(f"a:{i}") for i in range(9)], where="sample_id != 'a:2'", limit=6)
    assert [sample.sample_id[2:] for sample in found] == ["0", "1", "3", "4", "5", "6"]
    assert [sample.sample_id[2:] for sample in found.only(lambda sample: int(sample.sample_id[2:]) % 2 == 0)] == [
        "0", "4", "6",
    ]  # fmt: skip


def test_an_id_that_occurs_twice_is_said(tmp_path):
    with pytest.raises(VtgError, match="'a:1' occurs twice"):
        opened(tmp_path, [make_sample("a:1"), make_sample("a:2"), make_sample("a:1")])


def test_a_row_that_is_no_sample_is_said_before_any_is_used(tmp_path):
    rows = [sample_row(make_sample("a:1")), sample_row(make_sample("a:2")) | {"duration": -1.0}]
    write_parquet(tmp_path / "samples.parquet", rows, SAMPLES)
    with pytest.raises(VtgError, match="'a:2': column duration"):
        open_samples(tmp_path / "samples.parquet")
