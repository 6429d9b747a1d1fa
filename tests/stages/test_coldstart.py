"""build-coldstart: the chain, the choice of traces, prompts that tell, and what a release makes of it."""

import shutil
from pathlib import Path

import msgspec
import pytest

from support.builders import make_sample
from vtgdata import releases
from vtgdata.conversation.prompt import load_prompt, option_order, own_option, render, shown_option
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.records import Text
from vtgdata.stages import coldstart, difficulty, release


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    samples = [
        make_sample(f"t:{n}", video_id=f"v{n}", corpus="ab"[n % 3 == 0], windows=[(5.0, 10.0)], split="sft")
        for n in range(12)
    ]
    write_samples(Path("samples.parquet"), samples)
    return tmp_path


def told(texts: dict[str, list[str]] | list[str]) -> str:
    by_sample = (
        texts if isinstance(texts, dict) else {sample.sample_id: texts for sample in read_samples("samples.parquet")}
    )
    Path("texts.json").write_bytes(msgspec.json.encode(by_sample))
    return "support.told_teacher:texts.json"


def said(thought: str = "The person opens the door.", window: str = "5.0 to 10.0") -> str:
    return f"<think>{thought}</think><answer>{window}</answer>"


def built(texts: dict[str, list[str]] | list[str], **changes) -> coldstart.Summary:
    values = {"samples": "samples.parquet", "out": "out", "model": told(texts), "n": 1}
    found = coldstart.run(coldstart.Settings(**values | changes))
    assert isinstance(found, coldstart.Summary)
    return found


def test_every_answer_left_out_has_its_reason_its_number_and_words(desk):
    summary = built([said("It opens from 20.0 to 25.0 s."), said(window="5.0 to 32.0"), said(window=" 5.0s - 10.0s ")],
                    n=3, concurrency=1)  # fmt: skip
    rows = [row for row in read_parquet("out/traces.parquet") if row["sample_id"] == "t:1"]
    assert sorted(row["reason"] or "" for row in rows) == ["", "other_times", "tiou_below_0.5"]
    other = next(row for row in rows if row["reason"] == "other_times")
    assert other["number"] == 15.0 and "seconds" in other["detail"] and other["target"] is None
    kept = next(row for row in rows if row["kept"])
    assert (kept["target"], kept["marks"]) == (said(), ["rewritten"])
    assert summary.marks == {"rewritten": 12} and summary.traces == 12


def test_another_chain_is_tried_on_stored_answers_and_nothing_is_asked(desk):
    built([said("The annotation says 5.0 to 10.0 s.")])
    assert built(["unused"], rollouts="out/rollouts.parquet", out="again").traces == 0
    assert built(["unused"], rollouts="out/rollouts.parquet", out="more", verify=["none"]).traces == 12
    assert Path("shown.txt").read_text().count("Find the moment") == 12, "asked once"
    assert built(["unused"], rollouts="out/rollouts.parquet", out="most", verify=["length:most=3"]).traces == 0


def test_without_in_form_an_answer_stays_as_it_is_to_the_byte(desk):
    text = said("At first <answer>1.0 to 2.0</answer>, no.")
    built([text], verify=["none"])
    assert {row["target"] for row in read_parquet("out/traces.parquet")} == {text}


def test_the_best_of_a_sample_are_kept_by_any_score_or_all(desk):
    texts = [said(window="5.0 to 9.0"), said(window="5.0 to 10.0"), said(window="4.0 to 10.0")]
    one = built(texts, n=3, concurrency=1, best_by="giou")
    assert (one.traces, one.reasons) == (12, {"better_one_kept": 24})
    assert {row["iou"] for row in read_parquet("out/traces.parquet") if row["kept"]} == {1.0}
    assert built(texts, n=3, concurrency=1, per_sample=0, out="all").traces == 36


