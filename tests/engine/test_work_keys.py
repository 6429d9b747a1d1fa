import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtgdata.engine.work_keys import Question, messages_hash, seed_of, work_key, work_keys
from vtgdata.records import Image, Message, Sampling, Text


def make_question(text: str = "When?", jpeg: bytes = b"pixels", time: float = 1.5, **changes: object) -> Question:
    values: dict[str, object] = {
        "sample_id": "shapes:1",
        "messages": (Message("user", (Text(text), Image(jpeg, time))),),
        "prompt_id": "ground-1",
        "frames_id": "frames-1",
        "frame_times": (time,),
    }
    return Question(**{**values, **changes})  # type: ignore[arg-type]


def key(question: Question | None = None, model: str = "m", index: int = 0, seed: int = 0, **sampling: float) -> str:
    return work_key(question or make_question(), model, Sampling(**sampling), index, seed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        key(make_question(sample_id="shapes:2")),
        key(make_question(text="Where?")),
        key(make_question(time=2.5)),
        key(make_question(frames_id="frames-2")),
        key(model="m2"),
        key(index=1),
        key(seed=1),
        key(max_tokens=7),
        key(top_p=0.5),
    ],
)
def test_all_that_may_change_an_answer_changes_its_key(other):
    assert other != key()


def test_the_bytes_of_an_image_do_not_count_since_the_frames_fingerprint_has_them():
    assert key(make_question(jpeg=b"other bytes")) == key()


def test_a_problem_and_a_prompts_name_do_not_count():
    assert key(make_question(problem="video missing", prompt_id="ground-2")) == key()


def test_greedy_answers_do_not_depend_on_the_seed_of_the_run():
    assert key(seed=1, temperature=0.0) == key(seed=2, temperature=0.0)


def test_more_answers_keep_the_keys_of_fewer():
    question, sampling = make_question(), Sampling()
    assert work_keys(question, "m", sampling, 8, 0)[:3] == work_keys(question, "m", sampling, 3, 0)


def test_keys_are_the_same_in_every_version():
    """A journal outlives an upgrade: a change of this value asks all of its answers again."""
    assert key() == "e144fb390140a9dae01fcc0b0760b9a9"


@settings(deadline=None)
@given(st.text(), st.text())
def test_text_cannot_move_between_parts_unseen(a, b):
    together = messages_hash([Message("user", (Text(a + b),))])
    assert messages_hash([Message("user", (Text(a), Text(b)))]) != together


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(0, 5))
def test_seeds_fit_31_bits(index, seed):
    assert 0 <= seed_of(key(index=index, seed=seed)) < 2**31


def test_seeds_of_different_answers_differ():
    assert len({seed_of(key(index=index)) for index in range(100)}) == 100
