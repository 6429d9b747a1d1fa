"""OmniVTG: open-world grounding on YouTube and BiliBili videos, rare events among them (CVPR 2026, arXiv 2604.25276).

Raw line:  {"qid": 3, "query": "a man signs a paper", "vid": "v_aB3_dE-6hIj", "duration": 184.2,
            "relevant_windows": [[12.0, 20.5]], "rare": true}                        (test; seconds)
           {"video": "OmniVTG/videos/v_aB3_dE-6hIj.mp4", "sentence": "a man signs a paper", "duration": 184.2,
            "video_start": null, "video_end": null, "data_source": "vtg",
            "reward_model": {"ground_truth": [12.0, 20.5]}}                          (training by reward)
Oddities:  rows of the second task, `status`, ask for one time instead of a window and are drops (`one_time`). Ids are
           `v_` and a YouTube id, or BiliBili's `BV...`. With `video_start` and `video_end` a row is about that part.
Unseen:    nobody of this project has seen the files, which are on the Hub alone: this is the schema of its readers
           (oceanflowlab/OmniVTG at 7d67b82); the outer keys of training rows are inferred. raw_data.json is not read.
Scorer:    best IoU over the true windows for the one answer, which is what mIoU is; break down `--by rare`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, items, sources, text, video_parts
from vtgdata.annotations.text import held, mapping, pair, sequence, words
from vtgdata.records import Corpus, Example, RawRow, Split

CORPUS = Corpus(
    name="omnivtg",
    title="OmniVTG",
    summary="Open-world grounding with rare events, for training by reward and for testing.",
    splits=(
        Split(name="train", files=("omnivtg_train*.jsonl", "grpo*.jsonl")),
        Split(name="test", files=("omnivtg_test.jsonl",), benchmark=True),
    ),
    license="CC-BY-NC-4.0",
    license_link="https://github.com/oceanflowlab/OmniVTG",
    license_confidence="A",
    homepage="https://github.com/oceanflowlab/OmniVTG",
    citation="OmniVTG. CVPR 2026, arXiv 2604.25276.",
    grid=None,
    clock="seconds from the start of the file, or of the part of it that `video_start` and `video_end` name",
    family="moments",
    usage="omnivtg_test.jsonl",
    download="train_data and test_data of the Hub dataset zhengmh/OmniVTG-Dataset",
    youtube=True,
)

EXAMPLE = Example(
    files={
        "omnivtg_train.jsonl": (
            '{"video": "OmniVTG/videos/v_aB3_dE-6hIk.mp4", "sentence": "a dog barks", "duration": 84.2, '
            '"video_start": null, "video_end": null, "data_source": "vtg", '
            '"reward_model": {"ground_truth": [12, 90]}}\n'
            '{"video": "OmniVTG/videos/v_aB3_dE-6hIk.mp4", "sentence": "is the door open", "duration": 84.2, '
            '"video_start": null, "video_end": null, "data_source": "status", '
            '"reward_model": {"ground_truth": [12.0]}}\n'
            '{"video": "OmniVTG/videos/v_aB3_dE-6hIk.mp4", "sentence": "a dog runs", "data_source": "vtg"}\n'
        ),
        "omnivtg_test.jsonl": (
            '{"qid": 3, "query": "a man signs a  paper", "vid": "v_aB3_dE-6hIj", "duration": 184.2, '
            '"relevant_windows": [[12.0, 20.5]], "rare": true}\n'
            '{"qid": 4, "query": "it rains", "vid": "BV1xx411c7XX", "duration": 184.2, "relevant_windows": [[9, 4]]}\n'
        ),
    },
    samples=[
        ("v_aB3_dE-6hIk", "a dog barks", [[12.0, 84.2]]),
        ("v_aB3_dE-6hIj", "a man signs a paper", [[12.0, 20.5]]),
        ("BV1xx411c7XX", "it rains", []),
    ],
    drops=["one_time", "no_labels"],
)

_FORM = '{"qid": 3, "query": "...", "vid": "v_...", "relevant_windows": [[12.0, 20.5]]} or the training rows\' form'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each query."""
    for source in sources.find(paths, CORPUS, split):
        yield from items.rows(source, _row, _FORM)


def _row(item: items.Item, source: sources.Source) -> RawRow:
    fields = item.fields()
    trained = "reward_model" in fields or "data_source" in fields
    named = _named(words(fields.get("video" if trained else "vid"), "video" if trained else "vid"))
    query = words(fields.get("sentence" if trained else "query"), "sentence" if trained else "query")
    part = video_parts.of_record(fields)
    extra: dict[str, Any] = {"rare": fields["rare"]} if "rare" in fields else {}
    qid = None if trained else str(fields["qid"]) if isinstance(fields.get("qid"), int | str) else None
    if trained:
        truth = sequence(held(mapping(held(fields, "reward_model"), "reward_model"), "ground_truth"), "ground_truth")
        if len(truth) == 1:
            detail = "one time, not a window (task status)"
            return text.unreadable(item.origin, item.raw, source.split, detail, "one_time", file=named.file)
        found = [pair(truth)]
    else:
        found = text.windows(held(fields, "relevant_windows"))
    return RawRow(
        origin=item.origin,
        raw=item.raw,
        video_id=video_parts.video_id(named, part),
        file=named.file,
        query=query,
        windows=found,
        split=source.split,
        published_id=None if qid is None else f"{source.split}_{qid}",
        duration=text.duration(fields.get("duration")),
        source_id=named.source_id,
        source_start=named.source_start if part is None else part[0],
        read_in_place=part is not None,
        extra=extra,
    )


def _named(key: str) -> ids.Named:
    """The names of a video; raises ValueError for an id that is neither `v_` with YouTube's nor BiliBili's."""
    found = ids.named(key, youtube=CORPUS.youtube)
    stem = ids.stem(key)
    if not stem.startswith("BV") and not (stem.startswith("v_") and ids.youtube_id(stem)):
        raise ValueError(f"{text.shown(key)} is no id of OmniVTG, v_ and a YouTube id or BV...")
    return found
