"""Queries without a moment: none whose words the video's texts hold, the same for one seed, judged by who looked."""

import json

import polars as pl
import pytest

from support.builders import make_sample
from vtgdata.annotations.content_words import Lexicon, key, keys
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.stages import negatives

SENTENCES = [
    "a person opens the door", "the person sits on a sofa", "a person closes the window", "person throws a pillow",
    "a person opens a box", "a person drinks from a cup", "the person opens a book", "a person sneezes on the sofa",
    "a person closes the box", "person throws a towel", "a man washes the dishes", "a person opens the window",
    "a person closes a book", "the person throws a box", "a person washes a cup", "a person opens the laptop",
]  # fmt: skip


@pytest.fixture
def samples(tmp_path):
    found = [
        make_sample(f"test:{i}", video_id=f"v{i // 2}", query=query, windows=[(3, 9)], license="MIT")
        for i, query in enumerate(SENTENCES * 3)
    ]
    write_samples(tmp_path / "samples.parquet", found)
    return found


def run(tmp_path, out="out", **settings):
    given = {"samples": str(tmp_path / "samples.parquet"), "out": str(tmp_path / out), "share": 0.4}
    summary = negatives.run(negatives.Settings(**given | settings))
    written = read_samples(tmp_path / out / "samples.parquet")
    return summary, [sample for sample in written if sample.none_is_right]


def test_the_share_is_met_and_every_grade_is_there(samples, tmp_path):
    summary, made = run(tmp_path)
    assert summary.positives == 48 and summary.negatives == len(made) == 32
    assert summary.share == pytest.approx(0.4) and set(summary.grades) == {"other_video", "near", "changed"}
    assert max(summary.grades.values()) - min(summary.grades.values()) <= 1
    assert summary.verified == {"unverified": 32}
    written = read_samples(tmp_path / "out/samples.parquet")
    assert written[:48] == samples, "the samples themselves stay as they are"
    assert len({sample.sample_id for sample in written}) == len(written)
    assert all(not s.windows and s.labelled and s.license == "MIT" and s.split == "train" for s in made)


def test_no_query_is_one_that_the_video_s_own_texts_hold(samples, tmp_path):
    _, made = run(tmp_path)
    lexicon = Lexicon(SENTENCES)
    of = {sample.video.video_id: set() for sample in samples}
    for sample in samples:
        of[sample.video.video_id] |= keys(sample.query)
    own = {(sample.video.video_id, sample.query) for sample in samples}
    for sample in made:
        held, grade = of[sample.video.video_id], sample.extra["negative"]
        assert (sample.video.video_id, sample.query) not in own
        if grade == "other_video":
            assert not keys(sample.query) & held, sample.query
        elif grade == "near":
            assert not {key(word) for word in lexicon.things(sample.query)} & held, sample.query
            assert {key(word) for word in lexicon.actions(sample.query)} & held, sample.query
        else:
            old, new = sample.extra["changed"].split(" -> ")
            assert key(new) not in held and old not in sample.query and new in sample.query, sample.query


def test_what_a_file_knows_of_a_video_is_left_out_too(samples, tmp_path):
    _, before = run(tmp_path, out="before")
    words = "sofa window pillow box cup book towel dishes door laptop"
    (tmp_path / "known.csv").write_text("id,script,actions\n" + "".join(f"v{i},{words},c001\n" for i in range(24)))
    (tmp_path / "classes.txt").write_text("c001 Opening closing throwing sitting drinking sneezing washing\n")
    settings = {"known": [str(tmp_path / "known.csv")], "classes": str(tmp_path / "classes.txt")}
    summary, made = run(tmp_path, **settings)
    assert before and not made
    assert summary.reasons == {"no_such_query": 144}
    drops = read_parquet(tmp_path / "out/drops.parquet")
    assert len(drops) == 144 and all("was found that the texts of v" in drop["detail"] for drop in drops)


def test_one_seed_makes_one_set_whatever_the_order_of_the_rows(samples, tmp_path):
    _, first = run(tmp_path, out="first")
    write_samples(tmp_path / "samples.parquet", samples[::-1])
    _, again = run(tmp_path, out="again")
    _, other = run(tmp_path, out="other", seed=1)
    assert {s.sample_id for s in again} == {s.sample_id for s in first} != {s.sample_id for s in other}


def test_a_judge_leaves_out_what_it_finds(samples, tmp_path):
    _, made = run(tmp_path, out="first")
    says = {"<answer>1.0 to 2.0</answer>": [[1.0, 2.0]], "<answer>no such moment</answer>": [], "hm": []}
    texts = dict(zip([s.sample_id for s in made[:4]], [*says, None], strict=True))
    blank = dict.fromkeys(ROLLOUTS)
    rows = [
        blank | {
            "sample_id": name, "index": 0, "text": text, "windows": says.get(text),
            "parse_status": "ok" if says.get(text) else "no_answer", "error": None if text else "timed out",
        }
        for name, text in texts.items()
    ]  # fmt: skip
    write_parquet(tmp_path / "rollouts.parquet", rows, ROLLOUTS)
    summary, judged = run(tmp_path, judged=[str(tmp_path / "rollouts.parquet")])
    assert summary.reasons["judge_finds_it"] == 1 and len(judged) == len(made) - 1
    assert summary.verified == {"judged": 1, "unverified": len(made) - 2}
    assert [s.sample_id for s in judged if s.extra["verified"] == "judged"] == [made[1].sample_id]


def test_benchmarks_are_left_alone(tmp_path):
    found = [make_sample(f"c:{i}", corpus="charades_sta", split="test", query=q) for i, q in enumerate(SENTENCES)]
    write_samples(tmp_path / "samples.parquet", found)
    with pytest.raises(VtgError, match="none of its 16 rows has a moment and is of no benchmark split"):
        run(tmp_path)


def test_an_unknown_grade_names_the_known_ones(samples, tmp_path):
    with pytest.raises(VtgError, match="other_video"):
        run(tmp_path, grades=["other"])


def test_a_file_that_names_no_video_is_refused(samples, tmp_path):
    (tmp_path / "known.jsonl").write_text(json.dumps({"script": "a sofa"}) + "\n")
    with pytest.raises(VtgError, match=r"known\.jsonl: no row has the id of a video"):
        run(tmp_path, known=[str(tmp_path / "known.jsonl")])


def test_the_column_is_in_the_file_and_only_there(samples, tmp_path):
    run(tmp_path)
    assert "none_is_right" in pl.read_parquet_schema(tmp_path / "out/samples.parquet")
    assert "none_is_right" not in pl.read_parquet_schema(tmp_path / "samples.parquet")


def test_a_thing_is_not_changed_for_one_that_is_there_under_another_form():
    from vtgdata.annotations.content_words import same, stem

    assert all(same(stem(word)) == key(word) in keys(f"a cup of {word}") for word in ("coffee", "coffees", "couches"))
