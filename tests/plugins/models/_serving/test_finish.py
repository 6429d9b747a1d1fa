"""Every server's word for the end of an answer means the same.

Sources: the finish reasons in the references of OpenAI, Gemini, Anthropic, Cohere, Mistral, watsonx, Bedrock, Ollama,
TGI, xAI, Zhipu and DeepSeek.
"""

import pytest

from vtgdata.plugins.models._serving.finish import meaning, said_in

WORDS = {
    "length": "length max_tokens MAX_TOKENS max_output_tokens MaxTokens model_length token_limit TOKEN_LIMIT TIME_LIMIT"
    " model_context_window_exceeded context_length_exceeded ERROR_LIMIT limit REASON_MAX_LEN REASON_MAX_CONTEXT"
    " max_new_tokens maxOutputTokens truncated incomplete NOT_FINISHED max_length FINISH_REASON_MAX_TOKENS",
    "content_filter": "content_filter SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII sensitive ERROR_TOXIC"
    " guardrail_intervened refusal IMAGE_SAFETY content_filtered FINISH_REASON_SAFETY",
    "stop": "stop STOP eos_token EOS_TOKEN end_turn stop_sequence EOS eos endoftext COMPLETE REASON_STOP finished"
    " FINISH_REASON_STOP FINISH_REASON_UNSPECIFIED OTHER unknown null",
    "error": "error abort network_error insufficient_system_resource MALFORMED_FUNCTION_CALL USER_CANCEL rate_limit",
}


@pytest.mark.parametrize(("means", "word"), [(means, word) for means, words in WORDS.items() for word in words.split()])
def test_a_word_means_the_same_whoever_says_it(means, word):
    assert meaning(word) == means


def test_an_object_a_gateways_own_word_and_an_unknown_word():
    assert meaning({"type": "max_tokens"}) == "length"
    assert meaning(None, "MAX_TOKENS") == "length" and meaning("", "length") == "length"
    assert meaning("tool_calls") == "tool_calls"


def test_the_reason_is_found_under_every_name():
    assert said_in({"finishReason": "MAX_TOKENS"}, {}) == "MAX_TOKENS"
    assert said_in({"finish_reason": None}, {"done_reason": "length"}) == "length"
    assert said_in({"finish_reason": "stop", "stop_reason": 163586}, {}) == "stop"
    assert said_in({}, {}) is None
