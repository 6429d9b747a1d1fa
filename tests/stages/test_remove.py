"""What was removed does not come back: by ingest, by release, by the next version, with its text."""

import json
from pathlib import Path

import pytest

from support.release_builders import make_release, make_sample, make_trace, write_inputs
from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DROPS, TRACES
from vtgdata.records import Video
from vtgdata.releases import tombstones
from vtgdata.stages import diff, ingest, remove


def removed(file: Path, **settings) -> dict:
    return remove.run(remove.Settings(file=str(file), **settings))


def everything(folder: Path) -> bytes:
    """All bytes of a release's rows and pages; Parquet is read, since it is compressed."""
    release = releases.open_release(str(folder))
    rows = [
        release.rows(config, split) for config, splits in release.document.configs.items() for split in splits
    ]  # fmt: skip
    pages = [(folder / name).read_bytes() for name in release.files if not name.endswith((".parquet", "removed.json"))]
    return json.dumps(rows).encode() + b"".join(pages)


@pytest.fixture
def versions(tmp_path) -> tuple[Path, Path, Path]:
    """A release; one after alpha_train_1 was removed; and one after that, told nothing and given all rows again."""
    inputs = write_inputs(tmp_path)
    first = make_release(tmp_path / "v1", inputs)
    removed(tmp_path / "removed.json", video_id=["alpha_train_1"], reason="its owner asked", source=str(first))
    told = {"previous": str(first), "tombstones": str(tmp_path / "removed.json")}
    second = make_release(tmp_path / "v2", inputs, "2.0.0", **told)
    third = make_release(tmp_path / "v3", inputs, "2.0.1", previous=str(second))
    return first, second, third


def test_a_removed_video_is_in_no_config_of_the_next_version_nor_of_any_later_one(versions):
    assert b"alpha_train_1" in everything(versions[0]) and b"opens door 1" in everything(versions[0])
    for folder in versions[1:]:
        assert b"alpha_train_1" not in everything(folder) and b"alpha:001" not in everything(folder)
        document = releases.open_release(str(folder)).document
        assert document.drops == {"no_window": 1, "removed": 1}
        assert document.removed == {"videos": 1, "samples": 0, "rows": 1}
        assert {config: sum(file.rows for file in splits.values()) for config, splits in document.configs.items()} == {
            "samples": 8, "coldstart": 6, "rl": 4, "difficulty": 6, "drops": 2,
        }  # fmt: skip
        assert "Taken out for good" in (folder / "README.md").read_text()


def test_its_drop_says_where_it_stood_and_why_it_went_and_not_what_it_said(versions):
    drops = releases.open_release(str(versions[2])).rows("drops")
    assert [{key: row[key] for key in DROPS} for row in drops if row["reason"] == "removed"] == [
        {"corpus": "alpha", "origin": "train.txt:1", "reason": "removed", "detail": "its owner asked", "raw": ""}
    ]


def test_a_diff_names_what_was_removed_for_good(versions):
    found = diff.run(diff.Settings(a=str(versions[0]), b=str(versions[1])))
    assert found.configs["samples"].removed == ["alpha:001"] and found.level == "major"
    assert found.removed_for_good == ["video alpha_train_1: its owner asked"]
    assert "removed for good: video alpha_train_1: its owner asked" in found.text
    assert diff.run(diff.Settings(a=str(versions[1]), b=str(versions[2]))).removed_for_good == []


def test_an_ingest_told_of_it_makes_it_a_drop_and_counts_every_row(tmp_path):
    lines = ["AO8RW 0.0 6.9##a person is putting a book on a shelf.", "Y6R7T 20.8 30.0##person begins to play."]
    lines += ["AO8RW 9.0 8.0##person turns round.", "AO8RX 1.0 2.0##person sits."]
    (tmp_path / "charades_sta_train.txt").write_text("\n".join(lines) + "\n")
    removed(tmp_path / "removed.json", video_id=["AO8RW"])
    given = {"corpus": "charades_sta", "paths": [str(tmp_path / "charades_sta_train.txt")]}
    summary = ingest.run(ingest.Settings(**given, out=str(tmp_path / "out"), tombstones=str(tmp_path / "removed.json")))
    assert (summary.rows, summary.samples, summary.reasons) == (4, 2, {"removed": 1, "reversed": 1})
    samples, drops = (read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("samples", "drops"))
    assert [row["video_id"] for row in samples] == ["Y6R7T", "AO8RX"]
    # The row that was left out anyway keeps its reason, and loses its text as well.
    assert {row["reason"]: (row["raw"], row["detail"]) for row in drops} == {
        "removed": ("", ""), "reversed": ("", "removed"),
    }  # fmt: skip


