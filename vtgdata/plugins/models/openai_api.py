"""Any OpenAI-compatible server (vLLM, SGLang, `transformers serve`, a paid API): `openai_api:MODEL`, with --endpoint.

Only standard fields are sent, and what a server needs to draw as `Sampling` says (`_serving/drawing.py`): `transformers
serve` answers 422 to others and 500 to `stop`. Each answer is a request of
its own with its own seed, even if a server could return several choices: they would share one seed, so an answer would
depend on which other answers were still missing, and its work key does not record that. The API key is read from
VTGDATA_API_KEY, else OPENAI_API_KEY, and is never shown.
"""

import asyncio
import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any

from vtgdata.conversation import controls
from vtgdata.errors import EndpointRefused, VtgError
from vtgdata.files import plugins
from vtgdata.plugins.models._serving import generate_content
from vtgdata.plugins.models._serving.addresses import api_key, check, only_model, shown
from vtgdata.plugins.models._serving.answering import check_name
from vtgdata.plugins.models._serving.body import changed, identity, nested, paths
from vtgdata.plugins.models._serving.doubt import about
from vtgdata.plugins.models._serving.endpoints import Endpoints, Trial
from vtgdata.plugins.models._serving.footage import FIELDS, VideoRequests
from vtgdata.plugins.models._serving.reply import read
from vtgdata.plugins.models._serving.sending import Sender
from vtgdata.plugins.models._serving.server import Failed, Server, Waits
from vtgdata.records import (
    Endpoint,
    Footage,
    Image,
    Message,
    ModelExample,
    Part,
    Reply,
    Request,
    Sampling,
    Text,
)

CONCURRENCY = 16
WAITS = Waits()
LONGEST_REPLY = 16 * 2**20
"""Most bytes of a decompressed reply; far more than any answer has."""


class ServedModel:
    """A model behind one or more servers; see the module's docstring."""

    looks = True
    answers_per_request = 1
    """The engine asks for one answer per request, so that a kill loses at most `concurrency` answers."""

    def __init__(self, model: str, endpoint: Endpoint, key: str) -> None:
        self.model, self.changes = model, nested(endpoint.body)
        version = f"@{endpoint.version}" if endpoint.version else ""
        self.id = f"openai_api:{model}{version}{identity(self.changes)}"
        self.concurrency = endpoint.concurrency or CONCURRENCY
        users = paths(self.changes)
        self.video = VideoRequests(
            model, endpoint.video_server, endpoint.video_family, list(users), samples=endpoint.server_samples
        )
        self.gemini = endpoint.video_server == "gemini"
        self.no_video = self.video.refused
        self.id += self.video.identity
        # What says which frames are sent is never changed on a server's word.
        self.sender = Sender(
            key, endpoint.timeout, LONGEST_REPLY, {*users, *FIELDS}, endpoint.answers_as, gemini=self.gemini
        )
        servers = [Server(url, shown(url), self.concurrency, WAITS) for url in dict.fromkeys(endpoint.urls)]
        self.endpoints = Endpoints(servers, WAITS, endpoint.max_wait)

    async def generate(self, request: Request) -> list[Reply]:
        """One reply per seed, in order, each from a request of its own.

        Raises EndpointRefused when every server refuses all requests (see `doubt`).
        """
        # Making a video file takes a while, in which others' answers come.
        asked = await asyncio.to_thread(self._asked, request) if self.gemini else self._asked(request)
        tasks = [asyncio.create_task(self._answer(asked, request.sampling, seed)) for seed in request.seeds]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            raise

    def bodies(self, request: Request) -> list[dict[str, Any]]:
        """The JSON bodies that `generate` sends, one per seed; a batch file has the same."""
        asked = self._asked(request)
        sampling, further = request.sampling, request.sampling.further()
        return [self._body(asked, sampling, seed, further) for seed in request.seeds]

    def told(self, times: Sequence[float]) -> tuple[float, ...]:
        """The times that the model is told where frames are one video; see `VideoModel`."""
        return self.video.told(times)

    def _asked(self, request: Request) -> dict[str, Any]:
        """The fields of the body that all answers to a request share: its messages, and what its video needs."""
        if self.gemini:
            return generate_content.asked([controls.for_server(each) for each in request.messages], self.video.part)
        footage = [part for message in request.messages for part in message.parts if isinstance(part, Footage)]
        messages = [_message(message, self.video) for message in request.messages]
        return {**self.video.fields(footage), "messages": messages}

    def _body(
        self, asked: Mapping[str, Any], sampling: Sampling, seed: int, further: Mapping[str, Any] = {}
    ) -> dict[str, Any]:
        if self.gemini:
            ours = {"model": self.model, **generate_content.drawn(sampling, seed)}
            return {**changed(ours, self.changes), **asked}
        ours = {
            "model": self.model,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": seed,
            **further,
        }
        return {**changed(ours, self.changes), **asked}

    async def close(self) -> None:
        """Close the connections; asking again opens new ones."""
        for server in self.endpoints.servers:
            if server.client is not None:
                await server.client.close()
            server.client = None
        self.endpoints.rest()

    async def _answer(self, asked: Mapping[str, Any], sampling: Sampling, seed: int) -> Reply:
        """Send the request until it is answered or another try cannot help; then the reply has the error."""
        trial = Trial(about(asked["contents" if self.gemini else "messages"]))
        began, used_in, used_out = time.monotonic(), 0, 0
        body = self._body(asked, sampling, seed)
        try:
            while True:
                server = await self.endpoints.place(trial)
                try:
                    reply = await self.sender.send(server, body, sampling)
                except Failed as failed:
                    used_in, used_out = used_in + failed.used[0], used_out + failed.used[1]
                    self.endpoints.failed(server, trial, failed)
                else:
                    self.endpoints.answered(server, trial, reply)
                    return reply
                finally:
                    self.endpoints.leave(server)
        except Failed as failed:
            reason, said = failed.reason, str(failed)
        except EndpointRefused as refused:
            if not (used_in or used_out):
                raise
            # What its tries cost would be in no journal: it is kept with this answer, and the next one ends the run.
            reason, said = (trial.refused.reason if trial.refused else "refused"), str(refused)
        name = trial.last.name if trial.last else None
        return Reply(
            text=None,
            finish_reason="error",
            error=reason,
            detail=self.sender.redacted(f"{name or 'not sent'}: {said} (tries: {trial.requests})"),
            tokens_in=used_in or None,
            tokens_out=used_out or None,
            seconds=time.monotonic() - began,
            endpoint=name,
        )


