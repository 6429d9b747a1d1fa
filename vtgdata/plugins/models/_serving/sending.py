"""Sends one request to one server, and reads what comes back: an answer, or a failure with its kind."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from vtgdata.plugins.models._serving import generate_content, streams
from vtgdata.plugins.models._serving.addresses import proxy, without
from vtgdata.plugins.models._serving.answering import check_name
from vtgdata.plugins.models._serving.dialect import STATUSES
from vtgdata.plugins.models._serving.drawing import Drawing
from vtgdata.plugins.models._serving.reply import read
from vtgdata.plugins.models._serving.reply_limit import UnreadableReply, limited
from vtgdata.plugins.models._serving.said import teaching, verdict, words_of
from vtgdata.plugins.models._serving.server import Failed, Server
from vtgdata.records import Reply, Sampling

if TYPE_CHECKING:
    import openai

log = logging.getLogger("vtgdata")

CONNECT = 15.0
"""Connection timeout in seconds, if the request's own timeout is not shorter."""
REDIRECTS = 2
"""Most redirects that a request follows: to https, say. One that goes in a circle costs no more than these."""
LESSONS = 8
"""Most times that one request is changed because the server wants it otherwise."""


class Sender:
    """Sends requests with one key; the clients of the servers are opened when they are first needed."""

    def __init__(
        self,
        key: str,
        timeout: float,
        longest: int,
        users: Collection[str],
        answers_as: Collection[str],
        *,
        gemini: bool = False,
    ) -> None:
        """Prepare to send.

        Args:
            key: of the API.
            timeout: seconds until a request counts as failed.
            longest: most bytes of a reply.
            users: dotted names of the body's fields that the user gave.
            answers_as: names of other models that servers may answer as, or `*` for any.
            gemini: whether bodies and replies are in Gemini's own form (`generate_content`).
        """
        self.gemini = gemini
        self.key, self.timeout, self.longest = key, timeout, longest
        self.users, self.answers_as = frozenset(users), frozenset(answers_as)
        self.drawing = Drawing()

    async def send(self, server: Server, body: Mapping[str, Any], sampling: Sampling) -> Reply:
        """The answer to one request, or the empty answer of a content filter; raises Failed if there is none.

        Where the server names a field that it wants otherwise, the request is sent again as it wants it.

        Args:
            server: where to send it.
            body: with the user's changes; what this server needs to draw as `sampling` says is added.
            sampling: how the answer is drawn.
        """
        import openai

        client = server.client = server.client or self._client(server)
        # Gemini's form has all that is known of the sampling in its body.
        further = {} if self.gemini else await self.drawing.fields(client, server.name, sampling)
        began = time.monotonic()
        body = {name: value for name, value in further.items() if name not in self.users} | dict(body)
        for _ in range(LESSONS):
            sent = server.dialect.apply(body)
            try:
                # The raw response, because the client takes an HTML page, or an answer without choices, as a success.
                # The client's own timeout is per read: a server that sends byte by byte would hold its slot for ever.
                # A deadline for all tries together.
                left = self.timeout - (time.monotonic() - began)
                response = await _in_time(self._posted(client, server, sent), left)
                completion = generate_content.completion if self.gemini else None
                hide = partial(self._unnamed, server=server)
                reply, named = read(response.content, response.headers, hide, completion)
            except openai.APIStatusError as error:
                document = _document(error)
                if self._learns(server, sent, error.status_code, document):
                    continue
                found = verdict(
                    error.status_code, document, error.response.headers, lambda text: self._unnamed(text, server)
                )
                if isinstance(found, Failed):
                    raise self._told(found, server, sent) from None
                reply, named = found, ""
            except Failed as failed:
                if failed.said is not None and self._learns(server, sent, 400, failed.said):
                    continue
                raise self._told(failed, server, sent) from None
            except (openai.APIConnectionError, TimeoutError, UnreadableReply) as error:
                raise self._cut_off(error, server) from None
            check_name(str(sent.get("model", "")), self.redacted(named), reply, self.answers_as)
            return msgspec.structs.replace(reply, seconds=time.monotonic() - began, endpoint=server.name)
        raise Failed("request", "the server wants the request otherwise each time")

    def _posted(self, client: "openai.AsyncOpenAI", server: Server, sent: Mapping[str, Any]) -> Awaitable[Any]:
        """The response to a body."""
        model = str(sent.get("model", ""))
        if self.gemini:
            body = {name: value for name, value in sent.items() if name != "model"}
            headers = generate_content.headers(self.key)
            where = generate_content.address(server.url, model)
            return client.post(where, cast_to=object, body=body, options={"headers": headers})
        # All of it is `extra_body`, so that the client checks no part: 4 ms instead of 20 ms for 64 frames.
        create = client.chat.completions.with_raw_response.create
        return create(model=model, messages=[], extra_body=dict(sent))

    def _learns(self, server: Server, sent: Mapping[str, Any], status: int, document: Any) -> bool:
        """Whether a refused request is worth sending again, since the server's words say how it wants it."""
        if status not in STATUSES:
            return False
        words, param = teaching(document)
        lessons = server.dialect.learn(sent, self.users, words, param)
        for lesson in lessons:
            said = self.redacted(words_of(document, 200))
            log.warning("%s: %s from now on, since it says: %s", server.name, lesson, said)
        # Another request may have learnt it while this one was on its way.
        return bool(lessons) or server.dialect.apply(sent) != sent

    def _client(self, server: Server) -> "openai.AsyncOpenAI":
        import openai

        return openai.AsyncOpenAI(
            base_url=server.url,
            api_key=self.key,
            max_retries=0,
            timeout=openai.Timeout(self.timeout, connect=min(self.timeout, CONNECT)),
            default_headers={"Accept-Encoding": "gzip"},
            http_client=openai.DefaultAsyncHttpxClient(
                event_hooks={"response": [limited(self.longest)]}, max_redirects=REDIRECTS
            ),
        )

    def _told(self, failed: Failed, server: Server, sent: Mapping[str, Any]) -> Failed:
        """The failure with the model that was asked for, and the proxy that may have said it."""
        through = proxy(server.url)
        if failed.advice:
            by = f" (through the proxy {through}, whose words these may be)" if through else ""
            failed.advice = self.redacted(f"refused {sent.get('model')!r}: {failed.advice}{by}")
        by = f" (through the proxy {through})" if through else ""
        failed.args = (self.redacted(f"{failed}{by}"),)
        return failed

    def _cut_off(self, error: Exception, server: Server) -> Failed:
        """The failure of a request that got no complete response."""
        import openai

        # openai 2 wraps the exceptions of its HTTP library; later versions do not.
        causes = (error, error.__cause__)
        if unreadable := next((cause for cause in causes if isinstance(cause, UnreadableReply)), None):
            return Failed("broken", str(unreadable))
        through = proxy(server.url)
        by = f", through the proxy {through}" if through else ""
        if any(type(cause).__name__ == "ProxyError" for cause in causes):
            return Failed(
                "unreachable", "no connection through the proxy", f"no connection ({error.__cause__ or error}{by})"
            )
        if any(type(cause).__name__ in ("ConnectError", "ConnectTimeout") for cause in causes):
            return Failed("unreachable", "no connection", f"no connection ({error.__cause__ or error}{by})")
        if isinstance(error, (openai.APITimeoutError, TimeoutError)):
            return Failed("late", "timeout", f"no answer within {self.timeout:g} s{by}")
        return Failed("cut", "the connection broke", f"the connection broke ({error.__cause__ or error}{by})")

    def redacted(self, text: str) -> str:
        """The text without the API key, which some servers repeat in their errors."""
        return without(text, self.key)

    def _unnamed(self, text: str, server: Server) -> str:
        """A server's message without the API key and without the server's address."""
        for name in (server.name, urlsplit(server.url).netloc):
            text = text.replace(name, "[server]")
        return self.redacted(text)


async def _in_time(waiting: Any, seconds: float) -> Any:
    async with asyncio.timeout(max(0.0, seconds)):
        return await waiting


def _document(error: "openai.APIStatusError") -> Any:
    """What an error response holds: JSON, or its text."""
    try:
        return streams.document(error.response.content)
    except streams.NoJson:
        return error.response.text
