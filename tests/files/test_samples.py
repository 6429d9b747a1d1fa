import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import PIECE, SampleTable, open_samples, read_samples, sample_row, write_samples
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


def test_the_column_of_absent_moments_is_there_only_where_a_sample_has_none(tmp_path, monkeypatch):
    from vtgdata.files import parquet

    monkeypatch.setattr(parquet, "ROW_GROUP", 2)
    plain = [make_sample(f"s{i}") for i in range(5)]
    absent = make_sample("none", windows=[], none_is_right=True)
    for place in range(6):
        some = [*plain[:place], absent, *plain[place:]]
        path = tmp_path / f"{place}.parquet"
        write_samples(path, some)
        assert read_samples(path) == some
        assert "none_is_right" in open_samples(path).frame.columns
    write_samples(tmp_path / "plain.parquet", plain)
    assert "none_is_right" not in open_samples(tmp_path / "plain.parquet").frame.columns
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*(f"{i}.parquet" for i in range(6)), "plain.parquet"]
    )


def test_a_row_with_a_moment_cannot_be_said_to_have_none(tmp_path):
    import polars as pl

    write_samples(tmp_path / "s.parquet", [make_sample("none", windows=[], none_is_right=True)])
    for change in ({"windows": [[[1.0, 2.0]]]}, {"labelled": [False]}):
        frame = pl.read_parquet(tmp_path / "s.parquet").with_columns(**{n: pl.Series(v) for n, v in change.items()})
        frame.write_parquet(tmp_path / "wrong.parquet")
        with pytest.raises(VtgError, match=r"sample 'none': column none_is_right"):
            read_samples(tmp_path / "wrong.parquet")
