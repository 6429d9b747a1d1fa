"""A trained model, packed for the Hub: weights, a card with the evaluation's scores, and `model.json` with its facts.

A folder of `train sft` or `train rl` identifies the release that it was trained on by the hashes of its data files; an
evaluation identifies the model that it scored by the hash of its folder. Both are checked, so that a card never shows
scores of other weights.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from vtgdata import __version__, releases
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, json_document, outside
from vtgdata.files.meta import Meta, outputs_hold, read_meta
from vtgdata.files.whole import write_json, write_text
from vtgdata.releases import card, model_pictures
from vtgdata.releases.document import Release, ReleaseFile
from vtgdata.releases.hub.push import Parcel, VersionMark
from vtgdata.video.sampling import NUM_FRAMES, SHORT_SIDE

NAME = "model.json"
EVAL_RESULTS = ".eval_results/vtgdata.yaml"
SCHEMA_VERSION = 1
_PLACES = ("release", "model", "videos", "frames", "vllm_server", "out")
"""Settings of a training that are paths or addresses of a machine; they are not published."""
_NOT_OF_A_CARD = ("out", "up_to_date", "data", "effective", "tokens_per_second")
"""Fields of a training's summary that are said elsewhere, or are of the machine."""
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*\Z", re.ASCII)


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of `model.json`."""

    schema_version: int
    name: str
    version: str
    tool: str
    command: str
    """`train sft` or `train rl`."""
    base_model: str
    """A model of the Hub, or the last part of a folder's path."""
    dataset: dict[str, str]
    """name, version, content and, if it is on the Hub, repository, tag and commit of the release."""
    licenses: list[str]
    """Licences of the rows of that release."""
    teachers: list[dict[str, Any]]
    """Models that wrote its traces, with their terms."""
    settings: dict[str, Any]
    figures: dict[str, Any]
    """The summary of the training."""
    effective: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """The settings as they acted: those by size and by release filled in, and those of the maps trl, peft and load."""
    evaluation: dict[str, Any] | None
    """Scores of the evaluation; None if there is none."""
    files: dict[str, ReleaseFile]
    """Every file except model.json itself."""


class ModelStatement(msgspec.Struct, frozen=True, kw_only=True):
    """What the user states about a model."""

    name: str
    version: str
    """Empty for the release's version."""
    base_model: str
    """Empty for the model that the training started from."""
    repository: str
    """`org/name` of the release on the Hub; empty if it is not there."""
    tag: str
    """Tag of the release on the Hub."""
    commit: str
    """Commit that the tag names."""
    evaluation: str
    """Output folder of `evaluate`; empty for the one beside the model's folder."""


def trained(folder: Path) -> Meta | None:
    """The meta of a finished training in this folder; None if there is none."""
    found = read_meta(folder)
    return (
        found
        if found is not None and found.command in ("train sft", "train rl", "train distill") and found.complete
        else None
    )


def pack(folder: Path, made: Meta, release: Release, wanted: ModelStatement, place: Path) -> Parcel:
    """Write a model's card and model.json to `place`; returns the parcel to push.

    Raises VtgError when the model's files have changed, it was not trained on this release, or the evaluation scored
    another model.
    """
    if not outputs_hold(folder, made):
        raise VtgError(f"{folder}: its files are not those that `vtgdata {made.command}` wrote. Train again.")
    _check_trained_on(folder, made, release)
    if wanted.version:
        releases.parse_version(wanted.version)
    document = _describe(folder, made, release, wanted)
    paths = {name: folder / name for name in made.outputs if outside.is_file(folder / name)}
    paths["README.md"] = place / "README.md"
    pictures = model_pictures.of_model((document.evaluation or {}).get("metrics", {}), paths.get("training.jsonl"))
    write_text(paths["README.md"], card.model_card(document, {name: title for name, (title, _) in pictures.items()}))
    for name, (_, svg) in pictures.items():
        write_text(paths.setdefault(name, place / name), svg)
    if results := eval_results(document, release):
        paths[EVAL_RESULTS] = place / EVAL_RESULTS
        write_text(paths[EVAL_RESULTS], yaml.safe_dump(results, sort_keys=False))
    document = msgspec.structs.replace(document, files=_stated(paths))
    paths[NAME] = place / NAME
    write_json(paths[NAME], document)
    return Parcel(
        kind="model",
        where=str(folder),
        mark=NAME,
        says=_mark(document),
        paths=paths,
        files=_stated(paths),
        read_mark=lambda raw, where: _mark(_decoded(raw, where)),
        description=f"Content: {fingerprint.of_value(document)}",
    )


