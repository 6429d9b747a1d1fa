"""Which names are one model's."""

import pytest

from vtgdata.plugins.models._serving.names import same_model

SAME = [
    ("gpt-4o", "gpt-4o-2024-11-20"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "/models/Qwen2.5-VL-7B-Instruct"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen/qwen2.5-vl-7b-instruct:free"),
    ("google/gemini-2.5-pro", "models/gemini-2.5-pro"),
    ("gemini-2.5-pro", "gemini-2.5-pro-preview-05-06"),
    ("models/tiny", "models/tiny@main"),
    ("openai/gpt-4o:online", "openai/gpt-4o"),
    ("llava", "llava:latest"),
    ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
    ("tiny.gguf", "tiny"),
    ("anything", ""),
]
OTHER = [
    ("gpt-4o", "gpt-4o-mini"),
    ("gpt-4", "gpt-4.1"),
    ("qwen2.5vl:7b", "qwen2.5vl:72b"),
    ("Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen2.5-VL-72B-Instruct"),
    ("Qwen3-VL-8B-Instruct", "Qwen3-VL-8B-Thinking"),
    ("my-deployment", "gpt-4o-2024-11-20"),
    ("llama3:instruct", "llama3:text"),
    ("claude-sonnet-4", "claude-sonnet-4-5"),
    ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
]


@pytest.mark.parametrize(("asked", "answered"), SAME)
def test_the_same_model_under_another_name(asked, answered):
    assert same_model(asked, answered) and same_model(answered, asked)


@pytest.mark.parametrize(("asked", "answered"), OTHER)
def test_another_model(asked, answered):
    assert not same_model(asked, answered) and not same_model(answered, asked)
