"""Reads tasks with Label Studio's own package, in its environment. Called by `check.py`.

    python in_label_studio.py TASKS.json CONFIG.xml OUT

Every task, prediction and annotation is validated against the labelling interface; then the package's converter
exports them, as the tool does when somebody presses "Export", and OUT/JSON has what it wrote.
"""

import json
import sys
from pathlib import Path

from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface


def main() -> None:
    """Print what was accepted, as JSON."""
    tasks_file, config_file, out = map(Path, sys.argv[1:])
    interface = LabelInterface(config_file.read_text())
    interface.validate()
    tasks = json.loads(tasks_file.read_text())
    refused: list[str] = []
    for number, task in enumerate(tasks):
        if not interface.validate_task({"data": task["data"]}):
            refused.append(f"task {number}: its data lack what the interface shows")
        for made in (*task["predictions"], *task.get("annotations", ())):
            refused += [f"task {number}: {error}" for error in interface.validate_prediction(made, return_errors=True)]
    there = out / "there"  # as a server's export: each annotation has an id
    there.mkdir(parents=True)
    for number, task in enumerate(tasks, start=1):
        annotations = [each | {"id": number, "was_cancelled": False} for each in task.get("annotations", ())]
        (there / f"{number}.json").write_text(json.dumps(task | {"id": number, "annotations": annotations}))
    converter = Converter(config_file.read_text(), str(out))
    for form in ("JSON", "JSON_MIN", "CSV"):
        converter.convert(str(there), str(out / form), form, is_dir=True)
    exported = {form: sorted(path.name for path in (out / form).iterdir()) for form in ("JSON", "JSON_MIN", "CSV")}
    regions = sum(
        len(made["result"]) for task in tasks for made in (*task["predictions"], *task.get("annotations", ()))
    )
    print(json.dumps({"tasks": len(tasks), "regions": regions, "refused": refused, "exported": exported}))


if __name__ == "__main__":
    main()
