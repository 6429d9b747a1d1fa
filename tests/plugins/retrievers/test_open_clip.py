"""open_clip as a retrieval model: its scores of stretches are those of the library's own call, worked out by hand."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import coloured, tiny_clip
from support.builders import make_sample
from vtgdata.engine.retrieval import open_retriever, scored
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore

open_clip = pytest.importorskip("open_clip", reason="open_clip is not installed: pip install 'vtgdata[clip]'")
SHOWN = {"red": [(3, 9), (33, 40)], "green": [(14, 18)]}


def test_scores_of_stretches_are_those_of_the_library(tmp_path: Path) -> None:
    import torch

    model = tiny_clip.build(tmp_path / "model", steps=0)
    coloured.draw(tmp_path / "videos/v.mp4", 40, SHOWN)
    samples = [make_sample(name, video_id="v", duration=40.0, query=f"the {name} moment") for name in coloured.COLOURS]
    store = FrameStore(tmp_path / "videos", FrameSampling(frames=None, fps=1.0), tmp_path / "frames", isolated=False)
    found = scored(open_retriever(f"open_clip:{model}"), samples, store, 10.0, 4.0, 2)
    assert found.frames == 40 and not found.failures and found.retriever.startswith("open_clip-")

    theirs, _, prepare = open_clip.create_model_and_transforms(f"local-dir:{model}")
    tokens = open_clip.get_tokenizer(f"local-dir:{model}")([sample.query for sample in samples])
    # As they are stored: a JPEG of another part of the video differs by what the encoder makes of it.
    parts = [
        store.frames(Video(video_id="v", file=f"v.mp4#t={start},{min(start + 6, 40)}")) for start in range(0, 30, 6)
    ]
    last = store.frames(Video(video_id="v", file="v.mp4#t=30,40"))
    jpegs = [jpeg for part in (*parts, last) for jpeg in part.images]
    pictures = torch.stack([prepare(Image.open(io.BytesIO(jpeg)).convert("RGB")) for jpeg in jpegs])
    with torch.no_grad():
        seen, said = theirs.eval().encode_image(pictures), theirs.encode_text(tokens)
    cosines = torch.nn.functional.cosine_similarity(said[:, None], seen[None], dim=-1).numpy()
    for sample, row in zip(samples, cosines, strict=True):
        expected = [sorted(row[start : start + 10])[-2:] for start in (0, 6, 12, 18, 24, 30)]
        assert found.of[sample.sample_id][:, 0] == pytest.approx(np.mean(expected, axis=1), abs=2e-4)