def reply_of(content: bytes, *, asked: str = "", answers_as: Sequence[str] = ()) -> Reply:
    """The reply in the body of a response, as the results of a batch hold it; one with an error if it has no answer.

    Args:
        content: JSON.
        asked: name of the model that was asked, if it is known.
        answers_as: names of other models that may have answered, or `*` for any; another model's answer is an error.
    """
    try:
        reply, named = read(content)
        if asked:
            check_name(asked, named, reply, answers_as)
        return reply
    except Failed as failed:
        used_in, used_out = (count or None for count in failed.used)
        return Reply(
            text=None, finish_reason="error", error=failed.reason, detail=str(failed), tokens_in=used_in,
            tokens_out=used_out,
        )  # fmt: skip


def _message(message: Message, video: VideoRequests) -> dict[str, Any]:
    """A message in OpenAI's form; a single text is sent as a plain string, which every chat template supports."""
    message = controls.for_server(message)
    if len(message.parts) == 1 and isinstance(message.parts[0], Text):
        return {"role": message.role, "content": message.parts[0].text}
    return {"role": message.role, "content": [_part(part, video) for part in message.parts]}


def _part(part: Part, video: VideoRequests) -> dict[str, Any]:
    if isinstance(part, Footage):
        return video.part(part)
    if isinstance(part, Image):
        data = base64.b64encode(part.jpeg).decode("ascii")
        return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
    return {"type": "text", "text": part.text}


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
        check(url)
        plugins.refuse_foreign_server(shown(url))
    key = api_key()
    if not argument and endpoint.video_server == "gemini":
        raise VtgError("--video-server gemini: name the model, as in openai_api:gemini-2.5-pro.")
    return ServedModel(argument or only_model(urls[0], key, endpoint.timeout), endpoint, key)


EXAMPLE = ModelExample(argument="tiny", urls=("{server}",))
