import re
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from support.release_builders import (
    PROMPT,
    PROMPT_ID,
    make_pass_rate,
    make_release,
    make_sample,
    make_trace,
    write_chosen,
    write_inputs,
)
from vtgdata import releases
from vtgdata.conversation.prompt import read_prompt
from vtgdata.errors import Conflict, VtgError
from vtgdata.files import fingerprint, parquet, pieces
from vtgdata.files.parquet import arrow_schema, write_parquet
from vtgdata.files.samples import row_sample, write_samples
from vtgdata.files.schemas import PASS_RATES, ROLLOUTS, TRACES
from vtgdata.files.step import Step, StepSummary
from vtgdata.files.whole import write_text
from vtgdata.records import Repair, Sample, Video
from vtgdata.releases import card, diff, matching
from vtgdata.stages import release


def run(out: Path, **settings) -> dict:
    return release.run(release.Settings(out=str(out), **{"version": "1.0.0", **settings}))


def parquet_bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def test_the_same_inputs_give_the_same_bytes_in_any_folder(tmp_path):
    inputs = write_inputs(tmp_path)
    first, second = make_release(tmp_path / "one", inputs), make_release(tmp_path / "else" / "two", inputs)
    assert parquet_bytes(first) == parquet_bytes(second)
    assert len(parquet_bytes(first)) == 6
    for page in ("README.md", "CHANGELOG.md", "LICENSES.md"):
        assert (first / page).read_bytes() == (second / page).read_bytes()
    assert releases.open_release(str(first)).content == releases.open_release(str(second)).content


