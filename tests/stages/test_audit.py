"""audit and review: from stored answers to a queue, and from decisions to other labels."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from support import labelled
from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files.label_reviews import Decision
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.metrics.agreement import Agreement
from vtgdata.stages import audit, review

N, WRONG = 120, 24


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Samples of which some labels are moved, answers about the right ones; the ids of the moved."""
    monkeypatch.chdir(tmp_path)
    right, shown, moved = labelled.pool(N, WRONG)
    write_samples(Path("samples.parquet"), shown)
    write_parquet(Path("rollouts.parquet"), labelled.answers(right, late=2.0), ROLLOUTS)
    return moved


def audited(**changes) -> audit.Summary:
    values = {"samples": "samples.parquet", "rollouts": ["rollouts.parquet"], "out": "audit", "size": 40}
    return audit.run(audit.Settings(**values | changes))


def decide(*decisions: dict, path: str = "decisions.jsonl") -> str:
    each = [{"who": "ab", "when": "2026-11-29"} | decision for decision in decisions]
    Path(path).write_text("".join(json.dumps(line) + "\n" for line in each))
    return path


def reviewed(out: str = "reviewed", **changes) -> review.Summary:
    values = {"queue": "audit", "samples": "samples.parquet", "apply": "decisions.jsonl", "out": out}
    return review.run(review.Settings(**values | changes))


def test_moved_labels_come_first_with_the_window_that_the_answers_agree_on(desk):
    summary = audited()
    rows = {row["sample_id"]: row for row in read_parquet("audit/audit.parquet")}
    assert len(rows) == summary.samples == N
    said = sorted(rows, key=lambda name: -rows[name]["p_wrong"])[:WRONG]
    assert len(desk & set(said)) >= 0.9 * WRONG
    assert 0.5 * WRONG / N < summary.share < 2 * WRONG / N
    assert all(row["weight"] == 1 - row["p_wrong"] and 0 <= row["p_wrong"] <= 1 for row in rows.values())
    right = {sample.sample_id: sample for sample in labelled.pool(N, WRONG)[0]}
    found = [rows[name]["proposed"][0] + [right[name].windows[0].start, right[name].windows[0].end] for name in desk]
    near = [abs(start - first) < 2 and abs(end - last) < 2.5 for start, end, first, last in found]
    assert sum(near) >= 0.9 * WRONG


def test_a_habit_is_said_and_taken_off_and_is_no_thousand_wrong_labels(desk):
    (model,) = audited(out="a").models
    assert model.start == pytest.approx(2.5, abs=0.4) and model.end == pytest.approx(3.5, abs=0.4)
    right, _, _ = labelled.pool(N)
    write_samples(Path("samples.parquet"), right)
    assert audited(out="b").likely <= 3


def test_one_row_in_ten_is_drawn_at_random_and_nothing_in_the_queue_says_which(desk):
    summary = audited()
    queue, controls = read_parquet("audit/review.parquet"), read_parquet("audit/controls.parquet")
    assert (len(queue), len(controls)) == (summary.queue, summary.random) == (40, 4)
    assert {row["sample_id"] for row in controls} < {row["sample_id"] for row in queue}
    assert not {"p_wrong", "weight"} & set(queue[0]), "a chance would tell which rows were drawn"
    assert [row["place"] for row in queue] == list(range(40))
    again = [row["sample_id"] for row in read_parquet("audit/review.parquet")]
    audited(out="other", seed=2)
    assert again != [row["sample_id"] for row in read_parquet("other/review.parquet")]


def test_decisions_correct_p_wrong_and_leave_the_queue_as_it_is(desk):
    before = audited()
    assert before.decided is None and before.low <= before.share <= before.high
    rows = {row["sample_id"]: row for row in read_parquet("audit/audit.parquet")}
    assert all(row["p_low"] <= row["p_wrong"] <= row["p_high"] for row in rows.values())
    queue = [row["sample_id"] for row in read_parquet("audit/review.parquet")]
    decisions = decide(*({"sample_id": name, "decision": "accept"} for name in queue))
    after = audited(out="corrected", decisions=decisions)
    assert after.decided is not None and (after.decided.labels, after.decided.wrong) == (40, 0)
    assert after.share < before.share and after.likely == 0, "nothing of what was said to be wrong is"
    now = {row["sample_id"]: row for row in read_parquet("corrected/audit.parquet")}
    assert all(now[name]["p_wrong"] == 0 and now[name]["weight"] == 1 for name in queue), "as decided"
    assert all(now[name]["p_wrong"] <= rows[name]["p_wrong"] for name in rows)
    assert [row["sample_id"] for row in read_parquet("corrected/review.parquet")] == queue
    decide(*({"sample_id": name, "decision": "drop"} for name in queue))
    assert audited(out="other", decisions=decisions).share > after.share


