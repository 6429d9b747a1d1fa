"""The range of what answers will take: as wide as a guess, and as narrow as earlier answers allow."""

import random

import pytest

from support.builders import make_sample
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine.journal.counts import Answers, PerSample
from vtgdata.engine.money import patches
from vtgdata.engine.money.estimate import Guesses, estimate
from vtgdata.stages.difficulty import Settings
from vtgdata.video import sampling

SETTINGS = Settings(samples="s", out="o", model="m", fps=1.0, max_tokens=100)


def estimated(samples, earlier):
    guesses = Guesses(SETTINGS, load_prompt("ground"), True)
    return estimate(SETTINGS, samples, guesses, Answers(masks=dict.fromkeys(earlier, 1)), 1, earlier)


def test_without_answers_it_is_a_guess_and_one_sample_alone_narrows_nothing():
    samples = [make_sample(f"s{i}") for i in range(5)]
    made = estimated(samples, {})
    assert made.measured == 0 and made.tokens_in.high > 3 * made.tokens_in.low and made.tokens_out == (16, 100)
    assert estimated(samples, {"s0": PerSample(8, 900.0, 20.0)}).measured == 0


def test_a_pilot_on_short_videos_tells_what_long_ones_take():
    """Input tokens are measured by what a frame took; --fps 1 takes 10 of 10 s, and 32, the maximum, of 100 s."""
    samples = [make_sample(f"s{i}", duration=10.0 if i < 5 else 100.0) for i in range(10)]
    for text in (100, 150):
        made = estimated(samples, {f"s{i}": PerSample(1, 10 * 250.0 + text, 20.0 + i) for i in range(5)})
        assert made.tokens_in.low <= 32 * 250 + text <= made.tokens_in.high <= 1.1 * made.tokens_in.low


def test_a_model_that_sees_no_video_is_told_by_its_text():
    samples = [make_sample(f"s{i}", duration=10.0) for i in range(10)]
    guesses = Guesses(SETTINGS, load_prompt("ground"), False)
    earlier = {f"s{i}": PerSample(1, 100.0 + i, 20.0) for i in range(5)}
    made = estimate(SETTINGS, samples, guesses, Answers(masks=dict.fromkeys(earlier, 1)), 1, earlier)
    assert made.tokens_in.low <= 102 <= made.tokens_in.high < 110


@pytest.mark.parametrize("size", [3, 10, 40])
def test_what_comes_lies_in_the_range(size):
    """A sample takes so many tokens for each of its frames: one a second, 32 at most."""
    draw, inside = random.Random(size), 0
    samples = [make_sample(f"s{i}", duration=draw.uniform(5, 60)) for i in range(size + 50)]
    frames = {s.sample_id: len(sampling.times(s.video.duration, SETTINGS.frame_sampling())) for s in samples}
    for _ in range(50):
        real = {s.sample_id: (frames[s.sample_id] * draw.uniform(250, 350), draw.uniform(16, 100)) for s in samples}
        made = estimated(samples, {s.sample_id: PerSample(1, *real[s.sample_id]) for s in samples[:size]})
        rest = [real[sample.sample_id] for sample in samples[size:]]
        means = [sum(each[part] for each in rest) / len(rest) for part in range(2)]
        ends = (made.tokens_in, made.tokens_out)
        inside += all(low <= mean <= high for mean, (low, high) in zip(means, ends, strict=True))
    assert inside >= 49


@pytest.mark.parametrize(("preset", "patch"), [("timelens_qwen2_5_vl", 28), ("timelens_qwen3_vl", 32)])
def test_a_preset_that_knows_the_patches_tells_the_visual_tokens_of_a_row(preset, patch):
    settings = Settings(samples="s", out="o", model="m", preset=preset)
    guesses = Guesses(settings, load_prompt("ground"), True)
    samples = [make_sample(f"s{i}", duration=10.0 + 20 * i) for i in range(3)]
    made = estimate(settings, samples, guesses, Answers(masks={}), 1, {})
    assert made.visual and made.visual.patch == patch and made.visual.frames == (20, 100)
    small, large = (
        [size[0] // patch * (size[1] // patch) * count for size, count in zip(sizes, (20, 60, 100), strict=True)]
        for sizes in (
            [sampling.frame_size(*video, count, settings.frame_sampling()) for count in (20, 60, 100)]
            for video in ((320, 240), (1920, 1080))
        )
    )
    assert made.visual.as_images == (min(small), max(large))
    assert made.visual.as_video == (min(small) // 2, max(large) // 2)
    text = guesses.text(guesses.of(samples[1]))
    assert made.tokens_in.low - text.low == pytest.approx(sum(small) / 3 + 2 * 60)
    assert made.tokens_in.high - text.high == pytest.approx(sum(large) / 3 + 2 * 60)
    blind = Guesses(settings, load_prompt("ground"), False)
    assert estimate(settings, samples, blind, Answers(masks={}), 1, {}).visual is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "own"),
    [
        ("timelens_qwen2_5_vl", {"patch_size": 14}),
        ("timelens_qwen3_vl", {"patch_size": 16, "size": {"shortest_edge": 65_536, "longest_edge": 16_777_216}}),
    ],
)
def test_the_tokens_of_an_image_are_those_of_the_models_image_processor(preset, own):
    from PIL import Image

    processor = pytest.importorskip("transformers").Qwen2VLImageProcessor(temporal_patch_size=2, merge_size=2, **own)
    taken = sampling.preset(preset)
    for duration in (5.0, 60.0, 200.0, 600.0):
        count = len(sampling.times(duration, taken))
        size = sampling.frame_size(*patches.LARGE, count, taken)
        grid = processor(images=[Image.new("RGB", size)])["image_grid_thw"][0].tolist()
        each = grid[0] * grid[1] * grid[2] // 4
        known = patches.Patches.of(taken)
        assert known and known.of_images(count).high == count * (each + patches.MARKS)
