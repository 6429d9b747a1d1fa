"""An error inside a 200 is read through whatever a gateway wraps around it."""

import json
from typing import Any

import pytest

from vtgdata.plugins.models._serving.reply import read
from vtgdata.plugins.models._serving.server import Failed

ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "a limit": ({"message": "Rate limit exceeded", "code": 429}, "limit"),
    "a limit by its name": ({"message": "slow down", "type": "RateLimitError"}, "limit"),
    "a key": ({"message": "Invalid API key", "code": "invalid_api_key"}, "account"),
    "no credit": ({"message": "Insufficient Balance"}, "account"),
    "no such model": ({"message": "The model `x` does not exist", "code": "model_not_found"}, "account"),
    "busy": ({"message": "Overloaded", "type": "overloaded_error"}, "busy"),
    "a request": ({"message": "Image too small", "code": "invalid_image"}, "request"),
    "a filter": ({"message": "no", "code": "content_filter"}, "content_filter"),
    "odd": ({"message": "something odd"}, "broken"),
}
WRAPPED = {
    "error": lambda error: {"error": error},
    "twice": lambda error: {"error": {"error": error}},
    "in a list": lambda error: [{"error": error}],
    "errors": lambda error: {"success": False, "errors": [error], "result": None},
    "with a type around it": lambda error: {"type": "error", "error": error, "request_id": "1"},
    "flat": lambda error: {"object": "error", **error},
    "detail": lambda error: {"detail": error},
    "as JSON text": lambda error: {"error": {"message": json.dumps({"error": error})}},
    "as JSON text, flat": lambda error: {"message": json.dumps(error)},
    "in other letters": lambda error: {"Error": {name.capitalize(): value for name, value in error.items()}},
    "of a choice": lambda error: {"choices": [{"index": 0, "finish_reason": "error", "error": error}]},
    "beside no choices": lambda error: {"id": "1", "choices": [], "error": error},
    "beside an empty answer": lambda error: {"choices": [{"message": {"content": ""}}], "error": error},
    "in a fault": lambda error: {"fault": {"faultstring": error["message"], "detail": error}},
}


@pytest.mark.parametrize("wrapper", WRAPPED)
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_the_same_in_every_wrapping(name, wrapper):
    error, kind = ERRORS[name]
    body = json.dumps(WRAPPED[wrapper](error)).encode()
    if kind == "content_filter":
        assert read(body)[0].finish_reason == kind
        return
    with pytest.raises(Failed) as caught:
        read(body)
    assert caught.value.kind == kind
    assert error["message"] in str(caught.value)


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "length", "MAX_TOKENS"])
@pytest.mark.parametrize("message", [{}, {"message": None}, {"message": {"role": "assistant"}}])
def test_a_choice_that_ended_with_nothing_left_to_say_is_an_empty_answer(reason, message):
    reply, _ = read(json.dumps({"choices": [{"finish_reason": reason, **message}]}).encode())
    assert reply.text == "" and reply.finish_reason in ("content_filter", "length")


@pytest.mark.parametrize("body", [{}, [], {"hello": 1}, {"choices": []}, {"choices": [{}]}, {"choices": None}, 3, "a"])
def test_a_document_that_is_neither_an_answer_nor_an_error_is_said_to_be_none(body):
    with pytest.raises(Failed, match=r"no chat completion|no choices"):
        read(json.dumps(body).encode())
