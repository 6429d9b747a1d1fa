"""For each command in `size.py`, the straight Polars script that does the same to the same files.

Each function reads the inputs of the command in a folder, and writes its tables into another one. None of them checks a
row, gives a reason for a drop or says which file and line is wrong: it is the least that has to be done.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from size_evaluate import evaluate

KEYS = {"samples": "sample_id", "coldstart": "key", "rl": "sample_id", "rollouts": "key"}


def _write(frame: pl.DataFrame | pl.LazyFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(frame, pl.LazyFrame):
        frame.sink_parquet(path, compression="zstd", row_group_size=65_536)
    else:
        frame.write_parquet(path, compression="zstd", row_group_size=65_536)


def ingest(given: Path, out: Path) -> None:
    """JSON lines to samples, with all their columns, and drops: ids, clamped windows, repeats; hashes of the files."""
    parts = [
        pl.read_ndjson(given / f"{split}.jsonl").with_row_index("line", 1).with_columns(split=pl.lit(split))
        for split in ("train", "test")
    ]
    start, said = (pl.col("relevant_windows").list.first().list.get(place) for place in (0, 1))
    rows = pl.concat(parts).with_columns(
        sample_id=pl.format("doors:{}", "qid"), query=pl.col("query").str.strip_chars().str.replace_all(r"\s+", " "),
        start=start, said=said, end=pl.min_horizontal(said, pl.col("duration").cast(pl.Float64)),
        origin=pl.format("{}.jsonl:{}", "split", "line"),
    )  # fmt: skip
    good = (pl.col("start") < pl.col("end")) & (pl.col("query") != "")
    asked = pl.struct("vid", pl.col("query").str.to_lowercase())
    rows = rows.with_row_index("row").with_columns(again=~asked.is_first_distinct())
    firsts = rows.filter(pl.struct("vid").is_in(rows.filter("again").select(pl.struct("vid")).to_series().implode()))
    firsts = firsts.select("row", first=pl.col("sample_id").first().over("vid", pl.col("query").str.to_lowercase()))
    few = rows.filter((pl.col("said") > pl.col("end")) | pl.col("again")).join(firsts, on="row", how="left")
    notes = [
        pl.when(pl.col("said") > pl.col("end")).then(_repair("end_past_video", pl.col("said"), pl.col("end"))),
        pl.when("again").then(_repair("duplicate", pl.col("first"), pl.lit("kept"))),
    ]
    few = few.select("row", repairs=pl.concat_list(notes).list.drop_nulls())
    rows = rows.join(few, on="row", how="left", maintain_order="left").with_columns(pl.col("repairs").fill_null([]))
    none, number = pl.lit(None, pl.String), pl.lit(None, pl.Float64)
    samples = rows.filter(good).select(
        "sample_id", "split", "query", "origin", corpus=pl.lit("doors"), video_id=pl.col("vid"),
        video_file=pl.format("{}.mp4", "vid"), source_id=none, source_start=number,
        duration=pl.col("duration").cast(pl.Float64), video_status=none,
        windows=pl.concat_arr("start", "end").reshape((-1, 1, 2)).cast(pl.List(pl.List(pl.Float64))), labelled=True,
        task=pl.lit("moment_retrieval"), options=pl.lit([], pl.List(pl.String)), answer=none,
        label_version=pl.lit("original"), license=pl.lit("MIT"), repairs="repairs",
        extra=pl.lit("{}"),
    )  # fmt: skip
    _write(samples, out / "samples.parquet")
    _write(rows.filter(~good).select("origin", "query"), out / "drops.parquet")
    for path in (given / "train.jsonl", given / "test.jsonl", out / "samples.parquet", out / "drops.parquet"):
        print(path.name, _sha256(path))


def _repair(code: str, old: pl.Expr, new: pl.Expr) -> pl.Expr:
    return pl.struct(code=pl.lit(code), old=old.cast(pl.String), new=new.cast(pl.String))


def check(given: Path, out: Path) -> None:
    """Repeated ids and moments, videos of benchmarks in training rows, durations, a mean window, the best constant."""
    rows = pl.read_parquet(given / "data/samples.parquet")
    ids = rows.filter(pl.col("sample_id").is_duplicated()).height
    moment = pl.struct("video_id", pl.col("query").str.to_lowercase(), "windows")
    repeats = rows.filter(moment.is_duplicated()).select("sample_id")
    held = rows.filter(pl.col("split") == "test").select("video_id").unique()
    leaks = rows.filter(pl.col("split") == "train").join(held, on="video_id", how="semi").select("sample_id")
    spread = rows.group_by("video_id").agg(gap=pl.col("duration").max() - pl.col("duration").min())
    middle = rows.group_by("split").agg(
        pl.len(), pl.col("video_id").n_unique(),
        first=(pl.col("windows").list.first().list.first() / pl.col("duration")).mean(),
    )  # fmt: skip
    bounds = rows["windows"].list.first().list.to_array(2).to_numpy() / rows["duration"].to_numpy()[:, None]
    best = max((_mean_iou(bounds, a / 50, b / 50), a, b) for a in range(50) for b in range(a + 1, 51))
    _write(pl.concat([repeats, leaks]), out / "found.parquet")
    print(ids, spread.filter(pl.col("gap") > 1).height, middle, best)


def _mean_iou(bounds: np.ndarray, start: float, end: float) -> float:
    inside = (np.minimum(bounds[:, 1], end) - np.maximum(bounds[:, 0], start)).clip(0)
    return float((inside / (bounds[:, 1] - bounds[:, 0] + end - start - inside)).mean())


def curate(given: Path, out: Path) -> None:
    """Two filters: the length of the video, and queries that share 0.8 of their trigrams with an earlier one of it."""
    rows = pl.read_parquet(given / "data/samples.parquet").with_row_index("row")
    words = rows.select("row", "video_id", pl.col("query").str.to_lowercase().str.extract_all(r"\w+")).explode("query")
    words = words.filter(~pl.col("query").is_in(["a", "an", "the"])).with_columns(literal=pl.format("  {} ", "query"))
    places = words.with_columns(at=pl.int_ranges(0, pl.col("literal").str.len_chars() - 2)).explode("at")
    pieces = places.select("row", "video_id", piece=pl.col("literal").str.slice(pl.col("at"), 3)).unique()
    sizes = pieces.group_by("row").len("size")
    pairs = pieces.join(pieces, on=["video_id", "piece"]).filter(pl.col("row") < pl.col("row_right"))
    shared = pairs.group_by("row", "row_right").len("shared").join(sizes, on="row")
    shared = shared.join(sizes, left_on="row_right", right_on="row", suffix="_right")
    near = shared.filter(pl.col("shared") / (pl.col("size") + pl.col("size_right") - pl.col("shared")) >= 0.8)
    good = pl.col("duration").is_between(5, 500) & ~pl.col("row").is_in(near["row_right"].unique().to_list())
    rows = rows.with_columns(kept=good | (pl.col("split") == "test"))
    _write(rows.filter("kept"), out / "samples.parquet")
    _write(rows.filter(~pl.col("kept")).select("sample_id", "query"), out / "drops.parquet")


def select(given: Path, out: Path) -> None:
    """A draw of rows whose pass rate is in a band."""
    rows = pl.read_parquet(given / "pass_rates.parquet")
    rows = rows.filter((pl.col("measure") == "mean_iou") & pl.col("value").is_between(0.2, 0.8))
    train = rows.filter(pl.col("sample_id").str.starts_with("doors:train"))
    drawn = train.sample(min(_some(given), train.height), shuffle=True, seed=0)
    _write(drawn.with_row_index("rank"), out / "rows.parquet")


def _some(given: Path) -> int:
    return pl.scan_parquet(given / "data/samples.parquet").select(pl.len()).collect().item() // 10


def release(given: Path, out: Path) -> None:
    """Every config joined with its samples, sorted and hashed, in Polars' streaming engine."""
    samples = pl.scan_parquet(given / "data/samples.parquet")
    order = ["corpus", "video_id", "sample_id"]
    place = samples.select(*order)
    for split in ("train", "test"):
        _write(samples.filter(pl.col("split") == split).sort(order), out / f"data/samples/{split}.parquet")
    traces = pl.scan_parquet(given / "traces.parquet").filter("kept").drop("prompt", "windows", "license", strict=False)
    joined = samples.join(traces, on="sample_id").sort(*order, "key")
    _write(joined, out / "data/coldstart/train.parquet")
    chosen = pl.scan_parquet(given / "rl/rows.parquet")
    _write(samples.join(chosen, on="sample_id").sort(order), out / "data/rl/train.parquet")
    rates = pl.scan_parquet(given / "pass_rates.parquet").drop("prompt")
    _write(rates.join(place, on="sample_id").sort(*order, "measure"), out / "data/difficulty/train.parquet")
    said = pl.scan_parquet(given / "rollouts.parquet")
    _write(said.join(place, on="sample_id").sort(*order, "key"), out / "data/rollouts/train.parquet")
    for path in sorted((out / "data").rglob("*.parquet")):
        print(path.name, _sha256(path))


