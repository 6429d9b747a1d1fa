"""Batch files: exported, answered by a runner of the format, imported; then nothing is left to ask."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from support.builders import draw_video, make_sample
from support.servers import Server, completion, seeded
from vtgdata.cli.app import run
from vtgdata.engine.journal.counts import peek, spend
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples

TABLES = ("rollouts.parquet", "pass_rates.parquet")
SAMPLES, N = 8, 3


def billed(body: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """An answer that is a function of the seed, and so are its tokens."""
    usage = {"prompt_tokens": 300 + body["seed"] % 200, "completion_tokens": 5 + body["seed"] % 40}
    return completion(seeded(body, number)) | {"usage": usage}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw_video(tmp_path / "videos/v.mp4", grey=60)
    samples = [make_sample(f"s{i}", video_id="v", duration=4.0) for i in range(SAMPLES)]
    write_samples(tmp_path / "samples.parquet", samples)
    return tmp_path


def score(server: Server, *more: str, out: str = "out") -> int:
    return run([
        "score-difficulty", "--samples", "samples.parquet", "--videos", "videos", "--model", "openai_api:tiny",
        "--endpoint", server.url, "--n", str(N), "--num-frames", "4", "--frames", "frames", "--out", out, "-q", *more,
    ])  # fmt: skip


def requests(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("requests-*.jsonl")) for line in path.open()]


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """One line of results, as OpenAI documents it and `vllm run-batch` writes it."""
    response = {"status_code": 200, "request_id": "r", "body": billed(request["body"])}
    return {"id": "batch_req_1", "custom_id": request["custom_id"], "response": response, "error": None}


def write(path: Path, lines: list[Any]) -> str:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return str(path)


def test_a_batch_that_was_answered_leaves_nothing_to_ask_and_gives_the_same_tables(folder, capsys):
    with Server(billed) as server:
        assert score(server, out="whole") == 0
        sent = {request.seed: request.body for request in server.requests}
        server.requests.clear()
        assert score(server, "--batch", "b", "--json") == 0
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (told["requests"], told["cached"], told["batch_files"]) == (24, 0, ["requests-00000.jsonl"])
        (entry,) = json.loads((folder / "b/batch.json").read_text())["asked"]
        assert entry.keys() == {"spec", "model", "about"}, "earlier versions read a batch under these names"
        assert not (folder / "out/meta.json").exists() and not (folder / "out/rollouts.parquet").exists()
        exported = requests(folder / "b")
        # What would be sent, to the letter of its JSON; and each has its answer's key.
        assert {request["body"]["seed"]: request["body"] for request in exported} == sent
        rows = read_parquet(folder / "whole/rollouts.parquet")
        assert {request["custom_id"] for request in exported} == {row["key"] for row in rows}
        lines = [answered(request) for request in exported]
        random.Random(3).shuffle(lines)
        files = [write(folder / f"r{part}.jsonl", lines[part::3]) for part in range(3)]
        assert run(["batch-import", "b", *files, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["answers"], told["failed"], told["missing"], told["n_broken"]) == (24, 0, 0, 0)
        assert score(server) == 0
        assert not server.requests
        # Another import, and another export, find all there.
        assert run(["batch-import", "b", *files, "--json"]) == 0
        capsys.readouterr()
        assert score(server, "--batch", "c", "--json") == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["requests"] == 0
    for name in TABLES:
        assert (folder / "out" / name).read_bytes() == (folder / "whole" / name).read_bytes()


def test_files_are_split_by_requests_and_by_bytes(folder):
    with Server(billed) as server:
        assert score(server, "--batch", "b", "--batch-requests", "10") == 0
        assert [len(path.read_text().splitlines()) for path in sorted((folder / "b").glob("*.jsonl"))] == [10, 10, 4]
        size = max(map(len, (folder / "b/requests-00000.jsonl").read_bytes().splitlines(keepends=True)))
        assert score(server, "--batch", "c", "--batch-megabytes", str(3.5 * size / 1e6)) == 0
        parts = sorted((folder / "c").glob("*.jsonl"))
        assert len(parts) == 8 and all(part.stat().st_size <= 3.5 * size for part in parts)
        assert requests(folder / "b") == requests(folder / "c")
        assert score(server, "--batch", "d", "--batch-megabytes", str(0.5 * size / 1e6)) == 1
        assert not list((folder / "d").glob("*")), "a batch is whole or not there"
        assert not server.requests


def test_errors_strange_lines_and_repetitions_are_told_apart(folder, capsys):
    with Server(billed) as server:
        assert score(server, "--batch", "b") == 0
        first, second, third, fourth, *rest = requests(folder / "b")
        odd = [
            answered(first),
            answered(first) | {"id": "again"},
            {"custom_id": second["custom_id"], "response": None, "error": {"code": "batch_expired", "message": "late"}},
            {"custom_id": third["custom_id"], "response": {"status_code": 400, "body": {"error": {"message": "no"}}}},
            {"custom_id": fourth["custom_id"], "response": {"status_code": 200, "body": {"choices": []}}},
            {"custom_id": "of somebody else", "response": None, "error": None},
            "",
            json.dumps(answered(rest[0]))[:50],
            "[" * 5000,
            '{"custom_id": 5}',
        ]
        results = write(folder / "r.jsonl", odd)
        capsys.readouterr()
        assert run(["batch-import", "b", results, "--json"]) == 3
        shown = capsys.readouterr()
        told = json.loads(shown.out)
        assert (told["answers"], told["failed"], told["duplicates"], told["unknown"]) == (1, 3, 1, 1)
        assert told["n_broken"] == 3 and told["missing"] == 20
        assert [words.split(": ")[0] for words in told["broken"]] == [f"{results}:{line}" for line in (8, 9, 10)]
        assert f"3 lines cannot be read, first {results}:8" in shown.err
        assert run(["batch-import", "b", results]) == 3
        assert "0 answers and 0 failures taken" in capsys.readouterr().out
        # What failed is asked by the ordinary command, like everything that is missing.
        assert score(server, "--only", "failed") == 3
        assert {request.seed for request in server.requests} == {r["body"]["seed"] for r in (second, third, fourth)}
        assert score(server) == 0
        assert len(server.requests) == 23


def test_what_a_batch_cost_is_unknown_unless_a_price_is_named(folder):
    (folder / "prices.yaml").write_text("- {model: tiny, input: 1.0, output: 4.0}\n")
    with Server(billed) as server:
        for out, more in (("one", []), ("two", ["--prices", "prices.yaml"])):
            assert score(server, "--batch", f"b-{out}", out=out) == 0
            results = write(folder / f"{out}.jsonl", [answered(request) for request in requests(folder / f"b-{out}")])
            assert run(["batch-import", f"b-{out}", results, *more]) == 0
    usages = [billed(request["body"])["usage"] for request in requests(folder / "b-two")]
    total = sum(usage["prompt_tokens"] * 1_000_000 + usage["completion_tokens"] * 4_000_000 for usage in usages)
    for out, found in (("one", (0, 24)), ("two", (total, 0))):
        with peek(folder / out / "journal.sqlite") as select:
            assert spend(select, None) == found


def test_what_cannot_be_a_batch_says_so(folder, capsys):
    with Server(billed) as server:
        (folder / "full").mkdir()
        (folder / "full/notes").touch()
        assert score(server, "--batch", "full") == 1
        assert "Name a new folder" in capsys.readouterr().err
        assert score(server, "--batch", "b", "--adaptive", "mean_iou:0.2:0.8:0.05") == 1
        assert "--adaptive decides" in capsys.readouterr().err
    assert run(["score-difficulty", "--samples", "samples.parquet", "--model", "scripted:samples.parquet", "--out", "o",
                "--batch", "b"]) == 1  # fmt: skip
    assert "asks no server" in capsys.readouterr().err
    assert run(["batch-import", "full", "results.jsonl"]) == 1
    assert "no batch of ours" in capsys.readouterr().err
    assert not (folder / "b").exists()


@pytest.mark.parametrize(("allowed", "taken"), [((), 0), (("--answers-as", "other"), 24), (("--answers-as", "*"), 24)])
def test_another_models_answers_are_left_out_unless_they_are_allowed(folder, capsys, allowed, taken):
    with Server(billed) as server:
        assert score(server, "--batch", "b", *allowed) == 0
        capsys.readouterr()
    lines = [answered(request) for request in requests(folder / "b")]
    for line in lines:
        line["response"]["body"]["model"] = "other"
    assert run(["batch-import", "b", write(folder / "r.jsonl", lines), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["answers"], told["failed"]) == (taken, 24 - taken)
