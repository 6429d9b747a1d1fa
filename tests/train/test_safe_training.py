"""A tiny model is trained: what stops a run keeps its work, rows too long are left out, completions are kept."""

import msgspec
import pytest

from support.safe_training import PROMPT, PROMPTS, frames, rows, save_base, settings
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.train import checkpoints, rl, row_lengths, session, sft
from vtgdata.train import model as models

pytest.importorskip("trl", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_base(tmp_path_factory.mktemp("base"))


def train_rl(base, out, of=None, **more):
    given = {"prompts_per_step": 2, "rollouts": 2, "max_new_tokens": 4, "steps": 2, "completions_every": 1} | more
    place = session.Place(out=out / "model", kept=out)
    out.mkdir(exist_ok=True)
    return rl.fit(rl.Settings(**settings(base, out, **given)), of or rows(), PROMPTS, frames, place), place


def train_sft(base, out, of=None, **more):
    given = {"batch_size": 2, "steps": 2} | more
    place = session.Place(out=out / "model", kept=out)
    out.mkdir(exist_ok=True)
    return sft.fit(sft.Settings(**settings(base, out, **given)), of or rows(), PROMPTS, frames, place), place


def log(folder):
    return [msgspec.json.decode(line) for line in (folder / "training.jsonl").read_bytes().splitlines()]


def test_a_run_that_learnt_nothing_is_no_success_and_keeps_a_checkpoint(base, tmp_path):
    """All answers of an untrained model are cut off and earn nothing: it once said success."""
    with pytest.raises(VtgError, match="stopped at step 1 of 1: nothing was learnt: in all steps every answer was cut"):
        train_rl(base, tmp_path, steps=1)
    kept = checkpoints.last(tmp_path)
    assert kept is not None and kept.step == 1 and not (tmp_path / "model").exists()


@pytest.mark.slow
def test_the_same_command_may_be_let_go_on(base, tmp_path):
    for _ in range(2):
        with pytest.raises(VtgError, match=r"step 2 of 2: nothing was learnt.*--stall 0"):
            train_rl(base, tmp_path)
    summary, _ = train_rl(base, tmp_path, stall=0)
    assert (summary.resumed, summary.first_reward) == (2, 0.0) and (tmp_path / "model/config.json").exists()
    lines = log(tmp_path)
    assert {"others", "seen_step", "seen", "unparsed", "lenient_minus_strict", "pass_rate_bins"} <= set(lines[0])
    said = [row for step in (1, 2) for row in read_parquet(tmp_path / "completions" / checkpoints.table(step))]
    assert [row["step"] for row in said] == [1] * 4 + [2] * 4 and {row["finish_reason"] for row in said} == {"length"}
    groups = [group for line in lines for group in line["pass_rate_bins"].values()]
    assert sum(group["groups"] for group in groups) == sum(group["zero_std"] for group in groups) == 4


@pytest.mark.slow
def test_steps_in_a_row_that_teach_nothing_stop_a_run_early_and_its_weights_can_be_begun_with(base, tmp_path):
    with pytest.raises(VtgError, match="stopped at step 2 of 9: for 2 steps every answer was cut off") as stopped:
        train_rl(base, tmp_path / "rl", steps=9, stall=2)
    model = str(stopped.value).partition("--model ")[2].split()[0]
    summary, _ = train_sft(model, tmp_path / "sft")
    assert summary.first_loss is not None


def test_a_loss_that_is_not_finite_stops_with_finite_weights(base, tmp_path):
    import torch

    with pytest.raises(VtgError, match="stopped at step 2 of 4: the loss is nan"):
        train_sft(base, tmp_path, steps=4, learning_rate=1e30)
    kept = checkpoints.last(tmp_path)
    assert kept is not None and kept.step == 2
    model = models.load(str(kept.path)).model
    assert all(bool(torch.isfinite(weight).all()) for weight in model.parameters())


@pytest.mark.slow
def test_rows_that_are_too_long_are_left_out_whole_and_counted(base, tmp_path):
    long = rows(6)
    long[3]["target"] = long[3]["target"].replace("blue", "blue " * 40)
    opened = models.load(base)
    found = row_lengths.measure(long, PROMPTS, frames, opened, None)
    assert found[3] > max(found[:3] + found[4:])
    with pytest.raises(VtgError, match=r"1 of 6 rows are longer than \d+ tokens .*'s3', has .*--max-failed"):
        train_sft(base, tmp_path / "refused", long, max_length=found[3] - 1)
    summary, place = train_sft(base, tmp_path / "out", long, max_length=found[3] - 1, max_failed=0.2, stall=0)
    assert (summary.rows, place.left_out) == (5, {"too long": 1})
    with pytest.raises(VtgError, match="8 of 8 rows are longer than 4096 tokens"):
        train_rl(base, tmp_path / "rl", max_new_tokens=8192, max_failed=1.0)


def test_a_row_is_as_long_as_the_batch_in_which_it_is_trained_on(base, tmp_path, monkeypatch):
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling as Collator

    seen, plain = [], Collator.torch_call

    def watched(self, examples):
        batch = plain(self, examples)
        seen.extend(batch["attention_mask"].sum(dim=1).tolist())
        return batch

    monkeypatch.setattr(Collator, "torch_call", watched)
    train_sft(base, tmp_path, rows(4), steps=1, batch_size=4)
    assert sorted(seen) == sorted(row_lengths.measure(rows(4), PROMPTS, frames, models.load(base), None))


def test_rewards_that_cannot_act_are_refused_before_the_model_is_loaded(tmp_path):
    for weights, words in (({"tiou": -1.0}, "above 0"), ({"answer": 1.0}, "applies to none"), ({}, "at least one")):
        with pytest.raises(VtgError, match=words):
            train_rl("no such model", tmp_path, rewards=weights)
    assert PROMPT.form.reasoning
