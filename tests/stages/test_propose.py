"""propose: on drawn videos, with the scripted model and with one that looks at the frames."""

import json
from pathlib import Path

import pytest
import yaml

from support import coloured, coloured_retriever, counting_decoder, tiny_transformers_clip
from support.builders import make_sample
from vtgdata.annotations.stretches import stretches
from vtgdata.cli import app
from vtgdata.engine.batch.export import Exported
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.records.windows import as_pairs
from vtgdata.stages import evaluate, propose
from vtgdata.video import store, workers

SECONDS = 600
PLANTED = {"red": [(104, 120), (410, 460)], "green": [(296, 304)]}


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    """A video of ten minutes, and a query for each colour, one of which is not there."""
    folder = tmp_path_factory.mktemp("long")
    coloured.draw(folder / "videos/v1.mp4", SECONDS, PLANTED)
    samples = [
        make_sample(
            f"t:{name}", video_id="v1", duration=float(SECONDS), query=f"the {name} moment",
            windows=PLANTED.get(name, []), none_is_right=name not in PLANTED, extra={"clip": [1, 2]},
        )
        for name in coloured.COLOURS
    ]  # fmt: skip
    write_samples(folder / "samples.parquet", samples)
    return folder


def run(at, out, **more):
    given = {"samples": str(at / "samples.parquet"), "stretch": 60.0, "overlap": 10.0, "out": str(out)} | more
    return propose.run(propose.Settings(**{"model": scripted(at)} | given))


def scripted(at, errors=0.0, **more):
    words = ",".join(f"{name}={value}" for name, value in more.items())
    return f"scripted:samples={at / 'samples.parquet'},errors={errors},noise=0.0" + (f",{words}" if words else "")


def predicted(out):
    lines = map(json.loads, (Path(out) / "predictions.jsonl").read_text().splitlines())
    return {line["sample_id"]: line["windows"] for line in lines}


def test_a_model_that_looks_finds_planted_moments_and_decodes_little(at, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "shared", workers.Here)
    monkeypatch.setattr(store, "DECODER", "support.counting_decoder")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path))
    looks = {"model": "support.coloured:", "videos": str(at / "videos"), "frames": str(tmp_path / "frames")}
    found = run(at, tmp_path / "o", fps=0.5, ground_fps=1.0, **looks)
    assert predicted(tmp_path / "o") == {"t:red": [[104, 120], [410, 460]], "t:green": [[296, 304]], "t:blue": []}
    assert (found.samples, found.stretches, found.windows, found.without_moment) == (3, 36, 3, 1)
    # Each moment lies in two stretches, whole in one of them.
    assert found.looked_closer == 6 and found.answers == 42 and found.beyond_best == 0
    assert found.frames == 36 * 30 + 6 * 60 and found.tokens_in == 100 * found.frames
    # Of a stretch, what is decoded begins at the key frame before it: not the minutes that lie before that.
    looked = 12 * 60 + 6 * 60
    assert looked / 2 < counting_decoder.total() < 1.5 * looked
    score = evaluate.Settings(
        samples=str(at / "samples.parquet"), predictions=str(tmp_path / "o/predictions.jsonl"), metrics="multi",
        out=str(tmp_path / "e"),
    )  # fmt: skip
    summary = evaluate.run(score)
    assert summary.metrics["mIoU"] == 1.0 and summary.refusals["f1"] == 1.0


def test_samples_of_stretches_are_on_their_own_clock(at, tmp_path):
    run(at, tmp_path / "o")
    known = {sample.sample_id: sample for sample in read_samples(tmp_path / "o/samples.parquet")}
    assert len(known) == 36
    cut = known["t:red@400-460"]
    assert (cut.video.file, cut.video.video_id, cut.video.duration) == ("v1.mp4#t=400,460", "v1_400.00_460.00", 60.0)
    assert (cut.video.source_id, cut.video.source_start) == ("v1", 400.0)
    assert as_pairs(cut.windows) == [[10.0, 60.0]]
    assert known["t:red@0-60"].none_is_right and not known["t:red@0-60"].windows
    assert cut.extra == {"stretch_of": "t:red", "stretch": [400.0, 460.0]}, "nothing on the clock of the whole"
    rows = read_parquet(tmp_path / "o/stretches.parquet")
    assert {row["stretch_id"] for row in rows if row["grounded"]} == {
        row["stretch_id"] for row in rows if (row["share"] or 0) > 0
    }


