import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vtgdata.engine.journal import journal as journal_module
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.errors import Locked, VtgError
from vtgdata.files.owners import owner, owner_path
from vtgdata.records import Reply

HOLD = """
import os, sys
from pathlib import Path
from vtgdata.engine.journal.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def said(key: str, text: str, index: int = 0) -> Attempt:
    return Attempt(key=key, sample_id="s", index=index, reply=Reply(text=text, tokens_out=3, seconds=0.5))


def failed(key: str, error: str) -> Attempt:
    return Attempt(key=key, sample_id="s", index=0, reply=Reply(text=None, error=error))


def rows(path: Path, query: str = "SELECT key, status FROM attempt ORDER BY id") -> list[tuple[object, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that has the journal open until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "open\n"
    return process


def test_an_answer_comes_back_as_it_was_given(tmp_path):
    reply = Reply(
        text="ø 1.0 to 2.0\n\x00", reasoning="since", finish_reason="length", tokens_in=9, endpoint="http://a/v1"
    )
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.record([Attempt(key="k", sample_id="s", index=2, reply=reply)])
    with Journal(tmp_path / "j.sqlite") as journal:
        assert journal.answered(["k", "unknown"]) == {"k": reply}
        assert journal.holds(["k", "unknown"]) == {"k"}


def test_the_first_answer_of_a_key_stays(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.record([said("k", "first")])
        journal.record([said("k", "second"), said("l", "other")])
        assert {key: reply.text for key, reply in journal.answered(["k", "l"]).items()} == {"k": "first", "l": "other"}
    assert len(rows(tmp_path / "j.sqlite")) == 2


def test_failed_attempts_are_kept_and_block_no_answer(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.record([failed("k", "HTTP 500"), failed("k", "timeout")])
        assert journal.holds(["k"]) == set()
        assert journal.failures(["k"])["k"].error == "timeout"
        journal.record([said("k", "at last")])
        assert journal.answered(["k"])["k"].text == "at last"
    assert rows(tmp_path / "j.sqlite") == [("k", "failed"), ("k", "failed"), ("k", "answer")]


def test_thousands_of_keys_are_looked_up_at_once(tmp_path):
    keys = [f"k{i}" for i in range(2500)]
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.record([said(key, key) for key in keys])
        assert list(journal.answered(iter(keys))) != []
        assert journal.holds(keys) == set(keys)


def test_a_batch_is_recorded_whole_or_not_at_all(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        with pytest.raises(sqlite3.IntegrityError):
            journal.record([said("k", "a"), Attempt(key="l", sample_id=None, index=0, reply=Reply(text="b"))])  # type: ignore[arg-type]
        assert journal.holds(["k"]) == set()
        journal.record([said("k", "again")])
        assert journal.holds(["k"]) == {"k"}


def test_it_is_durable_by_its_settings(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        assert journal._value("PRAGMA journal_mode") == "wal"
        assert journal._value("PRAGMA synchronous") == 2
        assert journal._value("PRAGMA locking_mode") == "exclusive"


def test_a_closed_journal_leaves_one_file(tmp_path):
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.record([said("k", "a")])
    assert [path.name for path in tmp_path.iterdir()] == ["j.sqlite"]


def test_a_second_process_is_told_within_two_seconds_who_holds_it(tmp_path):
    path = tmp_path / "j.sqlite"
    other = holder(path)
    try:
        began = time.monotonic()
        with pytest.raises(Locked, match=f"held by process {other.pid} on .+ since 20") as caught:
            Journal(path)
        assert time.monotonic() - began < 2
        assert caught.value.exit_code == 5
        # Being refused harms nothing.
        assert (owner(path) or pytest.fail()).pid == other.pid
    finally:
        other.communicate()
    with Journal(path) as journal:
        journal.record([said("k", "a")])


def test_a_journal_of_a_killed_process_is_simply_opened(tmp_path):
    path = tmp_path / "j.sqlite"
    other = holder(path)
    other.send_signal(signal.SIGKILL)
    other.wait()
    other.communicate()
    assert (owner(path) or pytest.fail()).pid == other.pid
    with Journal(path):
        assert (owner(path) or pytest.fail()).pid == os.getpid()


def test_two_openings_of_a_new_journal_at_once_give_one_holder(tmp_path):
    for attempt in range(2):
        opened: list[Journal] = []
        refused: list[Locked] = []
        barrier = threading.Barrier(2)

        def open_it(
            path: Path, opened: list[Journal] = opened, refused: list[Locked] = refused, barrier=barrier
        ) -> None:
            barrier.wait()
            try:
                opened.append(Journal(path))
            except Locked as error:
                refused.append(error)

        threads = [threading.Thread(target=open_it, args=(tmp_path / f"{attempt}.sqlite",)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(opened), len(refused)) == (1, 1)
        opened[0].close()


@pytest.mark.parametrize("content", [b"not a database at all " * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_journal_is_refused_with_advice(tmp_path, content):
    path = tmp_path / "j.sqlite"
    path.write_bytes(content)
    with pytest.raises(VtgError, match=r"not a readable journal .*Move it away"):
        Journal(path)
    assert path.read_bytes() == content
    assert not owner_path(path).exists()


def test_a_foreign_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "j.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE theirs (a)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(VtgError, match="no journal of ours"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_journal_from_the_future_is_refused(tmp_path):
    path = tmp_path / "j.sqlite"
    Journal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(VtgError, match="newer vtgdata"):
        Journal(path)


@pytest.mark.parametrize("keep", [1, 100, 4096, 5000, 9000, -4096, -1])
def test_a_truncated_journal_is_recognised(tmp_path, keep):
    path, keys = tmp_path / "j.sqlite", [f"k{i}" for i in range(200)]
    with Journal(path) as journal:
        journal.record([said(key, "text " * 50) for key in keys])
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(VtgError, match="not a readable journal"):
        with Journal(path) as journal:
            journal.answered(keys)


def test_an_answer_with_a_flipped_byte_is_refused_not_believed(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.record([said("k", "text")])
    path.write_bytes(path.read_bytes().replace(b'"text":"text"', b'"text":"next"'))
    with Journal(path) as journal, pytest.raises(VtgError, match="not a readable journal"):
        journal.answered(["k"])


@pytest.mark.parametrize("harm", ["truncated", "garbled"])
def test_a_torn_log_costs_only_its_last_transaction(tmp_path, harm):
    """What a power cut leaves: the main file, and a write-ahead log with a torn end."""
    path, cut = tmp_path / "j.sqlite", tmp_path / "cut" / "j.sqlite"
    cut.parent.mkdir()
    with Journal(path) as journal:
        journal.record([said("first", "a")])
        length = path.with_name("j.sqlite-wal").stat().st_size
        journal.record([said("second", "b")])
        main, log = path.read_bytes(), path.with_name("j.sqlite-wal").read_bytes()
    for offset in range(length, len(log), 531):
        cut.write_bytes(main)
        torn = log[:offset] if harm == "truncated" else log[:offset] + bytes(byte ^ 0x5A for byte in log[offset:])
        cut.with_name("j.sqlite-wal").write_bytes(torn)
        with Journal(cut) as journal:
            assert journal.holds(["first", "second"]) == {"first"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VtgError, match="cannot be written"):
        Journal(tmp_path / "file" / "j.sqlite")


def test_a_full_disk_is_said_and_what_was_recorded_stays(tmp_path):
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.record([said("k", "a")])
        pages = journal._value("PRAGMA page_count")
        journal._value(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(VtgError, match="Free some room"):
            journal.record([said(f"big{i}", "text " * 1000) for i in range(10)])
        assert journal.holds(["k", "big0"]) == {"k"}
    with Journal(path) as journal:
        journal.record([said("l", "b")])
        assert journal.holds(["k", "l"]) == {"k", "l"}


def test_opening_waits_no_longer_than_it_says():
    assert journal_module.LOCK_SECONDS <= 1.5


def taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take the shard's answers into the journal beside it; the keys that were read for it."""
    read: list[str] = []
    answers = Journal._answers
    monkeypatch.setattr(
        Journal,
        "_answers",
        lambda self, last: read.extend(row[1] for row in answers(self, last)) or answers(self, last),
    )
    with Journal(folder / "j.sqlite") as journal, Journal(folder / "shard/j.sqlite") as shard:
        journal.take(shard)
    monkeypatch.undo()
    return read


