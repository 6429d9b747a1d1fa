"""Opening the model that a spec names, its price, and what its answers have in common."""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from vtgdata.conversation.prompt import Prompt
from vtgdata.engine import rollouts, work_keys
from vtgdata.engine.money import prices
from vtgdata.engine.money.prices import Price
from vtgdata.engine.questions import Told
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import BatchModel, Endpoint, Model, NamedModel, RenewedModel, VideoModel
from vtgdata.video.store import DECODER


def plugin_code(models: Sequence[str], scores: Sequence[str] = ()) -> list[str]:
    """The modules of all plug-ins that the answers depend on, for a step's fingerprint."""
    return [
        *(plugins.module_name("models", plugins.parse_spec(spec).name) for spec in models),
        *(plugins.module_name("scores", name) for name in (*rollouts.DEFAULT_SCORES, *scores)),
        plugins.module_name("decoders", DECODER),
    ]


def open_model(spec: str, settings: AskSettings) -> Model:
    """Connect to the model that a spec names, as in `transformers_local:PATH`."""
    parsed = plugins.parse_spec(spec)
    endpoint = Endpoint(
        urls=tuple(settings.endpoint),
        version=settings.model_version,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        max_wait=settings.max_wait,
        body=settings.body,
        answers_as=tuple(settings.answers_as),
        reproducible=settings.reproducible,
        video_server=settings.video_server,
        video_family=settings.video_family,
        server_samples=settings.server_samples,
    )
    connect = plugins.load("models", parsed.name).connect
    plugins.check_settings(spec, connect, parsed.settings, given=2)
    model: Model = connect(parsed.argument, endpoint, **parsed.settings)
    if settings.body and not isinstance(model, BatchModel):
        raise VtgError(f"--body: {spec} asks no server, so it has no requests to change. Leave out --body.")
    if settings.server_samples and not isinstance(model, BatchModel):
        raise VtgError(f"--server-samples: {spec} asks no server. Leave it out.")
    for name, value in _given(settings.body):
        # Whatever the server calls it: plans and budgets set aside --max-tokens for each answer.
        last = name.rpartition(".")[2].lower()
        if last.startswith("max") and "tokens" in last and isinstance(value, int) and value > settings.max_tokens:
            raise VtgError(
                f"--body {name}={value}: the longest answer is --max-tokens, {settings.max_tokens}, by which prices "
                f"and budgets are reckoned. Give --max-tokens {value} as well."
            )
    return model


def _given(body: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a body by dotted name."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _given(cast("dict[str, Any]", value), f"{before}{name}.")
        else:
            yield before + name, value


def price_of(spec: str, settings: AskSettings, model: Model) -> Price | None:
    """What a model's tokens cost; None when that is unknown."""
    name = model.model if isinstance(model, NamedModel) else None
    named = name if isinstance(name, str) else plugins.parse_spec(spec).argument
    return prices.price_of(spec, named, settings.endpoint, settings.prices, free=settings.free)


def answers_id(settings: AskSettings, prompt: Prompt, model: Model, condition: str) -> str:
    """The fingerprint of the answers that `collect` asks for; see `work_keys.answers_id`."""
    return _answers_id(settings, prompt, model.id, condition)


def former_id(settings: AskSettings, prompt: Prompt, model: RenewedModel, condition: str) -> str:
    """The fingerprint that the same answers of the model had under its earlier id."""
    return _answers_id(settings, prompt, model.formerly, condition)


def _answers_id(settings: AskSettings, prompt: Prompt, model_id: str, condition: str) -> str:
    frames, seen = settings.frame_sampling(), bool(settings.videos)
    return work_keys.answers_id(model_id, prompt.id, frames, seen, settings.sampling(), settings.seed, condition)


def asked_model(spec: str, settings: AskSettings, condition: str) -> Model:
    """The model that a spec names; raises VtgError if it needs videos and gets none, or has no blind control."""
    model = open_model(spec, settings)
    if model.looks and not settings.videos:
        raise VtgError(f"{spec} looks at the videos: say where they are with --videos.")
    if settings.as_ == "frames" and (settings.video_server or settings.video_family or settings.server_samples):
        raise VtgError(
            "--video-server, --video-family, --server-samples: they are for --as video, and frames are shown. Leave "
            "them out."
        )
    if settings.as_ == "video":
        why = model.no_video if isinstance(model, VideoModel) else "it takes no video"
        if why:
            raise VtgError(f"--as video: {spec}: {why}. Take --as frames, which shows each frame after its time.")
    if not model.looks and condition in ("blind", "blank"):
        raise VtgError(f"{spec} does not look at the videos, so it has no blind control; leave out --blind.")
    return model


def told_by(model: Model, settings: AskSettings) -> Told | None:
    """How the model is told the times of frames that it is shown as one video; None if they are pictures."""
    return cast(VideoModel, model).told if settings.as_ == "video" else None


def facts_of(model: Model) -> Model:
    """What a plan needs to know of a model, without the model: several local ones need not be in memory together."""
    known = {name: getattr(model, name) for name in _FACTS if isinstance(getattr(model, name, None), str | int)}
    return cast(Model, SimpleNamespace(**known))


_FACTS = ("id", "concurrency", "looks", "model", "formerly", "formerly_why")
