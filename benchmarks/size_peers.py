"""For each command in `size.py`, the straight Polars script that does the same to the same files.

Each function reads the inputs of the command in a folder, and writes its tables into another one. None of them checks a
row, gives a reason for a drop or says which file and line is wrong: it is the least that has to be done.
"""

import hashlib
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from size_evaluate import evaluate

KEYS = {
    "samples": ["sample_id"], "coldstart": ["key"], "rl": ["sample_id"], "difficulty": ["sample_id", "measure"],
    "rollouts": ["key"],
}  # fmt: skip


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
    """A draw of rows in a band, a control set, and what is said of both: histogram, groups without a gradient."""
    path = given / "pass_rates.parquet"
    rows = pl.read_parquet(path).filter(pl.col("n") >= pl.col("n_failed"))
    rated = rows.filter((pl.col("measure") == "mean_iou") & pl.col("value").is_not_null()).sort("sample_id")
    band = rated.filter(pl.col("value").is_between(0.2, 0.8))
    drawn = band.sample(min(_some(given), band.height), shuffle=True, seed=0)
    control = rated.sample(drawn.height, shuffle=True, seed=1)
    for name, frame in (("rows", drawn), ("control_random", control)):
        _write(frame.with_row_index("rank"), out / f"{name}.parquet")
    rated = rated.with_columns(
        dead=pl.Series(_dead(rated, 8)), drawn=pl.col("sample_id").is_in(drawn["sample_id"].implode())
    )
    for some in (rated.filter("drawn"), rated):
        print(np.bincount((some["value"].to_numpy() * 10).astype(int).clip(0, 9)), some["dead"].mean())
    for made in (path, out / "rows.parquet", out / "control_random.parquet"):
        print(made.name, _sha256(made))


def _dead(rows: pl.DataFrame, group: int) -> np.ndarray:
    """The chance that all answers of a new group are unreadable, all miss, or all have one IoU, as forecast.py says."""
    ious = np.sort(rows["ious"].list.to_array(8).to_numpy(), axis=1)
    misses = (ious <= 0).sum(axis=1)
    run = best = (ious[:, 0] > 0).astype(int)
    for place in range(1, 8):
        again = (ious[:, place] == ious[:, place - 1]) & (ious[:, place] > 0)
        run = np.where(again, run + 1, ious[:, place] > 0)
        best = np.maximum(best, run)
    unread = np.minimum(rows["n_unparsed"].to_numpy(), misses)
    return np.clip(sum(_all_alike(passes, 8, group) for passes in (unread, misses - unread, best)), 0, 1)


def _all_alike(passes: np.ndarray, n: int, group: int) -> Any:
    """E[p^group] of each row under a mixture of three Beta distributions, fitted by moments in 50 rounds."""
    rows, s = np.bincount(passes, minlength=n + 1), np.arange(n + 1)[:, None]
    a, b, weights = np.array([0.3, 2.0, 6.0]), np.array([6.0, 2.0, 0.3]), np.full(3, 1 / 3)
    for _ in range(50):
        shares = _parts(s, n, a, b, weights) * rows[:, None]
        weights = np.maximum(shares.sum(axis=0) / rows.sum(), 1e-6)
        total = shares.sum(axis=0) + 2
        mean = ((shares * s / n).sum(axis=0) + 1) / total
        seen = ((shares * (s / n - mean) ** 2).sum(axis=0) + 0.25) / total
        chance = (shares * (s / n) * (1 - s / n) / (n - 1)).sum(axis=0) / total
        most = mean * (1 - mean)
        size = most / np.clip(seen - chance, 0.005 * most, 0.95 * most) - 1
        a, b = mean * size, (1 - mean) * size
    each = np.exp(_log_beta(a + s + group, b + n - s) - _log_beta(a + s, b + n - s))
    return (_parts(s, n, a, b, weights / weights.sum()) * each).sum(axis=1)[passes]


