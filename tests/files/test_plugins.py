from pathlib import Path

import pytest

from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.plugins import Spec, parse_spec

IMPORTABLE = [kind for kind in plugins.KINDS if kind != "prompts"]


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in IMPORTABLE for name in plugins.names(kind)])
def test_every_plug_in_loads_by_its_file_name(kind: str, name: str) -> None:
    assert plugins.load(kind, name).__name__ == f"vtgdata.plugins.{kind}.{name}"


def test_a_folder_is_the_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    for name in ("b.py", "a.py", "__init__.py", "_shared.py", "notes.md"):
        (tmp_path / "scores" / name).write_text("raise RuntimeError('listing must not import')")
    monkeypatch.setattr(plugins, "FOLDERS", tmp_path)
    assert plugins.names("scores") == ["a", "b"]


@pytest.mark.parametrize("kind", IMPORTABLE)
def test_an_unknown_name_gets_the_known_ones(kind: str) -> None:
    with pytest.raises(VtgError, match=f"no {kind} plug-in 'no_such_thing'; .*Known: "):
        plugins.load(kind, "no_such_thing")


def test_a_near_name_is_suggested() -> None:
    known = plugins.names("corpora")[0]
    with pytest.raises(VtgError, match=f"did you mean '{known}'"):
        plugins.load("corpora", known[:-1])


def test_a_dotted_path_loads_somebody_else_s_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_scores.py").write_text("")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "mine.py").write_text("VALUE = 7\ndef score(answers, samples): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert plugins.load("scores", "theirs.mine").VALUE == 7


def test_a_dotted_path_that_leads_nowhere_is_the_user_s_to_mend() -> None:
    with pytest.raises(VtgError, match="no module 'no_such_package'"):
        plugins.load("scores", "no_such_package.score")


def test_a_library_that_a_plug_in_lacks_is_not_taken_for_a_missing_plug_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "score.py").write_text("import no_such_library")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        plugins.load("scores", "lacking.score")


def test_a_kind_that_does_not_exist_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no kind"):
        plugins.load("prompts", "ground")


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("tiou", Spec("tiou")),
        ("scripted:work/samples.parquet", Spec("scripted", argument="work/samples.parquet")),
        ("openai_api:org/model:7b", Spec("openai_api", argument="org/model:7b")),
        ("band:measure=iou>=0.5,low=0.2,n=3", Spec("band", settings={"measure": "iou>=0.5", "low": 0.2, "n": 3})),
        ("duration:max=", Spec("duration", settings={"max": None})),
    ],
)
def test_a_spec_is_a_name_with_its_argument_or_settings(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec


def test_a_prompt_is_found_by_name_or_path(tmp_path: Path) -> None:
    name = plugins.names("prompts")[0]
    assert plugins.prompt_path(name).stem == name
    (tmp_path / "mine.md").write_text("")
    assert plugins.prompt_path(str(tmp_path / "mine.md")) == tmp_path / "mine.md"
    with pytest.raises(VtgError, match="no prompt 'no_such_prompt'"):
        plugins.prompt_path("no_such_prompt")