def test_traces_are_balanced_over_any_column_and_the_rest_says_so(desk):
    summary = built([said()], size=6, balance="corpus")
    kept = [row for row in read_parquet("out/traces.parquet") if row["kept"]]
    corpora = {sample.sample_id: sample.corpus for sample in read_samples("samples.parquet")}
    assert sorted(corpora[row["sample_id"]] for row in kept) == ["a"] * 3 + ["b"] * 3
    assert (summary.traces, summary.samples_with_trace, summary.reasons) == (6, 6, {"over_quota": 6})
    left = [row for row in read_parquet("out/traces.parquet") if row["reason"] == "over_quota"]
    assert {row["number"] for row in left} == {3.0}
    assert built([said()], size=6, balance="corpus", quota={"b": 1.0}, out="b").traces == 6
    assert built([said()], balance="corpus", quota={"b": 2}, out="c").traces == 10
    assert built([said()], size=4, balance="position", out="d").traces == 4


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"quota": {"a": 2}}, "--balance"),
        ({"balance": "corpus"}, "--size"),
        ({"balance": "corpus", "quota": {"zz": 2}}, "no trace is of that group"),
        ({"balance": "cor pus", "size": 3}, "no such column"),
        ({"verify": ["lenght"]}, "length"),
        ({"verify": ["length:least=-1"]}, "least"),
        ({"target": "best"}, "teacher_if:T"),
        ({"prompt": "ground_refine"}, "--proposals"),
    ],
)
def test_settings_that_do_not_go_together_are_said(desk, changes, word):
    with pytest.raises(VtgError, match=word):
        built([said()], **changes)


def test_a_prompt_that_tells_is_marked_and_learnt_under_one_that_does_not(desk):
    built([said()], prompt="ground_guided")
    assert "known to be 5.0 s to 10.0 s" in Path("shown.txt").read_text()
    (asked,) = {row["prompt_id"] for row in read_parquet("out/rollouts.parquet")}
    trace = read_parquet("out/traces.parquet")[0]
    assert asked.startswith("ground_guided-") and trace["prompt_id"] == load_prompt("ground").id
    assert trace["prompt"] == load_prompt("ground").text and trace["marks"] == ["guided:annotation"]
    with pytest.raises(VtgError, match="measure nothing"):
        difficulty.run(
            difficulty.Settings(samples="samples.parquet", out="d", model=told([said()]), prompt="ground_guided")
        )


def test_a_proposal_is_shown_to_be_refined(desk):
    rows = [
        dict.fromkeys(ROLLOUTS) | {"key": f"{n}{k}", "sample_id": f"t:{n}", "windows": [window], "parse_status": "ok"}
        for n in range(12) for k, window in enumerate([[4.0, 11.0], [4.0, 12.0], [20.0, 25.0]])
    ]  # fmt: skip
    write_parquet(Path("proposals.parquet"), rows, ROLLOUTS)
    built([said()], prompt="ground_refine", proposals="proposals.parquet")
    assert "near 4.0 s to 11.0 s the" in Path("shown.txt").read_text()
    assert read_parquet("out/traces.parquet")[0]["marks"] == ["guided:proposal"]


def test_options_stand_in_an_order_of_their_own_for_each_sample_and_letters_are_the_samples(desk):
    prompt = load_prompt("answer_only")
    samples = [
        make_sample(f"q:{n}", video_id=f"v{n}", task="grounded_qa", options=("red", "green", "blue"), answer="C")
        for n in range(20)
    ]
    orders = {tuple(option_order(prompt, sample)) for sample in samples}
    assert len(orders) > 3
    for sample in samples:
        shown = shown_option(prompt, sample, "C")
        assert own_option(prompt, sample, shown) == "C"
        (message,) = render(prompt, sample, (), ())
        text = "".join(part.text for part in message.parts if isinstance(part, Text))
        assert f"({shown}) blue" in text
    write_samples(Path("samples.parquet"), samples)
    texts = {
        s.sample_id: [f"<think>It is blue, I see.</think><answer>({shown_option(prompt, s, 'C')})</answer>"]
        for s in samples
    }
    summary = built(texts, prompt="answer_only", allow=["benchmarks"])
    assert summary.traces == 20
    assert {row["option"] for row in read_parquet("out/rollouts.parquet")} == {"C"}


def test_a_release_has_marks_and_on_wish_what_was_rejected(desk):
    built({f"t:{n}": [said(window="5s-10s") if n % 2 else said("The annotation says so.")] for n in range(12)})
    made = releases.open_release(str(_released("with", splits={"rejected": "out/traces.parquet"})))
    assert {tuple(row["marks"]) for row in made.rows("coldstart")} == {("rewritten",)}
    rejected = made.rows("rejected")
    assert len(rejected) == 6 and {row["reason"] for row in rejected} == {"leaks"}
    assert "annotation" in rejected[0]["detail"]
    card = Path("with/README.md").read_text()
    assert "6 leaks" in card and "6 rewritten" in card
    plain = releases.open_release(str(_released("without")))
    assert "rejected" not in plain.document.configs


def _released(out: str, **changes) -> Path:
    shutil.rmtree(out, ignore_errors=True)
    values = {"samples": "samples.parquet", "coldstart": "out/traces.parquet", "version": "1.0.0", "out": out}
    release.run(release.Settings(**values | changes))
    return Path(out)
