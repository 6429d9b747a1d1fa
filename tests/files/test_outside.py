"""Files from outside are opened in one place, and only regular ones; no other code of the package opens any."""

import ast
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import vtgdata
from vtgdata.errors import NotAFile, VtgError
from vtgdata.files import limits, outside

ROOT = Path(vtgdata.__file__).parent
DOOR = "files/outside.py"
OPENS = {
    "open", "read_bytes", "read_text", "is_file", "resolve", "fdopen", "copyfile", "copy2", "copytree",
    "read_parquet", "scan_parquet", "read_parquet_schema", "ParquetFile", "read_table", "read_metadata", "read_schema",
    "ParquetDataset", "read_csv", "scan_csv", "read_json", "read_ndjson", "scan_ndjson", "read_ipc",
    "memory_map", "OSFile", "fromfile", "memmap", "loadtxt", "genfromtxt", "GzipFile", "BZ2File", "LZMAFile", "ZipFile",
    "unpack_archive", "connect", "VideoCapture", "VideoReader", "VideoDecoder", "from_pretrained", "load_file",
    "safe_open", "safe_load", "unsafe_load", "full_load", "load_all", "imread", "open_code", "FileIO",
}  # fmt: skip
"""Calls, by the last part of their name, that may open a file, or ask whether one is there."""
WRITES = ("w", "x", "a")
ALLOWED = {
    "files/limits.py": {"read_text": "files of the kernel, by fixed names"},
    "files/processes.py": {"read_text": "files of the kernel, by fixed names"},
    "files/temporary.py": {
        "open": "a new file, which must not exist", "fdopen": "the same", "read_text": "a file of the kernel",
    },
    "cli/app.py": {"open": "the null device, to write to"},
    "video/proxy.py": {"open": "the copy that was just written"},
    "files/child_processes.py": {"resolve": "folders of Python's own"},
    "files/fingerprint.py": {"connect": "remembered hashes in the user's cache"},
    "files/code_fingerprint.py": {"is_file": "a module that Python found"},
    "files/parquet_limits.py": {
        "ParquetFile": "the place itself", "read_parquet": "the place itself", "read_table": "the place itself",
        "scan_parquet": "the place itself",
    },
    "files/yaml_text.py": {},
    "files/whole.py": {"open": "the process's own temporary file"},
    "files/parquet.py": {"ParquetFile": "the process's own temporary file"},
    "files/pieces.py": {"OSFile": "the process's own temporary files"},
    "releases/sample_index.py": {"OSFile": "the process's own temporary files"},
    "annotations/unpacking.py": {"GzipFile": "an open file"},
    "engine/journal/counts.py": {"connect": "a journal, which `outside` has looked at"},
    "engine/journal/journal.py": {"connect": "a journal, which `outside` has looked at"},
    "releases/card.py": {"safe_load": "a text of our own"},
    "video/worker.py": {"fdopen": "the pipe of answers"},
    "files/working_process.py": {"fdopen": "the pipe of answers"},
    "demo/draw.py": {"open": "the demo's own drawings"},
    "engine/models.py": {"connect": "to a model"},
    "plugins/models/_transformers/adapters.py": {"safe_open": "behind `outside.is_file`"},
    "video/survey/seen.py": {"open": "by PyAV, behind `containers.check`"},
    "video/blind.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "plugins/models/rapidocr.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "video/motion_jpeg.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "video/h264.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "video/frame_source.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "video/pictures.py": {"copyfile": "a file that was just written"},
    "releases/exporting/seen.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "train/checkpoints.py": {"open": "a run's own checkpoint"},
    "train/session.py": {"copytree": "a run's own tables"},
    "train/model.py": {"from_pretrained": "an adapter's folder, which was looked at"},
    "video/picture_folders.py": {"open": "by Pillow, behind `outside.is_file`, PICTURES only"},
    "plugins/decoders/pyav.py": {"open": "by PyAV, behind `containers.check`"},
    "plugins/decoders/decord.py": {"VideoReader": "behind `containers.check`"},
    "plugins/decoders/opencv.py": {"VideoCapture": "behind `containers.check`"},
    "plugins/decoders/torchcodec.py": {"VideoDecoder": "behind `containers.check`"},
    "plugins/filters/near_duplicate_video.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "plugins/retrievers/transformers_clip.py": {
        "open": "by Pillow, of bytes, PICTURES only", "from_pretrained": "a model's folder, which was hashed",
    },
    "video/open_clip_model.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "engine/retrieval.py": {"connect": "to a retrieval model"},
    "plugins/models/_transformers/inputs.py": {"open": "by Pillow, of bytes, PICTURES only"},
    "plugins/models/_transformers/loading.py": {"from_pretrained": "a model's folder, which was hashed"},
    "engine/money/tokens.py": {"open": "by Pillow, of bytes, PICTURES only"},
}  # fmt: skip
"""{module: {call: why it may open something}}; all other modules go through `files/outside.py`."""


