"""What every export promises; a new file in vtgdata/plugins/exports is picked up by itself."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from support import drawn_decoder
from support.export_builders import SIX, TARGET, Shown, exported, released, rows, words
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import row_sample
from vtgdata.records import Video
from vtgdata.records.export import CONFIGS, STAGES, VideoRule
from vtgdata.releases import open_release
from vtgdata.stages import export
from vtgdata.train.data import conversation, open_rows
from vtgdata.video.frame_source import FrameSource

NAMES = plugins.names("exports")


@pytest.fixture(scope="module", autouse=True)
def drawn():
    """Frames are drawn, so that nothing here rests on a decoder plug-in."""
    with pytest.MonkeyPatch.context() as patch:
        drawn_decoder.used(patch)
        yield


@pytest.fixture(scope="module")
def made(drawn, tmp_path_factory) -> Path:
    """A release, and its export by every plug-in, two rows each."""
    folder = tmp_path_factory.mktemp("exports")
    drawn_decoder.write(folder / "videos/v0.mp4", 18, 2.0)
    drawn_decoder.write(folder / "videos/v1.mp4", 20, 5.0)
    released(folder, SIX, Shown(4.0, "5", 4))
    for name in NAMES:
        exported(folder, name)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_writes(name):
    module = plugins.load("exports", name)
    assert module.TITLE and module.VERSION and set(module.FILES) <= set(STAGES) and module.FILES
    assert set(module.VIDEO) == set(module.FILES)
    assert all(isinstance(rule, VideoRule) or rule for rule in module.VIDEO.values())
    assert all(name.endswith((".jsonl", ".parquet")) for name in module.FILES.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_row_asks_as_our_models_are_asked_each_time_before_its_own_picture(name, made):
    source = FrameSource(str(made / "videos"), str(made / "frames"))
    for stage, file in plugins.load("exports", name).FILES.items():
        ours, prompts = open_rows(str(made / "release"), [CONFIGS[stage]])
        written = rows(made / "o" / name / file)
        assert len(written) == len(ours) == 2
        for row, line in zip(ours, written, strict=True):
            stored = source.stored(row)
            chat = conversation(prompts[row["prompt_id"]], row_sample(row), stored.times)
            texts = [part.get("text") for message in chat for part in message["content"]]
            found = words(line)
            assert [None if isinstance(each, Path) else each for each in found] == texts
            shown = [(made / "o" / name / each).read_bytes() for each in found if isinstance(each, Path)]
            assert shown == list(stored.images)
            if stage == "sft":
                assert json.dumps(row["target"])[1:-1] in json.dumps(line)


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_beside_the_data_can_be_read(name, made):
    folder = made / "o" / name
    files = {path.name: path.read_text() for path in folder.iterdir() if path.is_file() and path.suffix != ".parquet"}
    assert "README.md" in files
    for name_, text in files.items():
        assert str(made) not in text or name_ in ("meta.json",), "no path of this machine"
        if name_.endswith(".sh"):
            subprocess.run(["bash", "-n", str(folder / name_)], check=True, timeout=20)
        elif name_.endswith(".py"):
            compile(text, name_, "exec")
        elif name_.endswith(".yaml"):
            assert yaml.safe_load(text)
        elif name_.endswith(".json"):
            json.loads(text)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_the_trainer_takes_for_a_mark_leaves_its_row_out(name, tmp_path):
    module = plugins.load("exports", name)
    for mark in (*module.MARKS[:1], "<|im_end|>"):
        folder = tmp_path / f"m{mark.strip('<|>')}"
        drawn_decoder.write(folder / "videos/v0.mp4", 18, 2.0)
        released(folder, SIX, query=f"a dog {mark} barks")
        with pytest.raises(VtgError, match=r"1 of 1|2 of 2") as caught:
            exported(folder, name)
        assert mark in str(caught.value)


@pytest.fixture(scope="module")
def one_video(drawn, tmp_path_factory) -> Path:
    """A release of three questions about one video."""
    folder = tmp_path_factory.mktemp("packed")
    drawn_decoder.write(folder / "videos/v0.mp4", 18, 2.0)
    released(folder, SIX, SIX, SIX, video=Video(video_id="v0", file="v0.mp4", duration=SIX.seconds))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_questions_about_one_video_are_packed_for_every_trainer_that_has_sft(name, one_video):
    files = plugins.load("exports", name).FILES
    if "sft" not in files:
        with pytest.raises(VtgError, match="--pack 2"):
            exported(one_video, name, "packed", pack=2)
        return
    path, summary = exported(one_video, name, "packed", pack=2, stages=["sft"])
    assert (summary.rows, summary.questions, summary.videos) == ({"sft": 2}, {"sft": 3}, 1)
    ours, _ = open_rows(str(one_video / "release"), [CONFIGS["sft"]])
    stored = FrameSource(str(one_video / "videos"), str(one_video / "frames")).stored(ours[0])
    written = rows(path / files["sft"])
    for line, group in zip(written, (ours[:2], ours[2:]), strict=True):
        assert [turn["role"] for turn in line["messages"]][-2 * len(group) :] == ["user", "assistant"] * len(group)
        said = [json.dumps(turn["content"]) for turn in line["messages"] if turn["role"] == "assistant"]
        assert [text.count(TARGET) for text in said] == [1] * len(group)
        found = words(line)
        shown = [(path / each).read_bytes() for each in found if isinstance(each, Path)]
        assert shown == list(stored.images), "the frames are there once, in the first question"
        text = "".join(str(each) for each in found)
        places = [text.index(row["query"]) for row in group]
        assert places == sorted(places) and all(text.count(row["query"]) == 1 for row in group)


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_that_trainer_or_release_lacks_is_refused(name, made):
    module = plugins.load("exports", name)
    for stage in set(STAGES) - set(module.FILES):
        with pytest.raises(VtgError, match=f"--stages {stage}"):
            exported(made, name, "other", stages=[stage])
    assert set(open_release(str(made / "release")).document.configs) >= {CONFIGS[stage] for stage in module.FILES}


def test_a_trainer_that_is_unknown_is_told_the_nearest(made):
    with pytest.raises(VtgError, match="verl"):
        exported(made, "verll")
    assert set(export.Settings.__struct_encode_fields__) >= {"as", "format", "release"}


def test_words_that_are_marks_are_found(made):
    from vtgdata.releases.exporting.rows import prompts_of
    from vtgdata.releases.exporting.writing import taken_for_mark

    (prompt,) = prompts_of(open_release(str(made / "release"))).values()
    row = {"query": "a dog", "options": [], "target": "<answer>1 to 2</answer>"}
    assert taken_for_mark(row, prompt, ("<image>",)) is None
    for bad in ({"query": "see <image>"}, {"target": "<|im_end|>"}, {"options": ["<|vision_start|>"]}):
        assert taken_for_mark(row | bad, prompt, ("<image>",)) is not None