def test_decisions_about_another_label_or_other_samples_are_refused(desk):
    audited()
    first, second = read_parquet("audit/review.parquet")[:2]
    decide({"sample_id": first["sample_id"], "decision": "accept", "label": second["label"]})
    with pytest.raises(VtgError, match=f"decisions.jsonl:1: .*{first['sample_id']}.* has changed since"):
        audited(out="other", decisions="decisions.jsonl")
    decide({"sample_id": "else", "decision": "accept"})
    with pytest.raises(VtgError, match="no decision about one of the audited samples"):
        audited(out="other", decisions="decisions.jsonl")
    assert not Path("other/audit.parquet").exists()


def test_a_model_that_was_trained_on_these_labels_is_named(desk):
    assert [model.trained for model in audited(trained=["m"]).models] == [True]
    with pytest.raises(VtgError, match="no answer is of that model"):
        audited(out="other", trained=["n"])


def test_too_few_answers_say_nothing(desk):
    write_samples(Path("few.parquet"), read_samples("samples.parquet")[:20])
    with pytest.raises(VtgError, match="20 samples with answers"):
        audited(samples="few.parquet")
    write_parquet(Path("none.parquet"), [], ROLLOUTS)
    with pytest.raises(VtgError, match="no answer to any"):
        audited(rollouts=["none.parquet"])


def test_decisions_change_labels_and_nothing_else(desk):
    audited()
    before, sent = Path("samples.parquet").read_bytes(), read_samples("samples.parquet")
    names = [row["sample_id"] for row in read_parquet("audit/review.parquet")][:4]
    decide(
        {"sample_id": names[0], "decision": "fix", "windows": [[40.0, 44.0], [1.0, 2.0]]},
        {"sample_id": names[1], "decision": "none"},
        {"sample_id": names[2], "decision": "drop", "note": "blurred"},
        {"sample_id": names[3], "decision": "accept"},
    )
    summary = reviewed()
    assert Path("samples.parquet").read_bytes() == before
    now = {sample.sample_id: sample for sample in read_samples("reviewed/samples.parquet")}
    old = {sample.sample_id: sample for sample in sent}
    assert now.keys() == old.keys() - {names[2]}
    assert {sample.label_version for sample in now.values()} == {"original+r1"}
    assert summary.label_versions == {f"{sent[0].corpus} train": "original+r1"}
    fixed, none = now[names[0]], now[names[1]]
    assert [(w.start, w.end) for w in fixed.windows] == [(1.0, 2.0), (40.0, 44.0)]
    assert fixed.repairs[-1].code == "label_fixed" and json.loads(fixed.repairs[-1].old)
    assert "ab, 2026-11-29" in fixed.repairs[-1].new
    assert none.windows == () and none.labelled and none.extra["none_is_right"]
    same = [name for name in now if name not in names[:2]]
    kept = [msgspec.structs.replace(now[name], label_version="original") for name in same]
    assert kept == [old[name] for name in same]
    (drop,) = read_parquet("reviewed/drops.parquet")
    assert drop["reason"] == "label_dropped" and "blurred" in drop["detail"]
    assert (summary.changed, summary.undecided) == (3, 36)


def test_the_next_review_has_the_next_number_and_a_label_that_changed_is_refused_by_name(desk):
    audited()
    name = read_parquet("audit/review.parquet")[0]["sample_id"]
    decide({"sample_id": name, "decision": "fix", "windows": [[1.0, 2.0]]})
    reviewed("one")
    with pytest.raises(VtgError, match=f"{name}.*has changed since"):
        reviewed("two", samples="one/samples.parquet")
    audited(samples="one/samples.parquet", out="audit2", size=N)
    decide({"sample_id": name, "decision": "fix", "windows": [[3.0, 4.0]]})
    reviewed("two", samples="one/samples.parquet", queue="audit2/review.parquet")
    versions = {sample.label_version for sample in read_samples("two/samples.parquet")}
    assert versions == {"original+r2"}


def test_decisions_that_accept_all_change_no_version(desk):
    audited()
    decide({"sample_id": read_parquet("audit/review.parquet")[0]["sample_id"], "decision": "accept"})
    assert reviewed().label_versions == {}
    assert read_samples("reviewed/samples.parquet") == read_samples("samples.parquet")


