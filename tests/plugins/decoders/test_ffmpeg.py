"""What is said where the ffmpeg program is not there; what it decodes is in test_every_decoder.py."""

import sys

import pytest

from support.drawn_videos import draw
from vtgdata.errors import VtgError
from vtgdata.records import FrameSampling
from vtgdata.video.probe import Prober
from vtgdata.video.store import FrameStore


@pytest.mark.parametrize("look", [lambda root: FrameStore(root, FrameSampling(frames=2), decoder="ffmpeg"),
                                  lambda root: Prober(root, "ffmpeg")])  # fmt: skip
def test_without_the_program_its_decoder_says_what_to_install_before_a_video_is_read(tmp_path, monkeypatch, look):
    draw(tmp_path / "videos/a.mp4", 5)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(VtgError, match=r"needs the program ffmpeg.*apt-get install ffmpeg.*pip install imageio-ffmpeg"):
        look(tmp_path / "videos")
