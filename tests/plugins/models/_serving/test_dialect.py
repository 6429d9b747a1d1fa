"""A server's own words teach what it wants otherwise; what would change the question is never learnt."""

from typing import Any

import pytest

from vtgdata.plugins.models._serving.dialect import Dialect

OURS: dict[str, Any] = {
    "model": "m", "temperature": 1.0, "top_p": 1.0, "max_tokens": 9, "seed": 5, "messages": [{"role": "user"}],
}  # fmt: skip


def taught(words: str, param: str = "", **changes: Any) -> dict[str, Any]:
    """The body after a server has refused it in these words, without its messages; the changes are the user's own."""
    dialect = Dialect()
    sent = {name: value for name, value in {**OURS, **changes}.items() if value is not None}
    dialect.learn(sent, set(changes), words, param)
    return {name: value for name, value in dialect.apply(sent).items() if name not in ("messages", "model")}


def left_out(words: str, param: str = "", **changes: Any) -> set[str]:
    return set(OURS) - set(taught(words, param, **changes)) - {"messages", "model"}


@pytest.mark.parametrize(
    "words",
    [
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens is not supported for reasoning models; use max_completion_tokens",
        "Unrecognized request argument supplied: max_tokens",
        "1 validation error: max_tokens: Extra inputs are not permitted",
        "this model does not support `max_tokens`, please try `max_completion_tokens`",
        "Unknown field max_tokens",
        "The parameter max_tokens has been deprecated and removed in favor of max_completion_tokens.",
    ],
)
def test_the_longest_answer_is_sent_under_its_other_name(words):
    body = taught(words)
    assert "max_tokens" not in body and body["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    "words",
    [
        "Unsupported parameter: 'max_completion_tokens' is not supported with this model. Use 'max_tokens' instead.",
        "Unrecognized request argument supplied: max_completion_tokens",
        "body.max_completion_tokens: extra_forbidden",
    ],
)
def test_and_back_again_for_servers_of_the_older_name(words):
    dialect = Dialect()
    ours = {name: value for name, value in OURS.items() if name != "max_tokens"} | {"max_completion_tokens": 9}
    dialect.learn(ours, set(), words, "")
    assert "max_completion_tokens" not in (body := dialect.apply(ours)) and body["max_tokens"] == 9


@pytest.mark.parametrize(
    "words",
    [
        'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
        "Unsupported parameter: seed",
        "seed is not allowed",
        "property 'seed' is unsupported",
        "Invalid value at 'generation_config.seed' (TYPE_INT32), 4294967295",
        "Unexpected fields in the request: {'seed'}",
        "Additional properties are not allowed ('seed' was unexpected)",
        "body -> seed: extra fields not permitted",
        "seed: Extra inputs are not permitted; temperature: ok",
        "The seed must be between 0 and 1000",
        "'seed' does not exist in this model's parameters",
    ],
)
def test_a_seed_that_is_refused_is_left_out_and_nothing_else(words):
    assert left_out(words) == {"seed"}


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ("`temperature` and `top_p` cannot both be specified for this model. Please use only one.", {"top_p"}),
        ("temperature and top_p are not both allowed", {"top_p"}),
        ("top_p is not supported with this model", {"top_p"}),
        ("Unsupported value: 'temperature' does not support 0.7 with this model.", set()),
        ("Unsupported parameter: 'temperature'", set()),
    ],
)
def test_of_the_sampling_only_what_changes_nothing_is_left_out(words, out):
    dialect = Dialect()
    ours = OURS | {"temperature": 0.7}
    dialect.learn(ours, set(), words, "")
    assert set(ours) - set(dialect.apply(ours)) == out


@pytest.mark.parametrize(
    ("words", "asked", "sent"),
    [
        ("does not support 'none' with this model. Supported values are: 'low', 'medium', and 'high'.", "none", "low"),
        ("Invalid value: 'xhigh'. Supported values are: 'low', 'medium', 'high'.", "xhigh", "high"),
        ("does not support 'minimal' with this model. Supported values are: 'high'.", "minimal", "high"),
    ],
)
def test_an_effort_that_is_refused_becomes_the_nearest_one_that_the_server_names(words, asked, sent):
    body = taught(f"Unsupported value: 'reasoning_effort' {words}", "reasoning_effort", reasoning_effort=asked)
    assert body["reasoning_effort"] == sent


@pytest.mark.parametrize(
    ("words", "changes", "sent"),
    [
        ("parameter.enable_thinking must be set to false for non-streaming calls", {}, {"enable_thinking": False}),
        ("parameter.enable_thinking必须设置为false才能进行非流式调用", {}, {"enable_thinking": False}),
        ("The value of the enable_thinking parameter is restricted to True.", {}, {"enable_thinking": True}),
        (
            "chat_template_kwargs.enable_thinking must be true",
            {"chat_template_kwargs": {"enable_thinking": False}},
            {"chat_template_kwargs": {"enable_thinking": True}},
        ),
        ("reasoning_effort is not supported by this model", {"reasoning_effort": "low"}, {"reasoning_effort": None}),
        ("Unrecognized request argument supplied: thinking", {"thinking": {"type": "x"}}, {"thinking": None}),
    ],
)
def test_switches_of_thinking_are_set_as_the_server_wants_also_where_the_user_set_them(words, changes, sent):
    body = taught(words, **changes)
    assert {name: body.get(name) for name in sent} == sent


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens must be at most 4096",
        "max_tokens is too large: 8000. This model supports at most 4096 completion tokens",
        "This model's maximum context length is 4097 tokens. However, you requested 4120 tokens",
        "messages.0.content: Input should be a valid string",
        "The model `m` does not exist",
        "Invalid image",
        "Unsupported parameter: foo. Supported parameters are: temperature, top_p, max_tokens, seed",
        "temperature must be between 0 and 1",
        "something odd",
        "",
    ],
)
def test_what_would_change_the_question_or_is_about_something_else_teaches_nothing(words):
    assert taught(words) == {name: value for name, value in OURS.items() if name not in ("messages", "model")}


def test_fields_that_the_user_gave_stay_as_they_are():
    words = "Unsupported parameter: 'seed'. Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    assert taught(words, seed=7, max_tokens=4)["seed"] == 7


def test_a_stream_is_asked_for_where_a_server_has_nothing_else():
    body = taught("This model only supports streaming requests")
    assert body["stream"] is True and body["stream_options"] == {"include_usage": True}


def test_a_lesson_is_learnt_once():
    dialect = Dialect()
    assert dialect.learn(OURS, set(), "Unsupported parameter: seed", "")
    assert not dialect.learn(OURS, set(), "Unsupported parameter: seed", "")
    assert not dialect.learn(dialect.apply(OURS), set(), "Unsupported parameter: seed", "")
