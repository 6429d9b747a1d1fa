"""Reads a dataset with FiftyOne's own package, in its environment. Called by `check.py`.

    python in_fiftyone.py DATASET.json OUT.json

Each declared field is made by FiftyOne, each sample is read by `Sample.from_dict`, as `Dataset.from_json` does, and
each of its values is validated by its field; then the samples are written as `Dataset.to_json` writes them. A whole
`Dataset` needs a MongoDB server: where FiftyOne finds one, `Dataset.from_json` and `to_json` are called instead.
"""

import json
import sys
from pathlib import Path
from typing import Any

import eta.core.serial as etas
import fiftyone as fo
from fiftyone.core import odm
from fiftyone.core.metadata import VideoMetadata


def by_samples(dataset: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The dataset as FiftyOne writes it back, without a database, and what FiftyOne refused."""
    fields = {
        name: odm.create_field(name, **odm.get_field_kwargs(kind)) for name, kind in dataset["sample_fields"].items()
    }
    refused: list[str] = []
    written: list[dict[str, Any]] = []
    for number, told in enumerate(dataset["samples"]):
        sample = fo.Sample.from_dict(told)
        if (
            unknown := set(sample.field_names)
            - set(fields)
            - {"id", "metadata", "tags", "created_at", "last_modified_at"}
        ):
            refused.append(f"sample {number}: undeclared fields {sorted(unknown)}")
        for name, field in fields.items():
            value = sample[name] if sample.has_field(name) else None
            try:
                if value is not None:
                    field.validate(value)
                if isinstance(value, fo.TemporalDetections):
                    for found in value.detections:
                        fo.TemporalDetection.support.validate(found.support)
            except Exception as error:  # whatever FiftyOne raises is what it refuses
                refused.append(f"sample {number}: {name}: {error}")
        if sample.media_type != "video" or not isinstance(sample.metadata, VideoMetadata):
            refused.append(f"sample {number}: no video")
        written.append(sample.to_dict())
    return dataset | {"samples": written}, refused


def main() -> None:
    """Print what was accepted, as JSON."""
    source, out = map(Path, sys.argv[1:])
    dataset = json.loads(source.read_text())
    try:
        loaded = fo.Dataset.from_json(str(source), name="vtgdata-check")
        loaded.write_json(str(out))
        refused, how = [], "Dataset.from_json"
    except (Exception, SystemExit) as error:  # without a database FiftyOne raises many things
        written, refused = by_samples(dataset)
        out.write_text(etas.json_to_str(written))
        how = f"Sample.from_dict, for there is no database ({type(error).__name__})"
    print(json.dumps({"samples": len(dataset["samples"]), "refused": refused, "how": how, "version": fo.__version__}))


if __name__ == "__main__":
    main()