def test_two_releases_that_differ_in_their_date_only_have_the_same_content(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    before = releases.open_release(str(out))
    own = out / "release.json"
    own.write_text(own.read_text().replace(before.document.created, "1999-12-31"))
    after = releases.open_release(str(out))
    assert after.document.created == "1999-12-31" and after.content == before.content


def test_the_summary_counts_rows_by_config_and_split(tmp_path):
    summary = run(tmp_path / "out", **write_inputs(tmp_path))
    assert summary.configs == {
        "samples": {"test": 2, "train": 7}, "coldstart": {"train": 7}, "rl": {"train": 4}, "difficulty": {"train": 7},
        "drops": {"train": 1},
    }  # fmt: skip
    assert summary.changes["samples"] == {"added": 9, "removed": 0, "changed": 0}


def test_rows_that_do_not_fit_into_memory_give_the_same_release(tmp_path, monkeypatch):
    inputs = write_inputs(tmp_path, train=9)
    rollouts = [
        dict.fromkeys(ROLLOUTS) | {"key": f"r{number:02}", "sample_id": f"alpha:{number * 5 % 9:03}", "index": number}
        for number in range(30)
    ]
    write_parquet(tmp_path / "rollouts.parquet", rollouts, ROLLOUTS)
    removed = tmp_path / "removed.json"
    removed.write_text('{"schema_version": 1, "removed": [{"sample_id": "alpha:004"}]}')
    inputs |= {"rollouts": [str(tmp_path / "rollouts.parquet")], "tombstones": str(removed)}
    first = make_release(tmp_path / "first", inputs)
    again = make_release(tmp_path / "again", inputs, version="1.1.0", previous=str(first))
    monkeypatch.setattr(pieces, "BUCKET", 4)
    monkeypatch.setattr(pieces, "ROW_GROUP", 3)
    monkeypatch.setattr(matching, "_TOGETHER", 5)
    monkeypatch.setattr(parquet, "ROW_GROUP", 3)
    small = make_release(tmp_path / "small", inputs)
    later = make_release(tmp_path / "later", inputs, version="1.1.0", previous=str(small))
    for whole, parts in ((first, small), (again, later)):
        one, two = releases.open_release(str(whole)), releases.open_release(str(parts))
        assert one.document.changes == two.document.changes
        for config, splits in one.document.configs.items():
            for split in splits:
                assert one.rows(config, split) == two.rows(config, split) != []
    assert diff.compare(releases.open_release(str(first)), releases.open_release(str(small))).configs == {}


def test_a_release_again_is_up_to_date(tmp_path):
    inputs = write_inputs(tmp_path)
    run(tmp_path / "out", **inputs)
    assert run(tmp_path / "out", **inputs).up_to_date


def test_a_file_that_the_new_run_does_not_make_goes_away(tmp_path):
    inputs = write_inputs(tmp_path)
    out = make_release(tmp_path / "out", inputs)
    run(out, samples=inputs["samples"])
    assert not (out / "data/coldstart/train-00000-of-00001.parquet").exists()
    assert not (out / "prompts/ground.md").exists()
    releases.open_release(str(out)).check_all()


def test_only_kept_traces_go_in_and_carry_what_sft_learns(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    rows = releases.open_release(str(out)).rows("coldstart")
    assert {row["key"].split("/")[1] for row in rows} == {"0"}
    row = rows[0]
    assert row["target"] == "<think>I see it.</think><answer>3.0 to 7.5</answer>"
    assert row["query"] == "a person opens door 0" and row["video_file"] == "alpha_train_0.mp4"
    assert row["annotation_windows"] == [[3.0, 7.5]] and row["frame_times"] == [0.0, 3.75]
    assert row_sample(row) == make_sample(0)


def test_chosen_rows_carry_their_sample_their_pass_rate_and_their_rank(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    rows = releases.open_release(str(out)).rows("rl")
    assert [(row["sample_id"], row["rank"]) for row in rows] == [
        ("alpha:000", 3), ("alpha:002", 2), ("beta:000", 1), ("beta:002", 0),
    ]  # fmt: skip
    assert rows[0]["value"] == pytest.approx(0.1) and rows[0]["n"] == 8 and rows[0]["measure"] == "mean_iou"
    assert rows[0]["windows"] == [[3.0, 7.5]] and rows[0]["model_id"] == "student-4567"


def test_rows_chosen_without_pass_rates_are_released_with_nulls(tmp_path):
    inputs = write_inputs(tmp_path)
    ranked = [{"sample_id": "alpha:001", "rank": 0}]
    write_parquet(tmp_path / "plain.parquet", ranked, {"sample_id": "text", "rank": "count"})
    out = make_release(
        tmp_path / "out", {"samples": inputs["samples"], "splits": {"rl": str(tmp_path / "plain.parquet")}}
    )
    assert releases.open_release(str(out)).rows("rl")[0]["value"] is None


def test_a_prompt_travels_as_text_once(tmp_path):
    opened = releases.open_release(str(make_release(tmp_path / "out", write_inputs(tmp_path))))
    assert opened.prompt(PROMPT_ID) == PROMPT
    assert read_prompt("ground", (opened.path / "prompts/ground.md").read_text(), "here").id == PROMPT_ID
    assert [prompt.id for prompt in opened.document.prompts] == [PROMPT_ID]
    assert "prompt" not in opened.rows("difficulty")[0]


def test_two_prompts_of_one_name_both_travel(tmp_path):
    inputs = write_inputs(tmp_path)
    other = PROMPT.replace("When", "At which time")
    changed = {"prompt": other, "prompt_id": f"ground-{fingerprint.short(other)[:8]}"}
    rates = [make_pass_rate(make_sample(0), **changed)]
    write_parquet(tmp_path / "pass_rates.parquet", rates, PASS_RATES)
    opened = releases.open_release(str(make_release(tmp_path / "out", inputs)))
    assert opened.prompt(PROMPT_ID) == PROMPT and opened.prompt(changed["prompt_id"]) == other


def test_a_prompt_id_that_is_not_of_its_text_is_refused(tmp_path):
    inputs = write_inputs(tmp_path)
    write_parquet(tmp_path / "traces.parquet", [make_trace(make_sample(0), prompt="other")], TRACES)
    with pytest.raises(VtgError, match="is not name and hash"):
        run(tmp_path / "out", **inputs)


def test_of_a_model_named_by_its_folder_only_the_last_name_travels(tmp_path):
    inputs = write_inputs(tmp_path)
    trace = make_trace(make_sample(0), model_id="openai_api:/data/models/qwen@2")
    write_parquet(tmp_path / "traces.parquet", [trace], TRACES)
    opened = releases.open_release(str(make_release(tmp_path / "out", inputs)))
    assert opened.rows("coldstart")[0]["model_id"] == "openai_api:qwen@2"
    assert opened.document.models[0]["id"] == "openai_api:qwen@2"


def test_rows_of_the_version_before_keep_their_version_and_their_place(tmp_path):
    inputs = write_inputs(tmp_path / "a")
    first = make_release(tmp_path / "v1", inputs)
    before = releases.open_release(str(first)).rows("samples", "train")
    grown = write_inputs(tmp_path / "b", train=6)
    second = make_release(tmp_path / "v2", grown, "1.10.0", previous=str(first))
    after = releases.open_release(str(second)).rows("samples", "train")
    assert after[: len(before)] == before
    assert [(row["sample_id"], row["first_version"]) for row in after[len(before) :]] == [
        ("alpha:004", "1.10.0"), ("alpha:005", "1.10.0"),
    ]  # fmt: skip
    third = make_release(tmp_path / "v3", write_inputs(tmp_path / "c", train=7), "1.11.0", previous=str(second))
    versions = [row["first_version"] for row in releases.open_release(str(third)).rows("coldstart")]
    assert versions == ["1.0.0"] * 7 + ["1.10.0"] * 2 + ["1.11.0"]


def test_the_changelog_counts_added_removed_and_changed_rows_per_version(tmp_path):
    first = make_release(tmp_path / "v1", write_inputs(tmp_path))
    samples = [make_sample(number) for number in range(1, 5)]
    samples[0] = msgspec.structs.replace(samples[0], repairs=(Repair("clamped", "31", "30"),))
    write_samples(tmp_path / "samples.parquet", samples)
    second = make_release(tmp_path / "v2", {"samples": str(tmp_path / "samples.parquet")}, "2.0.0", previous=str(first))
    document = releases.open_release(str(second)).document
    assert document.changes["samples"] == {"added": 1, "removed": 6, "changed": 1}
    assert document.changes["coldstart"] == {"added": 0, "removed": 7, "changed": 0}
    text = (second / "CHANGELOG.md").read_text()
    assert "- `samples`: 1 added, 6 removed, 1 changed" in text and "**1.0.0**" in text


def test_a_version_must_be_above_the_one_before(tmp_path):
    inputs = write_inputs(tmp_path)
    first = make_release(tmp_path / "v1", inputs, "1.2.0")
    with pytest.raises(VtgError, match=r"above the previous release's 1\.2\.0"):
        run(tmp_path / "v2", version="1.2.0", previous=str(first), **inputs)


def test_a_version_that_promises_less_than_changed_is_refused_with_the_one_to_take(tmp_path):
    first = make_release(tmp_path / "v1", write_inputs(tmp_path), "1.2.0")
    grown = write_inputs(tmp_path / "grown", train=5)
    with pytest.raises(
        VtgError, match=r"1\.2\.1: after 1\.2\.0 .* no row was added.*samples: 1 added.*Make it 1\.3\.0"
    ):
        run(tmp_path / "v2", version="1.2.1", previous=str(first), **grown)
    assert run(tmp_path / "v2", version="1.3.0", previous=str(first), **grown).proposed == "1.3.0"
    del grown["coldstart"]
    with pytest.raises(VtgError, match=r"removed or changed.*coldstart: 7 removed.*Make it 2\.0\.0"):
        run(tmp_path / "v3", version="1.3.0", previous=str(first), **grown)
    assert not (tmp_path / "v3").exists()


def test_a_version_may_promise_more_than_changed_and_before_1_0_0_promises_nothing(tmp_path):
    first = make_release(tmp_path / "v1", write_inputs(tmp_path), "0.1.0")
    fewer = write_inputs(tmp_path / "fewer", train=3)
    second = make_release(tmp_path / "v2", fewer, "0.1.1", previous=str(first))
    assert run(tmp_path / "v3", version="7.0.0", previous=str(second), **fewer).proposed == "0.1.2"


def test_only_the_drops_of_a_version_may_go_without_a_first_number(tmp_path):
    inputs = write_inputs(tmp_path)
    first = make_release(tmp_path / "v1", inputs)
    del inputs["drops"]
    assert run(tmp_path / "v2", version="1.1.0", previous=str(first), **inputs).proposed == "1.1.0"


def test_release_json_and_the_card_say_which_recipe_made_it(tmp_path):
    recipe = {"name": "doors", "sha256": "ab" * 32}
    out = make_release(tmp_path / "out", write_inputs(tmp_path), made_by=recipe)
    document = releases.open_release(str(out)).document
    assert document.recipe == recipe and "made_by" not in document.settings
    assert f"recipe `doors` (its steps up to there: SHA-256 `{'ab' * 32}`)" in (out / "README.md").read_text()


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "01.0.0", "1.0.0\n", "1.0.0-rc1", ""])
def test_a_version_is_three_plain_numbers(tmp_path, version):
    with pytest.raises(VtgError, match=r"is not X\.Y\.Z"):
        run(tmp_path / "out", version=version, samples="nothing.parquet")


def test_a_training_row_on_a_test_video_is_refused_by_name(tmp_path):
    inputs = write_inputs(tmp_path)
    rate = make_pass_rate(make_sample(90, "beta", "test"))
    inputs["splits"] = {"rl": write_chosen(tmp_path / "leak.parquet", [rate])}
    with pytest.raises(VtgError, match=r"'rl' trains on 1 video.*'beta_test_90'"):
        run(tmp_path / "out", **inputs)
    assert not (tmp_path / "out").exists()


def leaking(folder: Path, *samples: Sample) -> dict[str, Any]:
    """Inputs with these samples, of which those of `train` are chosen for RL."""
    write_samples(folder / "samples.parquet", samples)
    rates = [make_pass_rate(sample) for sample in samples if sample.split == "train" or len(samples) == 1]
    return {
        "samples": str(folder / "samples.parquet"),
        "splits": {"rl": write_chosen(folder / "rows.parquet", rates)},
    }


def test_traces_on_val_2_of_activitynet_are_refused_as_a_benchmark(tmp_path):
    inputs = write_inputs(tmp_path)
    sample = make_sample(1, "activitynet_captions", "val_2")
    write_samples(tmp_path / "samples.parquet", [sample])
    write_parquet(tmp_path / "traces.parquet", [make_trace(sample)], TRACES)
    with pytest.raises(
        VtgError,
        match=r"'coldstart' trains on 1 video\(s\) of benchmarks \(1 samples\), first video "
        r"'activitynet_captions_val_2_1' of activitynet_captions \(split 'val_2'\).*--where",
    ):
        run(tmp_path / "out", samples=inputs["samples"], coldstart=inputs["coldstart"])
    assert not (tmp_path / "out").exists()


def test_a_train_row_on_a_video_of_a_benchmark_split_is_refused(tmp_path):
    video = make_sample(1, "activitynet_captions", "val_1").video
    inputs = leaking(
        tmp_path,
        make_sample(1, "activitynet_captions", "train", video=video),
        make_sample(2, "activitynet_captions", "val_1", video=video),
    )
    with pytest.raises(
        VtgError, match=r"\(split 'train'\), which is in activitynet_captions's benchmark split 'val_1'"
    ):
        run(tmp_path / "out", **inputs)


def test_a_cut_of_the_same_source_as_another_corpuss_benchmark_is_refused(tmp_path):
    cut = Video(video_id="aB3_dE-6hIj_31.50_96.00", file="aB3_dE-6hIj.mp4", source_id="aB3_dE-6hIj")
    whole = Video(video_id="v_aB3_dE-6hIj", file="v_aB3_dE-6hIj.mp4", source_id="aB3_dE-6hIj")
    inputs = leaking(
        tmp_path, make_sample(1, "activitynet_captions", video=whole), make_sample(2, "tvgbench", "test", video=cut)
    )
    with pytest.raises(VtgError, match=r"'v_aB3_dE-6hIj' of activitynet_captions .* tvgbench's benchmark split 'test'"):
        run(tmp_path / "out", **inputs)


def test_videos_of_two_corpora_that_share_a_number_are_two_videos(tmp_path):
    video = Video(video_id="0001", file="0001.mp4")
    inputs = leaking(tmp_path, make_sample(1, video=video), make_sample(2, "beta", "test", video=video))
    assert run(tmp_path / "out", **inputs).configs["rl"] == {"train": 1}


def test_a_folder_with_a_users_own_readme_is_refused_and_left_alone(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/README.md").write_text("my words")
    with pytest.raises(Conflict, match=r"holds README\.md, which this command did not make"):
        run(tmp_path / "project", **write_inputs(tmp_path))
    assert {path.name: path.read_text() for path in (tmp_path / "project").iterdir()} == {"README.md": "my words"}


def test_the_folder_of_another_step_is_refused(tmp_path):
    step = Step("select", release.Settings(out=str(tmp_path / "rl"), version="1.0.0", samples=""), StepSummary, code=[])
    write_text(step.start() / "rows.txt", "rows")
    step.finish(StepSummary(), ["rows.txt"])
    with pytest.raises(Conflict, match="was made by `vtgdata select`"):
        run(tmp_path / "rl", **write_inputs(tmp_path))


def test_an_empty_folder_and_one_with_hidden_files_only_are_taken(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.gitignore").write_text("*.mp4")
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    assert {path.name for path in out.iterdir()} == {
        ".gitignore", "CHANGELOG.md", "LICENSES", "LICENSES.md", "README.md", "croissant.json", "data", "meta.json",
        "plots", "prompts", "rebuild.json", "recipe.yaml", "release.json",
    }  # fmt: skip


def test_a_release_that_was_broken_off_is_made_by_running_again(tmp_path, monkeypatch):
    inputs = write_inputs(tmp_path)

    def interrupt(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(card, "licences_page", interrupt)
        run(tmp_path / "out", **inputs)
    assert not (tmp_path / "out/release.json").exists()
    run(tmp_path / "out", **inputs)
    releases.open_release(str(tmp_path / "out")).check_all()


def test_release_json_says_how_sure_each_corpuss_licence_is(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample(1), make_sample(1, "activitynet_captions")])
    out = make_release(tmp_path / "out", {"samples": str(tmp_path / "samples.parquet")})
    corpora = releases.open_release(str(out)).document.corpora
    assert {name: facts["license_confidence"] for name, facts in corpora.items()} == {
        "activitynet_captions": "C", "alpha": None,
    }  # fmt: skip


def test_a_row_without_its_sample_is_refused_by_name(tmp_path):
    inputs = write_inputs(tmp_path)
    write_parquet(tmp_path / "traces.parquet", [make_trace(make_sample(77))], TRACES)
    with pytest.raises(VtgError, match="'alpha:077' is not in"):
        run(tmp_path / "out", **inputs)


def test_traces_of_which_none_was_kept_are_refused(tmp_path):
    inputs = write_inputs(tmp_path)
    write_parquet(tmp_path / "traces.parquet", [make_trace(make_sample(0), kept=False)], TRACES)
    with pytest.raises(VtgError, match="none of its 1 traces was kept"):
        run(tmp_path / "out", **inputs)


def test_a_row_that_occurs_twice_is_refused(tmp_path):
    inputs = write_inputs(tmp_path)
    write_parquet(tmp_path / "traces.parquet", [make_trace(make_sample(0))] * 2, TRACES)
    with pytest.raises(VtgError, match="occurs twice"):
        run(tmp_path / "out", **inputs)


@pytest.mark.parametrize(
    ("config", "said"), [("samples", "config"), ("RL", "config"), ("../rl", "config"), ("drops", "config")]
)
def test_a_chosen_split_cannot_take_a_name_that_is_taken_or_no_name(tmp_path, config, said):
    with pytest.raises(VtgError, match=said):
        run(tmp_path / "out", samples="x", splits={config: "rows.parquet"})


def test_a_path_of_this_machine_is_refused(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample(0, origin="/home/me/raw.txt:1")])
    with pytest.raises(VtgError, match="is a path of this machine"):
        run(tmp_path / "out", samples=str(tmp_path / "samples.parquet"))


def test_no_file_of_a_release_names_a_path_of_this_machine(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    opened = releases.open_release(str(out))
    assert "meta.json" not in opened.files
    for name in opened.files:
        assert str(tmp_path).encode() not in (out / name).read_bytes()
    for config, splits in opened.document.configs.items():
        for split in splits:
            for row in opened.rows(config, split):
                assert not any(str(value).startswith("/") for value in row.values())


def test_the_card_has_valid_metadata_and_no_annotation_text(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path), name="Doors: a | test\n---\nlicense: mit")
    text = (out / "README.md").read_text()
    metadata = card.read_metadata(text)
    assert metadata["license"] == "other" and metadata["license_link"] == "LICENSES.md"
    assert metadata["pretty_name"] == "Doors: a | test --- license: mit"
    assert metadata["size_categories"] == ["n<1K"] and metadata["task_categories"] == ["video-text-to-text"]
    assert [config["config_name"] for config in metadata["configs"]] == [
        "samples", "coldstart", "rl", "difficulty", "drops",
    ]  # fmt: skip
    for config in metadata["configs"]:
        assert all((out / file["path"]).is_file() for file in config["data_files"])
    assert "opens door" not in text
    assert "Answers labelled as scripted" in text
    assert "7 of 14 traces were kept (not kept: 7 tiou)" in text
    assert "[Creative Commons Attribution-NonCommercial-ShareAlike 4.0]" in text
    assert not re.search(r"\n{3}|\{\{|\}\}", text)


def test_one_licence_that_the_hub_knows_is_named_in_the_card(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample(0)])
    out = make_release(tmp_path / "out", {"samples": str(tmp_path / "samples.parquet")})
    assert card.read_metadata((out / "README.md").read_text())["license"] == "mit"


def test_an_unknown_licence_is_said_to_be_unverified(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample(0, license="LicenseRef-Mystery")])
    out = make_release(tmp_path / "out", {"samples": str(tmp_path / "samples.parquet")})
    assert card.read_metadata((out / "README.md").read_text())["license_name"] == "unverified"
    assert "LicenseRef-Mystery (unverified)" in (out / "LICENSES.md").read_text()


