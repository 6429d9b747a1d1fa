"""Any OpenAI-compatible server (vLLM, SGLang, `transformers serve`, a paid API): `openai_api:MODEL`, with --endpoint.

Only standard fields are sent: `transformers serve` answers 422 to others and 500 to `stop`. Each answer is a request of
its own with its own seed, since servers differ in what they make of `n`. The key comes from VTGDATA_API_KEY, else
OPENAI_API_KEY, and is never shown.
"""

import asyncio
import base64
import datetime
import email.utils
import math
import os
import random
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from vtgdata.errors import EndpointRefused, VtgError
from vtgdata.records import Endpoint, Image, Message, Part, Reply, Request, Sampling
from vtgdata.reply_limit import UnreadableReply, limited

if TYPE_CHECKING:
    import openai

CONCURRENCY = 16
TRIES = 5
FIRST_WAIT = 0.5
"""Seconds before the second try; doubled for each further one."""
LONGEST_WAIT = 30.0
LONGEST_RETRY_AFTER = 300.0
LONGEST_REPLY = 16 * 2**20
"""Bytes of a reply, unpacked; far more than any answer has."""
PUBLISHED = 100
"""Characters of a server's own words in `Reply.error`; `Reply.detail` has more."""

_REFUSALS = {
    401: "it does not take the key. Put the right one in VTGDATA_API_KEY",
    402: "the account has no credit left. Add some, and run again",
    403: "the key may not use this model. Put another one in VTGDATA_API_KEY, or ask for access",
    404: "it knows no such model or address. Check the name (GET /v1/models lists them) and that the URL ends in /v1",
}
_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "credit_balance_exhausted"}
# 409 and 425: a proxy's word for a server that is starting.
_PASSING = {408, 409, 425, 429}


