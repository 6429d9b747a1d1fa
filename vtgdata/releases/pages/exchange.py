"""Labels under review in the JSON of other tools: Label Studio's tasks and FiftyOne's samples, there and back.

Both count frames from 1, and a window goes from its first to its last frame. The exact seconds travel beside them, and
count as long as the frames are those that they give; so nothing is lost on the way, and an edge that was moved there is
where the frame begins or ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files.label_reviews import Decision

Tool = Literal["label_studio", "fiftyone"]
NONE, DROP = "no such moment", "drop"
LABEL, PROPOSAL, DECIDED = "annotation", "proposal", "decision"
CONFIG = """<View>
  <Header value="$query"/>
  <Video name="video" value="$video" frameRate="$fps"/>
  <TimelineLabels name="moment" toName="video"><Label value="moment"/></TimelineLabels>
  <Choices name="verdict" toName="video"><Choice value="no such moment"/><Choice value="drop"/></Choices>
  <TextArea name="note" toName="video"/>
</View>"""
"""The labelling interface of a Label Studio project for these tasks."""
_LATEST = 32_503_680_000_000
"""Milliseconds since 1970 of the year 3000."""
Item = Mapping[str, Any]
"""A row of a queue, with `fps`."""


class Back(msgspec.Struct, frozen=True):
    """What somebody decided elsewhere about a label."""

    sample_id: str
    windows: list[list[float]]
    verdict: str
    """`no such moment`, `drop`, or empty."""
    note: str
    who: str
    when: str


def frames(window: Sequence[float], fps: float) -> tuple[int, int]:
    """First and last frame of a window, from 1.

    >>> frames([0.0, 1.0], 25), frames([1.0, 1.01], 25)
    ((1, 25), (26, 26))
    """
    first = round(window[0] * fps) + 1
    return first, max(first, round(window[1] * fps))


def seconds(first: int, last: int, fps: float, stated: Any) -> list[float]:
    """The window of two frames: as it was stated where that has these frames, else from the frames' own times."""
    if isinstance(stated, list) and len(cast("list[Any]", stated)) == 2:
        window = [float(each) for each in cast("list[Any]", stated) if isinstance(each, int | float)]
        if len(window) == 2 and frames(window, fps) == (first, last):
            return window
    return [round((first - 1) / fps, 3), round(last / fps, 3)]


def label_studio(items: Iterable[Item], decided: Mapping[str, Decision]) -> list[dict[str, Any]]:
    """Tasks as Label Studio imports them: the label and the proposal as predictions, a decision as an annotation."""
    tasks: list[dict[str, Any]] = []
    for item in items:
        names = ("sample_id", "query", "label", "duration", "fps")
        task: dict[str, Any] = {
            "data": {name: item[name] for name in names} | {"video": item["video_file"]},
            "predictions": [
                {"model_version": name, "result": _regions(item, windows, name)}
                for name, windows in ((LABEL, item["windows"]), (PROPOSAL, item["proposed"]))
                if windows
            ],
        }
        if (made := decided.get(item["sample_id"])) is not None:
            windows = _windows_of(item, made)
            result = _regions(item, windows, DECIDED)
            verdict = {"none": NONE, "drop": DROP}.get(made.decision, "")
            result += [_region("verdict", "choices", {"choices": [verdict]})] if verdict else []
            result += [_region("note", "textarea", {"text": [made.note]})] if made.note else []
            # Label Studio takes no file that names somebody without an account there, and sets the time itself.
            task["data"]["decided"] = msgspec.to_builtins(
                Back(made.sample_id, sorted(windows), verdict, made.note, made.who, made.when)
            )
            task["annotations"] = [{"result": result}]
        tasks.append(task)
    return tasks


