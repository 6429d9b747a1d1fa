"""build-coldstart with two teachers behind servers: pilot, turn order, budget, a kill, and one bill."""

import importlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support import forked
from support.billing import spent
from support.builders import draw_video, make_sample
from support.servers import Answer, Hangup, Server, completion
from vtgdata.engine.money.prices import Price
from vtgdata.errors import BudgetReached, Conflict, RowsFailed, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.records import Sample
from vtgdata.stages import coldstart, ingest

DATA = Path(os.environ.get("VTGDATA_TEST_DATA") or "none")
PRICES = {"cheap": Price(model="cheap", input=1.0, output=4.0), "dear": Price(model="dear", input=10.0, output=40.0)}
PRICE_FILE = "".join(
    f"- {{model: {each.model}, input: {each.input}, output: {each.output}}}\n" for each in PRICES.values()
)


class Teacher:
    """A server that knows the true windows, and answers with them always, or half of the time; it counts its bill."""

    def __init__(self, name: str, samples: list[Sample], *, always: bool) -> None:
        self.name, self.always = name, always
        self.truths = {sample.query: sample for sample in samples}
        self.bill = 0
        """Picodollars of the answers that it gave."""
        self.asked: list[str] = []
        """Ids of the samples that it answered about."""
        self.hold_from: int | None = None
        self.held = threading.Event()
        """Set once a request is held, unanswered and not billed, because `hold_from` were answered."""

    def answer(self, body: dict[str, Any], number: int) -> Answer:
        if self.hold_from is not None and len(self.asked) >= self.hold_from:
            self.held.set()
            time.sleep(0.05)
            return Hangup()
        words = json.dumps(body["messages"], ensure_ascii=False)
        said = max((query for query in self.truths if json.dumps(query, ensure_ascii=False)[1:-1] in words), key=len)
        sample, seed = self.truths[said], body["seed"]
        start, end = sample.windows[0].start, sample.windows[0].end
        if not self.always and seed % 2:
            start, end = max(0.0, start - 40 * (end - start)), max(0.05, start - 39.5 * (end - start), 0.1)
        text = f"<think>It begins at {start:.2f} s and ends at {end:.2f} s, as the frames show.</think>"
        tokens_in, tokens_out = 300 + seed % 200, 20 + seed % 40
        self.bill += PRICES[self.name].cost(tokens_in, tokens_out)
        self.asked.append(sample.sample_id)
        told = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        body = completion(f"{text}<answer>{start:.2f} to {end:.2f}</answer>", finish_reason="stop")
        return body | {"usage": told, "model": self.name}


class Desk:
    """A folder with samples and videos, and two servers."""

    def __init__(self, samples: str, cheap: Server, dear: Server) -> None:
        self.samples, self.cheap, self.dear = samples, cheap, dear

    def command(self, out: str, *more: str) -> list[str]:
        first = ["--model", "openai_api:cheap", "--endpoint", self.cheap.url]
        then = ["--then", "openai_api:dear", "--then-endpoint", self.dear.url]
        frames = ["--videos", "videos", "--num-frames", "2", "--short-side", "64", "--frames", "frames"]
        checks = ["--verify", "in_form", "--verify", "inside_video", "--verify", "times_agree"]
        how = [
            "--n",
            "1",
            "--seed",
            "3",
            "--max-tokens",
            "64",
            "--concurrency",
            "1",
            "--prices",
            "prices.yaml",
            "--yes",
        ]
        asked = ["--samples", self.samples, *first, *then, *frames, *checks, *how]
        return ["-m", "vtgdata", "build-coldstart", *asked, "--out", out, *more, "--json"]

    def run(self, out: str, **more: Any) -> coldstart.Summary:
        settings = {
            "samples": self.samples, "out": out, "model": "openai_api:cheap", "endpoint": [self.cheap.url],
            "then": ["openai_api:dear"], "then_endpoint": [self.dear.url], "videos": "videos", "num_frames": 2,
            "short_side": 64, "frames": "frames", "verify": ["in_form", "inside_video", "times_agree"], "n": 1,
            "seed": 3, "max_tokens": 64, "concurrency": 1, "prices": "prices.yaml", "yes": True,
        }  # fmt: skip
        found = coldstart.run(coldstart.Settings(**settings | more))
        assert isinstance(found, coldstart.Summary)
        return found