def own_names(tree: ast.Module) -> Iterator[str]:
    """The names in a module that stand for modules and functions of vtgdata, its own included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vtgdata":
            yield from (alias.asname or alias.name for alias in node.names)
    yield from (node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a module that may open a file for reading, with the last part of its name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = set(own_names(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        whose, name = getattr(node.func, "value", node.func), getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in OPENS or (isinstance(whose, ast.Name) and whose.id in ours):
            continue  # a function of ours, whose own calls are looked at where it is defined
        if name == "open" and any(
            isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.startswith(WRITES)
            for each in (*node.args[:2], *(word.value for word in node.keywords if word.arg == "mode"))
        ):
            continue
        yield name, node


MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


def found() -> dict[str, dict[str, list[ast.Call]]]:
    every: dict[str, dict[str, list[ast.Call]]] = {}
    for module, path in MODULES.items():
        for name, node in calls(path):
            every.setdefault(module, {}).setdefault(name, []).append(node)
    return every


def test_no_code_of_the_package_opens_a_file_but_through_the_one_place():
    stray = [
        f"vtgdata/{module}:{node.lineno}: {ast.unparse(node.func)}"
        for module, names in found().items()
        for name, nodes in names.items()
        for node in nodes
        if module != DOOR and name not in ALLOWED.get(module, {})
    ]
    assert stray == [], f"{stray}: open it with files/outside.py or files/parquet_limits.py"


def test_every_exemption_is_of_something_that_is_there():
    every = found()
    gone = [(module, name) for module, names in ALLOWED.items() for name in names if name not in every.get(module, {})]
    assert gone == []


def test_every_picture_is_opened_as_one_of_the_formats_that_start_no_program():
    opened = [
        (module, node)
        for module, names in found().items()
        for node in names.get("open", [])
        if module in ALLOWED and "Pillow" in ALLOWED[module].get("open", "")
    ]
    assert opened
    for module, node in opened:
        said = {word.arg: ast.unparse(word.value) for word in node.keywords}
        assert said.get("formats") == "PICTURES", f"vtgdata/{module}:{node.lineno}"


def special(folder: Path) -> dict[str, Path]:
    """Something of each kind that is no regular file, under names and behind links."""
    places = {"pipe": folder / "pipe", "socket": folder / "socket", "device": folder / "device"}
    os.mkfifo(places["pipe"])
    here = socket.socket(socket.AF_UNIX)
    os.chdir(folder)  # the name of a socket may not be long
    here.bind("socket")
    here.close()
    places["device"].symlink_to("/dev/zero")
    places["kernel"] = folder / "kernel"
    places["kernel"].symlink_to("/proc/self/environ")
    return places


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "kernel"])
@pytest.mark.parametrize("read", [outside.opened, outside.read_bytes, outside.read_text, outside.regular])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, monkeypatch, kind, read):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotAFile, match="only regular files are read") as caught:
        read(special(tmp_path)[kind])
    assert isinstance(caught.value, VtgError) and isinstance(caught.value, OSError)


def test_what_is_there_and_no_file_is_not_called_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = special(tmp_path)
    for kind in ("pipe", "socket", "device"):
        with pytest.raises(NotAFile):
            outside.is_file(places[kind])
    assert not outside.is_file(tmp_path) and not outside.is_file(tmp_path / "none" / "none")
    assert not outside.is_file("a\0b")
    (tmp_path / "real").write_text("x\r\ny")
    (tmp_path / "link").symlink_to("real")
    assert outside.is_file(tmp_path / "link") and outside.read_text(tmp_path / "link") == "x\ny"


def test_a_loop_of_links_is_an_error_like_any_other(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for read in (outside.read_bytes, outside.is_file, outside.regular):
        with pytest.raises(NotAFile, match="a link that leads back to itself"):
            read(tmp_path / "a")
    assert outside.resolved(tmp_path / "a" / "c").name == "c"


@pytest.mark.parametrize("limit", limits.ALL.values(), ids=list(limits.ALL))
def test_every_limit_is_a_setting(monkeypatch, limit):
    assert limit.value == limit.default
    monkeypatch.setenv(limit.variable, "2k")
    assert limit.value == 2048
    said = str(limit.error("a.json:3", "a line is too long"))
    assert said.startswith("a.json:3: a line is too long: above the limit of ") and limit.variable in said
    for wrong in ("0", "-1", "much", "1e9", "9" * 99):
        monkeypatch.setenv(limit.variable, wrong)
        with pytest.raises(VtgError, match=limit.variable):
            _ = limit.value


def test_a_file_above_its_limit_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text("x" * 100)
    monkeypatch.setenv(limits.DOCUMENT.variable, "99")
    with pytest.raises(VtgError, match=r"a\.json: the file has 100 bytes: above the limit of 99 bytes"):
        outside.read_bytes(tmp_path / "a.json")
    with pytest.raises(VtgError, match="VTGDATA_MAX_MEMORY"):
        monkeypatch.setenv(limits.MEMORY.variable, "1k")
        limits.check_memory("a.json", limits.FROM + 1)
