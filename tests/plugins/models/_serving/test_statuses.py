"""An error inside a 200, or handed on under another status, counts as what its code and words say."""

import pytest

from vtgdata.plugins.models._serving.error_object import error_fields
from vtgdata.plugins.models._serving.said import verdict
from vtgdata.plugins.models._serving.server import Failed
from vtgdata.plugins.models._serving.statuses import status_inside

INSIDE = [
    ({"code": 429, "message": "x"}, 429),
    ({"code": "429"}, 429),
    ({"http_status": 503, "error_type": "provider_overloaded"}, 503),
    ({"type": "RateLimitError"}, 429),
    ({"type": "rate_limit_exceeded"}, 429),
    ({"status": "RESOURCE_EXHAUSTED"}, 429),
    ({"type": "authentication_error"}, 401),
    ({"type": "AuthenticationError"}, 401),
    ({"code": "invalid_api_key"}, 401),
    ({"status": "UNAUTHENTICATED"}, 401),
    ({"code": "model_not_found"}, 404),
    ({"type": "NotFoundError"}, 404),
    ({"type": "overloaded_error"}, 503),
    ({"type": "ServiceUnavailableError"}, 503),
    ({"type": "insufficient_balance"}, 402),
    ({"type": "BadRequestError"}, 400),
    ({"status": "PERMISSION_DENIED"}, 403),
    ({"metadata": {"error_type": "provider_overloaded"}}, 503),
]
WORDS = [
    ("Rate limit exceeded", 429),
    ("Too Many Requests", 429),
    ("No auth credentials found", 401),
    ("Invalid API key provided", 401),
    ("Incorrect API key", 401),
    ("Insufficient credits: add more", 402),
    ("The model `x` does not exist", 404),
    ("Error code: 429 - slow down", 429),
    ("The engine is currently overloaded, please try again later", 503),
    ("Upstream timed out", 503),
    ("Your prompt is invalid: invalid request", 400),
    ("something odd", 0),
]


@pytest.mark.parametrize(("fields", "status"), INSIDE)
def test_codes_and_names_of_errors_in_any_spelling(fields, status):
    assert status_inside(error_fields(fields), "") == status
    assert status_inside(error_fields({"error": {"message": "something odd", **fields}}), "something odd") == status


@pytest.mark.parametrize(("words", "status"), WORDS)
def test_words_count_where_no_code_says(words, status):
    assert status_inside({"message": words}, words) == status


@pytest.mark.parametrize(
    ("outer", "body", "kind"),
    [
        (200, {"error": {"message": "No auth credentials found"}}, "account"),
        (200, {"error": "rate limited: too many requests"}, "limit"),
        (200, {"errors": [{"message": "overloaded"}]}, "busy"),
        (200, {"detail": "invalid request"}, "request"),
        (200, {"error": {"message": "hm"}}, "broken"),
        (200, {"base_resp": {"status_code": 1004, "status_msg": "authentication failed"}}, "account"),
        (500, {"error": {"message": "Provider returned error", "code": 429}}, "limit"),
        (400, {"error": {"message": "litellm.AuthenticationError", "code": "401"}}, "account"),
        (502, {"error": {"message": "no", "code": 502}}, "busy"),
        (400, {"error": {"message": "no", "code": 400}}, "request"),
        (403, {"error": {"message": "no", "code": 429}}, "account"),
    ],
)
def test_the_kind_of_a_failure_is_that_of_the_error_inside(outer, body, kind):
    found = verdict(outer, body, {})
    assert isinstance(found, Failed) and found.kind == kind


def test_a_pause_is_waited_for_whichever_field_holds_it():
    for inner in ({"retry_after": 7}, {"details": [{"retryDelay": "7s"}]}, {"availability": {"retry_after": 7.0}}):
        found = verdict(429, {"error": {"message": "no", **inner}}, {})
        assert isinstance(found, Failed) and found.pause == 7.0
    assert isinstance(found := verdict(429, {"error": {"retry_after": None}}, {}), Failed) and found.pause is None
