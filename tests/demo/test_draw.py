"""The drawn corpus: real files, true windows, faults where they may be."""

import io
import logging
from fractions import Fraction

import av
import msgspec
import numpy as np
import pytest

from vtgdata.demo import draw, scenes
from vtgdata.errors import VtgError


def drawn(path, **settings):
    summary = draw.run(draw.Settings(out=str(path), **({"videos": 24, "faults": 0.05} | settings)))
    rows = [msgspec.json.decode(line) for line in (path / "annotations.jsonl").read_bytes().splitlines()]
    key = [msgspec.json.decode(line) for line in (path / "wrong_labels.jsonl").read_bytes().splitlines()]
    return summary, rows, key


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    return folder, *drawn(folder)


def true_window(row):
    colour, shape = row["query"].split()[1:]
    return next((s["start"], s["end"]) for s in row["scene"] if (s["colour"], s["shape"]) == (colour, shape))


def test_every_row_has_its_file_and_the_file_its_duration(corpus):
    folder, summary, rows, _ = corpus
    assert summary.rows == len(rows) > summary.videos == 24
    for row in rows:
        with av.open(str(folder / "videos" / row["video"])) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "h264"
            assert float(stream.duration * stream.time_base) == pytest.approx(row["duration"], abs=1e-3)
            assert 10 <= row["duration"] <= 50


def test_test_rows_are_right_and_unspoilt(corpus):
    _, _, rows, _ = corpus
    test = [row for row in rows if row["split"] == "test"]
    assert test
    assert all((row["start"], row["end"]) == true_window(row) for row in test)


def test_the_key_knows_exactly_the_wrong_labels(corpus):
    _, summary, rows, key = corpus
    rl = {row["id"]: row for row in rows if row["split"] == "rl"}
    assert {entry["id"] for entry in key} == set(rl)
    assert sum(entry["wrong"] for entry in key) == summary.wrong_labels == round(0.4 * len(rl))
    for entry in key:
        row = rl[entry["id"]]
        start, end = true_window(row)
        given = sorted((row["start"], min(row["end"], row["duration"])))
        overlap = min(end, given[1]) - max(start, given[0])
        assert (overlap <= 0) == entry["wrong"]


def test_faults_are_counted_and_keep_out_of_the_test_split(corpus):
    _, summary, rows, _ = corpus
    ids = [row["id"] for row in rows]
    found = {
        "end_past_video": sum(row["end"] > row["duration"] for row in rows),
        "reversed_pair": sum(row["start"] > row["end"] for row in rows),
        "duplicate_row": len(ids) - len(set(ids)),
        "doubled_blank": sum("  " in row["query"] for row in rows),
    }
    assert found == summary.faults
    assert all(found.values())


def test_a_frame_shows_what_the_scene_says(corpus):
    folder, _, rows, _ = corpus
    for row in rows[:8]:
        with av.open(str(folder / "videos" / row["video"])) as container:
            frames = {float(frame.time): frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)}
        for segment in row["scene"]:
            time = max(t for t in frames if t <= segment["start"] + 1e-6)
            picture = frames[time][8:48, 8:48].reshape(-1, 3).astype(int)
            mean = picture[np.ptp(picture, axis=1) > 60].mean(axis=0)
            colours = {name: np.array(value) for name, value in scenes.COLOURS.items()}
            # Shapes are mixed with the ground at level 1, so compare directions rather than lengths.
            nearest = max(colours, key=lambda name: np.corrcoef(colours[name], mean)[0, 1])
            assert nearest == segment["colour"]


def test_the_same_seed_draws_the_same_files_and_another_one_others(tmp_path):
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    for folder, seed in ((one, 3), (two, 3), (other, 4)):
        drawn(folder, videos=6, seed=seed, wrong_labels=0.0)
    files = ["annotations.jsonl", "wrong_labels.jsonl", "videos/v0000.mp4", "videos/v0005.mp4"]
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in files)
    assert (one / "annotations.jsonl").read_bytes() != (other / "annotations.jsonl").read_bytes()


def test_drawing_again_does_nothing(corpus):
    folder, _, _, _ = corpus
    assert draw.run(draw.Settings(out=str(folder), videos=24, faults=0.05)).up_to_date


def test_the_short_form_asks_level_0_only(tmp_path):
    _, rows, _ = drawn(tmp_path, levels=[0], trivial_sft=0.0, trivial_rl=0.0)
    assert {row["level"] for row in rows} == {0}


def test_more_wrong_labels_than_can_be_are_refused(tmp_path):
    with pytest.raises(VtgError, match="wrong_labels"):
        drawn(tmp_path, trivial_rl=1.0)


def test_pictures_survive_the_codec():
    rng = np.random.default_rng(0)
    pictures = [scenes.draw_image(pair, scenes.STYLES[0], rng) for pair in range(6)]
    file = io.BytesIO(draw.encode([(picture, 3) for picture in pictures], Fraction(10)))
    seen = draw.as_seen(file, range(0, 18, 3))
    assert np.abs(seen.astype(int) - np.stack(pictures)).mean() < 8


def test_it_says_how_far_it_is(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(logging.getLogger("vtgdata"), "info", lambda text, *parts: said.append(text % parts))
    monkeypatch.setattr("vtgdata.files.live.on_terminal", lambda: False)
    drawn(tmp_path, videos=5)
    assert said[0] == "demo-draw: 0 of 5 videos" and said[-1].startswith("demo-draw: 5 of 5 videos, ")
