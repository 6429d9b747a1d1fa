"""Curate: what stays, what goes and why, on small files and on the published ones."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from support.builders import make_sample
from support.published import ingested, published
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import Row
from vtgdata.files.step import json_values
from vtgdata.records import Repair, Sample
from vtgdata.stages import curate

SAMPLES = [
    make_sample("a:1", video_id="v1", query="a dog jumps", duration=3.0, windows=[(0, 2)], origin="a.txt:1"),
    make_sample("a:2", video_id="v2", query="we hear a dog", origin="a.txt:2"),
    make_sample("a:3", video_id="v1", query="a cat hears a dog", duration=3.0, windows=[(1, 2)], origin="a.txt:3"),
    make_sample("a:4", video_id="v2", query="a cow eats", origin="a.txt:4"),
    make_sample("b:1", video_id="v2", query="we hear a cow", corpus="b", split="test", origin="b.txt:1"),
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))


def written(folder: Path, samples: list[Sample], name: str = "samples.parquet") -> str:
    write_samples(folder / name, samples)
    return str(folder / name)


def run(folder: Path, *filters: str, samples: list[Sample] | None = None, **more: Any) -> curate.Summary:
    file = more.pop("file", None) or written(folder, SAMPLES if samples is None else samples)
    return curate.run(curate.Settings(file=file, out=str(folder / "out"), filters=list(filters), **more))


def kept(folder: Path) -> list[Sample]:
    return read_samples(folder / "out" / "samples.parquet")


def drops(folder: Path) -> list[Row]:
    return read_parquet(folder / "out" / "drops.parquet")


def test_filters_act_in_order_and_a_row_goes_for_the_first_reason_that_holds(tmp_path: Path) -> None:
    summary = run(tmp_path, "duration", "audio_query")
    assert json_values(summary) == {
        "file": str(tmp_path / "samples.parquet"),
        "rows": 5,
        "samples": 2,
        "drops": 3,
        "reasons": {"video_too_short": 2, "audio_query": 1},
        "filters": [
            {"filter": "duration", "rows": 4, "drops": 2, "reasons": {"video_too_short": 2}},
            {"filter": "audio_query", "rows": 2, "drops": 1, "reasons": {"audio_query": 1}},
        ],
        "benchmark_rows": 1,
        "videos": {"before": 2, "after": 1},
        "out": str(tmp_path / "out"),
    }
    turned = run(tmp_path, "audio_query", "duration")
    assert turned.reasons == {"audio_query": 2, "video_too_short": 1}


def test_what_stays_is_unchanged_and_in_its_order(tmp_path: Path) -> None:
    run(tmp_path, "audio_query")
    assert kept(tmp_path) == [SAMPLES[0], SAMPLES[3], SAMPLES[4]]


def test_a_drop_keeps_its_query_its_place_and_its_reason(tmp_path: Path) -> None:
    run(tmp_path, "audio_query:words=hear+hears")
    assert drops(tmp_path)[0] == {
        "corpus": "test",
        "origin": "a.txt:2",
        "reason": "audio_query",
        "detail": "the query says 'hear'",
        "raw": "we hear a dog",
        "sample_id": "a:2",
        "filter": "audio_query:words=hear+hears",
    }
    assert [row["sample_id"] for row in drops(tmp_path)] == ["a:2", "a:3"]


def test_rows_of_a_benchmark_stay_unless_the_user_wants_them_filtered(tmp_path: Path) -> None:
    val_1 = make_sample("c:1", corpus="activitynet_captions", split="val_1", query="a sound")
    train = make_sample("c:2", corpus="activitynet_captions", split="train", query="a sound")
    run(tmp_path, "audio_query", samples=[SAMPLES[4], val_1, train])
    assert [sample.sample_id for sample in kept(tmp_path)] == ["b:1", "c:1"]
    summary = run(tmp_path, "audio_query", samples=[SAMPLES[4], val_1, train], benchmarks_too=True)
    assert (summary.samples, summary.benchmark_rows) == (0, 0)


def test_where_and_limit_say_what_is_curated(tmp_path: Path) -> None:
    assert run(tmp_path, "audio_query", where="split == 'train'").rows == 4
    assert run(tmp_path, "audio_query", limit=2).rows == 2
    with pytest.raises(VtgError, match="no row meets --where"):
        run(tmp_path, "audio_query", where="split == 'trian'")


def test_pieces_of_the_file_give_what_the_whole_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [
        make_sample(f"s{i}", video_id=f"v{i % 7}", query=f"a {['dog', 'cat', 'cow'][i % 3]} jumps") for i in range(100)
    ]
    whole = run(tmp_path, "near_duplicate_query", samples=samples)
    files = [(tmp_path / "out" / name).read_bytes() for name in ("samples.parquet", "drops.parquet")]
    monkeypatch.setattr(curate, "BATCH", 9)
    shutil.rmtree(tmp_path / "out")
    assert run(tmp_path, "near_duplicate_query", samples=samples) == whole
    assert whole.samples == 21
    assert files == [(tmp_path / "out" / name).read_bytes() for name in ("samples.parquet", "drops.parquet")]


def test_an_empty_file_stays_one(tmp_path: Path) -> None:
    summary = run(tmp_path, "duration", "near_duplicate_query", samples=[])
    assert (summary.rows, summary.samples, summary.drops) == (0, 0, 0)
    assert kept(tmp_path) == drops(tmp_path) == []


def test_the_second_run_does_nothing_and_another_setting_does(tmp_path: Path) -> None:
    run(tmp_path, "duration")
    assert run(tmp_path, "duration").up_to_date
    assert not run(tmp_path, "duration:low=1").up_to_date


def test_a_video_of_a_benchmark_elsewhere_is_left_out(tmp_path: Path) -> None:
    bench = make_sample("t:1", video_id="v_aB3_dE-6hIj", corpus="bench", split="test", query="a man rows")
    against = written(tmp_path, [bench], "bench.parquet")
    train = [make_sample("x:1", video_id="aB3_dE-6hIj_10_20"), make_sample("x:2", video_id="zzz_dE-6hIj")]
    assert run(tmp_path, "contamination", samples=train, against=[against]).reasons == {"benchmark_video": 1}
    assert [sample.sample_id for sample in kept(tmp_path)] == ["x:2"]


def test_the_file_s_own_benchmark_is_compared_with_even_where_it_is_not_curated(tmp_path: Path) -> None:
    samples = [make_sample("y:1", video_id="K7QZ2"), make_sample("y:2", video_id="K7QZ2", split="test")]
    summary = run(tmp_path, "contamination", samples=samples, where="split == 'train'")
    assert (summary.rows, summary.reasons) == (1, {"benchmark_query": 1})


@pytest.mark.parametrize(
    ("filters", "more", "said"),
    [
        (["durations"], {}, "did you mean 'duration'"),
        (["duration:lo=3"], {}, "did you mean 'low'"),
        (["duration:low=soon"], {}, "low must be a number"),
        (["duration:low=9,high=3"], {}, "'duration:low=9,high=3': duration: low=9 and high=3"),
        (["duration:5-500"], {}, "name:key=value"),
        (["contamination:benchmarks=x"], {}, "unknown setting 'benchmarks'"),
        (["contamination"], {"samples": SAMPLES[:4]}, "no benchmark split to compare with"),
        (["duration"], {"against": ["x.parquet"]}, "none of the filters compares"),
        ([], {}, "at least one filter"),
        (["duration"], {"limit": 0}, "--limit 0"),
        (["duration"], {"samples": [SAMPLES[0], SAMPLES[0]]}, "occurs twice"),
        (["duration"], {"file": "absent.parquet"}, "absent.parquet"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    filters: list[str], more: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(VtgError, match=re.escape(said)):
        run(tmp_path, *filters, **more)
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_benchmark_is_nothing_to_hold_against(tmp_path: Path) -> None:
    against = written(tmp_path, SAMPLES[:2], "train.parquet")
    with pytest.raises(VtgError, match=r"train\.parquet: no benchmark split is in it, only test train"):
        run(tmp_path, "contamination", against=[against])


def test_a_row_that_is_no_sample_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, SAMPLES)
    pl.read_parquet(path).with_columns(windows=pl.lit([[9.0, 3.0]])).write_parquet(path)
    with pytest.raises(VtgError, match="sample 'a:1': column windows"):
        run(tmp_path, "duration", file=path)


def test_other_people_s_filter_is_held_to_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs.py").write_text(
        "def keep(samples, frames, *, name='a:1', reason='ugly'):\n"
        "    return [(name, reason, 'it is')] if samples else []\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs.py").rename(tmp_path / "mine" / "theirs.py")
    assert run(tmp_path, "mine.theirs").reasons == {"ugly": 1}
    with pytest.raises(VtgError, match="'a:9', which it was not given"):
        run(tmp_path, "mine.theirs:name=a:9")
    with pytest.raises(VtgError, match="'a:1', which it gives no reason for"):
        run(tmp_path, "mine.theirs:reason=")


# The published files.

TIMERFT = ("corpora", "timerft", "train_2k5.json")


def timerft(folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """The samples of TimeRFT in a file, and the raw items."""
    path = published(*TIMERFT)
    return written(folder, ingested("timerft", [path]).samples), json.loads(path.read_text())


def test_time_r1_s_rule_on_timerft_leaves_what_a_count_of_the_raw_file_leaves(tmp_path: Path) -> None:
    file, items = timerft(tmp_path)
    summary = run(tmp_path, "published_iou:low=0,high=0.7", file=file)
    wanted = [item["qid"] for item in items if 0 < item["difficulty"] <= 70]
    assert [sample.sample_id for sample in kept(tmp_path)] == [f"timerft:{qid}" for qid in wanted]
    assert summary.rows == 2_500 and summary.samples == len(wanted) == 2_428


def test_slips_of_units_in_timerft_are_those_of_the_raw_file(tmp_path: Path) -> None:
    file, items = timerft(tmp_path)
    run(tmp_path, "repaired:codes=end_far_past_video+likely_factor_60", file=file)
    over = {item["qid"]: item["timestamp"][1] - item["duration"] for item in items}
    far = {item["qid"] for item in items if over[item["qid"]] > max(5, 0.2 * item["duration"])}
    assert {row["sample_id"] for row in drops(tmp_path)} == {f"timerft:{qid}" for qid in far}
    assert len(far) == 8


def test_timelens_s_filters_on_timerft_leave_what_a_count_of_the_raw_file_leaves(tmp_path: Path) -> None:
    file, items = timerft(tmp_path)
    summary = run(tmp_path, "labelled", "duration:low=5,high=500", "query_words:high=200", "audio_query", file=file)
    sound = {"hear", "heard", "hears", "hearing", "sound", "sounded", "sounds", "sounding", "audio"}
    wrong_length = [item for item in items if not 5 <= item["duration"] <= 500]
    too_long = [item for item in items if item not in wrong_length and len(item["sentence"].split()) > 200]
    heard = [
        item
        for item in items
        if item not in wrong_length + too_long and sound & set(re.findall(r"\w+", item["sentence"].lower()))
    ]
    assert [each.drops for each in summary.filters] == [0, len(wrong_length), len(too_long), len(heard)]
    assert summary.samples == 2_500 - len(wrong_length) - len(too_long) - len(heard)


def test_the_words_of_sound_in_activitynet_are_those_of_the_raw_file(tmp_path: Path) -> None:
    path = published("corpora", "activitynet_captions", "train.json")
    file = written(tmp_path, ingested("activitynet_captions", [path]).samples)
    summary = run(tmp_path, "audio_query", "coverage:high=0.999999", file=file)
    raw = json.loads(path.read_text())
    sound = re.compile(r"(?<!\w)(hear|heard|hears|hearing|sound|sounded|sounds|sounding|audio)(?!\w)", re.IGNORECASE)
    rows = [
        (text, start, end, entry["duration"])
        for entry in raw.values()
        for text, (start, end) in zip(entry["sentences"], entry["timestamps"], strict=True)
        if start < end
    ]
    heard = [row for row in rows if sound.search(row[0])]
    whole = [row for row in rows if row not in heard and min(row[2], row[3]) - row[1] >= row[3] * 0.999999]
    assert summary.reasons == {"covers_too_much": len(whole), "audio_query": len(heard)}


def test_tvgbench_and_its_sources_are_kept_apart(tmp_path: Path) -> None:
    bench = ingested("tvgbench", [published("corpora", "tvgbench", "tvgbench.json")]).samples
    against = written(tmp_path, bench, "tvgbench.parquet")
    files = {path.rsplit("/", 1)[-1].rsplit(".", 1)[0] for path in _paths(published("corpora", "tvgbench"))}
    raw = json.loads(published("corpora", "activitynet_captions", "val_1.json").read_text())
    shared = set(raw) & files
    samples = ingested("activitynet_captions", [published("corpora", "activitynet_captions", "val_1.json")]).samples
    summary = run(tmp_path, "contamination", samples=samples, against=[against], benchmarks_too=True)
    assert summary.drops == sum(len(raw[video]["sentences"]) for video in shared)
    assert summary.videos.before - summary.videos.after == len(shared) == 157
    file, _ = timerft(tmp_path)
    assert run(tmp_path, "contamination", file=file, against=[against]).drops == 0


def _paths(folder: Path) -> list[str]:
    return [item["path"] for item in json.loads((folder / "tvgbench.json").read_text())]


def test_repairs_noted_by_ingest_can_be_what_a_row_is_dropped_for(tmp_path: Path) -> None:
    twice = make_sample("s2", repairs=(Repair("duplicate", "s1", "kept"),))
    assert run(tmp_path, "repaired", samples=[make_sample("s1"), twice]).reasons == {"duplicate": 1}