def test_windows_of_neighbours_are_one(at, tmp_path):
    """410 to 460 lies whole in one stretch, and in part in two."""
    run(at, tmp_path / "o")
    assert sorted(predicted(tmp_path / "o")["t:red"]) == [[104, 120], [410, 460]]


def test_without_a_closer_look_the_first_one_counts(at, tmp_path):
    found = run(at, tmp_path / "o", one_look=True)
    assert found.looked_closer == 0 and found.answers == 36
    assert read_parquet(tmp_path / "o/grounded.parquet") == []
    assert sorted(predicted(tmp_path / "o")["t:red"]) == [[104, 120], [410, 460]]


def test_what_best_leaves_out_is_counted(at, tmp_path):
    found = run(at, tmp_path / "o", best=1)
    assert found.looked_closer == 2 and found.beyond_best == 4
    assert predicted(tmp_path / "o")["t:red"] == [[104, 120]], "of the stretch that has the moment whole"


def test_of_several_answers_most_must_name_a_moment(at, tmp_path):
    wrong = {"model": scripted(at, errors=0.3), "temperature": 1.0, "n": 5}
    few, many = run(at, tmp_path / "few", least_share=0.1, **wrong), run(at, tmp_path / "many", **wrong)
    assert few.looked_closer + few.beyond_best > many.looked_closer + many.beyond_best >= 4
    assert predicted(tmp_path / "many")["t:green"] == [[296, 304]]


def test_a_short_video_is_asked_about_as_it_is(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample("s", duration=30.0)])
    found = run(tmp_path, tmp_path / "o")
    assert (found.stretches, predicted(tmp_path / "o")) == (1, {"s": [[3, 9]]})
    (sample,) = read_samples(tmp_path / "o/samples.parquet")
    assert sample == read_samples(tmp_path / "samples.parquet")[0]


def test_a_video_that_is_not_there_has_no_prediction_and_is_asked_for_again(at, tmp_path):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/other.mp4").write_bytes((at / "videos/v1.mp4").read_bytes())
    with pytest.raises(RowsFailed, match="36 of 36 samples failed"):
        run(at, tmp_path / "o", videos=str(tmp_path / "videos"), frames=str(tmp_path / "frames"), num_frames=2)
    assert predicted(tmp_path / "o") == {}
    summary = json.loads((tmp_path / "o/meta.json").read_text())["summary"]
    assert summary["n_unanswered"] == 3 and summary["n_failed"] == 36 and summary["without_moment"] == 0


def test_a_file_that_ends_before_its_stretches_fails_these_alone(at, tmp_path):
    lying = make_sample("t:red", video_id="v1", duration=900.0, query="the red moment", windows=PLANTED["red"])
    none = make_sample("t:none", video_id="v1", duration=900.0, query="no moment", windows=[], none_is_right=True)
    write_samples(tmp_path / "samples.parquet", [lying, none])
    given = {"videos": str(at / "videos"), "frames": str(tmp_path / "frames"), "num_frames": 2, "max_failed": 1.0}
    found = run(tmp_path, tmp_path / "o", **given)
    rows = read_parquet(tmp_path / "o/rollouts.parquet")
    wrong = [row for row in rows if row["error"]]
    # Stretches begin every 50 s: those from 550 to 840 end after the file.
    assert found.n_failed == len(wrong) == 14
    assert all("it ends at 600.0 s, before its part" in row["error"] for row in wrong)
    assert sorted(predicted(tmp_path / "o")["t:red"]) == [[104, 120], [410, 460]]
    # That it has no moment is not said of a video of which a part was not seen.
    assert "t:none" not in predicted(tmp_path / "o") and found.n_unanswered == 1 and not found.without_moment


