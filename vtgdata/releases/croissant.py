"""`croissant.json`: a release in the Croissant vocabulary (MLCommons, 1.0), for tools that search and load datasets."""

from collections.abc import Mapping
from typing import Any

from vtgdata.releases.document import DataFile, Document

_TERMS = (
    "citeAs", "column", "data", "dataType", "examples", "extract", "field", "fileProperty", "fileObject",
    "fileSet", "format", "includes", "isArray", "arrayShape", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "separator", "source", "subField",
    "transform",
)  # fmt: skip


_TYPES = {
    "text": "sc:Text", "number": "sc:Float", "count": "sc:Integer", "flag": "sc:Boolean", "texts": "sc:Text",
    "numbers": "sc:Float", "windows": "sc:Float", "repairs": "sc:Text", "scores": "sc:Text",
}  # fmt: skip


_WORDS = {
    "text": "string", "number": "float64", "count": "int64", "flag": "bool", "texts": "list of string",
    "numbers": "list of float64", "windows": "list of list of float64", "repairs": "list of {code, old, new}",
    "scores": "list of {name, value}",
}  # fmt: skip
"""Type names for people, as the `datasets` library writes them."""


_SHAPES = {"texts": "-1", "numbers": "-1", "windows": "-1,2", "repairs": "-1", "scores": "-1"}


def describe(document: Document) -> dict[str, Any]:
    """The JSON-LD of a release, with paths relative to the release's folder.

    It has no date, so that two runs on the same inputs give the same file; the date is in release.json.
    """
    files = [(config, split, data) for config, splits in document.configs.items() for split, data in splits.items()]
    citations = [facts["citation"] for facts in document.corpora.values() if facts.get("citation")]
    return {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": document.name,
        "description": f"Annotations for video temporal grounding from {', '.join(document.corpora)}. No videos.",
        "version": document.version,
        "license": sorted(document.counts["samples"]["license"]),
        "url": next((facts["homepage"] for facts in document.corpora.values() if facts.get("homepage")), "README.md"),
        **({"citeAs": " ".join(citations)} if citations else {}),
        "distribution": [_file(data) for _, _, data in files],
        "recordSet": [_records(config, split, data, document.columns(config)) for config, split, data in files],
    }


def _context() -> dict[str, Any]:
    known: dict[str, Any] = {name: f"cr:{name}" for name in _TERMS}
    known["dataType"] = {"@id": "cr:dataType", "@type": "@vocab"}
    known["data"] = {"@id": "cr:data", "@type": "@json"}
    known["examples"] = {"@id": "cr:examples", "@type": "@json"}
    return {
        "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo", **known,
    }  # fmt: skip


def _file(data: DataFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject", "@id": data.file, "name": data.file, "contentUrl": data.file,
        "contentSize": f"{data.bytes} B", "encodingFormat": "application/x-parquet", "sha256": data.sha256,
    }  # fmt: skip


def _records(config: str, split: str, data: DataFile, columns: Mapping[str, str]) -> dict[str, Any]:
    name = f"{config}-{split}"
    return {
        "@type": "cr:RecordSet", "@id": name, "name": name, "description": f"{config}, {split}: {data.rows} rows.",
        "field": [_field(name, data.file, column, kind) for column, kind in columns.items()],
    }  # fmt: skip


def _field(records: str, file: str, column: str, kind: str) -> dict[str, Any]:
    shape = {"isArray": True, "arrayShape": _SHAPES[kind]} if kind in _SHAPES else {}
    return {
        "@type": "cr:Field", "@id": f"{records}/{column}", "name": column, "description": _described(column),
        "dataType": _TYPES[kind], **shape, "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
    }  # fmt: skip


def _described(column: str) -> str:
    return DESCRIPTIONS.get(column) or MORE[column]


def card_columns(document: Document) -> list[tuple[str, str, str, list[str]]]:
    """Each column once, for the card: name, type, description, and the configs that have it."""
    found: dict[str, tuple[str, str, str, list[str]]] = {}
    for config in document.configs:
        for column, kind in document.columns(config).items():
            found.setdefault(column, (column, _WORDS[kind], _described(column), []))[3].append(config)
    return list(found.values())


