"""The watch of a run: where a run in trouble stops, and what it says is kept."""

import pytest

from vtgdata.train import checkpoints
from vtgdata.train.crew import Crew
from vtgdata.train.guards import Limits
from vtgdata.train.watch import COMPLETIONS, LOG, Watch


def watch(folder, **more):
    return Watch("train rl", folder, Crew(1, 0), 8, {"loss": "loss", "grad_norm": "gradient"}, save_every=4, **more)


def checkpoint(folder, step):
    (folder / f"checkpoint-{step}").mkdir(parents=True)
    (folder / f"checkpoint-{step}/weights").write_bytes(b"w")
    checkpoints.seal(folder / f"checkpoint-{step}", step, {})


def test_a_run_in_trouble_stops_where_it_can_be_taken_up(tmp_path):
    """Between two generations answers wait in memory: a checkpoint there would lose them."""
    of = watch(tmp_path, boundary=4)
    assert of.line(1, {"loss": 0.5}) and not of.look(1)
    for step, stops in ((2, False), (3, False), (4, True)):
        assert of.line(step, {"loss": float("nan") if step == 2 else 0.5})
        assert of.look(step) is stops
    assert of.trouble is not None and "the loss is nan" in of.trouble.words


def test_figures_that_the_trainer_logs_at_the_end_are_no_step(tmp_path):
    assert not watch(tmp_path).line(8, {"train_runtime": 3.0})


def test_what_stops_it_says_which_checkpoint_is_kept_and_how_to_go_on(tmp_path):
    of = watch(tmp_path, limits=Limits(stall=1))
    of.line(1, {"grad_norm": 0.0})
    assert of.look(1) and of.trouble is not None
    assert str(of.broken_off(of.trouble)).endswith(
        "There is no checkpoint from before it, so the same command begins anew."
    )
    checkpoint(tmp_path, 1)
    said = str(of.broken_off(of.trouble))
    assert said.startswith("train rl stopped at step 1 of 8: in this step the gradient was 0.")
    assert "the same command goes on from there (add --stall 0" in said
    assert f"--model {tmp_path / 'checkpoint-1'} and another --out" in said


@pytest.mark.parametrize("known", [True, False])
def test_a_run_that_goes_on_writes_its_tables_of_later_steps_again(tmp_path, known):
    folder = tmp_path / COMPLETIONS
    folder.mkdir()
    for step in (4, 5, 12):
        (folder / checkpoints.table(step)).write_bytes(b"")
    (folder / "step-notes.parquet").write_bytes(b"the user's own")
    checkpoint(tmp_path, 5)
    (tmp_path / LOG).write_bytes(b'{"step":5}\n{"step":6}\n')
    of = watch(tmp_path)
    of.take_up(checkpoints.last(tmp_path) if known else None)
    left = {path.name for path in folder.iterdir()}
    assert left == {"step-notes.parquet"} | ({checkpoints.table(4), checkpoints.table(5)} if known else set())
    assert of.lines == ([{"step": 5}] if known else [])