def test_nothing_is_asked_twice(at, tmp_path):
    run(at, tmp_path / "o")
    again = run(at, tmp_path / "o")
    assert again.up_to_date is True
    more = run(at, tmp_path / "o", join=1.0)
    assert more.answers == 42
    assert {"journal.sqlite", "predictions.jsonl"} <= {path.name for path in (tmp_path / "o").iterdir()}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"overlap": 60.0}, "--overlap 60 is over 90% of --stretch 60"),
        ({"n": 3}, "--n 3 at temperature 0"),
        ({"one_look": True, "ground_fps": 1.0}, "--one-look leaves out the closer look"),
        ({"ground_prompt": "ground_guided"}, "--ground-prompt ground_guided: it tells the model the annotation"),
        ({"prompt": "ground_guided"}, "--prompt ground_guided: it"),
        ({"stretch": 5.0}, "--overlap 10 is over 90% of --stretch 5"),
        ({"prompt": "ground"}, "does not let the model say that a stretch has no such moment"),
        ({"where": "query == 'no'"}, "no sample is left"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(at, tmp_path, more, said):
    with pytest.raises(VtgError, match=said):
        run(at, tmp_path / "o", **more)
    assert not (tmp_path / "o").exists()


def test_the_plan_counts_both_looks(at, tmp_path):
    given = {"model": "openai_api:tiny", "endpoint": ["http://server.example/v1"], "videos": str(at / "videos")}
    planned = run(at, tmp_path / "o", dry_run=True, free=True, **given)
    first, closer = planned.plan
    assert (first.wanted.low, first.wanted.high) == (36, 36)
    assert (closer.condition, closer.wanted.low, closer.wanted.high) == ("sighted, a closer look", 0, 24)
    assert (planned.to_do.low, planned.to_do.high) == (36, 60)
    assert closer.tokens_in.low == 0 < closer.tokens_in.high
    assert not (tmp_path / "o").exists()


def of_vue_tr(tmp_path):
    facts = {"video_id": "v1", "duration": SECONDS, "task": "temporal_retrieval", "duration_category": "short"}
    facts |= {"query_format": "phrase", "query_modality": "vision"}
    rows = [
        facts | {"query_id": n, "query": f"the {name} moment", "gt": windows}
        for n, (name, windows) in enumerate(PLANTED.items())
    ]  # fmt: skip
    (tmp_path / "raw/VUE-TRv2_ground_truth.json").write_text(json.dumps(rows))


def of_extremewhenbench(tmp_path):
    facts = {"video_id": "v1", "source_corpus": "MLVU", "video_duration_s": SECONDS, "category": "action"}
    rows = [
        facts | {"qid": name, "question": f"the {name} moment", "correct_interval": windows[-1], "duration_s": 1}
        for name, windows in PLANTED.items()
    ]  # fmt: skip
    (tmp_path / "raw/test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    ("recipe", "write", "rows"), [("propose-long", of_vue_tr, 1600), ("retrieve-long", of_extremewhenbench, 2273)]
)
def test_the_recipes_of_long_videos_run_on_a_drawn_one(recipe, write, rows, at, tmp_path, monkeypatch, capsys):
    """Their steps, with the scripted model, a retrieval model that sees colours, and less of everything."""
    document = yaml.safe_load((plugins.resources("recipes") / f"{recipe}.yaml").read_text())
    (tmp_path / "raw").mkdir()
    write(tmp_path)
    (tmp_path / "videos").symlink_to(at / "videos")
    for step in document["steps"]:
        if "model" in step:
            scripted = "scripted:samples=@data/samples.parquet,errors=0,noise=0"
            step |= {"model": [scripted] if step["command"] == "evaluate" else scripted, "frames": str(tmp_path / "fr")}
            step.pop("endpoint"), step.pop("ground_fps", None)
            step |= {"ground_num_frames": 3} if step["command"] == "propose" else {"num_frames": 2}
            step |= {"score_by": "support.coloured_retriever"} if "score_by" in step else {"fps": None, "num_frames": 2}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.chdir(tmp_path)
    assert app.run(["run", "mine.yaml", "--dry-run", "--json", "-q"]) == 0
    planned = {step["id"]: step for step in json.loads(capsys.readouterr().out)["steps"]}
    assert planned["score"]["rows"] == {"low": rows, "high": rows}, "as published"
    assert planned["proposed"]["each"] or planned["proposed"]["calls"]["high"] == 8 * rows
    assert app.run(["run", "mine.yaml", "-q"]) == 0
    score = json.loads((tmp_path / f"runs/{recipe}/score/evaluation.json").read_text())
    assert score["metrics"]["mIoU"] == 1.0, "by the benchmark's own number"


def test_a_stretch_of_an_earlier_run_is_a_sample_like_any_other(at, tmp_path):
    parts = [part for sample in read_samples(at / "samples.parquet") for part in stretches(sample, 60.0, 10.0)]
    write_samples(tmp_path / "samples.parquet", parts)
    found = run(tmp_path, tmp_path / "o", stretch=60.0)
    assert (found.samples, found.stretches, found.n_unanswered) == (36, 36, 0)
    said = predicted(tmp_path / "o")
    assert {*said} == {part.sample_id for part in parts} and said["t:red@400-460"] == [[10, 60]], "on its own clock"


# --score-by: a retrieval model takes the first look


SCORED = {"score_by": "support.coloured_retriever", "fps": 1.0, "ground_num_frames": 3}
STRETCHES = 12
"""Of 60 s that share 10, in 600 s."""


def scored(at, out, **more):
    given = {"videos": str(at / "videos"), "frames": str(at / "frames")} | SCORED | more
    return run(at, out, **given)


def scores_of(out):
    """{sample id: [(score, start, whether it was looked at closer)]}, the highest first."""
    found = {}
    for row in read_parquet(out / "stretches.parquet"):
        found.setdefault(row["sample_id"], []).append((row["score"], row["start"], row["grounded"]))
    return {name: sorted(rows, key=lambda row: (-row[0], row[1])) for name, rows in found.items()}


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """Says how many parts of videos were decoded, which is done in this process and with a cache of its own."""
    monkeypatch.setattr(workers, "shared", workers.Here)
    monkeypatch.setattr(store, "DECODER", "support.counting_decoder")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path))
    return lambda: (tmp_path / "decoded.txt").read_text().count("begin")