class _Said(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Named(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Named]


class _Completion(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class _Failed(Exception):
    """One try that failed; `again` when another may help, after `wait` seconds where the server said so.

    `reason` is what may be published: without addresses, and the same whenever the same goes wrong. `detail` says more.
    """

    def __init__(self, reason: str, detail: str = "", *, again: bool = True, wait: float | None = None) -> None:
        super().__init__(detail or reason)
        self.reason, self.again, self.wait = reason, again, wait


class _Server:
    """One base URL, with what its last answers tell about how to treat it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = shown(url)
        self.client: Any = None
        self.gate = asyncio.Lock()
        self.open = False
        """Closed at first, and after a 429: then requests go one at a time until one is answered."""
        self.refused: EndpointRefused | None = None
        self.rests_until = 0.0
        """Nothing is sent before (monotonic seconds): the server asked for a pause."""
        self.doubted_until = 0.0
        """Others are preferred until then: a request just failed here."""
        self.outstanding = 0
        self.sent = 0

    def preference(self) -> tuple[float, bool, int, int]:
        """Sorts servers: the rested first, then those that work, then least outstanding."""
        return max(0.0, self.rests_until - time.monotonic()), not self.well(), self.outstanding, self.sent

    def well(self) -> bool:
        """Whether it can be asked now, and no request just failed there."""
        return max(self.rests_until, self.doubted_until) <= time.monotonic()


class ServedModel:
    """A model behind one or more servers; see the module."""

    looks = True
    answers_per_request = 1
    """The engine hands each answer over apart: what a kill can lose is then at most `concurrency` answers."""

    def __init__(self, model: str, endpoint: Endpoint, key: str) -> None:
        self.model, self.key, self.timeout = model, key, endpoint.timeout
        self.id = f"openai_api:{model}@{endpoint.version}" if endpoint.version else f"openai_api:{model}"
        self.concurrency = endpoint.concurrency or CONCURRENCY
        self.servers = [_Server(url) for url in endpoint.urls]

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed, in order, each from a request of its own.

        Raises EndpointRefused when a server refuses for good (401, 402, 403, 404, quota).
        """
        messages = [_message(message) for message in request.messages]
        tasks = [asyncio.create_task(self._answer(messages, request.sampling, seed)) for seed in request.seeds]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            raise

    async def close(self) -> None:
        """Close the connections; asking again opens new ones."""
        for server in self.servers:
            if server.client is not None:
                await server.client.close()
            server.client, server.gate = None, asyncio.Lock()

    async def _answer(self, messages: list[Any], sampling: Sampling, seed: int) -> Reply:
        """Try until answered, up to TRIES times."""
        jitter = random.Random(seed)
        began = time.monotonic()
        for attempt in range(TRIES):
            server = min(self.servers, key=_Server.preference)
            try:
                return await self._try(server, messages, sampling, seed)
            except _Failed as failed:
                wait = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT) * jitter.uniform(1.0, 1.5)
                server.doubted_until = time.monotonic() + wait
                if failed.wait is not None:
                    # Jitter upwards only: never sooner than the server said.
                    server.rests_until = max(server.rests_until, time.monotonic() + failed.wait)
                    wait = failed.wait + jitter.uniform(0.0, min(wait, 0.1 * failed.wait))
                if not failed.again or attempt == TRIES - 1:
                    return Reply(
                        text=None,
                        finish_reason="error",
                        error=failed.reason,
                        detail=self._redacted(f"{server.name}: {failed} (tries: {attempt + 1})"),
                        seconds=time.monotonic() - began,
                        endpoint=server.name,
                    )
            if not any(other.well() for other in self.servers):
                await asyncio.sleep(wait)
        raise AssertionError("the last try returns")

    async def _try(self, server: _Server, messages: list[Any], sampling: Sampling, seed: int) -> Reply:
        """Send one request, alone while the server's gate is closed."""
        server.outstanding += 1
        try:
            if not server.open:
                async with server.gate:
                    if not server.open:
                        return await self._send(server, messages, sampling, seed)
            return await self._send(server, messages, sampling, seed)
        finally:
            server.outstanding -= 1

    async def _send(self, server: _Server, messages: list[Any], sampling: Sampling, seed: int) -> Reply:
        import openai

        while (pause := server.rests_until - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        if server.refused is not None:
            raise server.refused
        if server.client is None:
            server.client = openai.AsyncOpenAI(
                base_url=server.url,
                api_key=self.key,
                max_retries=0,
                timeout=self.timeout,
                default_headers={"Accept-Encoding": "gzip"},
                http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [limited(LONGEST_REPLY)]}),
            )
        server.sent += 1
        began = time.monotonic()
        try:
            # The raw response: the client would take a page of HTML, or an answer without choices, as a success.
            # The client's own limit is per read: a server that drips would hold its slot for ever.
            async with asyncio.timeout(self.timeout):
                response = await server.client.chat.completions.with_raw_response.create(
                    model=self.model,
                    messages=messages,
                    temperature=sampling.temperature,
                    top_p=sampling.top_p,
                    max_tokens=sampling.max_tokens,
                    seed=seed,
                )
            reply = _read(response.content)
        except openai.APIStatusError as error:
            if refusal := _refusal(error):
                server.refused = EndpointRefused(self._redacted(f"{server.name} refused {self.model!r}: {refusal}"))
                raise server.refused from None
            server.open = server.open and error.status_code != 429
            again = error.status_code in _PASSING or error.status_code >= 500
            wait = retry_after(error.response.headers, datetime.datetime.now(datetime.UTC)) if again else None
            code, words = f"HTTP {error.status_code}", _words(error)
            reason = f"{code}: {self._unnamed(words, server)[:PUBLISHED]}"
            raise _Failed(reason, f"{code}: {words}", again=again, wait=wait) from None
        except (openai.APITimeoutError, TimeoutError):
            raise _Failed("timeout", f"no answer within {self.timeout:g} s") from None
        except UnreadableReply as error:
            raise _Failed(str(error)) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, UnreadableReply):
                # openai 2 wraps it; later ones let it through.
                raise _Failed(str(error.__cause__)) from None
            raise _Failed("no connection", f"no connection ({error.__cause__ or error})") from None
        server.open = True
        return msgspec.structs.replace(reply, seconds=time.monotonic() - began, endpoint=server.name)

    def _redacted(self, text: str) -> str:
        """Words for an error, without the key: some servers repeat it."""
        return _without(text, self.key)

    def _unnamed(self, text: str, server: _Server) -> str:
        """What a server said, without the key and without its own address."""
        for name in (server.name, urlsplit(server.url).netloc):
            text = text.replace(name, "[server]")
        return self._redacted(text)


def _read(body: bytes) -> Reply:
    """A reply from the body of a 200 response; raises _Failed when it holds no answer."""
    try:
        completion = msgspec.json.decode(body, type=_Completion)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _Failed("the response is no chat completion", f"the response is no chat completion ({error})") from None
    if not completion.choices:
        raise _Failed("the response has no choices")
    choice, usage = completion.choices[0], completion.usage or _Usage()
    said = choice.message
    if choice.finish_reason in {"abort", "error"}:
        raise _Failed(f"the server gave up (finish_reason {choice.finish_reason!r})")
    return Reply(
        # Nothing but reasoning, or a refusal, is an answer too: a bad one.
        text=said.content if said.content is not None else said.refusal or "",
        finish_reason=choice.finish_reason or "stop",
        reasoning=said.reasoning_content or said.reasoning,
        tokens_in=usage.prompt_tokens,
        tokens_out=usage.completion_tokens,
    )


def _refusal(error: "openai.APIStatusError") -> str | None:
    """What to do about a refusal for good; None when the request may be tried again or is itself at fault."""
    if error.status_code in _REFUSALS:
        return f"HTTP {error.status_code}, {_REFUSALS[error.status_code]}. It says: {_words(error)}"
    if error.status_code == 429 and _NO_QUOTA & {error.code, error.type}:
        return f"the quota is used up. Add credit, or choose another server. It says: {_words(error)}"
    return None


