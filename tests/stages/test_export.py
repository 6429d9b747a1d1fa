"""export: true times in every form and for every trainer or a refusal, rewards that are evaluation's, and links."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.drawn_videos import draw
from support.export_builders import SIX, Shown, asked, exported, released, rewarded, rows, told, words
from support.release_builders import make_pass_rate, make_release
from vtgdata.conversation import answer
from vtgdata.conversation.prompt import load_prompt, read_prompt
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import DRAWN, PASS_RATES
from vtgdata.metrics import reward, reward_names
from vtgdata.records import Window
from vtgdata.records.export import CONFIGS
from vtgdata.train.rewards import Reader
from vtgdata.video import rates

ANSWERS = (
    "<think>I see it.</think><answer>3.0 to 7.5</answer>",
    "<think>I see it.</think><answer>2.1 to 6.3</answer>",
    "<answer>3 to 8.7</answer>",
    "It happens from 2.9 s to 7.1 s.",
    "<answer>7 to 3</answer>",
    "I cannot tell.",
    "",
)

FIVE = Shown(7.5, "2", 5)
TWO_A_SECOND = Shown(4.0, "2", 8)
UNEVEN = Shown(7.0, "1", 4)
CASES = {
    "five at 0, 1.5, ... 6 s": (FIVE,),
    "six at 0, 1.5, ... 7.5 s": (SIX,),
    "eight at 0, 0.5, ... 3.5 s": (TWO_A_SECOND,),
    "two rates": (SIX, TWO_A_SECOND),
    "uneven": (UNEVEN,),
}
TABLE = {
    # trainer: the cases in which its video form tells true times; in all others it is refused
    "verl": {"six at 0, 1.5, ... 7.5 s", "eight at 0, 0.5, ... 3.5 s", "two rates"},
    "ms_swift": {"six at 0, 1.5, ... 7.5 s", "eight at 0, 0.5, ... 3.5 s"},
    "llama_factory": {"six at 0, 1.5, ... 7.5 s", "eight at 0, 0.5, ... 3.5 s"},
    "easyr1": {"eight at 0, 0.5, ... 3.5 s"},
    "trl": set(),
    "xtuner": set(),
}


class Cases(dict[str, Path]):
    """A release for each of CASES, made when it is first asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        super().__init__()
        self.factory = factory

    def __missing__(self, name: str) -> Path:
        folder = self[name] = self.factory.mktemp("case")
        released(folder, *CASES[name])
        return folder


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    return Cases(tmp_path_factory)


def true_times(folder: Path) -> list[list[float]]:
    """The times of the frames of each video, from the frame store's entries."""
    from vtgdata.video.frame_source import FrameSource

    source = FrameSource(str(folder / "videos"), str(folder / "frames"))
    from vtgdata.train.data import open_rows

    found, _ = open_rows(str(folder / "release"), ["rl"])
    return [list(source.stored(row).times) for row in sorted(found, key=lambda row: row["sample_id"])]


def in_order(path: Path) -> list[dict[str, Any]]:
    """The rows of a data file in the order of their samples, which their questions name (`door 0`)."""
    return sorted(rows(path), key=lambda row: re.findall(r"door (\d)", json.dumps(row)))


def test_one_rate_of_each_row_tells_verl_its_true_times_and_an_odd_number_is_refused(cases):
    folder = cases["six at 0, 1.5, ... 7.5 s"]
    path, summary = exported(folder, "verl", "video", as_="video", stages=["rl"])
    assert summary.rate == pytest.approx(2 / 3)
    (row,), (times,) = rows(path / "rl.parquet"), true_times(folder)
    assert told(path, "verl", row) == pytest.approx(times, abs=0.01) == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]
    assert rates.refused(times[:5]) is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", plugins.names("exports"))
