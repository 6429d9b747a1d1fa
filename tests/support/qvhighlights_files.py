"""QVHighlights' published val split and result files, as samples and as raw rows."""

import functools
import json
from pathlib import Path
from typing import Any

from support.published import published
from vtgdata.records import Sample, Video, Window

FOLDER = ("predictions", "moment_detr_standalone_eval")
FILES = {
    "moment_detr_sample/sample_val_preds.jsonl": "moment_detr_sample/sample_val_preds_metrics_raw.json",
    "moment_detr_inference/inference_hl_val_test_code_preds.jsonl": (
        "moment_detr_inference/inference_hl_val_test_code_preds_metrics.json"
    ),
    "qd_detr_onlyclip/hl_val_submission.jsonl": "qd_detr_onlyclip/hl_val_submission_metrics.json",
    "qd_detr_video/hl_val_submission.jsonl": "qd_detr_video/hl_val_submission_metrics.json",
}


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@functools.cache
def truth() -> list[dict[str, Any]]:
    return rows_of(published("corpora", "qvhighlights", "highlight_val_release.jsonl"))


@functools.cache
def samples() -> list[Sample]:
    return [
        Sample(
            sample_id=f"qvhighlights:{row['qid']}",
            corpus="qvhighlights",
            split="val",
            video=Video(video_id=row["vid"], file=f"{row['vid']}.mp4", duration=float(row["duration"])),
            query=row["query"],
            windows=tuple(Window(float(start), float(end)) for start, end in row["relevant_windows"]),
            extra={key: row[key] for key in ("relevant_clip_ids", "saliency_scores")},
        )
        for row in truth()
    ]
