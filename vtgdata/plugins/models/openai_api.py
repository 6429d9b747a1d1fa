"""Any OpenAI-compatible server (vLLM, SGLang, `transformers serve`, a paid API): `openai_api:MODEL`, with --endpoint.

Only standard fields are sent, and what a server needs to draw as `Sampling` says (`_serving/drawing.py`): `transformers
serve` answers 422 to others and 500 to `stop`. Each answer is a request of
its own with its own seed, even if a server could return several choices: they would share one seed, so an answer would
depend on which other answers were still missing, and its work key does not record that. The API key is read from
VTGDATA_API_KEY, else OPENAI_API_KEY, and is never shown.
"""

import asyncio
import base64
import datetime
import logging
import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from vtgdata.conversation import controls
from vtgdata.errors import EndpointRefused, VtgError
from vtgdata.plugins.models._serving.drawing import Drawing
from vtgdata.plugins.models._serving.endpoints import Endpoints, Trial
from vtgdata.plugins.models._serving.reply import error_fields, models, publishable, read, retry_after
from vtgdata.plugins.models._serving.reply_limit import UnreadableReply, limited
from vtgdata.plugins.models._serving.server import Failed, Kind, Server, Waits
from vtgdata.records import Endpoint, Image, Message, ModelExample, Part, Reply, Request, Sampling

if TYPE_CHECKING:
    import openai

log = logging.getLogger("vtgdata")

CONCURRENCY = 16
WAITS = Waits()
CONNECT = 15.0
"""Connection timeout in seconds, if the request's own timeout is not shorter."""
LONGEST_REPLY = 16 * 2**20
"""Most bytes of a decompressed reply; far more than any answer has."""

_REFUSALS = {
    401: "it does not take the key. Put the right one in VTGDATA_API_KEY",
    402: "the account has no credit left. Add some, and run again",
    403: "the key may not use this model. Put another one in VTGDATA_API_KEY, or ask for access",
    404: "it knows no such model or address. Check the name (GET /v1/models lists them) and that the URL ends in /v1",
}
_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "credit_balance_exhausted"}
# 409 and 425: a proxy's answer while the server is starting. 520 to 524: its answer if it cannot reach the server.
_BUSY = {408, 409, 425, 502, 503, 504, 520, 521, 522, 523, 524, 529}


