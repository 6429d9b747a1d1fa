"""A small file of difficulties as TempSamp-R1 publishes them."""

import json
from pathlib import Path


def write_published(path: Path, difficulties: tuple[float, ...] = (0.0, 0.4, 1.0)) -> None:
    """Write a row for each difficulty, 1 - IoU of one answer."""
    rows = [
        {
            "problem": f'<video>To accurately pinpoint the event "door {i} opens" in the video, determine the period.',
            "answer": "<answer> 4.0 to 8.0 </answer>", "problem_type": "temporal grounding", "data_type": "video",
            "videos": [f"video_shards/didemo/door{i}.mp4"], "difficulty": value, "duration": 20.0, "gt_len": 4.0,
        }
        for i, value in enumerate(difficulties)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
