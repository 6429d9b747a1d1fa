"""Runs that are split: the tables are the same bytes, nothing is asked twice, and what cannot be split says so."""

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.builders import draw_video, make_sample
from support.servers import Fault, Server, seeded
from vtgdata.engine import shards
from vtgdata.engine.journal.journal import Journal
from vtgdata.errors import EndpointRefused, Locked, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import open_samples, write_samples
from vtgdata.stages import coldstart, difficulty

TABLES = ("rollouts.parquet", "pass_rates.parquet")


@pytest.fixture
def settings(tmp_path: Path) -> difficulty.Settings:
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    samples = [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(24)]
    write_samples(tmp_path / "samples.parquet", samples)
    return difficulty.Settings(
        samples=str(tmp_path / "samples.parquet"), videos=str(tmp_path / "videos"), model="openai_api:tiny", n=3,
        num_frames=4, frames=str(tmp_path / "frames"), out=str(tmp_path / "out"),
    )  # fmt: skip


def given(settings: difficulty.Settings, **values: Any) -> difficulty.Settings:
    return msgspec.structs.replace(settings, **values)


def whole(settings: difficulty.Settings, server: Server, tmp_path: Path) -> dict[str, bytes]:
    """The tables of one undivided run."""
    difficulty.run(given(settings, endpoint=[server.url], out=str(tmp_path / "whole")))
    return {name: (tmp_path / "whole" / name).read_bytes() for name in TABLES}


@pytest.mark.parametrize("count", [1, 2, 4, 40])
def test_shards_put_together_are_the_bytes_of_one_run_and_nothing_is_asked_again(settings, tmp_path, count):
    with Server(seeded) as server:
        expected = whole(settings, server, tmp_path)
        before = len(server.requests)
        # In any order, each as another process would; the last of 40 shards may have no sample at all.
        for index in reversed(range(count)):
            difficulty.run(given(settings, endpoint=[server.url], shard=f"{index}/{count}"))
        asked = len(server.requests) - before
        summary = difficulty.run(given(settings, endpoint=[server.url]))
        assert asked == 72 == len(server.requests) - before
    assert summary.rollouts == 72
    assert {name: (tmp_path / "out" / name).read_bytes() for name in TABLES} == expected
    parts = [read_parquet(path) for path in sorted((tmp_path / "out").glob("shard-*/rollouts.parquet"))]
    assert len(parts) == count and sum(map(len, parts)) == 72


def test_a_shard_that_never_ran_is_asked_when_all_is_put_together(settings, tmp_path):
    with Server(seeded) as server:
        expected = whole(settings, server, tmp_path)
        before = len(server.requests)
        difficulty.run(given(settings, endpoint=[server.url], shard="1/3"))
        difficulty.run(given(settings, endpoint=[server.url]))
        assert len(server.requests) - before == 72
    assert {name: (tmp_path / "out" / name).read_bytes() for name in TABLES} == expected


def test_traces_are_sharded_too(settings, tmp_path):
    asked = coldstart.Settings(
        samples=settings.samples, model=f"scripted:{settings.samples}", n=2, out=str(tmp_path / "traces")
    )
    coldstart.run(msgspec.structs.replace(asked, out=str(tmp_path / "one")))
    for index in range(3):
        coldstart.run(msgspec.structs.replace(asked, shard=f"{index}/3"))
    coldstart.run(asked)
    for name in ("rollouts.parquet", "traces.parquet"):
        assert (tmp_path / "traces" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_each_sample_is_in_one_shard_whatever_else_is_in_the_file(settings, tmp_path):
    write_samples(tmp_path / "many.parquet", [make_sample(f"s{i}") for i in range(200)])
    samples = open_samples(tmp_path / "many.parquet")
    parts = [shards.part(samples, given(settings, shard=f"{index}/7")) for index in range(7)]
    assert sorted(s.sample_id for one in parts for s in one) == sorted(s.sample_id for s in samples)
    assert all(len(one) > 10 for one in parts)
    some = shards.part(samples[50:60], given(settings, shard="3/7"))
    assert list(some) == [s for s in samples[50:60] if s in parts[3]]


@pytest.mark.parametrize("text", ["4/4", "-1/4", "1", "a/b", "1/4/4", "0/0", "1 / 4", "٣/4"])
def test_a_shard_that_is_none_says_how_to_write_it(settings, text):
    with pytest.raises(VtgError, match="write I/N with 0 <= I < N"):
        difficulty.run(given(settings, shard=text))


@pytest.mark.parametrize("split", [{"shard": "0/2"}, {"executor": "ray"}])
def test_adaptive_numbers_cannot_be_split(settings, split):
    with pytest.raises(VtgError, match="--adaptive looks at all samples"):
        difficulty.run(given(settings, adaptive="mean_iou:0.2:0.8:0.05", **split))


def test_a_shard_that_runs_is_waited_for_and_a_foreign_or_torn_one_is_named(settings, tmp_path):
    with Server(seeded) as server:
        settings = given(settings, endpoint=[server.url])
        difficulty.run(given(settings, shard="0/2"))
        journal = tmp_path / "out/shard-0-of-2/journal.sqlite"
        with Journal(journal), pytest.raises(Locked, match=r"shard-0-of-2.*held by process"):
            difficulty.run(settings)
        content = journal.read_bytes()
        journal.write_bytes(content[: len(content) // 2])
        with pytest.raises(VtgError, match=r"shard-0-of-2.journal.sqlite: not a readable journal"):
            difficulty.run(settings)
        journal.unlink()
        sqlite3.connect(journal).execute("CREATE TABLE other (x)").connection.close()
        with pytest.raises(VtgError, match="no journal of ours"):
            difficulty.run(settings)


def test_ray_gives_the_table_of_one_process(settings, tmp_path):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    with Server(seeded) as server:
        expected = whole(settings, server, tmp_path)
        before = len(server.requests)
        split = given(settings, endpoint=[server.url], executor="ray", shards=4, workers=2)
        difficulty.run(split)
        assert len(server.requests) - before == 72
        assert difficulty.run(given(split, shards=3, workers=1)).up_to_date
    assert {name: (tmp_path / "out" / name).read_bytes() for name in TABLES} == expected
    assert len(list((tmp_path / "out").glob("shard-*-of-4/meta.json"))) == 4


def test_what_ends_a_shard_on_ray_ends_the_run_with_its_exit_code(settings, tmp_path):
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    with Server(lambda body, number: Fault(401)) as server, pytest.raises(VtgError, match=r"shard \d/2: ") as refused:
        difficulty.run(given(settings, endpoint=[server.url], executor="ray", shards=2))
    assert refused.value.exit_code == EndpointRefused.exit_code