def test_frames_are_true_in_every_trainer_and_a_video_is_true_or_refused(name, cases, capsys):
    """The table of the issue: what is read back of five frames at 0, 1.5, 3, 4.5 and 6 s, and of others."""
    outcomes = {}
    for case, folder in ((case, cases[case]) for case in CASES):
        path, _ = exported(folder, name)
        own = true_times(folder)
        for file in plugins.load("exports", name).FILES.values():
            for row, times in zip(in_order(path / file), own, strict=True):
                texts = words(row)
                before = [texts[place - 1] for place, part in enumerate(texts) if isinstance(part, Path)]
                assert [text.rpartition("\n")[2] for text in before] == [f"{time:.1f} s" for time in times]
        try:
            path, summary = exported(folder, name, "video", as_="video", model="Qwen/Qwen2.5-VL-3B-Instruct")
        except VtgError as error:
            outcomes[case] = f"refused: {error}"
            continue
        outcomes[case] = "true times"
        for stage in summary.rows:
            file = plugins.load("exports", name).FILES[stage]
            for row, times in zip(in_order(path / file), own, strict=True):
                assert told(path, name, row) == pytest.approx(times, abs=0.01)
    with capsys.disabled():
        for case, outcome in outcomes.items():
            sys.stdout.write(f"\n{name:14} {case:28} {outcome[:150]}")
    assert {case for case, outcome in outcomes.items() if outcome == "true times"} == TABLE[name]