def drawn(folder: Path) -> str:
    """A dozen invented rows on two small videos."""
    for name in ("v0", "v1"):
        draw_video(folder / f"videos/{name}.mp4", grey=60)
    samples = [
        make_sample(f"{'ab'[i % 2]}:{i}", corpus="ab"[i % 2], video_id=f"v{i % 2}", query=f"moment number {i:02} here",
                    duration=4.0, windows=[(1.0 + i / 10, 2.0 + i / 10)]) for i in range(12)
    ]  # fmt: skip
    write_samples(folder / "samples.parquet", samples)
    return "samples.parquet"


def published(folder: Path) -> str:
    """Rows of Charades-STA and ActivityNet Captions as published, on real videos.

    Of Charades-STA's training videos none is at hand: a real Charades video stands under the names of six of them, for
    what the servers answer does not hang on its pixels. ActivityNet's video is its own.
    """
    (folder / "videos").mkdir()
    raw = (DATA / "corpora/charades_sta/charades_sta_train.txt").read_text().splitlines()
    names = list(dict.fromkeys(line.split()[0] for line in raw))[:6]
    (folder / "charades_sta_train.txt").write_text("".join(f"{r}\n" for r in raw if r.split()[0] in names))
    for name in names:
        shutil.copy(DATA / "videos/OHOFG.mp4", folder / f"videos/{name}.mp4")
    shutil.copy(DATA / "videos/v_GGSY1Qvo990.mp4", folder / "videos")
    files = {"charades_sta": folder / "charades_sta_train.txt",
             "activitynet_captions": DATA / "corpora/activitynet_captions/val_1.json"}  # fmt: skip
    parts: list[Sample] = []
    for corpus, file in files.items():
        settings = ingest.Settings(corpus=corpus, paths=[str(file)], videos="videos", out=f"data/{corpus}")
        try:
            ingest.run(settings)
        except RowsFailed:
            assert corpus == "activitynet_captions", "all videos but one are missing"
        parts += read_samples(f"data/{corpus}/samples.parquet", where="video_status = 'ok'")
    write_samples(folder / "samples.parquet", [msgspec.structs.replace(each, split="train") for each in parts])
    return "samples.parquet"


REAL = (pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="VTGDATA_TEST_DATA names no real corpora"))
CASES = [drawn, pytest.param(published, marks=REAL)]