class ServedModel:
    """A model behind one or more servers; see the module's docstring."""

    looks = True
    answers_per_request = 1
    """The engine asks for one answer per request, so that a kill loses at most `concurrency` answers."""

    def __init__(self, model: str, endpoint: Endpoint, key: str) -> None:
        self.model, self.key, self.timeout = model, key, endpoint.timeout
        self.id = f"openai_api:{model}@{endpoint.version}" if endpoint.version else f"openai_api:{model}"
        self.concurrency = endpoint.concurrency or CONCURRENCY
        self.drawing = Drawing()
        self.others: set[tuple[str, str]] = set()
        """(server URL, model name) pairs already warned about: another model than the requested one answered there."""
        servers = [Server(url, shown(url), self.concurrency, WAITS) for url in dict.fromkeys(endpoint.urls)]
        self.endpoints = Endpoints(servers, WAITS, endpoint.max_wait)

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed, in order, each from a request of its own.

        Raises EndpointRefused when every server refuses for good (401, 402, 403, 404, quota).
        """
        messages = [_message(message) for message in request.messages]
        tasks = [asyncio.create_task(self._answer(messages, request.sampling, seed)) for seed in request.seeds]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            raise

    def bodies(self, request: Request) -> list[dict[str, Any]]:
        """The JSON bodies that `generate` sends, one per seed; a batch file has the same."""
        messages = [_message(message) for message in request.messages]
        return [self._body(messages, request.sampling, seed) | request.sampling.further() for seed in request.seeds]

    def _body(self, messages: list[Any], sampling: Sampling, seed: int) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": seed,
        }

    async def close(self) -> None:
        """Close the connections; asking again opens new ones."""
        for server in self.endpoints.servers:
            if server.client is not None:
                await server.client.close()
            server.client = None
        self.endpoints.rest()

    async def _answer(self, messages: list[Any], sampling: Sampling, seed: int) -> Reply:
        """Send the request until it is answered or another try cannot help; then the reply has the error."""
        trial, began, used_in, used_out = Trial(), time.monotonic(), 0, 0
        try:
            while True:
                server = await self.endpoints.place(trial)
                try:
                    reply = await self._send(server, messages, sampling, seed)
                except EndpointRefused as refused:
                    self.endpoints.refuse(server, refused)
                except Failed as failed:
                    used_in, used_out = used_in + failed.used[0], used_out + failed.used[1]
                    self.endpoints.failed(server, trial, failed)
                else:
                    self.endpoints.answered(server)
                    return reply
                finally:
                    self.endpoints.leave(server)
        except Failed as failed:
            name = trial.last.name if trial.last else None
            return Reply(
                text=None,
                finish_reason="error",
                error=failed.reason,
                detail=self._redacted(f"{name or 'not sent'}: {failed} (tries: {trial.requests})"),
                tokens_in=used_in or None,
                tokens_out=used_out or None,
                seconds=time.monotonic() - began,
                endpoint=name,
            )

    async def _send(self, server: Server, messages: list[Any], sampling: Sampling, seed: int) -> Reply:
        """Send one request; raises EndpointRefused or Failed if it is not answered."""
        import openai

        client = server.client = server.client or self._client(server)
        began = time.monotonic()
        try:
            # The raw response, because the client takes an HTML page, or an answer without choices, as a success.
            # The client's own timeout is per read: a server that sends byte by byte would hold its slot for ever.
            async with asyncio.timeout(self.timeout):
                # As `extra_body`, the messages bypass the client's check of each part: 4 ms instead of 20 ms for a
                # request with 64 frames.
                further = await self.drawing.fields(client, server.name, sampling)
                response = await client.chat.completions.with_raw_response.create(
                    **self._body([], sampling, seed), extra_body={"messages": messages, **further}
                )
            reply, named = read(response.content)
        except openai.APIStatusError as error:
            raise self._refused_or_failed(error, server) from None
        except (openai.APIConnectionError, TimeoutError, UnreadableReply) as error:
            raise self._cut_off(error) from None
        self._say_other(named, server)
        return msgspec.structs.replace(reply, seconds=time.monotonic() - began, endpoint=server.name)

    def _say_other(self, named: str, server: Server) -> None:
        """Warn the user once if a server says that another model than the requested one has answered."""
        # A dated name (gpt-4o-2024-08-06) or one without its provider is the same model.
        same = named.lower().startswith(self.model.lower()) or self.model.lower().endswith(named.lower())
        if not same and (server.url, named) not in self.others:
            self.others.add((server.url, named))
            log.warning("%s was asked for %r and says that %r answered", server.name, self.model, self._redacted(named))

    def _client(self, server: Server) -> "openai.AsyncOpenAI":
        import openai

        return openai.AsyncOpenAI(
            base_url=server.url,
            api_key=self.key,
            max_retries=0,
            timeout=openai.Timeout(self.timeout, connect=min(self.timeout, CONNECT)),
            default_headers={"Accept-Encoding": "gzip"},
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [limited(LONGEST_REPLY)]}),
        )

    def _refused_or_failed(self, error: "openai.APIStatusError", server: Server) -> EndpointRefused | Failed:
        """The exception for a status other than 200."""
        if refusal := _refusal(error):
            return EndpointRefused(self._redacted(f"{server.name} refused {self.model!r}: {refusal}"))
        code, words, status = f"HTTP {error.status_code}", _words(error), error.status_code
        kind: Kind = (
            "limit" if status == 429 else "busy" if status in _BUSY else "broken" if status >= 500 else "request"
        )
        passing = kind != "request"
        pause = retry_after(error.response.headers, datetime.datetime.now(datetime.UTC))
        said = publishable(self._unnamed(words, server), passing=passing)
        return Failed(kind, f"{code}: {said}" if said else code, f"{code}: {words}", pause if passing else None)

    def _cut_off(self, error: Exception) -> Failed:
        """The failure of a request that got no complete response."""
        import openai

        # openai 2 wraps the exceptions of its HTTP library; later versions do not.
        causes = (error, error.__cause__)
        if unreadable := next((cause for cause in causes if isinstance(cause, UnreadableReply)), None):
            return Failed("broken", str(unreadable))
        if any(type(cause).__name__ in ("ConnectError", "ConnectTimeout") for cause in causes):
            return Failed("unreachable", "no connection", f"no connection ({error.__cause__ or error})")
        if isinstance(error, (openai.APITimeoutError, TimeoutError)):
            return Failed("late", "timeout", f"no answer within {self.timeout:g} s")
        return Failed("cut", "the connection broke", f"the connection broke ({error.__cause__ or error})")

    def _redacted(self, text: str) -> str:
        """The text without the API key, which some servers repeat in their errors."""
        return _without(text, self.key)

    def _unnamed(self, text: str, server: Server) -> str:
        """A server's message without the API key and without the server's address."""
        for name in (server.name, urlsplit(server.url).netloc):
            text = text.replace(name, "[server]")
        return self._redacted(text)


def reply_of(content: bytes) -> Reply:
    """The reply in the body of a response, as the results of a batch hold it; one with an error if it has no answer."""
    try:
        return read(content)[0]
    except Failed as failed:
        used_in, used_out = (count or None for count in failed.used)
        return Reply(
            text=None, finish_reason="error", error=failed.reason, detail=str(failed), tokens_in=used_in,
            tokens_out=used_out,
        )  # fmt: skip


def _refusal(error: "openai.APIStatusError") -> str | None:
    """What the user can do if the server refuses for good; None if a retry may help or the request is at fault."""
    if error.status_code in _REFUSALS:
        return f"HTTP {error.status_code}, {_REFUSALS[error.status_code]}. It says: {_words(error) or 'nothing'}"
    said = error_fields(error.body)
    if error.status_code == 429 and any(str(said.get(name)) in _NO_QUOTA for name in ("code", "type")):
        return f"the quota is used up. Add credit, or choose another server. It says: {_words(error)}"
    return None


def _words(error: "openai.APIStatusError") -> str:
    """A server's error message on one line, at most 300 characters; empty if it sent an HTML page."""
    fields = error_fields(error.body)
    body = error.body if isinstance(error.body, str) and not error.body.lstrip().startswith("<") else ""
    said = fields.get("message") or fields.get("detail") or fields.get("code") or fields.get("type") or body
    return " ".join(str(said).split())[:300]