def test_the_best_stretches_by_score_are_asked_about_and_no_others(at, tmp_path, counted):
    coloured_retriever.ASKED.clear()
    look = {"model": "support.coloured:", "frames": str(tmp_path / "frames"), "ground_num_frames": 60}
    found = scored(at, tmp_path / "o", best=4, **look)
    assert predicted(tmp_path / "o") == {"t:red": [[104, 120], [410, 460]], "t:green": [[296, 304]], "t:blue": []}
    assert (found.stretches, found.looked_closer, found.answers, found.beyond_best) == (36, 12, 12, 0)
    assert found.retriever == "coloured-retriever-1" and found.model == "colours-1"
    # Three queries, and stretches that share seconds: each frame is seen once, and decoded once from its key frame on.
    assert found.frames_scored == sum(coloured_retriever.ASKED) == SECONDS
    closer = len({row["frames_id"] for row in read_parquet(tmp_path / "o/grounded.parquet")})
    assert counted() == STRETCHES + closer and counting_decoder.total() < 1.3 * (SECONDS + 60 * closer)
    assert read_parquet(tmp_path / "o/rollouts.parquet") == []
    for name, rows in scores_of(tmp_path / "o").items():
        assert {closer for _, _, closer in rows[:2]} == {True}
        windows = PLANTED.get(name[2:], [])
        with_one = [start for start in range(0, 541, 50) if any(a < start + 60 and b > start for a, b in windows)]
        last = [540] if any(b > 540 for _, b in windows) else []
        assert [start for score, start, _ in rows if score == 1.0] == [*with_one, *last]
        assert {score for score, start, _ in rows if start not in with_one} <= {0.0}