def _words(error: "openai.APIStatusError") -> str:
    """What a server said of an error, on one line."""
    body = error.body if isinstance(error.body, dict) else {}
    said = body.get("message") or body.get("detail") or error.message
    return " ".join(str(said).split())[:300]


def retry_after(headers: Mapping[str, str], now: datetime.datetime) -> float | None:
    """Seconds that a server asks to wait, in [0, 300]; None when it does not say.

    Read from `retry-after-ms`, or from `retry-after` in seconds or as an HTTP date.

    >>> retry_after({"retry-after": "0.2"}, datetime.datetime.now(datetime.UTC))
    0.2
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return min(max(0.0, seconds), LONGEST_RETRY_AFTER)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    # A date without a zone is in GMT, as all HTTP dates are.
    date = date if date.tzinfo is not None else date.replace(tzinfo=datetime.UTC)
    return min(max(0.0, (date - now).total_seconds()), LONGEST_RETRY_AFTER)


def _message(message: Message) -> dict[str, Any]:
    """One message as OpenAI-compatible servers take it; a lone text goes as a string, which all templates know."""
    if len(message.parts) == 1 and not isinstance(message.parts[0], Image):
        return {"role": message.role, "content": message.parts[0].text}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Image):
        data = base64.b64encode(part.jpeg).decode("ascii")
        return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
    return {"type": "text", "text": part.text}


def shown(url: str) -> str:
    """A server's address as it may be shown and stored: without user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def _without(text: str, secret: str) -> str:
    # A word like 'none' or 'EMPTY' is no secret, and taking it out would mangle sentences.
    return text.replace(secret, "[key]") if len(secret) >= 8 else text


def connect(argument: str, endpoint: Endpoint) -> ServedModel:
    """Open a model on its servers.

    Args:
        argument: the server's name of the model; when empty the server is asked, and must serve only one.
        endpoint: at least one base URL.

    Raises VtgError when there is no URL, or no name and not exactly one model; EndpointRefused when the key is wrong.
    """
    urls: Sequence[str] = endpoint.urls
    if not urls:
        raise VtgError(
            "openai_api needs a server: give --endpoint URL (several times for several), as in http://localhost:8000/v1."
        )
    for url in urls:
        _check(url)
    key = _key()
    return ServedModel(argument or _only_model(urls[0], key, endpoint.timeout), endpoint, key)


def _check(url: str) -> None:
    """Raise VtgError unless this is the base URL of a server and holds no secret, for it is stored with the results."""
    import openai

    # Only what follows an @, so that not even a broken URL shows a password.
    safe, wrong = url.rpartition("@")[2].partition("?")[0], None
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise VtgError(
                f"--endpoint {safe!r}: has a user name or a password in front, which would be stored with the results. "
                "Leave it out, and put the key in VTGDATA_API_KEY."
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            wrong = "not the address of a server"
    except ValueError:
        wrong = "not the address of a server"
    if wrong is None and ("?" in url or "#" in url or any(c.isspace() or not c.isprintable() for c in url)):
        wrong = "has a blank, a `?` or a `#`"
    if wrong is None:
        try:
            openai.OpenAI(base_url=url, api_key="none").close()
        except Exception as error:
            # Whatever the client's HTTP library says of a host name; that library is no dependency of ours.
            wrong = str(error)
    if wrong is not None:
        raise VtgError(f"--endpoint {safe!r}: {wrong}. Write a base URL, as in http://localhost:8000/v1.")


def _key() -> str:
    """The key out of the environment, `none` where there is none; raises VtgError when it cannot be sent."""
    for name in ("VTGDATA_API_KEY", "OPENAI_API_KEY"):
        if key := os.environ.get(name):
            if not (key.isascii() and key.isprintable()) or " " in key:
                raise VtgError(
                    f"{name} holds a character that no key has (a blank, a line break, or one outside ASCII). Copy the "
                    "key again."
                )
            return key
    return "none"


def _only_model(url: str, key: str, timeout: float) -> str:
    """The name of the one model that a server has."""
    import openai

    try:
        with openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=timeout) as client:
            content = client.models.with_raw_response.list().content
        names = sorted(model.id for model in msgspec.json.decode(content, type=_Models).data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VtgError(
            f"{shown(url)}: what it says of its models is no list of them ({error}). See that the URL ends in /v1, or "
            "name the model, as in openai_api:NAME."
        ) from None
    except openai.APIStatusError as error:
        words = _without(f"{shown(url)}: {_refusal(error) or _words(error)}", key)
        raise (EndpointRefused(words) if _refusal(error) else VtgError(f"{words} Name the model.")) from None
    except openai.APIError as error:
        raise VtgError(f"{shown(url)}: no models can be listed ({error}). Is the server up?") from None
    if len(names) != 1:
        raise VtgError(
            f"{shown(url)} serves {len(names)} models; name one as in openai_api:NAME. It has: {', '.join(names)}"
        )
    return names[0]