def _parts(s: np.ndarray, n: int, a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    likely = weights * np.exp(_log_beta(a + s, b + n - s) - _log_beta(a, b))
    return likely / likely.sum(axis=1, keepdims=True)


def _log_beta(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    log_gamma = np.vectorize(math.lgamma)
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def _some(given: Path) -> int:
    return pl.scan_parquet(given / "data/samples.parquet").select(pl.len()).collect().item() // 10


ORDER = ["corpus", "video_id", "sample_id"]


def _configs(given: Path) -> Iterator[tuple[str, list[str], pl.LazyFrame]]:
    """The file, the columns to sort by and the rows of each config."""
    samples = pl.scan_parquet(given / "data/samples.parquet")
    place = samples.select(ORDER)
    for split in ("train", "test"):
        yield f"samples/{split}", ORDER, samples.filter(pl.col("split") == split)
    traces = pl.scan_parquet(given / "traces.parquet").filter("kept").drop("prompt", "windows", "license", strict=False)
    yield "coldstart/train", [*ORDER, "key"], samples.join(traces, on="sample_id")
    yield "rl/train", ORDER, samples.join(pl.scan_parquet(given / "rl/rows.parquet"), on="sample_id")
    rates = pl.scan_parquet(given / "pass_rates.parquet").drop("prompt")
    yield "difficulty/train", [*ORDER, "measure"], rates.join(place, on="sample_id")
    said = pl.scan_parquet(given / "rollouts.parquet")
    yield "rollouts/train", [*ORDER, "key"], said.join(place, on="sample_id")


def release(given: Path, out: Path) -> None:
    """Every config joined with its samples, sorted and hashed, in Polars' streaming engine."""
    for name, order, rows in _configs(given):
        _write(rows.sort(order), out / f"data/{name}.parquet")
    for path in sorted((out / "data").rglob("*.parquet")):
        print(path.name, _sha256(path))


def release_again(given: Path, out: Path) -> None:
    """The same, each row with the version that first had it, sorted by that; and how many rows an earlier one lacks."""
    for name, order, rows in _configs(given):
        config, split = name.split("/")
        key = KEYS[config]
        old = pl.scan_parquet(given / f"release/data/{config}/{split}-*.parquet")
        both = [each for each in old.collect_schema().names() if each in rows.collect_schema().names()]
        same = [each for each in both if each not in (*key, "rank")]
        old = old.select(*key, "first_version", was=pl.struct(same).hash())
        dated = rows.with_columns(now=pl.struct(same).hash()).join(old, on=key, how="left")
        dated = dated.with_columns(pl.col("first_version").fill_null("1.0.1"))
        path = out / f"data/{name}.parquet"
        _write(dated.sort("first_version", *order), path)
        known = pl.scan_parquet(path).select(
            rows=pl.len(), added=pl.col("was").is_null().sum(), changed=(pl.col("was") != pl.col("now")).sum()
        )  # fmt: skip
        print(name, known.collect().row(0), old.select(pl.len()).collect().item())
    for path in sorted(out.rglob("*.parquet")) + sorted((given / "release").rglob("*.parquet")):
        print(path.name, _sha256(path))


def diff(given: Path, out: Path) -> None:
    """Rows added, removed and changed in each config of two releases, compared by a hash of their values."""
    for config, keys in KEYS.items():
        rows: list[pl.LazyFrame] = []
        for name in ("release", "release2"):
            whole = pl.scan_parquet(given / f"{name}/data/{config}/*.parquet")
            meant = [each for each in whole.collect_schema().names() if each not in (*keys, "rank", "first_version")]
            rows.append(whole.select(*keys, value=pl.struct(meant).hash()))
        both = rows[0].join(rows[1], on=keys, how="full", suffix="_new", coalesce=False)
        counts = both.select(
            added=pl.col("value").is_null().sum(), removed=pl.col("value_new").is_null().sum(),
            changed=(pl.col("value") != pl.col("value_new")).sum(),
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


def push_to_hub(given: Path, out: Path) -> None:
    """All files in one commit of the Hub's own client, and a tag."""
    import huggingface_hub

    api = huggingface_hub.HfApi()
    api.create_repo("org/doors", repo_type="dataset", private=True)
    api.upload_folder(repo_id="org/doors", folder_path=given / "release", repo_type="dataset")
    api.create_tag("org/doors", tag="v1.0.0", repo_type="dataset")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


PEERS: dict[str, Any] = {
    each.__name__: each
    for each in (ingest, check, curate, select, release, release_again, diff, push, push_to_hub, evaluate, report)
}

if __name__ == "__main__":
    PEERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