def test_a_score_is_the_mean_of_the_highest_of_its_frames(at, tmp_path):
    """The green moment lasts eight of the frames of its stretch: eight of sixteen frames score 1."""
    scored(at, tmp_path / "one"), scored(at, tmp_path / "many", score_top=16)
    assert scores_of(tmp_path / "one")["t:green"][0][:2] == (1.0, 250)
    assert scores_of(tmp_path / "many")["t:green"][0][:2] == (0.5, 250)


def test_windows_of_higher_scores_come_first_where_answers_agree(at, tmp_path):
    """104 to 120 fills 16 of the frames of its stretch, 410 to 460 fills 50 of them."""
    scored(at, tmp_path / "o", score_top=60)
    assert predicted(tmp_path / "o")["t:red"] == [[410, 460], [104, 120]]


def test_frames_are_not_decoded_again_for_the_closer_look_where_they_are_the_same(at, tmp_path, counted):
    given = {"overlap": 0.0, "frames": str(tmp_path / "frames"), "model": "support.coloured:"}
    found = scored(at, tmp_path / "o", ground_num_frames=None, ground_fps=1.0, **given)
    assert predicted(tmp_path / "o")["t:red"] == [[104, 120], [410, 460]] and found.frames == 24 * 60
    assert found.frames_scored == SECONDS and counted() == 10, "each stretch once"


def test_a_part_that_cannot_be_seen_has_no_score_and_its_moments_are_not_denied(at, tmp_path):
    lying = make_sample("t:red", video_id="v1", duration=900.0, query="the red moment", windows=PLANTED["red"])
    none = make_sample("t:blue", video_id="v1", duration=900.0, query="the blue moment", windows=[], none_is_right=True)
    write_samples(tmp_path / "samples.parquet", [lying, none])
    given = {"videos": str(at / "videos"), "frames": str(tmp_path / "frames"), "best": 6} | SCORED
    with pytest.raises(RowsFailed, match=r"14 of 36 samples failed, first v1\.mp4#t=600,650: video .*ends at 600"):
        run(tmp_path, tmp_path / "o", **given)
    assert predicted(tmp_path / "o") == {"t:red": [[104, 120], [410, 460]]}, "of the other nobody knows"
    rows = read_parquet(tmp_path / "o/stretches.parquet")
    unseen = {row["start"] for row in rows if row["score"] is None and row["n_failed"] == 1}
    assert unseen == {*range(550, 801, 50), 840}, "all that end after the file"
    assert not any(row["grounded"] for row in rows if row["score"] is None)
    summary = json.loads((tmp_path / "o/meta.json").read_text())["summary"]
    assert (summary["n_failed"], summary["n_unanswered"], summary["without_moment"]) == (14, 1, 0)