def _regions(item: Item, windows: Sequence[Sequence[float]], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for place, window in enumerate(windows):
        first, last = frames(window, item["fps"])
        value = {"ranges": [{"start": first, "end": last}], "timelinelabels": ["moment"]}
        found.append(_region("moment", "timelinelabels", value) | {"id": f"{name}{place}", "meta": {"seconds": window}})
    return found


def _region(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "video", "type": kind, "value": value, "origin": "manual"}


def _windows_of(item: Item, made: Decision) -> list[list[float]]:
    return item["windows"] if made.decision == "accept" else made.windows or []


def from_label_studio(tasks: Any, where: str, rates: Mapping[str, float]) -> list[Back]:
    """The decisions in an export of Label Studio (JSON); a task without an annotation has none.

    Args:
        tasks: the document.
        where: its file, for errors.
        rates: {sample: frames a second} of the queue's samples, where the document does not say them.

    Raises VtgError for a document of another form, for a sample that is not in the queue, and for one that several
    people decided.
    """
    found: list[Back] = []
    for number, task in enumerate(_list(tasks, where)):
        place = f"{where}: task {number + 1}"
        data = _dict(_dict(task, place).get("data"), place)
        made = [each for each in _list(_dict(task, place).get("annotations") or [], place) if not _cancelled(each)]
        if not made:
            continue
        if len(made) > 1:
            raise VtgError(
                f"{place}: has {len(made)} annotations. Leave one of them; the others can be cancelled there."
            )
        last = _dict(made[0], place)
        by = last.get("completed_by")
        who = _dict(by, place).get("email") if isinstance(by, dict) else by
        results = [_dict(each, place) for each in _list(last.get("result"), place)]
        name = str(data.get("sample_id", ""))
        fps = _fps(data, name, rates, place)
        spans = [span for each in results if each.get("type") == "timelinelabels" for span in _spans(each, fps)]
        told = Back(name, sorted(spans), _said(results, "verdict", "choices"), _said(results, "note", "text"),
                    str(who or ""), str(last.get("updated_at") or last.get("created_at") or ""))  # fmt: skip
        found.append(_same_as(told, data.get("decided")))
    return found


def _same_as(told: Back, before: Any) -> Back:
    """A decision, with who made it and when, where it is still the one that was written into the task."""
    if not isinstance(before, dict):
        return told
    stated = cast("dict[str, Any]", before)
    if any(getattr(told, name) != stated.get(name) for name in ("windows", "verdict", "note")):
        return told
    return msgspec.structs.replace(told, who=str(stated.get("who") or ""), when=str(stated.get("when") or ""))


def _fps(told: Mapping[str, Any], name: str, rates: Mapping[str, float], place: str) -> float:
    """The frames a second by which a sample's windows were written: as the document says, else as `rates` does."""
    if name not in rates:
        raise VtgError(f"{place}: {name!r} is not in the queue.")
    stated = told.get("fps")
    return float(stated) if isinstance(stated, int | float) and stated > 0 else rates[name]


def _spans(result: dict[str, Any], fps: float) -> list[list[float]]:
    stated = _dict(result.get("meta") or {}, "meta").get("seconds")
    ranges = [_dict(each, "ranges") for each in _list(_dict(result.get("value"), "value").get("ranges"), "ranges")]
    return [seconds(int(each["start"]), int(each["end"]), fps, stated) for each in ranges]


def _said(results: Iterable[dict[str, Any]], name: str, key: str) -> str:
    for each in results:
        if each.get("from_name") == name:
            values = _list(_dict(each.get("value"), name).get(key), name)
            return str(values[0]) if values else ""
    return ""


def _cancelled(annotation: Any) -> bool:
    return isinstance(annotation, dict) and bool(cast("dict[str, Any]", annotation).get("was_cancelled"))


def fiftyone(items: Iterable[Item], decided: Mapping[str, Decision]) -> dict[str, Any]:
    """A dataset as FiftyOne's `Dataset.from_json` reads one: windows are temporal detections with frames as support."""
    embedded = "fiftyone.core.fields.EmbeddedDocumentField(fiftyone.core.labels.TemporalDetections)"
    texts = ("filepath", "sample_id", "query", "label", "verdict", "note", "who", "when")
    fields = dict.fromkeys(texts, "fiftyone.core.fields.StringField") | {"fps": "fiftyone.core.fields.FloatField"}
    samples: list[dict[str, Any]] = []
    for item in items:
        made = decided.get(item["sample_id"])
        sample: dict[str, Any] = {
            "filepath": item["video_file"], "_media_type": "video", "tags": [], "sample_id": item["sample_id"],
            "query": item["query"], "label": item["label"], "fps": item["fps"],
            "metadata": {"_cls": "VideoMetadata", "frame_rate": item["fps"], "duration": item["duration"]},
            LABEL: _detections(item, item["windows"]), PROPOSAL: _detections(item, item["proposed"]),
            DECIDED: _detections(item, _windows_of(item, made)) if made else None,
        }  # fmt: skip
        if made:
            verdict = {"none": NONE, "drop": DROP}.get(made.decision, "")
            sample |= {"verdict": verdict, "note": made.note, "who": made.who, "when": made.when}
        samples.append(sample)
    return {
        "name": "vtgdata-review", "media_type": "video", "frame_fields": {},
        "sample_fields": fields | dict.fromkeys((LABEL, PROPOSAL, DECIDED), embedded), "samples": samples,
    }  # fmt: skip


def _detections(item: Item, windows: Sequence[Sequence[float]]) -> dict[str, Any]:
    found = [
        {"_cls": "TemporalDetection", "label": "moment", "support": list(frames(window, item["fps"])), "tags": [],
         "seconds": list(window)}
        for window in windows
    ]  # fmt: skip
    return {"_cls": "TemporalDetections", "detections": found}


def from_fiftyone(dataset: Any, where: str, rates: Mapping[str, float]) -> list[Back]:
    """The decisions in what FiftyOne's `Dataset.to_json` wrote; arguments and errors as `from_label_studio`."""
    found: list[Back] = []
    for number, each in enumerate(_list(_dict(dataset, where).get("samples"), where)):
        sample = _dict(each, f"{where}: sample {number + 1}")
        name = str(sample.get("sample_id", ""))
        fps = _fps(sample, name, rates, f"{where}: sample {number + 1}")
        verdict, decided = str(sample.get("verdict") or ""), sample.get(DECIDED)
        if verdict not in ("", NONE, DROP):
            raise VtgError(f"{where}: sample {number + 1}: verdict {verdict!r} is neither {NONE!r} nor {DROP!r}.")
        if not verdict and not isinstance(decided, dict):
            continue
        spans: list[list[float]] = []
        for one in _list(_dict(decided or {}, where).get("detections") or [], where):
            support = _list(_dict(one, where).get("support"), where)
            spans.append(seconds(int(support[0]), int(support[1]), fps, _dict(one, where).get("seconds")))
        note, who, when = (str(sample.get(key) or "") for key in ("note", "who", "when"))
        found.append(Back(name, sorted(spans), verdict, note, who, when or _changed(sample)))
    return found


def _changed(sample: Mapping[str, Any]) -> str:
    """When FiftyOne last changed a sample, as it writes dates; empty if it does not say.

    >>> _changed({"last_modified_at": {"$date": 1795953600000}})
    '2026-11-29T12:00:00+00:00'
    """
    stated = sample.get("last_modified_at")
    value = cast("dict[str, Any]", stated).get("$date") if isinstance(stated, dict) else stated
    if isinstance(value, dict):
        value = int(cast("dict[str, Any]", value).get("$numberLong", 0))
    if type(value) is int:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat() if 0 < value < _LATEST else ""
    return value if isinstance(value, str) else ""


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise VtgError(f"{where}: not the form that was written: an object is missing. Export it as JSON.")
    return cast("dict[str, Any]", value)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise VtgError(f"{where}: not the form that was written: a list is missing. Export it as JSON.")
    return cast("list[Any]", value)
