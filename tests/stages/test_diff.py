from pathlib import Path

import msgspec
import pytest

from support.release_builders import make_release, make_sample, write_inputs
from vtgdata.files.samples import write_samples
from vtgdata.records import Sample, Window
from vtgdata.stages import diff


def released(folder: Path, version: str, samples: list[Sample], **more) -> str:
    write_samples(folder / f"{version}.parquet", samples)
    return str(make_release(folder / version, {"samples": str(folder / f"{version}.parquet")}, version, **more))


def compared(a: str, b: str, **more) -> dict:
    return diff.run(diff.Settings(a=a, b=b, **more))


def test_a_release_against_itself_differs_in_nothing(tmp_path):
    one = str(make_release(tmp_path / "v1", write_inputs(tmp_path)))
    found = compared(one, one)
    assert found.configs == {} and found.level == "none" and found.proposed == "1.0.0"
    assert found.text == "1.0.0 against 1.0.0\nnothing differs\n"


def test_known_changes_are_found_and_nothing_else(tmp_path):
    old = [make_sample(number) for number in range(5)]
    new = [*old[1:], make_sample(9, "beta")]
    new[0] = msgspec.structs.replace(new[0], windows=(Window(4.0, 7.5),), query="someone opens door 1")
    new[1] = msgspec.structs.replace(new[1], split="test")
    first = released(tmp_path, "1.0.0", old)
    found = compared(first, released(tmp_path, "2.0.0", new, previous=first))
    assert msgspec.to_builtins(found.configs) == {
        "samples": {
            "added": ["beta:009"],
            "removed": ["alpha:000"],
            "changed": {"alpha:001": ["query", "windows"], "alpha:002": ["(split)", "split"]},
            "columns": {"(split)": 1, "query": 1, "split": 1, "windows": 1},
        }
    }
    assert found.licenses == {"CC-BY-NC-SA-4.0": [0, 1], "MIT": [5, 4]}
    assert (found.level, found.proposed) == ("major", "2.0.0")
    assert "samples: 1 added, 1 removed, 2 changed" in found.text
    assert "licence MIT: 5 samples, now 4" in found.text


@pytest.mark.parametrize(("more", "level", "proposed"), [(1, "minor", "1.1.0"), (0, "patch", "1.0.1")])
def test_the_version_is_proposed_from_the_difference(tmp_path, more, level, proposed):
    old = [make_sample(number) for number in range(5)]
    first = released(tmp_path, "1.0.0", old)
    later = released(tmp_path, "1.9.0", old + [make_sample(8)] * more, previous=first)
    assert (compared(first, later).level, compared(first, later).proposed) == (level, proposed)


def test_markdown_goes_to_a_file_and_text_of_annotations_is_no_markup_in_it(tmp_path):
    first = released(tmp_path, "1.0.0", [make_sample(1)])
    hostile = make_sample(2, sample_id="alpha:<script>![x](javascript:y)\x1b[31m")
    later = released(tmp_path, "1.1.0", [make_sample(1), hostile], previous=first)
    compared(first, later, markdown=True, out=str(tmp_path / "CHANGES.md"))
    said = (tmp_path / "CHANGES.md").read_text()
    assert said.startswith("### 1.1.0 against 1.0.0") and "samples: 1 added" in said
    assert "<script>" not in said and "![x]" not in said and "\x1b" not in said
    assert "\x1b" not in compared(first, later).text