def _stated(paths: Mapping[str, Path]) -> dict[str, ReleaseFile]:
    return {
        name: ReleaseFile(sha256=fingerprint.of_bytes(path), bytes=path.stat().st_size)
        for name, path in sorted(paths.items())
    }


def _mark(document: ModelFile) -> VersionMark:
    return VersionMark(
        version=document.version, content=fingerprint.of_value(document), names={*document.files, NAME}
    )  # fmt: skip


def _decoded(raw: bytes, where: str) -> ModelFile:
    try:
        return json_document.decode(raw, type=ModelFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VtgError(f"{where}: not a {NAME} of `vtgdata push` ({error}). Push to another repository.") from error


def _check_trained_on(folder: Path, made: Meta, release: Release) -> None:
    named = list(made.settings.get("configs") or ["coldstart" if made.command == "train sft" else "rl"])
    config = " and ".join(named)
    rows = {data.sha256 for name in named for data in release.document.configs.get(name, {}).values()}
    if not rows or not rows <= set(made.inputs.values()):
        raise VtgError(
            f"{folder}: was not trained on the rows of {config} of {release.path} (version "
            f"{release.document.version}). Name the release that it was trained on with --dataset org/name@tag or "
            "--dataset FOLDER."
        )


def _describe(folder: Path, made: Meta, release: Release, wanted: ModelStatement) -> ModelFile:
    document = release.document
    dataset = {"name": document.name, "version": document.version, "content": release.content}
    if wanted.repository:
        dataset |= {"repository": wanted.repository, "tag": wanted.tag, "commit": wanted.commit}
    return ModelFile(
        schema_version=SCHEMA_VERSION,
        name=wanted.name,
        version=wanted.version or document.version,
        tool=f"vtgdata {made.version}" if made.version == __version__ else f"vtgdata {made.version}, {__version__}",
        command=made.command,
        base_model=wanted.base_model or _base_model(made),
        dataset=dataset,
        licenses=sorted(document.counts["samples"]["license"]),
        teachers=[model for model in document.models if model["role"] == "teacher"],
        settings={name: value for name, value in sorted(made.settings.items()) if name not in _PLACES},
        figures={name: value for name, value in made.summary.items() if name not in _NOT_OF_A_CARD},
        effective=made.summary.get("effective") or {},
        evaluation=_evaluation(folder, wanted.evaluation),
        files={},
    )


def on_hub(name: str) -> bool:
    """Whether a model's name has the form of a repository's on the Hub, `org/name`.

    >>> on_hub("Qwen/Qwen3-VL-2B-Instruct"), on_hub("base")
    (True, False)
    """
    return _REPOSITORY.match(name) is not None


def _base_model(made: Meta) -> str:
    """The Hub model that a chain of trainings started from, or the last part of the folder where the chain ends."""
    for _ in range(10):
        name = str(made.settings["model"])
        if name not in made.inputs:
            return name if on_hub(name) else Path(name).name
        before = trained(Path(name))
        if before is None:
            return Path(name).name
        made = before
    raise VtgError("the trainings that a model comes from go in a circle; name its --base-model.")


def _evaluation(folder: Path, named: str) -> dict[str, Any] | None:
    """Scores of these weights, from the named evaluation, else from the one beside the model; None if none is there.

    Raises VtgError when the named folder did not score these weights, or several folders beside the model did.
    """
    weights = fingerprint.of_path(folder, fingerprint.of_bytes)
    if named:
        if (found := _measured(Path(named), weights)) is None:
            raise VtgError(f"--evaluation {named}: is no folder of `vtgdata evaluate` that scored {folder} as it is.")
        return found
    beside = sorted(path for path in outside.resolved(folder).parent.iterdir() if path.is_dir())
    found = {path: each for path in beside if (each := _measured(path, weights)) is not None}
    if len(found) > 1:
        raise VtgError(
            f"{folder}: was scored in {', '.join(path.name for path in found)}. Name one with --evaluation."
        )  # fmt: skip
    return next(iter(found.values()), None)


def _measured(folder: Path, weights: str) -> dict[str, Any] | None:
    """The report on the model with this hash in a folder of `evaluate`; None if there is none."""
    made = read_meta(folder)
    if made is None or made.command != "evaluate" or not outputs_hold(folder, made):
        return None
    summary = made.summary
    for spec, report in zip(made.settings["model"], summary["models"], strict=False):
        if made.inputs.get(spec.partition(":")[2]) == weights:
            return _short(made, summary, report)
    return None


def _short(made: Meta, summary: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an evaluation that a card shows: benchmark, counts, settings, and the scores of each metric.

    A metric has value, low and high (its interval), the best constant answer's score and that of each blind control.
    """
    sighted, constant = report["sighted"], summary["baselines"]["best_constant"]["metrics"]
    others = {seeing: report[seeing]["metrics"] for seeing in ("blind", "blank", "other_query") if seeing in report}
    names = [name for name in dict.fromkeys(("mIoU", *summary["shown"])) if sighted["metrics"].get(name) is not None]
    # Defaults for what the evaluation's settings leave open.
    plain = {} if made.settings.get("preset") else {"num_frames": NUM_FRAMES, "short_side": SHORT_SIDE}
    asked = ("prompt", "preset", "num_frames", "fps", "short_side", "temperature", "max_tokens", "seed", "parser")
    given = _of_the_scores(made.settings)
    settings = plain | {name: given[name] for name in asked if given.get(name) not in (None, "")}
    return {
        "benchmark": summary["benchmark"],
        "metric_set": summary["metric_set"],
        "n": sighted["n"],
        "n_unparsed": sighted["n_unparsed"],
        "n_failed": sighted["n_failed"],
        "settings": {name: settings[name] for name in asked if name in settings},
        "metrics": {
            name: {
                "value": sighted["metrics"][name],
                "low": sighted["intervals"][name][0],
                "high": sighted["intervals"][name][1],
                **{seeing: metrics.get(name) for seeing, metrics in others.items()},
                "constant": constant.get(name),
            }
            for name in names
        },
    }


def _of_the_scores(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that an evaluation's scores have: greedy beside answers drawn, and the most frames of a curve."""
    found = dict(settings)
    if found.get("n", 1) > 1:
        found["temperature"] = 0.0
    if isinstance(found.get("num_frames"), str):
        found["num_frames"] = max(int(part) for part in found["num_frames"].split(","))
    return found


def eval_results(document: ModelFile, release: Release) -> list[dict[str, Any]]:
    """Evaluation results for the Hub: one entry per metric; empty unless the scored splits are in a release there.

    Plain mappings, because the Hub's class EvalResultEntry came with huggingface_hub 1.4, and we still support 1.0.
    """
    found, repository = document.evaluation, document.dataset.get("repository")
    if not found or not repository:
        return []
    splits = release.document.configs["samples"]
    if any(
        each["corpus"] not in release.document.corpora or each["split"] not in splits for each in found["benchmark"]
    ):
        return []
    of = ", ".join(f"{each['corpus']} {each['split']}" for each in found["benchmark"])
    return [
        {
            "dataset": {"id": repository, "task_id": name},
            "value": round(scores["value"], 6),
            "notes": f"{name}, a fraction; {found['n']} samples ({of}) of {document.dataset['tag']}; {document.tool}",
        }
        for name, scores in found["metrics"].items()
    ]
