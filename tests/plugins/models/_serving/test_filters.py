"""A filter's refusal is told from a refusal of the caller, by whatever service and in whatever words."""

import pytest

from vtgdata.plugins.models._serving.filters import filtered

FILTERED = [
    (400, {"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
    (400, {"error": {"code": "content_policy_violation"}}),
    (403, {"error": {"code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "a"}}}),
    (400, {"error": {"code": "data_inspection_failed", "message": "Output data may contain inappropriate content."}}),
    (400, {"error": {"message": "Your request was rejected as a result of our safety system."}}),
    (400, {"error": {"message": "The prompt was flagged by moderation"}}),
    (400, {"error": {"message": "Content Exists Risk"}}),
    (400, {"error": {"type": "moderation", "message": "no"}}),
    (451, {"error": {"message": "The image was blocked"}}),
    (0, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    (0, {"error": {"code": "content_filter"}}),
    (403, {"error": {"code": 403, "message": "Request blocked: prompt injection patterns detected"}}),
    (400, {"error": {"metadata": {"error_type": "refusal"}}}),
    (400, {"error": {"message": "x", "metadata": {"raw": '{"error": {"code": "content_filter"}}'}}}),
    (400, {"contentFilter": [{"role": "user", "level": 1}]}),
]
NOT = [
    (403, {"error": {"message": "Your account was flagged"}}),
    (403, {"error": {"message": "Access denied from your region by policy"}}),
    (401, {"error": {"code": "content_filter"}}),
    (429, {"error": {"message": "content filter is busy"}}),
    (400, {"error": {"message": "context is 4096 tokens, you asked for 5000"}}),
    (400, {"error": {"message": "Unsupported content type: the image format is not supported"}}),
    (403, {"error": {"message": "The model is blocked for this API key"}}),
    (400, {"error": {"message": "prompt is too long", "content_filter_results": {"hate": {"filtered": False}}}}),
]


@pytest.mark.parametrize(("status", "body"), FILTERED)
def test_a_filters_refusal(status, body):
    assert filtered(status, body, str(body.get("error", {}).get("message", "")))


@pytest.mark.parametrize(("status", "body"), NOT)
def test_no_filters_refusal(status, body):
    assert not filtered(status, body, str(body.get("error", {}).get("message", "")))