@pytest.mark.parametrize("name", plugins.names("exports"))
def test_a_model_that_is_told_no_seconds_of_a_video_is_refused_as_video_for_every_trainer(name, cases, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen2_vl"}))
    for model in (str(tmp_path), "OpenGVLab/InternVL3-8B", "llava-hf/llava-onevision-qwen2-7b-ov-hf"):
        with pytest.raises(VtgError, match="tells the model no seconds"):
            exported(cases["six at 0, 1.5, ... 7.5 s"], name, "untold", as_="video", model=model)


@pytest.mark.slow
def test_the_model_decides_where_a_trainer_tells_only_one_family(cases):
    folder = cases["eight at 0, 0.5, ... 3.5 s"]
    for model, why in (("Qwen/Qwen3-VL-8B-Instruct", "family qwen3_vl"), ("mine", "no family that its name tells")):
        with pytest.raises(VtgError, match=why):
            exported(folder, "easyr1", "families", as_="video", model=model)


@pytest.mark.parametrize("name", ["verl", "easyr1", "trl"])
def test_a_reward_is_the_score_of_evaluation_to_the_last_bit(name, cases):
    folder = cases["six at 0, 1.5, ... 7.5 s"]
    path, _ = exported(folder, name, "rewards", rewards={"tiou": 0.9, "format": 0.1, "giou": 0.0})
    (row,) = rows(path / plugins.load("exports", name).FILES["rl"])
    truth = row.get("truth") or row.get("answer") or row["reward_model"]["ground_truth"]
    (sample,) = read_samples(folder / "samples.parquet")
    form = reward.read(truth).form
    for said in ANSWERS:
        found = rewarded(path, name, said, truth)
        read = answer.parse(said, duration=sample.video.duration, form=form, finish_reason="stop")
        for score in ("tiou", "format", "giou"):
            assert found[score] == float(plugins.load("scores", score).score([read], [sample])[0])
        if "score" in found or "overall" in found:
            assert found.get("score", found.get("overall")) == 0.9 * found["tiou"] + 0.1 * found["format"]


def test_rewards_need_neither_torch_nor_tables():
    program = (
        "import sys\n"
        "from vtgdata.metrics import reward\n"
        "from vtgdata.files import plugins\n"
        "for name in plugins.names('scores'):\n"
        "    plugins.load('scores', name)\n"
        "print(*sorted({'torch', 'polars', 'pyarrow', 'av', 'PIL', 'typer', 'datasets'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""


def test_pictures_are_links_and_a_second_export_takes_no_space(cases):
    folder = cases["six at 0, 1.5, ... 7.5 s"]
    first, summary = exported(folder, "verl", "links")
    second, _ = exported(folder, "trl", "links")
    assert (summary.videos, summary.linked, summary.copied) == (1, 6, 0)
    ones, twos = (sorted((path / "frames").rglob("*.jpg")) for path in (first, second))
    assert [path.stat().st_ino for path in ones] == [path.stat().st_ino for path in twos]
    assert not ones[0].stat().st_mode & 0o222, "who writes into one would change the others"


def test_a_picture_that_was_changed_where_it_is_linked_is_written_anew(cases):
    folder = cases["six at 0, 1.5, ... 7.5 s"]
    path, _ = exported(folder, "verl", "changed")
    victim = sorted((path / "frames").rglob("*.jpg"))[0]
    good = victim.read_bytes()
    victim.chmod(0o644)
    victim.write_bytes(b"x" * len(good))
    other, _ = exported(folder, "ms_swift", "changed")
    assert sorted((other / "frames").rglob("*.jpg"))[0].read_bytes() == good
    assert victim.read_bytes() != good, "what is the user's stays as it is"
    again, _ = exported(folder, "verl", "changed")
    assert sorted((again / "frames").rglob("*.jpg"))[0].read_bytes() == good


def test_without_links_pictures_are_copied_and_it_is_said(cases, monkeypatch):
    import errno
    import os

    def no_link(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", no_link)
    _, summary = exported(cases["six at 0, 1.5, ... 7.5 s"], "verl", "copies")
    assert (summary.linked, summary.copied) == (0, 6)


def test_the_same_command_again_does_nothing(cases):
    folder = cases["six at 0, 1.5, ... 7.5 s"]
    exported(folder, "verl", "again")
    _, summary = exported(folder, "verl", "again")
    assert summary.up_to_date is True


def test_rows_without_a_video_are_counted_and_refused_unless_allowed(tmp_path):
    released(tmp_path, SIX, SIX)
    (tmp_path / "videos/v1.mp4").unlink()
    with pytest.raises(VtgError, match=r"2 of 4 rows cannot be exported \(2: the video is missing\); the first is '"):
        exported(tmp_path, "verl")
    path, summary = exported(tmp_path, "verl", max_failed=0.5)
    assert summary.left_out == {"the video is missing": 2} and summary.rows == {"sft": 1, "rl": 1}
    assert "Left out: 2 rows, since the video is missing." in (path / "README.md").read_text()


def test_several_questions_about_one_video_are_one_conversation(tmp_path):
    video = {"video_id": "v0", "file": "v0.mp4", "duration": SIX.seconds}
    from vtgdata.records import Video

    released(tmp_path, SIX, SIX, SIX, video=Video(**video))
    path, summary = exported(tmp_path, "ms_swift", pack=2, stages=["sft"])
    assert summary.rows == {"sft": 2} and summary.questions == {"sft": 3} and summary.videos == 1
    two, one = rows(path / "sft.jsonl")
    assert [turn["role"] for turn in two["messages"]] == ["user", "assistant"] * 2
    assert [turn["content"].count("<image>") for turn in two["messages"]] == [6, 0, 0, 0] and len(two["images"]) == 6
    assert [turn["role"] for turn in one["messages"]] == ["user", "assistant"]
    assert all(f"door {n}" in json.dumps([two, one]) for n in range(3))


def test_how_answers_are_drawn_is_that_of_the_pass_rates(cases):
    path, _ = exported(cases["six at 0, 1.5, ... 7.5 s"], "verl", "drawn")
    text = (path / "launch.sh").read_text()
    for said in ("rollout.temperature=0.7", "rollout.top_p=0.9", "max_response_length=256", "rollout.n=8"):
        assert said in text
    assert set(CONFIGS) == {"sft", "rl"}


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        ([0.0, 1.5, 3.0, 4.5], 2 / 3), ([0.0, 0.5], 2.0), ([0.005, 1.005, 1.995, 3.0], 1.0),
        ([0.0, 1.0, 2.1, 3.0], None), ([1.0, 2.0], None), ([0.0, 1.0, 2.0], None), ([0.0, 0.1, 0.2, 0.3], None),
    ],
)  # fmt: skip
def test_a_rate_tells_every_frame_its_own_time_within_ten_milliseconds(times, rate):
    assert (rates.refused(times) is None) == (rate is not None)
    if rate is not None:
        found = rates.steps(times).rate
        assert found == pytest.approx(rate) and all(abs(n / found - t) <= 0.01 for n, t in enumerate(times))


def test_a_full_frame_store_drops_pictures_that_are_not_used_and_no_link(tmp_path):
    """The files of an entry count as it does; what an export has linked stays."""
    from vtgdata.records import FrameSampling
    from vtgdata.records import Video as Clip
    from vtgdata.video import pictures
    from vtgdata.video.store import FrameStore

    released(tmp_path, SIX, TWO_A_SECOND)
    store = FrameStore(tmp_path / "videos", FrameSampling(frames=4, short_side=32), tmp_path / "frames", limit=9_000)
    for name in ("v0", "v1"):
        found = store.frames(Clip(video_id=name, file=f"{name}.mp4"))
        pictures.lay(store, found, tmp_path / "out" / name)
    kept = sum(path.stat().st_size for path in (tmp_path / "frames").rglob("*.*g") if path.is_file())
    kept += sum(path.stat().st_size for path in (tmp_path / "frames").rglob("*.parquet"))
    assert kept <= 9_000 and len(list((tmp_path / "out").rglob("*.jpg"))) == 8
    assert all(path.read_bytes()[:2] == b"\xff\xd8" for path in (tmp_path / "out").rglob("*.jpg"))


TASKS = {"grounded_qa/answer": 0.5, "moment_retrieval/tiou*format": 1.0, "tiou": 0.3}
"""Rewards of a mixture, each as `train rl` takes it."""
OF_TWO = (
    "<think>a</think>\\boxed{B} <answer>3.0 to 7.5</answer>", "<think>a</think><answer>3.0 to 7.5</answer>", "(A)",
    "<think>a</think>\\boxed{D} <answer>3.0 to 5.0</answer>",
)  # fmt: skip


@pytest.mark.parametrize("name", ["verl", "easyr1", "trl", "ms_swift"])
def test_each_row_of_a_mixture_has_the_reward_of_its_own_task(name, tmp_path):
    texts = [load_prompt(each).text for each in ("ground", "ground_qa", "ground_qa")]
    texts[2] = texts[2].replace("shuffle: 0\n", "")
    mixed(tmp_path, texts)
    path, _ = exported(tmp_path, name, rewards=TASKS, stages=["rl"])
    samples = read_samples(tmp_path / "samples.parquet")
    seen = []
    for row in rows(path / plugins.load("exports", name).FILES["rl"]):
        truth = row.get("truth") or row.get("answer") or row.get("solution") or row["reward_model"]["ground_truth"]
        number = int(reward.read(truth).sample.query.removeprefix("which "))
        seen.append((number, bool(reward.read(truth).order)))
        prompt = read_prompt("p", texts[number], "p")
        reader = Reader({0: samples[number]}, {0: prompt.form}, prompts={0: prompt})
        for said in OF_TWO:
            (read,) = reader.read([said], [0], None).lenient
            alone = reward.scores([said], [truth], list(TASKS))[0]
            found = alone if name == "ms_swift" else rewarded(path, name, said, truth)
            for each in TASKS:
                (value,) = reward_names.read(each).values([read], [samples[number]])
                given = found[each]
                none = given is None or given != given or given == -1.0
                assert none if value != value else given == value, "as `train rl` gives it"
    assert sorted(seen) == [(0, False), (1, True), (2, False)]
    assert all(repr(each) in (path / "reward.py").read_text() for each in TASKS)


def mixed(folder: Path, texts: list[str]) -> None:
    """A release of one row for each prompt: the first asks when, the others also which of four."""
    pairs = []
    for number, text in enumerate(texts):
        task = {"task": "grounded_qa", "options": ("ash", "birch", "cedar", "elm"), "answer": "C"} if number else {}
        pairs.append((*asked(number, SIX, windows=(Window(3.0, 7.5),), query=f"which {number}", **task), text))
        draw(folder / f"videos/v{number}.mp4", 18, "2")
    write_samples(folder / "samples.parquet", [sample for sample, _, _ in pairs])
    rates = [
        make_pass_rate(sample, **said, prompt=text, prompt_id=f"p{number}-{fingerprint.short(text)[:8]}")
        for number, (sample, said, text) in enumerate(pairs)
    ]
    chosen = [rate | {"rank": rank} for rank, rate in enumerate(rates)]
    write_parquet(folder / "rows.parquet", chosen, PASS_RATES | DRAWN | {"rank": "count"})
    given = {"samples": str(folder / "samples.parquet"), "splits": {"rl": str(folder / "rows.parquet")}}
    make_release(folder / "release", given)
