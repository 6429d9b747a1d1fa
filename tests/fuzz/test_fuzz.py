"""Short runs of the fuzzers, and everything that they ever found."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from fuzz import inputs
from fuzz.readers import Fault, Run, confined, outcomes
from fuzz.targets import TARGETS
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import Sample, Video

FINDS = sorted(path for path in (Path(__file__).parent / "finds").iterdir() if not path.name.startswith("."))
INPUTS = 60


@pytest.mark.parametrize("find", FINDS, ids=lambda path: path.name)
def test_what_was_found_once_is_mended(find: Path) -> None:
    began = time.process_time()
    TARGETS[find.name.partition("-")[0]](find.read_bytes())
    assert time.process_time() - began < 1


@pytest.mark.parametrize("name", plugins.names("corpora"))
def test_mutated_files_of_a_corpus_are_read_or_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VTGDATA_TEST_DATA", raising=False)
    monkeypatch.setattr("fuzz.readers.WHOLE", INPUTS + 1)
    for part in ("in", "out", "again"):
        (tmp_path / part).mkdir()
    run = Run(name, seed=7, folder=tmp_path, guarded=False)
    report = run.all(INPUTS)
    assert not report.finds
    assert report.read > report.inputs / 10 and report.refused > 0


@pytest.mark.parametrize("name", plugins.names("corpora"))
def test_a_hostile_name_of_a_video_leads_nowhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VTGDATA_TEST_DATA", raising=False)
    module = plugins.load("corpora", name)
    (base, *_) = inputs.bases(module, tmp_path)
    for old in base.videos[:4]:
        for new in inputs.HOSTILE:
            with suppress(VtgError):
                outcomes(module, inputs.write(inputs.renamed(base.files, old, new), tmp_path), module.EXAMPLE.split)


@pytest.mark.parametrize("name", ["queryd", "samples", "shapes"])
def test_an_input_is_the_same_every_time(name: str, tmp_path: Path) -> None:
    found = [Run(name, seed=3, folder=tmp_path / str(i), guarded=False).made(11) for i in range(2)]
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", inputs.KINDS)
def test_every_kind_of_change_makes_another_file(kind: str) -> None:
    import random

    module = plugins.load("corpora", "moment_jsonl")
    files = {name: text.encode() for name, text in module.EXAMPLE.files.items()}
    base, made = inputs.Base(files, ("K7QZ2",)), []
    for seed in range(30):
        changed = dict(files)
        inputs.KINDS[kind][1](changed, next(iter(files)), base, random.Random(seed))
        made.append(changed != files)
    assert any(made)


@pytest.mark.parametrize(
    ("file", "video_id"),
    [
        ("../x.mp4", "x"),
        ("a\\x.mp4", "x"),
        ("..", "x"),
        ("x" * 300, "x"),
        ("x.mp4", "../x"),
        ("x.mp4", "/x"),
        ("x.mp4", ""),
    ],
)
def test_a_name_that_leads_out_of_a_folder_is_seen(file: str, video_id: str) -> None:
    sample = Sample(
        sample_id="a:1", corpus="a", split="train", video=Video(video_id=video_id, file=file), query="a dog", windows=()
    )
    with pytest.raises(Fault):
        confined(sample)
