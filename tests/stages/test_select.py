"""select: what may be chosen, within which limits, what is written beside it, and what is refused."""

import json
from collections import Counter

import pytest

from support.builders import make_sample
from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.files.schemas import DECIDED, PASS_RATES
from vtgdata.stages import difficulty, release, select

N = 60


def rate_of(i):
    return (i % 12) / 11


def row(i, measure="mean_iou", **changes):
    value = rate_of(i)
    return {
        "sample_id": f"s{i:03}", "model_id": "m", "prompt_id": "p", "measure": measure, "value": value, "n": 8,
        "low": 0.0, "high": 1.0, "n_unparsed": 0, "n_failed": 0, "mean_iou": value, "iou_std": 0.2,
        "ious": [value / 2, value], "prompt": "", "frame_sampling": "{}",
    } | changes  # fmt: skip


@pytest.fixture
def pool(tmp_path):
    """Settings for 60 samples on 20 videos of two corpora, 20 of them of a benchmark split."""
    rows = [
        make_sample(
            f"s{i:03}", video_id=f"v{i // 3}", corpus=["didemo", "queryd"][i // 3 % 2], duration=20.0 + i,
            windows=[(1.0, 3.0 + i % 7)], split="test" if i < 20 else "train",
        )
        for i in range(N)
    ]  # fmt: skip
    write_samples(tmp_path / "samples.parquet", rows)
    write_parquet(tmp_path / "rates.parquet", [row(i) for i in range(N)], PASS_RATES | DECIDED)

    def choose(**changes):
        given = {"pass_rates": f"{tmp_path}/rates.parquet", "samples": f"{tmp_path}/samples.parquet", "size": 10}
        given |= {"out": f"{tmp_path}/out", "selector": "uniform"} | changes
        summary = select.run(select.Settings(**given))
        return summary, [each["sample_id"] for each in read_parquet(f"{given['out']}/rows.parquet")]

    return choose


def number(name):
    return int(name[1:])


def test_rows_of_benchmark_splits_are_not_chosen_unless_a_condition_says_so(pool, tmp_path):
    summary, ids = pool(size=60)
    assert summary.pool == len(ids) == 40 and min(map(number, ids)) == 20
    assert summary.left_out == {"of a benchmark split": 20}
    summary, ids = pool(size=60, where="split == 'test'", out=f"{tmp_path}/tests")
    assert len(ids) == 20 and summary.left_out == {"outside --where": 40}


def test_quotas_are_met_or_the_shortfall_is_said(pool, tmp_path):
    summary, ids = pool(quotas=["corpus:didemo=0.3,queryd=0.7"])
    assert Counter(number(name) // 3 % 2 for name in ids) == {0: 3, 1: 7} and not summary.short
    summary, ids = pool(quotas=["corpus:didemo=0.9,tacos=0.1"], size=30, out=f"{tmp_path}/short")
    assert len(ids) == 19 and summary.short == {"didemo": [27, 19], "tacos": [3, 0]}
    _, ids = pool(quotas=["duration:equal:50,60"], size=9, out=f"{tmp_path}/equal")
    assert Counter((number(name) >= 30) + (number(name) >= 40) for name in ids) == {0: 3, 1: 3, 2: 3}
    with pytest.raises(VtgError, match="no such column"):
        pool(quotas=["colour:equal"], out=f"{tmp_path}/none")


@pytest.mark.parametrize("selector", ["uniform", "band:low=0.0,high=1.0", "gaussian", "variance", "easy_to_hard"])
def test_no_video_gives_more_rows_than_its_cap(pool, selector):
    summary, ids = pool(selector=selector, per_video=1, size=30)
    videos = Counter(number(name) // 3 for name in ids)
    assert set(videos.values()) == {1} and len(ids) == len(videos)
    assert summary.controls["control_random.parquet"] <= len(ids)


def test_samples_of_given_files_are_left_out(pool, tmp_path):
    _, first = pool()
    (tmp_path / "list.txt").write_text("s050\ns051\n")
    summary, second = pool(
        exclude=[f"{tmp_path}/out/rows.parquet", f"{tmp_path}/list.txt"], size=60, out=f"{tmp_path}/b"
    )
    assert not {*first, "s050", "s051"} & set(second)
    assert len(second) == 40 - len({*first, "s050", "s051"}) == 40 - summary.left_out["excluded"]


def test_a_published_list_is_taken_in_its_order_with_its_source_and_hash(pool, tmp_path):
    (tmp_path / "ids.json").write_text(json.dumps(["s040", "s022", "nowhere", "s003"]))
    summary, ids = pool(ids=f"{tmp_path}/ids.json", ids_source="https://example.org/list", size=None)
    assert ids == ["s040", "s022"]
    assert (summary.ids.named, summary.ids.unknown, summary.ids.source) == (4, 2, "https://example.org/list")
    assert len(summary.ids.sha256) == 64


def test_a_file_with_two_students_needs_a_name(pool, tmp_path):
    both = [row(i) for i in range(N)] + [row(i, model_id="other", value=0.5) for i in range(N)]
    write_parquet(tmp_path / "rates.parquet", both, PASS_RATES)
    with pytest.raises(VtgError, match=r"2 models \(m, other"):
        pool()
    pool(student="other", selector="band:low=0.5,high=0.5")
    assert {each["model_id"] for each in read_parquet(tmp_path / "out/rows.parquet")} == {"other"}


def test_the_forecast_is_of_the_student_that_is_named_alone(pool, tmp_path):
    missed = [row(i, model_id="other", ious=[0.0] * 8, n_unparsed=8) for i in range(N)]
    write_parquet(tmp_path / "rates.parquet", [row(i, ious=[i / N, 0.5]) for i in range(N)] + missed, PASS_RATES)
    hopeful, _ = pool(student="m")
    hopeless, _ = pool(student="other", out=f"{tmp_path}/other", allow_degenerate=True)
    assert hopeful.preview.without_gradient_pool < 0.5 < 0.9 < hopeless.preview.without_gradient_pool


def test_a_row_of_which_most_requests_failed_is_left_out(pool, tmp_path):
    rows = [row(i, **({"n": 1, "n_failed": 7} if i == 30 else {})) for i in range(N)]
    write_parquet(tmp_path / "rates.parquet", rows, PASS_RATES)
    summary, ids = pool(size=60)
    assert "s030" not in ids and summary.left_out["more requests failed than were answered"] == 1
    assert len(pool(size=60, min_n=1, out=f"{tmp_path}/one")[1]) == 40
    with pytest.raises(VtgError, match="fewer than 9 answers"):
        pool(min_n=9, out=f"{tmp_path}/nine")


def test_an_empty_choice_is_refused_with_the_nearest_setting_that_works(pool, tmp_path):
    with pytest.raises(
        VtgError, match=r"no row qualifies .* Nearest that works: --selector band:(\S+) \((\d+) rows"
    ) as e:
        pool(selector="band:low=0.46,high=0.5")
    assert e.value.exit_code == 1 and not (tmp_path / "out").exists()
    nearest = str(e.value).partition("--selector ")[2].split()[0]
    assert pool(selector=nearest)[0].rows > 0


def test_rows_that_were_always_missed_are_refused_where_others_were_not(pool):
    with pytest.raises(VtgError, match="no answer, or every answer"):
        pool(selector="band:low=0.0,high=0.01")
    assert pool(selector="band:low=0.0,high=0.01", allow_degenerate=True)[0].rows > 0


def test_the_matched_control_has_the_corpora_and_the_lengths_of_the_choice(pool, tmp_path):
    summary, ids = pool(selector="band:low=0.3,high=0.7", size=12)
    random, matched = (
        [each["sample_id"] for each in read_parquet(tmp_path / f"out/control_{name}.parquet")]
        for name in ("random", "matched")
    )
    assert summary.controls == {"control_random.parquet": len(ids), "control_matched.parquet": len(ids)}
    assert len(random) == len(matched) == len(ids)
    assert Counter(number(name) // 3 % 2 for name in matched) == Counter(number(name) // 3 % 2 for name in ids)
    assert random != ids
    pool(controls=False, out=f"{tmp_path}/alone")
    assert not (tmp_path / "alone/control_random.parquet").exists()


def test_the_preview_counts_what_is_chosen_and_what_could_have_been(pool, tmp_path):
    summary, ids = pool(selector="band:low=0.3,high=0.7", size=12)
    seen = json.loads((tmp_path / "out/preview.json").read_text())
    assert seen["sizes"]["corpus"] == {
        name: [sum(number(i) // 3 % 2 == k for i in ids), 19 + 2 * k] for k, name in enumerate(("didemo", "queryd"))
    }
    assert sum(chosen for chosen, _ in seen["histogram"].values()) == len(ids)
    assert sum(all_ for _, all_ in seen["histogram"].values()) == 40
    assert 0 <= seen["without_gradient"] < seen["without_gradient_pool"] <= 1
    assert seen["blind"]["mIoU"] > 0 and seen["videos"][1] == 14
    # Video 6 has rows of the benchmark (18, 19) and one that is trained on (20).
    assert seen["overlap"]["rows"] == (1 if "s020" in ids else 0)
    assert summary.preview.measure == "mean_iou"


def test_weights_reach_the_rows_and_easy_to_hard_is_their_order(pool, tmp_path):
    pool(selector="weight:column=true", size=20)
    rows = read_parquet(tmp_path / "out/rows.parquet")
    assert sum(each["weight"] for each in rows) == pytest.approx(20)
    expected = [(1 - each["value"]) ** 2 for each in rows]
    assert [each["weight"] for each in rows] == pytest.approx([20 * w / sum(expected) for w in expected], abs=1e-6)
    pool(selector="easy_to_hard", size=20, out=f"{tmp_path}/curriculum")
    values = [each["value"] for each in read_parquet(tmp_path / "curriculum/rows.parquet")]
    assert values == sorted(values, reverse=True)


def test_the_place_that_was_decided_counts_between_its_own_edges_alone(pool, tmp_path):
    decided = {"place": "wanted", "place_low": 0.2, "place_high": 0.8, "posterior_mean": 0.79}
    rows = [row(i, **(decided if rate_of(i) == 1.0 else {})) for i in range(N)]
    write_parquet(tmp_path / "rates.parquet", rows, PASS_RATES | DECIDED)
    _, ids = pool(selector="band:low=0.2,high=0.8", size=60)
    assert any(rate_of(number(name)) == 1.0 for name in ids)
    _, ids = pool(selector="band:low=0.2,high=0.7", size=60, out=f"{tmp_path}/other")
    assert not any(rate_of(number(name)) == 1.0 for name in ids)


SET = "---\nanswer: '[({start}, {end}), ...]'\nreasoning: false\n---\n{frames}\nFind every moment: {query}"


def test_one_of_three_moments_is_a_third_and_not_a_success(tmp_path):
    truth = make_sample("s0", windows=[(0.0, 4.0), (8.0, 12.0), (20.0, 24.0)])
    said = make_sample("s0", windows=[(0.0, 4.0)])
    write_samples(tmp_path / "truth.parquet", [truth, make_sample("s1", windows=())])
    write_samples(tmp_path / "said.parquet", [said, make_sample("s1")])
    (tmp_path / "set.md").write_text(SET)
    settings = difficulty.Settings(
        samples=f"{tmp_path}/truth.parquet", out=f"{tmp_path}/o", model=f"scripted:samples={tmp_path}/said.parquet",
        prompt=f"{tmp_path}/set.md", n=2,
    )  # fmt: skip
    summary = difficulty.run(settings)
    rates = {each["measure"]: each for each in read_parquet(tmp_path / "o/pass_rates.parquet")}
    assert set(rates) == {"union_iou", "union_iou>=0.5"}
    assert rates["union_iou>=0.5"]["value"] == 0.0 and 0 < rates["union_iou"]["value"] <= 0.45
    assert all(0 < each["posterior_mean"] < 1 and each["value_std"] is not None for each in rates.values())
    # A labelled row without a moment can only be missed: nothing is paid for it.
    assert (summary.samples, summary.n_without_moment) == (1, 1)
    assert [sample.sample_id for sample in read_samples(tmp_path / "truth.parquet")] == ["s0", "s1"]


def test_earlier_pass_rates_are_a_prior_only_with_the_adaptive_rule(tmp_path):
    samples = [make_sample(f"s{i:03}", video_id=f"v{i}", windows=[(1.0 + i % 9, 6.0 + i % 9)]) for i in range(150)]
    write_samples(tmp_path / "samples.parquet", samples)
    given = {
        "samples": f"{tmp_path}/samples.parquet",
        "model": f"scripted:samples={tmp_path}/samples.parquet,errors=0.5",
    }
    difficulty.run(difficulty.Settings(out=f"{tmp_path}/first", n=2, **given))
    prior = [f"{tmp_path}/first/pass_rates.parquet"]
    with pytest.raises(VtgError, match="--adaptive"):
        difficulty.run(difficulty.Settings(out=f"{tmp_path}/plain", prior=prior, **given))
    rule = {"adaptive": "mean_iou:0.2:0.8:0.1", "max_n": 6, "n": 2, "prior": prior}
    summary = difficulty.run(difficulty.Settings(out=f"{tmp_path}/second", **rule, **given))
    assert summary.remembered.gain is not None and summary.rollouts >= 150
    rates = read_parquet(tmp_path / "second/pass_rates.parquet")
    assert {each["sample_id"] for each in rates} == {sample.sample_id for sample in samples}
    # The same answers, from a file, give the same pass rates.
    again = {"rollouts": f"{tmp_path}/second/rollouts.parquet"} | rule
    difficulty.run(difficulty.Settings(out=f"{tmp_path}/again", **again, **given))
    assert read_parquet(tmp_path / "again/pass_rates.parquet") == rates


def test_rank_and_weight_live_through_a_release(tmp_path):
    samples = [make_sample(f"s{i:03}", video_id=f"v{i % 7}", windows=[(1.0 + i % 9, 6.0 + i % 9)]) for i in range(20)]
    path = f"{tmp_path}/samples.parquet"
    write_samples(tmp_path / "samples.parquet", samples)
    model = f"scripted:samples={path},errors=0.5"
    difficulty.run(difficulty.Settings(samples=path, model=model, n=3, out=f"{tmp_path}/d"))
    rates = f"{tmp_path}/d/pass_rates.parquet"
    for selector, column in (("weight:column=true", "weight"), ("easy_to_hard", "rank")):
        out = f"{tmp_path}/{column}"
        select.run(select.Settings(pass_rates=rates, samples=path, size=12, selector=selector, out=f"{out}-rows"))
        chosen = {each["sample_id"]: each[column] for each in read_parquet(f"{out}-rows/rows.parquet")}
        splits = {"rl": f"{out}-rows/rows.parquet"}
        release.run(release.Settings(samples=path, pass_rates=rates, splits=splits, version="1.0.0", out=out))
        document = releases.open_release(out).document
        rows = releases.open_release(out).rows("rl")
        assert {each["sample_id"]: each[column] for each in rows} == chosen and len(rows) == 12
        assert ("weight" in rows[0]) == (column == "weight") == ("weight" in document.columns("rl"))
    croissant = json.loads((tmp_path / "weight/croissant.json").read_text())
    assert any(field["name"] == "weight" for each in croissant["recordSet"] for field in each["field"])
