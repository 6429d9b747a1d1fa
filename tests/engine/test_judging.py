"""A judge: a second model says whether reasoning and answer hold; blinded, journaled, and on the bill."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.billing import spent
from support.builders import draw_video, make_sample
from support.servers import Answer, Fault, Server, completion
from vtgdata.conversation.prompt import load_prompt, read_prompt, render
from vtgdata.engine.judge_settings import OF_A_MODEL, of_judge, refuse_without_judge
from vtgdata.engine.money.prices import Price
from vtgdata.errors import BudgetReached, RowsFailed, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.stages import coldstart

PRICE = Price(model="judge", input=10.0, output=40.0)
TRUE = "<think>A person opens the door from 1.0 s to 3.0 s.</think><answer>1.0 to 3.0</answer>"
FALSE = "<think>A dog sleeps from 1.0 s to 3.0 s.</think><answer>1.0 to 3.0</answer>"


class Judge:
    """Says no to a reasoning about a dog; which letter means no it reads from the options that it is shown."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bill = 0
        self.fails = self.mumbles = False

    def answer(self, body: dict[str, Any], number: int) -> Answer:
        if self.fails:
            return Fault(400, body={"error": {"message": "too long"}})
        words = json.dumps(body["messages"])
        self.asked.append(words)
        self.bill += PRICE.cost(500, 30)
        said = "no" if "A dog sleeps" in words else "yes"
        (letter,) = re.findall(rf"\(([AB])\) {said}", words)
        text = "hard to say" if self.mumbles else f"<think>At 2.0 s I see {said}.</think><answer>{letter}</answer>"
        told = {"prompt_tokens": 500, "completion_tokens": 30, "total_tokens": 530}
        return completion(text) | {"usage": told, "model": "judge"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    draw_video(tmp_path / "videos/v.mp4")
    names = [f"s{i}" for i in range(6)]
    samples = [make_sample(n, video_id="v", duration=4.0, query=f"moment {n}", windows=[(1.0, 3.0)]) for n in names]
    write_samples(Path("samples.parquet"), samples)
    texts = {name: [TRUE if number % 3 else FALSE] for number, name in enumerate(names)}
    Path("texts.json").write_bytes(msgspec.json.encode(texts))
    Path("prices.yaml").write_text("- {model: judge, input: 10.0, output: 40.0}\n")
    return tmp_path


def built(server: Server | None, **more: Any) -> coldstart.Summary:
    spec = f"judge:model=openai_api:judge,endpoint={server.url}" if server else "judge:verdicts=out/verdicts.parquet"
    settings: dict[str, Any] = {
        "samples": "samples.parquet", "out": "out", "model": "support.told_teacher:texts.json", "n": 1, "videos":
        "videos", "num_frames": 2, "short_side": 32, "frames": "frames", "verify": ["in_form", "times_agree", spec],
        "prices": "prices.yaml", "yes": True, "max_wait": 1.0,
    }  # fmt: skip
    if not any(each.startswith("judge:verdicts") or each == "in_form" for each in more.get("verify", [""])[-1:]):
        settings["judge_max_tokens"] = 64
    found = coldstart.run(coldstart.Settings(**settings | more))
    assert isinstance(found, coldstart.Summary)
    return found


def test_a_judge_is_asked_last_and_blind_and_its_verdicts_and_its_cost_are_kept(desk):
    judge = Judge()
    with Server(judge.answer, ("judge",)) as server:
        made = built(server)
        assert (made.traces, made.reasons) == (4, {"judge_says_no": 2}) and made.judge
        assert (made.judge.yes, made.judge.no, made.judge.unclear, made.judge.failed) == (4, 2, 0, 0)
        assert made.judge.disagreement == pytest.approx(1 / 3) and made.judge.low < 1 / 3 < made.judge.high
        assert made.judge.spent == judge.bill / 1e12 and spent(Path("out/journal.sqlite")) == judge.bill
        for words in judge.asked:
            assert re.search(r"moment s\d", words) and "1.0 s to 3.0 s" in words and "image_url" in words
            assert not re.search(r"told|annotation|truth|tiou|IoU", words), "nothing of who answered, or of the label"
        letters = {re.search(r"\(([AB])\) yes", words)[1] for words in judge.asked}
        assert letters == {"A", "B"}, "yes stands at either letter"
        left = [row for row in read_parquet("out/traces.parquet") if not row["kept"]]
        assert {row["detail"] for row in left} == {"At 2.0 s I see no."}
        assert [row["verdict"] for row in read_parquet("out/verdicts.parquet")] == ["no", "yes", "yes"] * 2
        assert built(server).up_to_date and len(judge.asked) == 6
        assert built(server, per_sample=0).traces == 4 and len(judge.asked) == 6, "nothing is asked twice"
    again = built(None, out="again")
    assert (again.traces, again.reasons, again.judge and again.judge.spent) == (4, {"judge_says_no": 2}, None)


def test_what_nobody_judged_is_no_trace_and_is_asked_again(desk):
    judge = Judge()
    judge.fails = True
    with Server(judge.answer, ("judge",)) as server:
        with pytest.raises(RowsFailed, match="no verdict came"):
            built(server)
        assert {row["reason"] for row in read_parquet("out/traces.parquet")} == {"not_judged"}
        judge.fails = False
        assert built(server).traces == 4
        judge.mumbles = True
        made = built(server, out="other")
        assert (made.traces, made.reasons) == (0, {"judge_unclear": 6})
        with pytest.raises(BudgetReached):
            built(server, out="dear", budget=0.045)
        assert 0 < spent(Path("dear/journal.sqlite")) <= 0.045e12


def test_a_pilot_foresees_what_the_judge_will_cost(desk):
    judge = Judge()
    with Server(judge.answer, ("judge",)) as server:
        made = built(server, pilot=3)
        assert len(judge.asked) == 3 and made.forecast and made.teachers and made.teachers[0].spent == 0
        assert made.forecast.cost.low == pytest.approx(2 * judge.bill / 1e12) == made.forecast.cost.high
        assert built(server).judge.spent == pytest.approx(made.forecast.cost.high)


def test_the_judge_counts_for_the_plan(desk):
    with Server(Judge().answer, ("judge",)) as server:
        planned = built_plan(server)
        (first, second) = planned.plan
        assert (first.model, second.model) == ("support.told_teacher:texts.json", "openai_api:judge")
        assert (second.to_do.low, second.to_do.high) == (0, 6) and planned.cost.high > 0


def built_plan(server: Server | None = None, **more: Any) -> Any:
    spec = f"judge:model=openai_api:judge,endpoint={server.url if server else 'http://127.0.0.1:1/v1'}"
    settings: dict[str, Any] = {
        "samples": "samples.parquet", "out": "out", "model": "support.told_teacher:texts.json", "n": 1, "videos":
        "videos", "num_frames": 2, "verify": ["in_form", spec], "prices": "prices.yaml", "dry_run": True,
    }  # fmt: skip
    return coldstart.run(coldstart.Settings(**settings | more))


@pytest.mark.parametrize(
    ("verify", "words"),
    [
        (["judge"], "say who judges"),
        (["judge:model=openai_api:x,verdicts=v.parquet"], "say who judges"),
        (["judge:model=openai_api:x,prompt=ground"], "must show"),
        (["judge:model=openai_api:x,prompt=told.md"], "reveals annotation"),
        (["judge:model=openai_api:x", "judge:model=openai_api:y"], "one judge"),
    ],
)
def test_a_judge_that_cannot_be_is_refused_before_anything_is_asked(desk, verify, words):
    head, body = load_prompt("judge").text.removeprefix("---\n").split("---\n", 1)
    Path("told.md").write_text(f"---\n{head}reveals: [annotation]\nteaches: ground\n---\n{body}{{annotation}}\n")
    with pytest.raises(VtgError, match=words):
        built(None, verify=verify)


def test_a_judge_is_asked_last_wherever_it_stands(desk):
    judge = Judge()
    with Server(judge.answer, ("judge",)) as server:
        spec = f"judge:model=openai_api:judge,endpoint={server.url}"
        made = built(server, verify=[spec, "length:least=1000"])
        assert (made.traces, made.reasons, judge.asked) == (0, {"too_short": 6}, [])


def test_the_plan_has_a_verdict_on_each_answer_of_each_teacher(desk):
    local = "http://127.0.0.1:1/v1"
    planned = built_plan(then=["openai_api:judge"], then_endpoint=[local], n=2)
    assert [(part.model, part.to_do.high) for part in planned.plan[1:]] == [
        ("openai_api:judge", 12), ("openai_api:judge", 24),
    ]  # fmt: skip


def test_only_what_failed_is_judged_again_where_no_more_is_wanted(desk):
    judge = Judge()
    built(None, verify=["in_form"])
    with Server(judge.answer, ("judge",)) as server:
        with pytest.raises(RowsFailed, match="no verdict came"):
            built(server, only="timeout")
        assert not judge.asked and built(server).traces == 4


def test_a_judge_with_servers_of_its_own_does_not_give_its_price_to_the_teacher(desk):
    spec = "judge:model=openai_api:x,endpoint=http://127.0.0.1:1/v1"
    with pytest.raises(VtgError, match="what openai_api:x costs is unknown"):
        built_plan(model="openai_api:x", endpoint=["http://server.example/v1"], verify=["in_form", spec], budget=1.0)


def test_a_teachers_request_that_fails_is_not_sent_again_after_the_judge(desk):
    judge = Judge()
    with (
        Server(judge.answer, ("judge",)) as server,
        Server(lambda *_: Fault(400, body={"error": {}}), ("t",)) as teacher,
    ):
        spec = f"judge:model=openai_api:judge,endpoint={server.url}"
        with pytest.raises(RowsFailed, match="6 of 6 samples failed"):
            built(None, model="openai_api:t", endpoint=[teacher.url], verify=["in_form", spec])
        assert len(teacher.requests) == 6 and not judge.asked


def test_a_prompt_that_is_no_judges_keeps_its_words():
    head = '---\nanswer: "<answer>{start} to {end}</answer>"\n---\n'
    prompt = read_prompt("mine", head + "{frames}{query} Write {reasoning}, then what is {said}.", "mine.md")
    (message,) = render(prompt, make_sample("s", query="When?"), (), ())
    assert [part.text for part in message.parts] == ["When? Write {reasoning}, then what is {said}."]


OWN = {
    "model_version": "v2", "body": {"reasoning_effort": "low"}, "answers_as": ["other"], "max_tokens": 64,
    "as_": "video", "video_server": "vllm", "server_samples": True, "video_family": "qwen3_vl",
}  # fmt: skip
"""A value of each setting of a model that a judge has an option of its own for."""


def test_every_setting_of_a_model_is_the_teachers_or_the_judges_and_never_both():
    given = {"samples": "s", "out": "o", "model": "m"}
    apart = OWN | {"top_p": 0.5, "top_k": 3, "min_p": 0.1, "repetition_penalty": 1.5}
    assert apart.keys() == set(OF_A_MODEL), "a new setting of a model: is it the step's, or one model's?"
    usual = of_judge(coldstart.Settings(**given))
    for name, value in apart.items():
        assert getattr(of_judge(coldstart.Settings(**given | {name: value})), name) == getattr(usual, name), name
    for name, value in OWN.items():
        own = "judge_" + name.rstrip("_")
        assert getattr(of_judge(coldstart.Settings(**given | {own: value})), name) == value
        with pytest.raises(VtgError, match=f"--{own.replace('_', '-')}: no judge is asked"):
            refuse_without_judge(coldstart.Settings(**given | {own: value}))


def test_requests_to_a_judge_have_its_own_fields_and_meta_says_them(desk):
    sent: list[dict[str, Any]] = []
    judge = Judge()

    def noted(body: dict[str, Any], number: int) -> Answer:
        sent.append(body)
        return judge.answer(body, number)

    teacher = {"max_tokens": 99, "top_p": 0.5, "model_version": "teacher-7", "temperature": 0.7}
    with Server(noted, ("judge",)) as server:
        built(server, **teacher, judge_body={"reasoning_effort": "low"}, judge_model_version="j-3")
    assert {body["reasoning_effort"] for body in sent} == {"low"}
    assert {body.get("max_tokens") or body.get("max_completion_tokens") for body in sent} == {64}
    assert {(body.get("temperature"), body.get("top_p", 1.0)) for body in sent} == {(0.0, 1.0)}
    ids = {row["judge_id"] for row in read_parquet("out/verdicts.parquet")}
    assert all("j-3" in name and "teacher-7" not in name for name in ids)
    settings = json.loads(Path("out/meta.json").read_text())["settings"]
    assert settings["judge_body"] == {"reasoning_effort": "low"} and settings["judge_model_version"] == "j-3"
    assert settings["judge_max_tokens"] == 64