@pytest.mark.parametrize("made", CASES)
def test_pilot_turns_budget_a_kill_and_one_bill(tmp_path, monkeypatch, made: Callable[[Path], str]):
    monkeypatch.chdir(tmp_path)
    path = made(tmp_path)
    samples = list(read_samples(path))
    Path("prices.yaml").write_text(PRICE_FILE)
    cheap, dear = Teacher("cheap", samples, always=False), Teacher("dear", samples, always=True)
    journal = Path("out/journal.sqlite")
    with Server(cheap.answer, ("cheap",)) as first, Server(dear.answer, ("dear",)) as second:
        desk = Desk(path, first, second)

        def billed() -> int:
            assert spent(journal) == cheap.bill + dear.bill, "the journal's bill is the servers' own count"
            return cheap.bill + dear.bill

        pilot = desk.run("out", pilot=6)
        assert pilot.samples == 6 == len(cheap.asked) == len({*cheap.asked}) and pilot.teachers and pilot.forecast
        corpora = {sample.sample_id: sample.corpus for sample in samples}
        assert len({corpora[name] for name in cheap.asked}) == 2, "each corpus has its share"
        settled = {row["sample_id"] for row in read_parquet("out/traces.parquet") if row["kept"]}
        of_cheap, of_dear = pilot.teachers
        assert of_cheap.samples_with_trace + len(dear.asked) == 6 and settled == {*cheap.asked}
        assert 0 < len(dear.asked) < 6, "the dear one answers what the cheap one left, and no more"
        assert (of_cheap.spent, of_dear.spent) == (cheap.bill / 1e12, dear.bill / 1e12)
        forecast, billed_in_pilot = pilot.forecast, billed()

        # What one sample more may cost is beyond this budget, sooner or later.
        with pytest.raises(BudgetReached):
            desk.run("out", budget=billed_in_pilot / 1e12 + 0.004)
        assert len(cheap.asked) < len(samples)
        assert billed() <= billed_in_pilot + 0.004e12

        dear.hold_from = len(dear.asked) + 1
        process = forked.start(desk.command("out"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert dear.held.wait(60)
        process.kill()
        process.wait(60)
        dear.hold_from = None
        before = billed()
        assert len(cheap.asked) == len(samples) and before > billed_in_pilot

        whole = desk.run("out")
        assert whole.samples_with_trace == len(samples) and whole.teachers
        assert len(cheap.asked) == len(samples) == len({*cheap.asked}), "nothing is asked twice"
        assert len(dear.asked) == len({*dear.asked})
        assert sum(each.spent for each in whole.teachers) == pytest.approx(billed() / 1e12)
        assert forecast.of == len(samples)
        assert forecast.cost.low <= billed() / 1e12 <= forecast.cost.high
        assert forecast.with_trace.low <= len(samples) <= forecast.with_trace.high

        rows = read_parquet("out/traces.parquet")
        assert all(bool(row["kept"]) != bool(row["reason"]) for row in rows), "each answer is a trace or has its reason"
        left = {row["sample_id"] for row in rows if row["model_id"] == "openai_api:cheap" and not row["kept"]}
        assert {row["sample_id"] for row in rows if row["model_id"] == "openai_api:dear"} == left == {*dear.asked}
        assert [row["key"] for row in rows] == [row["key"] for row in read_parquet("out/rollouts.parquet")]

        assert desk.run("out").up_to_date and len(cheap.asked) == len(samples)
        if made is drawn:
            return  # two runs fewer by default
        desk.run("fresh")
        for name in ("rollouts.parquet", "traces.parquet"):
            assert Path("fresh", name).read_bytes() == Path("out", name).read_bytes(), "as if it had never ended early"


def told(name: str, texts: dict[str, list[str]]) -> str:
    Path(f"{name}.json").write_bytes(msgspec.json.encode(texts))
    return f"support.told_teacher:{name}.json"


GOOD, BAD = (f"<think>The person opens the door.</think><answer>{w}</answer>" for w in ("3.0 to 9.0", "20.0 to 25.0"))


@pytest.fixture
def six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    names = [f"s{i}" for i in range(6)]
    write_samples(Path("samples.parquet"), [make_sample(name, video_id=name) for name in names])
    return names


def built(**changes: Any) -> coldstart.Summary:
    found = coldstart.run(coldstart.Settings(**{"samples": "samples.parquet", "out": "out", "n": 1} | changes))
    assert isinstance(found, coldstart.Summary)
    return found


def test_stored_answers_of_several_teachers_are_verified_anew(six, caplog):
    first = told("first", {name: [GOOD if name < "s3" else BAD] for name in six})
    given = {"model": first, "then": ["scripted:samples=samples.parquet,errors=0,noise=0"], "verify": ["in_form"]}
    made = built(**given)
    assert made.traces == 6 and made.teachers and [each.asked for each in made.teachers] == [6, 3]
    again = built(**given, out="again", rollouts="out/rollouts.parquet")
    assert (again.traces, again.reasons) == (made.traces, made.reasons)
    for name in ("rollouts.parquet", "traces.parquet"):
        assert Path("again", name).read_bytes() == Path("out", name).read_bytes()
    assert "of further teacher" not in caplog.text
    strict = given | {"verify": ["in_form", "length:least=999"]}
    assert built(**strict, out="again", rollouts="out/rollouts.parquet").traces == 0
    assert "has no answers of further teacher 1 (--then) to 3 of the 6 samples" in caplog.text, "nothing in silence"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"then": ["scripted:samples.parquet"]}, "twice"),
        ({"then_endpoint": ["http://127.0.0.1:1/v1"]}, "one for each"),
        ({"go_on": True}, "--pilot"),
        ({"pilot": 3, "shard": "0/2"}, "pilot is a few samples"),
        ({"then": ["scripted:samples.parquet,noise=0.1"], "batch": "b"}, "only after"),
    ],
)
def test_settings_of_turns_that_do_not_go_together_are_said(six, changes, words):
    with pytest.raises(VtgError, match=words):
        built(model="scripted:samples.parquet", **changes)