def _message(message: Message) -> dict[str, Any]:
    """A message in OpenAI's form; a single text is sent as a plain string, which every chat template supports."""
    message = controls.for_server(message)
    if len(message.parts) == 1 and not isinstance(message.parts[0], Image):
        return {"role": message.role, "content": message.parts[0].text}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Image):
        data = base64.b64encode(part.jpeg).decode("ascii")
        return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
    return {"type": "text", "text": part.text}


def shown(url: str) -> str:
    """A server's address in a form that may be shown and stored: without user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def _without(text: str, secret: str) -> str:
    # A short key like 'none' or 'EMPTY' is not secret, and replacing it would mangle sentences.
    return text.replace(secret, "[key]") if len(secret) >= 8 else text


def connect(argument: str, endpoint: Endpoint) -> ServedModel:
    """Open a model on its servers.

    Args:
        argument: the model's name on the servers; if empty, the first server is asked and must serve exactly one.
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
    """Raise VtgError unless this is the base URL of a server without a secret in it: it is stored with the results."""
    import openai

    # Show only the part after an @, so that not even a malformed URL shows a password.
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
            # No request is sent here, so skip reading the certificates, which takes 20 ms.
            http = openai.DefaultHttpxClient(verify=False)
            openai.OpenAI(base_url=url, api_key="none", http_client=http).close()
        except Exception as error:
            # The client's HTTP library raises its own exceptions for bad host names; it is no dependency of ours.
            wrong = str(error)
    if wrong is not None:
        raise VtgError(f"--endpoint {safe!r}: {wrong}. Write a base URL, as in http://localhost:8000/v1.")


def _key() -> str:
    """The API key from the environment, `none` if there is none; raises VtgError if it cannot be sent."""
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
    """The name of the only model that a server has; raises VtgError unless there is exactly one.

    Raises EndpointRefused when the server refuses for good.
    """
    import openai

    try:
        with openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=timeout) as client:
            content = client.models.with_raw_response.list().content
        names = models(content)
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


EXAMPLE = ModelExample(argument="tiny", urls=("{server}",))
