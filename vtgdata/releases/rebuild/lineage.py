"""Follows a release back through all its inputs: which steps made them, from which raw files, with which answers.

Each step's folder has a `meta.json` with its settings and the hashes of what it read. A file that no such step made, or
whose bytes are not those that were read, is a raw file: it must be given to rebuild the release.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from vtgdata.files import fingerprint, outside, plugins
from vtgdata.files.meta import Made, maker
from vtgdata.releases import hub
from vtgdata.releases.rebuild import answers, raw_inputs
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.paths import FOLDERS, portable
from vtgdata.releases.rebuild.raw_inputs import RawInput
from vtgdata.releases.rebuild.record import RebuildRecord, StepRecord


class Node:
    """A step, and what it read."""

    def __init__(self, command: str, settings: Mapping[str, Any], folder: Path | None, made: Mapping[str, str]) -> None:
        self.command, self.settings, self.folder = command, settings, folder
        self.digest = fingerprint.of_value([command, sorted(made.items())])
        """Tells steps of one command apart, wherever their folders lie."""
        self.id = ""
        self.read: dict[str, tuple[Node, str]] = {}
        """{path of an input: the step that made it, and its name there}."""
        self.raw: list[RawInput] = []
        self.videos: list[str] = []
        """Folders of videos that no step made."""
        self.weights: list[str] = []
        """Files and folders of a model that a rebuild does not ask, since it would not say the same again."""
        self.taken: RebuildRecord | None = None
        """The record of the release that is being rebuilt, if this step got that release's answers."""


def gather(settings: Mapping[str, Any], inputs: Mapping[str, str], removed: Collection[str]) -> RebuildRecord:
    """What rebuilds the release that is being made.

    Args:
        settings: of `vtgdata release`, as its `Step` has them.
        inputs: {path: fingerprint} of what it read; a folder of videos ends in `/`.
        removed: ids of samples that were given and are not in the release, since they were removed.
    """
    published = answers.Published(settings.get("rollouts", ()), removed)
    last = Node("release", settings, None, {})
    nodes = _Walk().of(last, inputs)
    _name(nodes, last)
    records = {node.id: _record(node, published) for node in nodes}
    known = [node for node in nodes if node.taken is None]
    raw = [raw for node in known for raw in raw_inputs.records(node.id, node.command, node.settings, node.raw)]
    for node in nodes:
        if node.taken is not None:
            _take_over(node, node.taken, records, raw)
    steps = rebuild_record.ordered(records.values())
    used = {place.place: place for place in raw}
    return RebuildRecord(
        schema_version=rebuild_record.SCHEMA_VERSION,
        steps=steps,
        raw=[used[place] for place in sorted(used)],
        hub=sorted({text for step in steps for text in rebuild_record.texts(step.settings) if hub.pinned(text)}),
        code=sorted({name for step in steps for name in _foreign(step.settings)}),
    )


class _Walk:
    """Goes from a step to the steps that made its inputs, each once."""

    def __init__(self) -> None:
        self.nodes: dict[Path, Node] = {}

    def of(self, last: Node, inputs: Mapping[str, str]) -> list[Node]:
        """All steps behind the last one, and that one."""
        pending = [(last, inputs)]
        while pending:
            node, read = pending.pop()
            for path, known in read.items():
                made = self._input(node, path, known)
                if made is None:
                    continue
                folder = outside.resolved(made.folder)
                if folder not in self.nodes:
                    meta = made.meta
                    self.nodes[folder] = Node(meta.command, meta.settings, folder, meta.outputs)
                    pending.append((self.nodes[folder], meta.inputs))
                node.read[path.rstrip("/")] = (self.nodes[folder], made.name)
        for node in self.nodes.values():
            node.taken = answers.taken_over(node.settings)
        return [*self.nodes.values(), last]

    def _input(self, node: Node, path: str, known: str) -> Made | None:
        """The step that made an input, if one did; otherwise notes what the input is."""
        listing = path.endswith("/")
        for place in _places(path, node.folder):
            if place.exists() and (made := maker(place, "" if listing else known)) and made.folder != node.folder:
                return made
        if listing:
            node.videos.append(path.rstrip("/"))
        elif _is_weights(node, path):
            node.weights.append(path)
        elif not _of_the_package(path):
            here = next((p for p in _places(path, node.folder) if p.exists() and fingerprint.of_path(p) == known), None)
            node.raw.append(RawInput(path, here, known))
        return None


