"""What answers are worth, on a tiny student that writes answers in form and sees nothing: its videos are noise."""

from collections import defaultdict

import msgspec
import numpy as np
import pytest

from support.safe_training import PROMPT, PROMPTS, frames, rows, save_base, settings
from vtgdata.conversation.answer import parse
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import row_sample
from vtgdata.train import rl, session, sft
from vtgdata.train.completions import bin_of
from vtgdata.train.crew import Crew

pytest.importorskip("trl", reason="needs vtgdata[train]")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    base, out = save_base(tmp_path_factory.mktemp("base")), tmp_path_factory.mktemp("student")
    given = settings(base, out, batch_size=8, steps=30, learning_rate=3e-3, beta2=0.95)
    sft.fit(sft.Settings(**given), rows(), PROMPTS, frames, session.Place(out=out, kept=out))
    return str(out)


def train(student, out, of, **more):
    given = {"prompts_per_step": 4, "rollouts": 4, "max_new_tokens": 48, "steps": 3, "completions_every": 1} | more
    out.mkdir(exist_ok=True)
    place = session.Place(out=out / "model", kept=out, crew=Crew(1, 0))
    summary = rl.fit(rl.Settings(**settings(student, out, **given)), of, PROMPTS, frames, place)
    lines = [msgspec.json.decode(line) for line in (out / "training.jsonl").read_bytes().splitlines()]
    return summary, lines, [read_parquet(path) for path in sorted((out / "completions").iterdir())]


def test_the_table_of_completions_is_what_was_trained_on(student, tmp_path):
    of = rows()
    _, lines, tables = train(student, tmp_path, of, rewards={"tiou*format": 0.9, "format": 0.1, "length:low=3": 0.1})
    samples = {row["sample_id"]: row_sample(row) for row in of}
    for line, table in zip(lines, tables, strict=True):
        groups = defaultdict(list)
        for row in table:
            sample = samples[row["sample_id"]]
            said = parse(row["text"], duration=10.0, form=PROMPT.form, finish_reason=row["finish_reason"])
            assert (row["parse_status"], row["strict_ok"]) == (said.parse_status, said.strict_ok)
            assert row["windows"] == [[window.start, window.end] for window in said.windows]
            if not said.strict_ok:
                said = msgspec.structs.replace(said, windows=(), reasoning="", parse_status="no_answer")
            tiou, form = (plugins.load("scores", name).score([said], [sample])[0] for name in ("tiou", "format"))
            long = plugins.load("scores", "length").score([said], [sample], low=3)[0]
            scores = {score["name"]: score["value"] for score in row["scores"]}
            assert scores == {"tiou*format": tiou * form, "format": form, "length:low=3": long}
            assert row["reward"] == pytest.approx(0.9 * tiou * form + 0.1 * form + 0.1 * long, abs=1e-12)
            assert row["pass_rate_bin"] == bin_of(row["pass_rate"])
            groups[row["group"]].append(row)
        assert [len(group) for group in groups.values()] == [4] * 4 and line["step"] == table[0]["step"]
        assert all(len({row["sample_id"] for row in group}) == 1 for group in groups.values())
        for group in groups.values():
            earned = np.array([row["reward"] for row in group])
            right = (earned - earned.mean()) / (earned.std(ddof=1) + 1e-4)
            assert [row["advantage"] for row in group] == pytest.approx(right, abs=1e-4)
        dead = sum(np.ptp([row["reward"] for row in group]) < 1e-8 for group in groups.values())
        bins = line["pass_rate_bins"].values()
        assert line["frac_reward_zero_std"] == dead / 4 == sum(each["zero_std"] for each in bins) / 4
        assert line["reward"] == pytest.approx(np.mean([row["reward"] for row in table]), abs=1e-6)
        assert line["others"] == pytest.approx(np.mean([row["others"] for row in table]), abs=1e-6)
        assert line["seen_step"] == pytest.approx(line["reward"] - line["others"], abs=1e-6)
        assert line["reward"] == pytest.approx(sum(each["groups"] * each["reward"] for each in bins) / 4, abs=1e-6)


def test_a_student_that_sees_nothing_learns_the_prior_and_that_is_said(student, tmp_path, caplog):
    """All moments lie at one place now: the reward rises, and on other videos' truths it rises as much."""
    of = rows(windows=[[4.0, 8.0]])
    summary, lines, _ = train(student, tmp_path, of, steps=40, learning_rate=3e-4, prompts_per_step=8)
    assert summary.last_reward > summary.first_reward + 0.1
    assert summary.prior_alarm is not None and "not to look" in summary.prior_alarm
    assert summary.prior_alarm in caplog.text
    assert all(abs(line["seen_step"]) < 1e-6 for line in lines), "one truth for all: nothing is seen"
    assert lines[-1]["seen"] == pytest.approx(summary.seen)
