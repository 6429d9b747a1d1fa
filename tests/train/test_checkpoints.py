"""A checkpoint counts only when it is whole; others' checkpoints stay; a log is cut to where a run goes on."""

from vtgdata.train import checkpoints


def make(kept, step, **carried):
    path = kept / f"checkpoint-{step}"
    path.mkdir()
    (path / "weights").write_bytes(b"w" * step)
    checkpoints.seal(path, step, carried)
    return path


def test_the_last_whole_one_is_found_with_what_it_carried(tmp_path):
    assert checkpoints.last(tmp_path) is None
    make(tmp_path, 2, drawn=1)
    make(tmp_path, 10, drawn=5)
    found = checkpoints.last(tmp_path)
    assert (found.step, found.carried) == (10, {"drawn": 5})


def test_one_without_its_mark_or_with_a_shorter_file_is_not_whole_and_goes(tmp_path):
    make(tmp_path, 2)
    torn = make(tmp_path, 4)
    (torn / "weights").write_bytes(b"w")
    (tmp_path / "checkpoint-6").mkdir()
    assert checkpoints.last(tmp_path).step == 2
    checkpoints.tidy(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-2"]


def test_the_oldest_go_but_the_best_stays(tmp_path):
    best = make(tmp_path, 1)
    for step in (2, 3, 4):
        make(tmp_path, step)
    checkpoints.tidy(tmp_path, 2, best)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-1", "checkpoint-3", "checkpoint-4"]


def test_checkpoints_of_a_run_with_other_settings_stay_and_are_named(tmp_path, caplog):
    other = checkpoints.folder(tmp_path, "a" * 64)
    make(other, 3)
    mine = checkpoints.folder(tmp_path, "b" * 64)
    assert mine != other and checkpoints.last(other).step == 3
    assert "checkpoints of a run with other settings" in caplog.text and other.name in caplog.text


def test_a_log_is_cut_behind_the_step_and_at_a_torn_line(tmp_path):
    log = tmp_path / "training.jsonl"
    log.write_text('{"step":1}\n{"step":2}\n{"step":3}\n')
    checkpoints.cut_log(log, 2)
    assert log.read_text() == '{"step":1}\n{"step":2}\n'
    log.write_text('{"step":1}\n{"ste')
    checkpoints.cut_log(log, 9)
    assert log.read_text() == '{"step":1}\n'
