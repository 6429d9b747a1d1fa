"""Gemini's own form of requests and replies, `generateContent`: only there can a video have a stated rate.

Its OpenAI-compatible form documents no field for a rate. Sources, read on 2026-11-29: the types of v1beta as geminix
0.2.0 has them (https://hexdocs.pm/geminix/Geminix.V1beta.GenerateContentResponse.html, and its VideoMetadata: `fps` is
in (0, 24], 1 if it is left out), types.ts of @google/genai 1.34.0 (the same), GenerateContentConfig of js-genai
(https://googleapis.github.io/js-genai), and the guide (https://ai.google.dev/gemini-api/docs/video-understanding:
videos below 100 MB go inline). No service was asked.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from vtgdata.errors import VtgError
from vtgdata.records import Footage, Message, Part, Sampling, Text

MADE = ("contents", "systemInstruction", "generationConfig.candidateCount")
"""Fields of a body that the user cannot set: they are made from the prompt, and each answer is a request of its own."""
FASTEST = 24.0
"""Most frames a second that can be asked for."""
_ROLES = {"assistant": "model"}
_OPENAI = "/openai"
"""End of the address of its OpenAI-compatible form."""


def address(url: str, model: str) -> str:
    """Where a model is asked.

    >>> address("https://generativelanguage.googleapis.com/v1beta/openai/", "gemini-2.5-pro")
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent'
    """
    base = url.rstrip("/").removesuffix(_OPENAI).rstrip("/")
    return f"{base}/models/{quote(model.removeprefix('models/'), safe='')}:generateContent"


def headers(key: str) -> dict[str, Any]:
    """Headers of a request through OpenAI's client.

    They have the key where Google's servers want it, which take a bearer for a person's token, and ask the client for
    the response as it came.
    """
    import openai

    return {"Authorization": openai.Omit(), "x-goog-api-key": key, "X-Stainless-Raw-Response": "true"}


def asked(messages: Sequence[Message], video: Callable[[Footage], dict[str, Any]]) -> dict[str, Any]:
    """The fields that have the prompt. Args: video: makes the part of a video."""
    told = [message for message in messages if message.role == "system"]
    said = [message for message in messages if message.role != "system"]
    contents = [
        {"role": _ROLES.get(message.role, message.role), "parts": [_part(part, video) for part in message.parts]}
        for message in said
    ]
    system = [_part(part, video) for message in told for part in message.parts]
    return {"contents": contents, **({"systemInstruction": {"parts": system}} if system else {})}


def drawn(sampling: Sampling, seed: int) -> dict[str, Any]:
    """The field that says how an answer is drawn; raises VtgError for what it has no field for."""
    further = sampling.further()
    top_k = further.pop("top_k", None)
    if further:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in further)
        raise VtgError(f"{names}: Gemini's requests have no field for it. Leave it out.")
    return {
        "generationConfig": {
            "temperature": sampling.temperature,
            "topP": sampling.top_p,
            **({"topK": top_k} if top_k is not None else {}),
            "maxOutputTokens": sampling.max_tokens,
            "seed": seed,
        }
    }


def video(file: bytes, rate: float) -> dict[str, Any]:
    """The part of a video whose frames are taken at a rate. Args: file: MP4. rate: frames a second, in (0, 24]."""
    return {"inlineData": _inline("video/mp4", file), "videoMetadata": {"fps": rate}}


def completion(found: Any) -> Any:
    """A reply as OpenAI's form has it; a document that holds no reply (an error, say) is left as it is."""
    whole = _fields(found)
    blocked = _fields(whole.get("promptFeedback")).get("blockReason")
    if not whole.get("candidates") and not blocked:
        return found
    candidates = whole.get("candidates")
    first = _fields(cast("list[Any]", candidates)[0]) if isinstance(candidates, list) and candidates else {}
    ended = first.get("finishReason") if first else f"blocked_{blocked}"
    return {
        "model": whole.get("modelVersion"),
        "choices": [{"message": _message(first), "finish_reason": ended}],
        "usage": _usage(_fields(whole.get("usageMetadata"))),
    }


def _message(candidate: Mapping[str, Any]) -> dict[str, Any] | None:
    """Text and thoughts of an answer; None if it has no content, as where a filter took it away."""
    if not isinstance(candidate.get("content"), dict):
        return None
    parts = candidate["content"].get("parts")
    texts = [_fields(part) for part in cast("list[Any]", parts)] if isinstance(parts, list) else []
    return {"content": _joined(texts, thought=False), "reasoning": _joined(texts, thought=True)}


def _joined(parts: Sequence[Mapping[str, Any]], *, thought: bool) -> str | None:
    said = [part for part in parts if isinstance(part.get("text"), str)]
    texts = [part["text"] for part in said if bool(part.get("thought")) == thought]
    return "".join(texts) if texts else None


def _usage(counts: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens under OpenAI's names; the tokens of thoughts are in the total alone, and are paid for."""
    return {
        "prompt_tokens": counts.get("promptTokenCount"),
        "completion_tokens": counts.get("candidatesTokenCount", 0 if counts else None),
        "total_tokens": counts.get("totalTokenCount"),
    }


def _part(part: Part, shown: Callable[[Footage], dict[str, Any]]) -> dict[str, Any]:
    if isinstance(part, Footage):
        return shown(part)
    return {"text": part.text} if isinstance(part, Text) else {"inlineData": _inline("image/jpeg", part.jpeg)}


def _inline(kind: str, content: bytes) -> dict[str, str]:
    return {"mimeType": kind, "data": base64.b64encode(content).decode("ascii")}


def _fields(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
