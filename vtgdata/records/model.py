"""What a model is asked and what it replies."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.records.message import Message
from vtgdata.records.sample import Window

NEUTRAL = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Parts of a sampling that are unset where they have these values, with which they change no answer."""


class Sampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an answer is drawn: this alone decides, never a default of a model's folder or of a server.

    The fields of `NEUTRAL` are left out when a sampling is written while they are unset, so that samplings without
    them keep the work keys that they had before these fields came.
    """

    temperature: float = 1.0
    """0 is greedy."""
    top_p: float = 1.0
    max_tokens: int = 512
    top_k: int | UnsetType = UNSET
    """Number of the likeliest tokens to draw from; unset for all."""
    min_p: float | UnsetType = UNSET
    """Least probability of a token to draw, as a share of the likeliest one's, in (0, 1]; unset for no bound."""
    repetition_penalty: float | UnsetType = UNSET
    """Above 0. Scores of tokens that the prompt or the answer already has are divided by it if they are positive, and
    multiplied by it if they are negative (Keskar et al., CTRL, 2019); unset for none."""

    def __post_init__(self) -> None:
        for name, neutral in NEUTRAL.items():
            if getattr(self, name) == neutral:
                msgspec.structs.force_setattr(self, name, UNSET)

    def further(self) -> dict[str, Any]:
        """The set ones of the fields in `NEUTRAL`, by name."""
        return {name: value for name in NEUTRAL if (value := getattr(self, name)) is not UNSET}


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
    varies: bool | UnsetType = UNSET
    """True where a local model answered without --reproducible: another size of batch could have given another text.
    Otherwise it is unset. Like `seconds` it stays in the journal."""
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
    reproducible: bool = False
    """Whether a local model computes every answer in a batch of the same size."""
    max_wait: float = 300.0
    """Most seconds that an answer waits for servers that are down or ask for a pause; then it counts as failed."""
    body: dict[str, Any] = {}
    """Changes of the JSON body of each request: dotted field name -> value, None to leave the field out."""
    video_server: Literal["", "vllm", "sglang", "gemini"] = ""
    """What the servers are, for frames as one video."""
    server_samples: bool = False
    """Whether the servers may sample the frames of one video by themselves."""
    video_family: str = ""
    """Family of the served model, as its configuration's `model_type`; empty to go by its name."""
    answers_as: tuple[str, ...] = ()
    """Names of other models that a server may answer as; `*` for any."""


class NotSent(Exception):
    """A request that was not sent, because the run ends: raised by a model that was told to `stop`."""


class NotTold(ValueError):
    """Frames whose times a model cannot be told, as one video; the text is a clause that says why."""


class Model(Protocol):
    """A model that can be asked, as `connect` of a plug-in returns it (see `ModelModule`).

    NamedModel, ModelInPieces, StoppableModel and BatchModel are optional parts. `tests/contracts/test_models.py` holds
    all of it.
    """

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


@runtime_checkable
class NamedModel(Protocol):
    """A model with a name on servers. Without it, prices go by what stands after the colon of its spec."""

    model: str
    """As price tables have it: `gpt-4.1`."""


@runtime_checkable
class ModelInPieces(Protocol):
    """A model that sends a request for each answer: handed few at a time, few are lost when the run is killed."""

    answers_per_request: int
    """Seeds in a Request, at most; without it, all n of a question come at once."""


@runtime_checkable
class StoppableModel(Protocol):
    """A model whose requests wait before they are sent, as for a server that asks for a pause."""

    def stop(self) -> None:
        """Send nothing more until `close`: `generate` raises NotSent for requests that still wait.

        A request that waits to be tried again is no more tried: its reply has the error of the last try. What is on its
        way goes on.
        """
        ...


@runtime_checkable
class RenewedModel(Protocol):
    """A model that answers otherwise than under an earlier id, although nothing of it changed: it is asked again."""

    formerly: str
    """The earlier id."""
    formerly_why: str
    """Why answers under the earlier id do not count any more, for people."""


@runtime_checkable
class VideoModel(Protocol):
    """A model that takes the frames of a video as one video (`--as video`), and is told their times its own way."""

    no_video: str
    """Why this one cannot, as a clause; empty if it can."""

    def told(self, times: Sequence[float]) -> tuple[float, ...]:
        """The times that it is told where frames are shown at `times`, in seconds: for some models one for each pair.

        Empty where nobody knows them, since a server may sample the frames once more.

        Raises NotTold, with a clause, where those would be other times than the frames'.
        """
        ...


@runtime_checkable
class LocalBatches(Protocol):
    """A model that computes answers in batches on this machine."""

    reproducible: bool
    """Whether all batches have one size, so that an answer does not depend on which others were missing."""


@runtime_checkable
class BatchModel(Protocol):
    """A model whose requests can be written down for somebody else to answer (`--batch`)."""

    def bodies(self, request: Request) -> list[dict[str, Any]]:
        """The JSON bodies that `generate` sends, one per seed, in order."""
        ...


@runtime_checkable
class ReadsReplies(Protocol):
    """The module of a BatchModel, which reads what was answered (`vtgdata batch-import`)."""

    def reply_of(self, content: bytes, *, asked: str = "", answers_as: Sequence[str] = ()) -> Reply:
        """The reply in the body of a response; one with an error where it holds no answer.

        So it is where the body names another model than the one that was asked, unless `answers_as` has its name or
        `*`.
        """
        ...


class ModelModule(Protocol):
    """The module of a model plug-in; `reply_of` (ReadsReplies) comes to it where requests can be written down.

    What else it may say, in variables of these names:

        LOCAL = True              it runs on this machine and costs nothing
        NEEDS = "transformers"    a package that it imports inside functions and a plain installation does not bring
        EXAMPLE = ModelExample()  how the contract test opens it; every one of ours has it
    """

    def connect(self, argument: str, endpoint: Endpoint, **settings: Any) -> Model:
        """Open a model.

        Args:
            argument: what stands after the colon of a spec, as in `openai_api:NAME`.
            endpoint: how to reach it.
            settings: each is a parameter with a default; unknown ones are refused before.

        Raises VtgError when it cannot be opened; EndpointRefused when its server refuses for good.
        """
        ...


class ModelExample(msgspec.Struct, frozen=True, kw_only=True):
    """How the contract test opens a model, and what it may expect of it.

    In `argument`, `settings` and `urls` the test puts what it lends: `{samples}`, a samples.parquet; `{server}`, the
    base URL of a loopback server that speaks as OpenAI's chat completions do; `{tiny_model}`, the folder of a tiny
    vision-language model.
    """

    argument: str = ""
    settings: dict[str, Any] = {}
    urls: tuple[str, ...] = ()
    reproducible: bool = True
    """The same request gives the same texts again."""
    seeded: bool = True
    """Another seed draws another text."""
    response: Callable[[str], dict[str, Any]] | None = None
    """For a server that speaks otherwise: from a text to the JSON body in which it answers."""


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
    says_none: bool = False
    """Whether it says that the video has no such moment, which is an answer; an empty text says nothing."""

    @property
    def counted(self) -> tuple[Window, ...]:
        """The windows that are scored: none if the answer has several and the prompt wanted one."""
        return self.windows if self.parse_status == "ok" else ()