def test_the_share_of_wrong_labels_follows_from_the_decisions(desk):
    audited()
    queue = [row["sample_id"] for row in read_parquet("audit/review.parquet")]
    decide(*(
        {"sample_id": name, "decision": "drop" if name in desk else "accept"} for name in queue
    ))  # fmt: skip
    wrong = reviewed().wrong
    assert wrong is not None and wrong.labels == N
    assert wrong.low <= WRONG / N <= wrong.high
    decide({"sample_id": queue[0], "decision": "accept"})
    drawn = {row["sample_id"] for row in read_parquet("audit/controls.parquet")}
    assert (reviewed("other").wrong is None) == (queue[0] not in drawn)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("not json", "decisions.jsonl:1"),
        ('{"sample_id": "l:1", "decision": "fix", "who": "a", "when": "b"}', "`fix` needs windows"),
        ('{"sample_id": "l:1", "decision": "none", "windows": [[1, 2]], "who": "a", "when": "b"}', "`fix` needs"),
        ('{"sample_id": "l:1", "decision": "fix", "windows": [[2, 1]], "who": "a", "when": "b"}', r"\[2, 1\]"),
        ('{"sample_id": "l:1", "decision": "maybe", "who": "a", "when": "b"}', "decisions.jsonl:1"),
        ('{"sample_id": "l:1", "decision": "accept", "when": "b"}', "who"),
        ('{"sample_id": "l:1", "decision": "accept", "who": " ", "when": "b"}', "who"),
        ('{"sample_id": "else", "decision": "accept", "who": "a", "when": "b"}', "not in the queue"),
        ('{"sample_id": "l:1", "decision": "fix", "windows": [[1, 900]], "who": "a", "when": "b"}', "900"),
        ("", "has no decision"),
    ],
)  # fmt: skip
def test_a_wrong_decision_names_its_line_and_nothing_is_written(desk, line, word):
    audited(size=N)
    Path("decisions.jsonl").write_text(line + "\n")
    with pytest.raises(VtgError, match=word):
        reviewed()
    assert not Path("reviewed/samples.parquet").exists()


def test_one_label_decided_twice_is_refused(desk):
    audited()
    name = read_parquet("audit/review.parquet")[0]["sample_id"]
    decide({"sample_id": name, "decision": "accept"}, {"sample_id": name, "decision": "drop"})
    with pytest.raises(VtgError, match="decided in line 1"):
        reviewed()


def test_a_weight_on_the_reward_is_taken_out_by_the_spread_of_its_group_and_a_share_in_the_draw_is_not():
    """Why `weight` is for drawing rows: GRPO's advantage of a group does not change with a factor on its rewards."""
    rewards = np.array([0.1, 0.4, 0.9, 0.9])

    def advantage(values: np.ndarray) -> np.ndarray:
        return (values - values.mean()) / values.std()

    assert np.allclose(advantage(0.25 * rewards), advantage(rewards))
    draws = np.random.default_rng(0).choice(2, 10_000, p=np.array([0.25, 1.0]) / 1.25)
    assert (draws == 0).mean() == pytest.approx(0.2, abs=0.02)


def test_a_decision_is_written_as_it_is_read():
    decision = Decision(sample_id="a", decision="fix", windows=[[1.0, 2.0]], who="a", when="b")
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision
    assert make_sample("a").label_version == "original"


def test_a_second_person_s_decisions_are_compared_and_not_applied(desk):
    audited(size=20)
    ids = [row["sample_id"] for row in read_parquet("audit/review.parquet")]
    labels = {row["sample_id"]: row["windows"] for row in read_parquet("audit/review.parquet")}
    told = {"who": "ab", "when": "2026-11-29"}
    first = decide(
        {"sample_id": ids[0], "decision": "accept", **told},
        {"sample_id": ids[1], "decision": "fix", "windows": [[0.0, 10.0]], **told},
        {"sample_id": ids[2], "decision": "none", **told},
    )
    second = decide(
        {"sample_id": ids[0], "decision": "fix", "windows": labels[ids[0]], **told},
        {"sample_id": ids[1], "decision": "fix", "windows": [[0.0, 8.0]], **told},
        {"sample_id": ids[3], "decision": "drop", **told},
        path="second.jsonl",
    )
    agreed = reviewed(apply=first, second=second).agreement
    assert isinstance(agreed, Agreement)
    assert (agreed.labels, agreed.windows, agreed.tiou, agreed.near) == (2, 2, pytest.approx(0.9), 1.0)
    assert agreed.kappa == 1.0, "whoever writes the label's own windows accepts it"
    kept = {sample.sample_id for sample in read_samples("reviewed/samples.parquet")}
    assert ids[3] in kept, "the second one's are not applied"
