"""The parts of a sampling that OpenAI's own form of requests lacks: top_k, min_p and repetition_penalty.

A server that has them in its form fills in what a request leaves out from its model's generation_config.json (vLLM:
`--generation-config auto`, SGLang: `--sampling-defaults model`, both the default) or from its own defaults (llama.cpp:
top_k 40, min_p 0.05). So it is told all three always. It names itself in its list of models, in `owned_by`. Any other
server is told only what differs from neutral: OpenAI's refuses fields that it does not know.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from vtgdata.records import NEUTRAL, Sampling

if TYPE_CHECKING:
    import openai

log = logging.getLogger("vtgdata")

SECONDS = 5.0
"""Most seconds to wait for the list of models."""

_SAME = {name: name for name in NEUTRAL}
TAKES: Mapping[str, Mapping[str, str]] = {
    "vllm": _SAME,
    "sglang": _SAME,
    "llamacpp": _SAME | {"repetition_penalty": "repeat_penalty"},
}
"""By what a server calls itself, its names for the three. Sources: `ChatCompletionRequest` and `ModelCard` in
vllm/entrypoints/openai/protocol.py and sglang/srt/entrypoints/openai/protocol.py; tools/server/README.md of
llama.cpp."""
_OFF = {"vllm": -1, "sglang": -1, "llamacpp": 0}
"""What stands for all tokens as top_k: of vLLM and SGLang every version takes -1, not every one 0."""


class _Model(msgspec.Struct):
    owned_by: Any = None


class _Models(msgspec.Struct):
    data: list[_Model]


class Drawing:
    """Which of the servers takes what; each is asked once, before its first request."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._asking = asyncio.Lock()

    async def fields(self, client: "openai.AsyncOpenAI", name: str, sampling: Sampling) -> dict[str, Any]:
        """The fields to add to a request.

        Args:
            client: of the server.
            name: the server's address, as it may be shown.
            sampling: how the answer is drawn.
        """
        async with self._asking:
            if name not in self._owners:
                owner = await _owner(client)
                if owner is None:  # it cannot be reached, and the request itself will say so
                    return sampling.further()
                self._owners[name] = owner
                if owner not in TAKES and sampling.further():
                    sent = ", ".join(sampling.further())
                    log.warning("%s does not say what it is: %s is sent to it, but may not act there", name, sent)
        return fields(self._owners[name], sampling)


def fields(owner: str, sampling: Sampling) -> dict[str, Any]:
    """What to add to a request to a server that calls itself `owner`.

    >>> fields("vllm", Sampling(min_p=0.1))
    {'top_k': -1, 'min_p': 0.1, 'repetition_penalty': 1.0}
    >>> fields("system", Sampling(min_p=0.1)), fields("system", Sampling())
    ({'min_p': 0.1}, {})
    """
    set_ = sampling.further()
    if owner not in TAKES:
        return set_
    whole = NEUTRAL | {"top_k": _OFF[owner]} | set_
    return {theirs: whole[ours] for ours, theirs in TAKES[owner].items()}


async def _owner(client: "openai.AsyncOpenAI") -> str | None:
    """What a server calls itself; empty if it does not say, None if it cannot be reached."""
    import openai

    try:
        response = await client.with_options(timeout=SECONDS).models.with_raw_response.list()
        models = msgspec.json.decode(response.content, type=_Models).data
    except openai.APIConnectionError:
        return None
    except (openai.APIError, msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return ""
    owners = {model.owned_by for model in models if isinstance(model.owned_by, str)}
    return next(iter(owners)).lower() if len(owners) == 1 else ""