MORE = {"none_is_right": "Whether it is known that the video has no such moment, so that refusing is right."}
"""Descriptions of columns that not every release has."""
# fmt: off
DESCRIPTIONS = {
    "sample_id": "Stable id of one query about one video; the same in all versions.",
    "corpus": "Corpus that the annotation comes from.",
    "split": "The corpus's own split.",
    "video_id": "The corpus's id of the video.",
    "video_file": "Name of the video's file, relative to a folder of videos.",
    "source_id": "Id of the longer video that this one is cut from.",
    "source_start": "Where the cut begins in its source, seconds.",
    "duration": "Length of the video file, seconds.",
    "video_status": "Whether the file was found and could be read when the corpus was ingested.",
    "query": "The sentence to find in the video.",
    "windows": "All true moments as [start, end], seconds from the first frame; of a rollout, the moments it answered.",
    "labelled": "Whether the moments are known; where not, the row is never scored.",
    "task": "moment_retrieval or grounded_qa.",
    "options": "Choices of a question.",
    "answer": "The right choice of a question.",
    "label_version": "Which published labels these are.",
    "license": "Licence of the annotation: an SPDX identifier, several joined by AND, or unverified.",
    "origin": "Where the row stands in the corpus's published files.",
    "repairs": "What was changed in the row: code, old and new value.",
    "extra": "What else the corpus says of the row, a JSON object as text.",
    "key": "Hash of sample, prompt, frames, model, sampling and index.",
    "model_id": "The model that was asked.",
    "prompt_id": "Name and hash of the prompt; its text is in prompts/.",
    "sampling_id": "Temperature, top_p and longest answer in tokens, in short, such as t1-p1-m512.",
    "frames_id": "Hash of the frames that the model saw.",
    "frame_sampling": "How frames were sampled, a JSON object as text.",
    "sampling": "How answers were drawn, a JSON object as text: temperature, top_p, max_tokens, and the run's seed.",
    "frame_times": "Times of the frames that the model saw, seconds.",
    "target": "Text that supervised fine-tuning learns.",
    "teacher_windows": "The moments that the teacher answered, seconds.",
    "annotation_windows": "The moments that the annotation gives, seconds.",
    "iou": "Temporal intersection over union of the answer with the truth, in [0, 1].",
    "measure": "What a pass rate counts, such as iou>=0.5 or mean_iou.",
    "value": "The pass rate, in [0, 1]; higher is easier.",
    "low": "Lower end of the pass rate's interval.",
    "high": "Upper end of the pass rate's interval.",
    "n": "Answers that the pass rate is taken over.",
    "n_unparsed": "Those of them without a readable answer, which count 0.",
    "n_failed": "Requests that failed, which do not count.",
    "mean_iou": "Mean overlap of the answers with the truth, in [0, 1].",
    "iou_std": "Standard deviation of the overlap over the answers.",
    "ious": "Overlap of each answer.",
    "decided": "Whether adaptive sampling had decided the row's place.",
    "rank": "Place in the selector's order, from 0.",
    "weight": "How often the trainer is to take the row, with a mean of 1.",
    "index": "Number of the answer among those to one sample.",
    "text": "The model's whole answer.",
    "reasoning": "The part of the answer that is reasoning.",
    "option": "The choice that the model answered.",
    "judge_id": "Model that judged the answer.",
    "verdict": "What the judge said: yes, no or unclear.",
    "why": "The judge's reason.",
    "parse_status": "How the answer could be read.",
    "strict_ok": "Whether the answer keeps the asked form to the letter.",
    "scores": "Scores of the answer by name.",
    "finish_reason": "Why generation ended.",
    "tokens_in": "Tokens of the request.",
    "tokens_out": "Tokens of the answer.",
    "error": "Why a request failed.",
    "reason": "Code that says why the row was left out.",
    "detail": "The numbers behind the reason.",
    "raw": "The raw row as published.",
    "number": "The number that the reason is about, such as a score or seconds.",
    "marks": "What was done to the trace (rewritten), and what its teacher was told (guided).",
    "first_version": "The version of this dataset that first had the row.",
}
"""{column: description}, for every column of every config."""
# fmt: on
