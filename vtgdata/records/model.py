"""What a model is asked and what it replies."""

from typing import Literal, Protocol

import msgspec

from vtgdata.records.sample import Window


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A piece of text in a message."""

    text: str


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A frame in a message: JPEG bytes and the time it shows, in seconds."""

    jpeg: bytes
    time: float


Part = Text | Image


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]


class Sampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sampling parameters of an answer; always sent explicitly, never left to a server's default."""

    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    max_tokens: int = 512


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One reply of a model: the raw text, or the error that kept it from answering."""

    text: str | None
    finish_reason: str = "stop"
    reasoning: str | None = None
    """Reasoning that the server returned apart from the text."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float | None = None
    error: str | None = None
    """Set when the request failed; then text is None and the reply is not an answer. It gives the reason in words that
    are the same in every run and name no machine, since it is published with rollouts."""
    detail: str | None = None
    """More about the error, for debugging; like `seconds` it stays in the journal."""
    endpoint: str | None = None
    """The server that answered, if there is one; like `seconds` it stays in the journal."""
    cost: float | None = None
    """US dollars by the price table of that day, 0 for a model on this machine; None if the price is unknown. Like
    `seconds` it stays in the journal."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request for n answers to one sample."""

    sample_id: str
    messages: tuple[Message, ...]
    sampling: Sampling
    seeds: tuple[int, ...]
    """One seed per answer, derived from its work key; n is their number."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a model, besides its name; a model plug-in's `connect` gets it."""

    urls: tuple[str, ...] = ()
    """Base URLs of OpenAI-compatible servers, ending in /v1."""
    version: str = ""
    """Version of the model, which a server's model name does not say; part of the fingerprint of its answers."""
    concurrency: int | None = None
    """Requests in flight; None leaves it to the plug-in."""
    timeout: float = 300.0
    """Seconds until a request counts as failed."""
    max_wait: float = 300.0
    """Most seconds that an answer waits for servers that are down or ask for a pause; then it counts as failed."""


class Model(Protocol):
    """A model that can be asked. A plug-in module has `connect(argument: str, endpoint: Endpoint) -> Model`."""

    id: str
    """Fingerprint of all that may change an answer: weights, tokenizer and template, or server model and version."""
    concurrency: int
    """How many requests the model wants in flight at a time."""
    looks: bool
    """False for a model that answers from the annotation (scripted): it can be asked even if videos are missing."""

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed, in order. A failure is a Reply with `error`, never an exception, unless it is final.

        Raises EndpointRefused when asking again cannot help (wrong key, unknown model, no quota).
        """
        ...

    async def close(self) -> None:
        """Release what the model holds."""
        ...


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A model's text as a parser read it."""

    windows: tuple[Window, ...]
    """Lenient reading, in the order of the text; empty unless `parse_status` is 'ok' or 'several_where_one'."""
    option: str | None
    parse_status: str
    """ok, no_answer, unparsable, reversed, zero_length, out_of_range, refused, truncated, several_where_one."""
    strict_ok: bool
    """Whether the text has exactly the form that the prompt asked for."""
    reasoning: str
    has_reasoning: bool

    @property
    def counted(self) -> tuple[Window, ...]:
        """The windows that are scored: none if the answer has several and the prompt wanted one."""
        return self.windows if self.parse_status == "ok" else ()
