"""`croissant.json`: a release in the Croissant vocabulary (MLCommons, 1.0), for tools that search and load datasets."""

from typing import Any

from vtgdata import releases
from vtgdata.columns import DESCRIPTIONS
from vtgdata.releases import CHOSEN, COLUMNS, DataFile, Document

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
"""Types for people, as `datasets` names them."""
_SHAPES = {"texts": "-1", "numbers": "-1", "windows": "-1,2", "repairs": "-1", "scores": "-1"}


def describe(document: Document) -> dict[str, Any]:
    """The JSON-LD of a release; paths in it are those inside the release's folder.

    Without a date, so that two runs on the same inputs give the same file; release.json has it.
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
        "recordSet": [_records(config, split, data) for config, split, data in files],
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


def _records(config: str, split: str, data: DataFile) -> dict[str, Any]:
    name = f"{config}-{split}"
    columns = COLUMNS.get(config, CHOSEN)
    return {
        "@type": "cr:RecordSet", "@id": name, "name": name, "description": f"{config}, {split}: {data.rows} rows.",
        "field": [_field(name, data.file, column, kind) for column, kind in columns.items()],
    }  # fmt: skip


def _field(records: str, file: str, column: str, kind: str) -> dict[str, Any]:
    shape = {"isArray": True, "arrayShape": _SHAPES[kind]} if kind in _SHAPES else {}
    return {
        "@type": "cr:Field", "@id": f"{records}/{column}", "name": column, "description": DESCRIPTIONS[column],
        "dataType": _TYPES[kind], **shape, "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
    }  # fmt: skip


def columns_of(document: Document) -> list[tuple[str, str, str, list[str]]]:
    """Each column once, for the card: name, type, description, and the configs that have it."""
    found: dict[str, tuple[str, str, str, list[str]]] = {}
    for config in document.configs:
        for column, kind in releases.COLUMNS.get(config, CHOSEN).items():
            found.setdefault(column, (column, _WORDS[kind], DESCRIPTIONS[column], []))[3].append(config)
    return list(found.values())