def test_columns_are_typed_even_where_all_values_are_null(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    for config in ("samples", "coldstart", "rl", "difficulty", "drops"):
        schema = pq.read_schema(out / f"data/{config}/train-00000-of-00001.parquet")
        columns = releases.COLUMNS.get(config, releases.CHOSEN)
        assert schema.equals(arrow_schema(columns)), config


def test_a_release_whose_data_was_changed_is_not_opened(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    data = out / "data/rl/train-00000-of-00001.parquet"
    data.write_bytes(data.read_bytes()[:-1] + b"x")
    with pytest.raises(VtgError, match="is not the file that was released"):
        releases.open_release(str(out))


def test_a_release_json_that_points_outside_its_folder_is_refused(tmp_path):
    out = make_release(tmp_path / "out", write_inputs(tmp_path))
    own = out / "release.json"
    own.write_text(own.read_text().replace("data/rl/train", "../rl/train"))
    with pytest.raises(VtgError, match="not inside the release"):
        releases.open_release(str(out))


def test_an_absent_release_says_where_one_comes_from(tmp_path):
    with pytest.raises(VtgError, match=r"hf download org/name --repo-type dataset --revision v1\.0\.0"):
        releases.open_release("org/name@v1.0.0")
    with pytest.raises(VtgError, match="it is no release"):
        releases.open_release(str(tmp_path))


def test_a_wrong_config_or_split_names_the_nearest(tmp_path):
    opened = releases.open_release(str(make_release(tmp_path / "out", write_inputs(tmp_path))))
    with pytest.raises(VtgError, match="did you mean 'coldstart'"):
        opened.rows("coldstrat")
    with pytest.raises(VtgError, match="has no split 'trian'; did you mean 'train'"):
        opened.rows("rl", "trian")
