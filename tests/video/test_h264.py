"""A video file of H.264 made of JPEGs: each frame is a key frame at its own time, nearly as it was."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from support.drawn_videos import picture
from vtgdata.video import h264
from vtgdata.video.decode import jpeg


@pytest.mark.parametrize(("width", "height"), [(64, 48), (65, 47)])
def test_every_frame_is_there_at_its_time_also_where_a_side_is_odd(width, height):
    jpegs = [jpeg(picture(number), (width, height)) for number in range(5)]
    with av.open(io.BytesIO(h264.file(jpegs, 2 / 3))) as video:
        frames = list(video.decode(video=0))
    assert [float(frame.pts * frame.time_base) for frame in frames] == pytest.approx([0.0, 1.5, 3.0, 4.5, 6.0])
    assert all(frame.key_frame for frame in frames)
    size = (width // 2 * 2, height // 2 * 2)
    for frame, one in zip(frames, jpegs, strict=True):
        assert (frame.width, frame.height) == size
        right = np.asarray(Image.open(io.BytesIO(one)).convert("RGB").resize(size), dtype=float)
        assert np.abs(frame.to_ndarray(format="rgb24") - right).mean() < 4