def test_short_videos_are_scored_as_they_are(at, tmp_path):
    coloured.draw(tmp_path / "videos/s.mp4", 20, {"red": [(3, 9)]})
    short = make_sample("s", video_id="s", duration=20.0, query="the red moment", windows=[(3, 9)])
    unknown = make_sample("u", video_id="s", duration=None, query="the red moment", windows=[(3, 9)])
    write_samples(tmp_path / "samples.parquet", [short, unknown])
    given = {"videos": str(tmp_path / "videos"), "frames": str(tmp_path / "f")} | SCORED
    found = run(tmp_path, tmp_path / "o", model="support.coloured:", **(given | {"ground_num_frames": 20}))
    assert (found.stretches, predicted(tmp_path / "o")) == (2, {"s": [[3, 9]], "u": [[3, 9]]})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"one_look": True, "ground_num_frames": None}, "--score-by gives scores alone"),
        ({"videos": ""}, "--score-by support.coloured_retriever: it looks at the videos"),
        ({"ground_prompt": "ground"}, "each of --best 8 would have one"),
        ({"score_by": "transformer_clip:x"}, "no retrievers plug-in 'transformer_clip'; did you mean"),
        ({"score_by": "", "score_top": 2}, "--score-top 2: it is for --score-by"),
    ],
)
def test_scores_that_cannot_be_had_are_refused(at, tmp_path, more, said):
    with pytest.raises(VtgError, match=said):
        scored(at, tmp_path / "o", **more)
    assert not (tmp_path / "o").exists()


def test_with_one_stretch_the_prompt_need_not_allow_that_there_is_none(at, tmp_path):
    found = scored(at, tmp_path / "o", best=1, ground_prompt="ground", where="sample_id != 't:blue'")
    assert found.answers == 2 and predicted(tmp_path / "o") == {"t:red": [[410, 460]], "t:green": [[296, 304]]}


def test_the_plan_of_scored_stretches_is_exact_and_asks_no_retriever(at, tmp_path):
    served = {"model": "openai_api:tiny", "endpoint": ["http://server.example/v1"], "dry_run": True, "free": True}
    coloured_retriever.ASKED.clear()
    (part,) = scored(at, tmp_path / "o", best=4, **served).plan
    assert (part.wanted.low, part.wanted.high, part.condition) == (12, 12, "sighted")
    assert not coloured_retriever.ASKED and not (tmp_path / "o").exists()
    (all_of_them,) = scored(at, tmp_path / "o", best=99, **served).plan
    assert all_of_them.wanted.low == all_of_them.wanted.high == 36


@pytest.mark.parametrize("way", [{}, {"score_by": ""}])
def test_the_plan_counts_the_answers_of_whichever_stretches_were_the_best(at, tmp_path, way):
    """None of the stretches with a moment is among the first of their videos."""
    scored(at, tmp_path / "o", best=2, where="sample_id == 't:green'", **way)
    same = way | {"where": "sample_id == 't:green'", "dry_run": True}
    again = scored(at, tmp_path / "o", best=2, **same)
    assert again.plan[-1].cached == 2 and again.plan[-1].to_do.low == 0
    more = scored(at, tmp_path / "o", best=3, **same)
    assert more.plan[-1].to_do.high == 1


def test_requests_about_the_best_stretches_are_written_down(at, tmp_path):
    served = {"model": "openai_api:tiny", "endpoint": ["http://server.example/v1"], "batch": str(tmp_path / "b")}
    found = scored(at, tmp_path / "o", best=2, free=True, **served)
    assert isinstance(found, Exported) and found.requests == 6


def test_nothing_is_scored_twice_where_nothing_changed(at, tmp_path):
    scored(at, tmp_path / "o")
    coloured_retriever.ASKED.clear()
    assert scored(at, tmp_path / "o").up_to_date is True and not coloured_retriever.ASKED
    assert scored(at, tmp_path / "o", score_top=2).up_to_date is not True


def test_a_clip_model_that_was_trained_in_the_test_finds_them(at, tmp_path):
    pytest.importorskip("transformers")
    folder = tiny_transformers_clip.build(tmp_path / "clip", steps=60)
    found = scored(at, tmp_path / "o", score_by=f"transformers_clip:{folder}", best=3)
    said = {name: sorted(windows) for name, windows in predicted(tmp_path / "o").items()}
    assert said == {"t:red": [[104, 120], [410, 460]], "t:green": [[296, 304]], "t:blue": []}
    assert found.retriever.startswith("transformers_clip-") and found.frames_scored == SECONDS
