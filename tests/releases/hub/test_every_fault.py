"""Every way in which a Hub refuses, at every command that talks to it: a sentence with its words, and what to do."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import vtgdata
from support.hub_clients import stage, teller
from support.hub_server import Hub
from support.release_builders import make_release, make_sample, write_inputs
from vtgdata.files.samples import write_samples
from vtgdata.files.step import Step
from vtgdata.files.whole import write_json
from vtgdata.train import data, sft

Answer = tuple[int, dict[str, str], bytes]


class Command(NamedTuple):
    """One command that talks to the Hub."""

    module: str
    settings: Callable[[Path], dict[str, Any]]
    verb: str


COMMANDS = {
    "push": Command(
        "vtgdata.stages.push", lambda here: {"release": str(here / "v2"), "target": "org/doors"}, "push"
    ),
    "push of a new dataset": Command(
        "vtgdata.stages.push", lambda here: {"release": str(here / "v2"), "target": "org/new"}, "push"
    ),
    "push of a model": Command(
        "vtgdata.stages.push", lambda here: {"release": str(here / "model"), "target": "org/student"}, "push"
    ),
    "dry run": Command(
        "vtgdata.stages.push",
        lambda here: {"release": str(here / "v2"), "target": "org/doors", "dry_run": True},
        "push",
    ),
    "pull": Command(
        "vtgdata.stages.pull", lambda here: {"source": "org/doors@v1.0.0", "out": str(here / "out/got")}, "pull"
    ),
    "remove": Command(
        "vtgdata.stages.remove",
        lambda here: {"file": str(here / "out/r.json"), "sample_id": ["alpha:000"], "source": "org/doors@v1.0.0"},
        "pull",
    ),
    "diff": Command("vtgdata.stages.diff", lambda here: {"a": "org/doors@v1.0.0", "b": str(here / "v2")}, "pull"),
    "release": Command(
        "vtgdata.stages.release",
        lambda here: {
            "samples": str(here / "more.parquet"), "out": str(here / "out/v3"), "name": "Doors", "version": "2.0.0",
            "previous": "org/doors@v1.0.0",
        },
        "pull",
    ),
    "ingest": Command(
        "vtgdata.stages.ingest",
        lambda here: {
            "corpus": "moment_jsonl", "paths": [str(here / "mine_train.jsonl")], "out": str(here / "out/in"),
            "tombstones": "org/doors@v1.0.0", "name": "mine", "license": "MIT", "split": "train",
        },
        "pull",
    ),
    "rebuild": Command(
        "vtgdata.stages.rebuild",
        lambda here: {"release": "org/doors@v1.0.0", "raw": [str(here)], "out": str(here / "out/again")},
        "pull",
    ),
    "train": Command(
        "vtgdata.train.data:inputs",
        lambda here: {"path": "org/doors@v1.0.0", "configs": ["rl"], "model": "none"},
        "pull",
    ),
}  # fmt: skip


def words(status: int, said: str, code: str = "", **headers: str) -> Answer:
    more = {"X-Error-Code": code} if code else {}
    return status, {"X-Error-Message": said, **more, **headers}, json.dumps({"error": said}).encode()


class Fault(NamedTuple):
    """An answer of the Hub to every request, and what the user then reads."""

    answer: Answer
    code: int
    push: str
    pull: str


LATER = r"again"
FAULTS = {
    "gated": Fault(
        words(403, "Access to dataset org/doors is restricted and you are not in the authorized list.", "GatedRepo"),
        7, r"ask its owner for access on http\S+org/", r"ask for access on http\S+/datasets/org/doors.*may read is",
    ),
    "gated without a code": Fault(
        words(403, "Your request to access dataset org/doors is awaiting a review from the repo authors."),
        7, r"ask its owner for access", r"ask for access on",
    ),
    "disabled": Fault(
        words(403, "Access to this resource is disabled.", "DisabledRepo"),
        7, "is disabled, and no token changes that", "is disabled, and no token changes that",
    ),
    "private storage full": Fault(
        words(403, "Private repository storage limit reached, please upgrade your plan to increase your limit"),
        7, "delete what is no longer needed.*--public", "its owner has to free some",
    ),
    "storage patterns": Fault(
        words(403, "Your organization exceeded its storage quota"), 7, "--public", "owner has to free",
    ),
    "a token that may not": Fault(
        words(403, "Forbidden: you don't have write access to this repository."),
        7, "make one with write access", "pulling needs read access and no more",
    ),
    "a fine-grained token": Fault(
        words(403, "This fine-grained token does not have the permission repo.content.read for it"),
        7, "fine-grained token needs write", "a fine-grained one has to name it",
    ),
    "a plan": Fault(words(402, "Payment required"), 7, "plan", "plan"),
    "a network": Fault(words(403, "Your IP address is not allowed by org"), 7, "some networks", "some networks"),
    "a wrong token": Fault(
        words(401, "Invalid credentials in Authorization header"), 7, "hf auth login", "hf auth login"
    ),
    "legal reasons": Fault(words(451, "Unavailable"), 7, "legal reasons", "legal reasons"),
    "a bad request": Fault(words(400, "no such thing"), 1, "mend what it names|no such thing", "mend what it names"),
    "too large": Fault(words(413, "Payload too large"), 1, "mend what it names", "mend what it names"),
    "an hour's pause": Fault(
        words(429, "Too many requests", **{"Retry-After": "3600"}), 1, "asks to wait 3,600 s", "asks to wait 3,600 s"
    ),
    "an hour's pause as a date": Fault(
        words(
            429, "Too many requests",
            **{"Retry-After": "Sat, 28 Nov 2026 11:00:00 GMT", "Date": "Sat, 28 Nov 2026 10:00:00 GMT"},
        ),
        1, "asks to wait 3,600 s", "asks to wait 3,600 s",
    ),
    "no pause, for ever": Fault(words(429, "slow down", **{"Retry-After": "0"}), 1, "is busy since", "is busy since"),
    "a pause that is past, for ever": Fault(
        words(503, "overloaded", **{"Retry-After": "Sat, 28 Nov 2026 10:00:00 GMT"}),
        1, "is busy since", "is busy since",
    ),
    "an exhausted limit": Fault(
        words(429, "Too many requests", ratelimit='"api";r=0;t=900'), 1, "asks to wait 900 s", "asks to wait 900 s"
    ),
    "busy for ever": Fault(words(503, "overloaded"), 1, "overloaded|is busy", "overloaded|is busy"),
    "limited for ever": Fault(words(429, "slow down"), 1, "is busy|slow down", "is busy|slow down"),
    "broken for ever": Fault(words(500, "oh no"), 1, "oh no|is busy", "oh no|is busy"),
    "a gateway's page": Fault((504, {"Content-Type": "text/html"}, b"<html>late</html>"), 1, LATER, LATER),
    "a page": Fault((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), 1, LATER, LATER),
    "nothing": Fault((200, {}, b""), 1, LATER, LATER),
    "a list": Fault((200, {"Content-Type": "application/json"}, b"[]"), 1, LATER, LATER),
    "null": Fault((200, {"Content-Type": "application/json"}, b"null"), 1, LATER, LATER),
    "an object of nothing": Fault((200, {"Content-Type": "application/json"}, b"{}"), 1, LATER, LATER),
    "broken gzip": Fault((200, {"Content-Encoding": "gzip"}, gzip.compress(b"{}")[:-6] + b"xx"), 1, LATER, LATER),
    "a circle": Fault((302, {"Location": "/api/round"}, b""), 1, LATER, LATER),
    "bytes that are no text": Fault((500, {}, b"\xff\xfe\x00"), 1, LATER, LATER),
    "an error that is no text": Fault((400, {}, b'{"error": {"a": [1]}}'), 1, LATER, LATER),
}  # fmt: skip
EXISTS = ("push of a new dataset",)


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    """A release of 1.0.0 that the Hub has, one of 1.1.0, and a trained model."""
    folder = tmp_path_factory.mktemp("made")
    first = make_release(folder / "v1", write_inputs(folder / "a"), name="Doors")
    make_release(folder / "v2", write_inputs(folder / "b", train=6), "1.1.0", previous=str(first), name="Doors")
    write_samples(folder / "more.parquet", [make_sample(number) for number in range(5)])
    (folder / "mine_train.jsonl").write_text(
        json.dumps({"video": "a.mp4", "query": "a door", "windows": [[1, 2]], "duration": 9}) + "\n"
    )
    settings = sft.Settings(release=str(first), model="org/base", videos="v", out=str(folder / "model"))
    step = Step("train sft", settings, sft.Figures, code=[], inputs=data.inputs(str(first), ["coldstart"], "org/base"))
    step.start()
    write_json(folder / "model/model.safetensors", {})
    step.finish(sft.Figures(rows=7, steps=3, first_loss=2.5, last_loss=1.25), ["model.safetensors"])
    return folder


@pytest.fixture(scope="module")
def hub(here, tmp_path_factory) -> Iterator[Hub]:
    with Hub() as running:
        stage("push", running, tmp_path_factory.mktemp("first"), release=str(here / "v1"), target="org/doors")
        yield running


@pytest.fixture(scope="module")
def told(hub, tmp_path_factory) -> Iterator[Any]:
    with teller(hub, tmp_path_factory.mktemp("home")) as tell:
        yield tell


@pytest.fixture(autouse=True)
def nothing_kept(hub, here) -> Iterator[None]:
    (here / "out").mkdir(exist_ok=True)
    kept = (*hub.repositories["org/doors"].commits,)
    yield
    hub.answers = None
    assert [path.name for path in (here / "out").rglob("*") if path.is_file()] == []
    assert (*hub.repositories["org/doors"].commits,) == kept and not hub.repositories["org/doors"].tags.keys() - {
        "v1.0.0"
    }
    hub.repositories.pop("org/new", None)
    hub.repositories.pop("org/student", None)


def test_every_module_that_talks_to_the_hub_is_in_the_table():
    root = Path(vtgdata.__file__).parent
    uses = re.compile(r"\bhub\.(local|fetch|errors)\(|hub\.push import .*\bpush\b")
    talking = {
        path.relative_to(root.parent).with_suffix("").as_posix().replace("/", ".")
        for path in root.rglob("*.py")
        if "releases/hub" not in path.as_posix() and uses.search(path.read_text(encoding="utf-8"))
    }
    # What a rebuild fetches it fetches as its command does: by `hub.local`, in one process.
    talking = {"vtgdata.stages.rebuild" if name.startswith("vtgdata.releases.rebuild.") else name for name in talking}
    # An export fetches a release as training does, by `hub.local`.
    talking -= {"vtgdata.stages.export"}
    assert talking == {command.module.partition(":")[0] for command in COMMANDS.values()}


def each_in_turn() -> Iterator[Any]:
    """(fault, command): each fault with one command of each verb in turn, so each command with several; slow, all."""
    for place, fault in enumerate(FAULTS):
        for verb in ("push", "pull"):
            names = [name for name, command in COMMANDS.items() if command.verb == verb]
            for turn, name in enumerate(names):
                marks = () if turn == place % len(names) else (pytest.mark.slow,)
                yield pytest.param(fault, name, marks=marks, id=f"{fault}-{name}")


@pytest.mark.parametrize(("fault", "name"), list(each_in_turn()))
def test_a_refusal_is_a_sentence_that_says_what_to_do(name, fault, hub, told, here):
    command, wrong = COMMANDS[name], FAULTS[fault]
    hub.answers = lambda method, path: wrong.answer
    found = told(command.module, **command.settings(here))
    assert found["exit_code"] == wrong.code, found["said"]
    assert re.search(getattr(wrong, command.verb), found["said"], re.DOTALL | re.IGNORECASE), found["said"]
    assert found["slept"] < 400 and hub.token not in found["said"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.slow
def test_a_refusal_of_any_later_request_is_a_sentence_too(name, fault, hub, told, here):
    command, wrong = COMMANDS[name], FAULTS[fault]
    ends = 0
    for place in range(1, 12):
        left = [place]

        def answer(method: str, path: str, left: list[int] = left) -> Answer | None:
            left[0] -= 1
            return wrong.answer if left[0] < 0 else None

        hub.answers = answer
        found = told(command.module, **command.settings(here))
        assert found["exit_code"] != 99, found["said"]
        ends += found["exit_code"] != 0
        if left[0] >= 0:
            break
    assert ends


WAITS: dict[str, Answer] = {
    "429 with seconds": words(429, "slow down", **{"Retry-After": "7"}),
    "429 without": words(429, "slow down"),
    "429 with the limit's end": words(429, "slow down", ratelimit='"api";r=0;t=9'),
    "500": words(500, "oh no"),
    "502": (502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>"),
    "503 with seconds": words(503, "overloaded", **{"Retry-After": "3"}),
    "504": words(504, "late"),
}


def busy() -> Iterator[Any]:
    """Every command with every wait; by default each command with one, and each wait with some command."""
    for place, name in enumerate(COMMANDS):
        for number, wait in enumerate(WAITS):
            marks = () if number == place % len(WAITS) else pytest.mark.slow
            yield pytest.param(name, wait, marks=marks, id=f"{name}-{wait}")


@pytest.mark.parametrize(("name", "wait"), list(busy()))
def test_a_hub_that_is_busy_is_waited_for_at_every_request(name, wait, hub, here, tmp_path):
    """Each path is refused twice, and answered then."""
    command, seen = COMMANDS[name], dict[tuple[str, str], int]()

    def answer(method: str, path: str) -> Answer | None:
        seen[method, path] = seen.get((method, path), 0) + 1
        return WAITS[wait] if seen[method, path] <= 2 else None

    doors = hub.repositories["org/doors"]
    held, tags = doors.head, dict(doors.tags)
    with teller(hub, tmp_path) as tell:
        hub.answers = answer
        settings = {key: value.replace(str(here / "out"), str(tmp_path / "out")) if isinstance(value, str) else value
                    for key, value in command.settings(here).items()}  # fmt: skip
        (tmp_path / "out").mkdir()
        found = tell(command.module, **settings)
    added = [sha for sha in doors.commits if sha != held]
    doors.branches["main"], doors.tags = held, tags
    for sha in added[1:]:
        doors.commits.pop(sha)
    assert found["exit_code"] == 0, found["said"]
    assert found["slept"] > 2
