"""The teacher that reads: what it looks for, what it says, and the whole way to a release on videos with a text."""

import importlib.util
import io
import json
import os
import shutil
from pathlib import Path

import pytest

from support.builders import make_sample
from vtgdata import releases
from vtgdata.cli.app import run
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.plugins.models import rapidocr
from vtgdata.records import Endpoint
from vtgdata.stages import coldstart

DATA = Path(os.environ.get("VTGDATA_TEST_DATA") or "none")

installed = pytest.mark.skipif(
    importlib.util.find_spec(rapidocr.NEEDS) is None, reason="needs rapidocr-onnxruntime (vtgdata[ocr])"
)


def test_the_longest_run_of_frames_is_the_answer_and_ends_where_the_next_frame_begins():
    shown = [False, True, False, True, True, False]
    said = rapidocr._said("EXIT", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], shown)
    assert said.endswith("<answer>3.0 to 5.0</answer>") and "EXIT" in said
    assert rapidocr._said("EXIT", [0.0, 1.0], [False, True]).endswith("<answer>1.0 to 2.0</answer>")
    assert rapidocr._said("EXIT", [0.0], [False]).endswith("<answer></answer>")


def test_a_text_is_found_in_a_longer_line_and_despite_a_letter_read_wrongly():
    assert rapidocr._alike("EXIT 12", "emergency exit-12 left") == 1.0
    assert rapidocr._alike("CHAPTER ONE", "CHAPTFR ONE") > 0.8 > rapidocr._alike("CHAPTER ONE", "THE END")
    assert rapidocr._alike("", "anything") == 0.0


@pytest.mark.skipif(importlib.util.find_spec(rapidocr.NEEDS) is not None, reason="it is installed")
def test_without_its_package_it_says_what_to_install():
    with pytest.raises(VtgError, match=r"vtgdata\[ocr\]"):
        plugins.load("models", "rapidocr").connect("", Endpoint())


def titled(path: Path, texts: list[tuple[str, int]], fps: int = 2) -> None:
    """A video of white titles on grey, each for so many frames."""
    import av
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for text, frames in texts:
            picture = Image.new("RGB", (640, 480), (70, 70, 70))
            ImageDraw.Draw(picture).text((90, 190), text, fill="white", font=ImageFont.load_default(64))
            for _ in range(frames):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")))
        container.mux(stream.encode())


@installed
@pytest.mark.slow
def test_from_a_teacher_that_looks_to_a_release(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    titled(Path("videos/a.mp4"), [("", 6), ("EXIT 12", 10), ("", 4), ("THE END", 8)])
    rows = [("EXIT 12", [3.0, 8.0]), ("THE END", [10.0, 14.0]), ("MUSEUM", [1.0, 4.0])]
    Path("raw").mkdir()
    Path("raw/text_on_screen.jsonl").write_text("".join(
        json.dumps({"qid": n, "query": f'the text "{text}" is shown', "vid": "a", "duration": 14.0,
                    "relevant_windows": [window]}) + "\n" for n, (text, window) in enumerate(rows)
    ))  # fmt: skip
    assert run(["run", "text-on-screen", "--quiet"]) == 0
    traces = read_parquet("runs/text-on-screen/traces/traces.parquet")
    assert [(row["kept"], row["windows"]) for row in traces[:2]] == [(True, [rows[0][1]]), (True, [rows[1][1]])]
    assert not traces[2]["kept"] and traces[2]["reason"]
    assert len(list(releases.open_release("runs/text-on-screen/v1").rows("coldstart"))) == 2


@installed
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="VTGDATA_TEST_DATA names no folder of real videos")
def test_a_title_of_a_real_clip_is_found_where_a_person_saw_it(tmp_path, monkeypatch):
    """The title stands from 4.4 to 6.4 s, its last quarter second as a shadow; another text is nowhere."""
    monkeypatch.chdir(tmp_path)
    Path("videos").mkdir()
    shutil.copy(DATA / "videos/test_clip_10s.mp4", "videos")
    samples = [
        make_sample(f"t:{n}", video_id="test_clip_10s", duration=10.0, query=f'the text "{text}" is shown',
                    windows=[(4.4, 6.4)]) for n, text in enumerate(("The Blender Foundation", "The End"))
    ]  # fmt: skip
    write_samples(Path("samples.parquet"), samples)
    made = coldstart.run(coldstart.Settings(
        samples="samples.parquet", out="out", videos="videos", model="rapidocr", n=1, fps=2.0, num_frames=32,
        short_side=480, frames="frames",
    ))  # fmt: skip
    assert made.traces == 1
    found, other = read_parquet("out/traces.parquet")
    assert found["kept"] and found["iou"] > 0.7 and not other["kept"]


@installed
def test_a_frame_that_is_no_picture_ends_no_run():
    with pytest.raises(OSError, match="cannot identify"):
        rapidocr.Reader(None, 0.8)._read(io.BytesIO(b"no picture").getvalue())