def diff(given: Path, out: Path) -> None:
    """Rows added, removed and changed in each config of two releases."""
    for config, key in KEYS.items():
        old, new = (
            pl.scan_parquet(given / f"{name}/data/{config}/*.parquet").drop("rank", "first_version", strict=False)
            for name in ("release", "release2")
        )
        both = old.join(new, on=key, how="full", suffix="_new", coalesce=False)
        names = [name for name in old.collect_schema().names() if name != key]
        differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in names)
        counts = both.select(
            added=pl.col(key).is_null().sum(), removed=pl.col(f"{key}_new").is_null().sum(),
            changed=(differs & pl.col(key).is_not_null() & pl.col(f"{key}_new").is_not_null()).sum(),
        )  # fmt: skip
        print(config, counts.collect(engine="streaming").row(0))


def push(given: Path, out: Path) -> None:
    """The hash of every file."""
    for path in sorted((given / "release").rglob("*")):
        if path.is_file():
            print(path.name, _sha256(path))


def report(given: Path, out: Path) -> None:
    """A page with the samples, their answers and the numbers of their evaluation as JSON, a column at a time."""
    samples = pl.read_parquet(given / "data/samples.parquet")
    said = pl.read_parquet(given / "scores/rollouts.parquet", columns=["sample_id", "windows", "iou"])
    rows = samples.join(said, on="sample_id", how="left", suffix="_said", maintain_order="left")
    first = pl.col("windows").list.first()
    rows = rows.with_columns(
        start=first.list.first(), length=first.list.last() - first.list.first(),
        words=pl.col("query").str.count_matches(r"\S+"),
        repaired=pl.col("repairs").list.eval(pl.element().struct.field("code")).list.join(", "),
        annotation=pl.col("windows").list.eval(pl.element().explode()).list.eval(pl.element().round(3)),
        answer=pl.col("windows_said").list.eval(pl.element().explode()).list.eval(pl.element().round(3)),
        iou=(pl.col("iou") * 100).round(),
    )  # fmt: skip
    wanted = ("sample_id", "query", "split", "duration", "start", "length", "words", "repaired", "video_id")
    out.mkdir(parents=True, exist_ok=True)
    with (out / "page.html").open("w") as page:
        page.write("<html><body><script type='application/json'>")
        page.write((given / "scores/evaluation.json").read_text().replace("<", "\\u003c"))
        for name in (*wanted, "annotation", "answer", "iou"):
            values = rows[name].round(3) if rows[name].dtype.is_float() else rows[name]
            text = json.dumps(values.to_list(), separators=(",", ":")).replace("<", "\\u003c")
            page.write(f'"{name}":{text},')
        page.write("</script></body></html>")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


PEERS: dict[str, Any] = {
    each.__name__: each for each in (ingest, check, curate, select, release, diff, push, evaluate, report)
}

if __name__ == "__main__":
    PEERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