def test_a_release_serves_as_the_file_and_hands_it_on(versions, tmp_path):
    rows = [{"vid": f"alpha_train_{n}", "query": "sits", "relevant_windows": [[0, 6]], "duration": 9} for n in (1, 2)]
    (tmp_path / "rows_train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    summary = ingest.run(
        ingest.Settings(
            corpus="moment_jsonl", paths=[str(tmp_path / "rows_train.jsonl")], out=str(tmp_path / "out"),
            tombstones=str(versions[2]),
        )
    )  # fmt: skip
    assert summary.reasons == {"removed": 1} and summary.samples == 1


def test_a_cut_goes_with_the_video_that_it_was_cut_from_and_a_corpus_can_be_named(tmp_path):
    cut = Video(video_id="aB3_dE-6hIj_31_96", file="a.mp4", source_id="aB3_dE-6hIj")
    samples = [make_sample(1, video=cut), make_sample(2), make_sample(3, "beta", video=make_sample(2).video)]
    write_samples(tmp_path / "samples.parquet", samples)
    removed(tmp_path / "removed.json", video_id=["aB3_dE-6hIj"])
    removed(tmp_path / "removed.json", video_id=["alpha_train_2"], corpus="beta")
    out = make_release(
        tmp_path / "v1",
        {"samples": str(tmp_path / "samples.parquet"), "tombstones": str(tmp_path / "removed.json")},
    )
    assert [row["sample_id"] for row in releases.open_release(str(out)).rows("samples")] == ["alpha:002"]


def test_one_sample_can_go_and_the_others_of_its_video_stay(tmp_path):
    video = make_sample(1).video
    write_samples(tmp_path / "samples.parquet", [make_sample(1), make_sample(2, video=video)])
    write_parquet(tmp_path / "traces.parquet", [make_trace(make_sample(n)) for n in (1, 2)], TRACES)
    removed(tmp_path / "removed.json", sample_id=["alpha:001"])
    given = {"samples": "samples", "coldstart": "traces", "tombstones": "removed"}
    ends = {"removed": "json"}
    inputs = {key: str(tmp_path / f"{name}.{ends.get(name, 'parquet')}") for key, name in given.items()}
    opened = releases.open_release(str(make_release(tmp_path / "v1", inputs)))
    assert [row["sample_id"] for row in opened.rows("coldstart")] == ["alpha:002"]
    assert opened.document.removed == {"videos": 0, "samples": 1, "rows": 1}


def test_an_id_that_does_not_occur_is_refused_and_nothing_is_written(versions, tmp_path):
    with pytest.raises(VtgError, match=r"no sample has the video_id 'alpha_trian_2'.*nothing was written"):
        removed(tmp_path / "new.json", video_id=["alpha_train_2", "alpha_trian_2"], source=str(versions[0]))
    with pytest.raises(VtgError, match="of corpus 'beta' has the video_id 'alpha_train_2'"):
        removed(tmp_path / "new.json", video_id=["alpha_train_2"], corpus="beta", source=str(versions[0]))
    assert not (tmp_path / "new.json").exists()
    summary = removed(tmp_path / "new.json", video_id=["alpha_train_2", "beta_train_0"], source=str(versions[0]))
    assert (summary.added, summary.rows) == (2, 2)


def test_the_same_again_changes_nothing_and_a_first_reason_stays(tmp_path):
    file = tmp_path / "removed.json"
    removed(file, video_id=["b", "a"], reason="asked")
    before = file.read_bytes()
    assert removed(file, video_id=["a"], reason="other").added == 0 and file.read_bytes() == before
    assert [each.video_id for each in tombstones.read(str(file)).removed] == ["a", "b"]


@pytest.mark.parametrize("settings", [{}, {"video_id": [""]}, {"sample_id": ["a", ""]}])
def test_nothing_named_is_refused(settings, tmp_path):
    with pytest.raises(VtgError, match="names nothing"):
        removed(tmp_path / "removed.json", **settings)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1, "removed": [{}]}', '{"schema_version": 1}', "\xff"])
def test_a_file_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "removed.json").write_text(text)
    with pytest.raises(VtgError, match="removed"):
        tombstones.read(str(tmp_path / "removed.json"))


def test_a_changed_list_in_a_release_is_not_believed(versions):
    own = versions[1] / "removed.json"
    own.write_text(own.read_text().replace("alpha_train_1", "alpha_train_9"))
    with pytest.raises(VtgError, match="is not the file that was released"):
        tombstones.read(str(versions[1]))
