"""From a release to what the trainers take."""

import json

import pytest

from support import export_builders
from support.release_builders import write_inputs
from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import VtgError
from vtgdata.files.samples import row_sample
from vtgdata.stages import release
from vtgdata.train import data


def released(tmp_path, **changes) -> str:
    settings = write_inputs(tmp_path) | {"out": str(tmp_path / "release"), "version": "1.0.0"} | changes
    release.run(release.Settings(**settings))
    return settings["out"]


def test_rows_come_with_the_prompts_that_were_asked(tmp_path):
    rows, prompts = data.open_rows(released(tmp_path), ["coldstart"])
    assert rows
    assert {row["prompt_id"] for row in rows} == set(prompts)
    assert json.loads(rows[0]["frame_sampling"])["frames"] == 8


def test_a_release_without_the_rows_is_named(tmp_path):
    with pytest.raises(VtgError, match="no config 'rl'"):
        data.open_rows(released(tmp_path, splits={}), ["rl"])


def test_a_conversation_has_a_place_for_each_image_between_the_times():
    row = {
        "sample_id": "s", "corpus": "c", "split": "train", "video_id": "v", "duration": 10.0,
        "query": "a blue cross", "windows": [[1.0, 2.0]],
    }  # fmt: skip
    (turn,) = data.conversation(load_prompt("shapes"), row_sample(row), (0.0, 5.0))
    assert turn["role"] == "user"
    assert [part["type"] for part in turn["content"]] == ["text", "image", "text", "image", "text"]
    assert [part["text"] for part in turn["content"][::2]] == ["When: a blue cross?00.0", "05.0", "10.0"]


def test_video_parts_are_refused():
    chat = [{"role": "user", "content": [{"type": "text", "text": "When?"}, {"type": "video", "video": "a.mp4"}]}]
    with pytest.raises(VtgError, match="sample 7: the prompt holds a video part"):
        data.refuse_video(chat, "sample 7")
    data.refuse_video([{"role": "user", "content": "When?"}], "sample 8")


def test_rows_that_were_asked_about_one_video_are_refused_with_the_export_that_takes_them(tmp_path):
    folder = export_builders.released(tmp_path, export_builders.SIX._replace(as_video=True), export_builders.SIX)
    for config in ("coldstart", "rl"):
        with pytest.raises(VtgError, match=r"'alpha:000' of .* \(1 of 2 rows\).*vtgdata export ms_swift .* --as video"):
            data.open_rows(str(folder), [config])
    path, _ = export_builders.exported(tmp_path, "verl", **{"as_": "video"})
    (row, _) = export_builders.rows(path / "rl.parquet")
    assert export_builders.told(path, "verl", row) == pytest.approx([0.0, 1.5, 3.0, 4.5, 6.0, 7.5])


def test_images_are_fetched_when_a_row_is_asked_for_and_not_before(tmp_path):
    pytest.importorskip("datasets")
    rows, prompts = data.open_rows(released(tmp_path), ["coldstart"])
    asked = []

    def frames(row):
        asked.append(row["sample_id"])
        return [0.0, 3.8], ["first", "second"]

    built = data.dataset(rows, prompts, frames, places=range(len(rows)), targets=True)
    assert asked == []
    row = built[1]
    assert asked == [rows[1]["sample_id"]]
    assert row["images"] == ["first", "second"]
    assert row["completion"][0]["content"][0]["text"] == rows[1]["target"]
    assert sum(part["type"] == "image" for part in row["prompt"][0]["content"]) == 2


def test_a_target_begins_as_the_chat_template_opens_the_reasoning(tmp_path):
    pytest.importorskip("datasets")
    rows, prompts = data.open_rows(released(tmp_path), ["coldstart"])
    rows = [rows[0] | {"target": "<think>It opens.</think><answer>1.0 to 2.0</answer>"}]

    def built(opening):
        made = data.dataset(rows, prompts, lambda row: ([], []), places=[0], targets=True, opening=opening)
        return made[0]["completion"][0]["content"][0]["text"]

    assert built("") == rows[0]["target"]
    assert built("<think>\n") == "<think>\nIt opens.</think><answer>1.0 to 2.0</answer>"