def test_only_what_is_new_in_a_shard_is_taken_over_again(tmp_path, monkeypatch):
    with Journal(tmp_path / "shard/j.sqlite") as shard:
        shard.record([said("a", "1"), failed("b", "timeout"), said("c", "3")])
    assert taken(tmp_path, monkeypatch) == ["a", "c"]
    assert taken(tmp_path, monkeypatch) == []
    with Journal(tmp_path / "shard/j.sqlite") as shard:
        shard.record([said("b", "2")])
    assert taken(tmp_path, monkeypatch) == ["b"]
    with Journal(tmp_path / "j.sqlite") as journal:
        assert {key: reply.text for key, reply in journal.answered("abc").items()} == {"a": "1", "b": "2", "c": "3"}


def test_another_journal_in_a_shards_place_is_read_from_its_start(tmp_path, monkeypatch):
    with Journal(tmp_path / "shard/j.sqlite") as shard:
        shard.record([said("a", "1"), said("b", "2")])
    taken(tmp_path, monkeypatch)
    (tmp_path / "shard/j.sqlite").unlink()
    with Journal(tmp_path / "shard/j.sqlite") as shard:
        shard.record([said("c", "3"), said("d", "4")])
    assert taken(tmp_path, monkeypatch) == ["c", "d"]
    with Journal(tmp_path / "j.sqlite") as journal:
        assert journal.holds("abcd") == set("abcd")