def _is_weights(node: Node, path: str) -> bool:
    model = node.settings.get("model")
    if not isinstance(model, str):
        return False
    judges = [str(each.settings["model"]) for each in answers.judges_of(node.settings)]
    for each in [*answers.teachers(node.settings), *judges]:
        spec = plugins.parse_spec(each)
        named = {os.path.normpath(str(value)) for value in (spec.argument, *spec.settings.values())}
        if os.path.normpath(path) in named and not answers.repeatable(each):
            return True
    return False


def _places(path: str, folder: Path | None) -> Iterator[Path]:
    """Where a path may lie that a step read: as named from here, or from a folder above the step's own."""
    yield Path(path)
    if folder is not None and not Path(path).is_absolute():
        yield from (above / path for above in folder.parents)


def _of_the_package(path: str) -> bool:
    """Whether an input comes with vtgdata, or from the Hub, and need not be given."""
    place = _absolute(path)
    folders = [plugins.ROOT, plugins.resources("cards"), fingerprint.cache_folder() / "releases"]
    return path.endswith(".py") or any(_absolute(folder) in place.parents for folder in folders)


def _absolute(path: str | Path) -> Path:
    return Path(os.path.normpath(Path(path).absolute()))


def _name(nodes: list[Node], last: Node) -> None:
    """Give each step its id: the command, numbered if there are several; a step of a rebuild keeps its id."""
    last.id = rebuild_record.LAST
    taken = {rebuild_record.LAST}
    for node in sorted(nodes, key=lambda node: (node.command, node.digest)):
        if node is last:
            continue
        kept = node.folder is not None and outside.is_file(node.folder.parent / rebuild_record.NAME)
        name = node.folder.name if kept and node.folder is not None else node.command.replace(" ", "-")
        node.id, number = name, 1
        while node.id in taken:
            number += 1
            node.id = f"{name}-{number}"
        taken.add(node.id)


def _record(node: Node, published: answers.Published) -> StepRecord:
    known = {os.path.normpath(path): f"@{made.id}/{name}".rstrip("/") for path, (made, name) in node.read.items()}
    known |= raw_inputs.places(node.id, node.command, node.settings, node.raw)
    known |= dict.fromkeys(map(os.path.normpath, node.videos), rebuild_record.VIDEOS)
    known |= {os.path.normpath(path): Path(os.path.normpath(path)).name for path in node.weights}
    known |= _folders(node, known)
    settings = portable(node.settings, known)
    if node.command == "release":
        # The order of several files changes nothing, and so it must not change the record.
        settings |= {name: sorted(settings[name]) for name in ("rollouts", "drops") if name in settings}
        settings.setdefault("made_by", {})
    return StepRecord(
        id=node.id,
        command=node.command,
        settings=settings,
        videos=bool(node.videos),
        answers=published.of_step(node.command, node.settings, node.folder),
        judged=answers.of_judge(node.settings, node.folder, published.verdicts),
        teachers=answers.of_teachers(node.folder),
    )


def _folders(node: Node, known: Mapping[str, str]) -> dict[str, str]:
    """{folder: what stands for it} of the folders named in settings in which one step's outputs lie."""
    found: dict[str, str] = {}
    for name, value in node.settings.items():
        for text in rebuild_record.texts(value) if name in FOLDERS else ():
            folder = os.path.normpath(text)
            inside = [known[path] for path in map(os.path.normpath, node.read) if path.startswith(f"{folder}/")]
            if folder not in known and text and inside:
                found[folder] = inside[0].partition("/")[0]
    return found


def _take_over(node: Node, record: RebuildRecord, records: dict[str, StepRecord], raw: list[Any]) -> None:
    """Put the record of a step whose answers were given in the place of what it is now, with all that lies behind."""
    known = {step.id: step for step in record.steps}
    if node.id not in known:
        return
    records[node.id], pending = known[node.id], [node.id]
    while pending:
        for name in rebuild_record.references(known[pending.pop()].settings) & known.keys():
            if name not in records:
                records[name] = known[name]
                pending.append(name)
    raw += [each for each in record.raw if each.place.split("/")[1] in records]


def _foreign(settings: Mapping[str, Any]) -> Iterator[str]:
    """Modules of other people that settings name by their dotted paths."""
    for key in ("corpus", "selector", "model", "filters", "measures", "rewards"):
        for text in rebuild_record.texts(settings.get(key, "")):
            name = text.partition(":")[0]
            parts = name.split(".")
            if len(parts) > 1 and all(part.isidentifier() for part in parts) and parts[0] != "vtgdata":
                yield name