def test_a_pilot_goes_on_by_itself_where_it_is_told_to(six):
    first, second = told("first", {name: [BAD] for name in six}), "scripted:samples=samples.parquet,errors=0,noise=0"
    made = built(model=first, then=[second], pilot=2, go_on=True, verify=["in_form"])
    assert made.forecast and (made.forecast.samples, made.forecast.of, made.samples, made.traces) == (2, 6, 6, 6)


def test_one_model_under_two_names_is_no_second_teacher(six):
    first, second = told("first", {name: [BAD] for name in six}), told("second", {name: [GOOD] for name in six})
    with pytest.raises(VtgError, match="same model"):
        built(model=first, then=[second])


def test_what_nothing_is_there_to_hold_against_is_asked_of_no_further_teacher(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = [make_sample("s0", video_id="s0"), make_sample("s1", video_id="s1", windows=[], labelled=False)]
    write_samples(Path("samples.parquet"), known)
    first = told("first", {"s0": [BAD], "s1": [GOOD]})
    made = built(model=first, then=["scripted:samples=samples.parquet,errors=0,noise=0"], verify=["in_form"])
    assert made.teachers and [each.asked for each in made.teachers] == [2, 1]
    assert made.reasons["unlabelled"] == 1, "once, not once a teacher"


def test_a_budget_that_is_used_up_lets_what_is_there_be_verified_anew(six):
    """Nothing is left to ask of the first teacher, and of the second one perhaps nothing."""
    Path("prices.yaml").write_text(PRICE_FILE)
    draw_video(Path("videos/s0.mp4"))
    for name in six[1:]:
        shutil.copy("videos/s0.mp4", f"videos/{name}.mp4")
    first = told("first", {name: [GOOD] for name in six})
    given = {"model": first, "then": ["openai_api:dear"], "endpoint": ["http://127.0.0.1:1/v1"], "verify": ["in_form"],
             "videos": "videos", "frames": "frames", "num_frames": 1, "prices": "prices.yaml", "yes": True,
             "budget": 0.0}  # fmt: skip
    assert built(**given).traces == 6


def test_a_pilot_does_not_take_the_place_of_a_finished_whole(six):
    first = told("first", {name: [GOOD] for name in six})
    whole = built(model=first)
    before = {path.name: path.read_bytes() for path in Path("out").glob("*.parquet")}
    with pytest.raises(Conflict, match="holds the tables of the whole"):
        built(model=first, pilot=2)
    assert {path.name: path.read_bytes() for path in Path("out").glob("*.parquet")} == before
    assert built(model=first, pilot=2, out="some").traces == 2
    assert built(model=first, pilot=2, go_on=True).traces == whole.traces == 6, "which ends in a whole again"
    assert built(model=first, pilot=3, out="some").traces == 3, "a larger pilot follows a smaller one"


MODELS = """
import weakref
from vtgdata.records import Reply

LOCAL = True
ALIVE = weakref.WeakSet()
MOST = []


class Model:
    concurrency, looks = 1, False

    def __init__(self, name, says):
        self.id, self.says = name, says
        ALIVE.add(self)
        MOST.append(len(ALIVE))

    async def generate(self, request):
        return [Reply(text=self.says) for _ in request.seeds]

    async def close(self):
        pass


def connect(argument, endpoint):
    good = "<think>The person opens the door.</think><answer>3.0 to 9.0</answer>"
    return Model(f"local:{argument}", good if argument == "c" else good.replace("9.0", "3.5"))
"""


def test_of_several_local_teachers_one_is_in_memory_at_a_time(six, monkeypatch):
    Path("heavy").mkdir()
    Path("heavy/models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(".")
    given = {"samples": "samples.parquet", "n": 1, "model": "heavy.models:a", "verify": ["none"]}
    given |= {"then": ["heavy.models:b", "heavy.models:c"]}
    models = importlib.import_module("heavy.models")
    for more in ({"out": "plan", "dry_run": True}, {"out": "out"}):
        coldstart.run(coldstart.Settings(**given | more))
        assert len(models.MOST) == 3 and max(models.MOST) == 1
        del models.MOST[:]
