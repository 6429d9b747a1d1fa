"""Forms of files beside a corpus's example: pickles, Parquet, tables, other shapes. All rows are invented."""

import io
import json
import pickle
from collections.abc import Callable
from contextlib import suppress

from vtgdata.files.parquet import arrow_schema
from vtgdata.files.samples import row_sample, sample_row
from vtgdata.files.schemas import SAMPLES

Files = dict[str, bytes]


def queryd(files: Files) -> list[Files]:
    """The published pickles, of several protocols, and their JSON."""
    whole = json.loads(files["queryd.json"])
    rest = {name: data for name, data in files.items() if name != "queryd.json"}
    found: list[Files] = []
    for protocol in (None, 0, 2, 4):
        made = dict(rest)
        for kind, name in (("captions", "raw_captions"), ("times", "times_captions")):
            value = {key: entry[kind] for key, entry in whole.items()}
            ending = "json" if protocol is None else "pkl"
            data = json.dumps(value).encode() if protocol is None else pickle.dumps(value, protocol)
            made[f"{name}_combined_filtered-v2.{ending}"] = data
        found.append(made)
    return found


def samples(files: Files) -> list[Files]:
    """Parquet files of the same samples."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = []
    for line in files["samples.jsonl"].splitlines():
        with suppress(ValueError):
            rows.append(sample_row(row_sample(json.loads(line))))
    table, found = pa.Table.from_pylist(rows, schema=arrow_schema(SAMPLES)), list[Files]()
    for compression in ("zstd", "none"):
        out = io.BytesIO()
        pq.write_table(table, out, compression=compression)
        found.append({"samples.parquet": out.getvalue()})
    return found


def charades_sta(files: Files) -> list[Files]:
    """The table of lengths beside the annotations."""
    table = b"id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length\r\n"
    table += b'K7QZ2,"A,B",Kitchen,6,7,Yes,"A person, sits.",chair,x,c1 0.0 4.0,30.96\r\nM2XP0,C,,6,7,Yes,,,,,12.5\r\n'
    return [files | {"Charades_v1_train.csv": table}]


def museg(files: Files) -> list[Files]:
    """The same for its rows that have none."""
    return [files | {"Charades_v1_train.csv": b"id,length\r\nK7QZ2,30.96\r\nM2XP0,12.5\r\n"}]


def vidchapters(files: Files) -> list[Files]:
    """The raw file, which has starts only."""
    del files
    chapters = [{"time": 0, "label": "Intro"}, {"time": 42, "label": "Mixing"}, {"time": 300, "label": "Baking "}]
    entry = {"title": "A cake", "duration": 615, "chapters": chapters}
    return [{"chapters.json": json.dumps({"aB3_dE-6hIj": entry, "-_a0bZ_c1dE": entry | {"duration": None}}).encode()}]


def videomind(files: Files) -> list[Files]:
    """Another corpus's folder in the other spelling."""
    del files
    row = {"qid": "t7", "vid": "s99-d01", "duration": 99.5, "query": "cut a carrot", "relevant_windows": [[4.25, 19]]}
    lines = b"".join(json.dumps(row | {"qid": f"t{i}"}).encode() + b"\n" for i in range(3))
    return [{"tacos_train.jsonl": lines, "durations.json": b'{"s99-d01": 98.25}'}]


FORMS: dict[str, Callable[[Files], list[Files]]] = {
    each.__name__: each for each in (queryd, samples, charades_sta, museg, vidchapters, videomind)
}
