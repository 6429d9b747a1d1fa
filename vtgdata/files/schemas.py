"""The columns of every Parquet file that a stage writes."""

from typing import Any

Row = dict[str, Any]


SAMPLES = {
    "sample_id": "text", "corpus": "text", "split": "text", "video_id": "text", "video_file": "text",
    "source_id": "text", "source_start": "number", "duration": "number", "video_status": "text", "query": "text",
    "windows": "windows", "labelled": "flag", "task": "text", "options": "texts", "answer": "text",
    "label_version": "text", "license": "text", "origin": "text", "repairs": "repairs", "extra": "text",
}  # fmt: skip


ABSENT = {"none_is_right": "flag"}
"""One more column of samples, where any of them is known to have no moment: no file without such samples has it, so
that it is as it was before the column existed. A row without it has false."""


SAMPLE_NEEDS = ("sample_id", "corpus", "split", "video_id", "duration", "query", "windows")
"""Columns that `samples.parquet` must have; the others may be missing."""


DROPS = {"corpus": "text", "origin": "text", "reason": "text", "detail": "text", "raw": "text"}


ROLLOUTS = {
    "key": "text", "sample_id": "text", "model_id": "text", "prompt_id": "text", "sampling_id": "text",
    "frames_id": "text", "frame_times": "numbers", "index": "count", "text": "text", "reasoning": "text",
    "windows": "windows", "option": "text", "parse_status": "text", "strict_ok": "flag", "iou": "number",
    "scores": "scores", "finish_reason": "text", "tokens_in": "count", "tokens_out": "count", "error": "text",
}  # fmt: skip


TRACES = ROLLOUTS | {
    "teacher_windows": "windows", "annotation_windows": "windows", "kept": "flag", "reason": "text",
    "target": "text", "prompt": "text", "frame_sampling": "text",
}  # fmt: skip


VERDICTS = {
    "key": "text", "sample_id": "text", "model_id": "text", "judge_id": "text", "prompt_id": "text", "verdict": "text",
    "why": "text", "text": "text", "tokens_in": "count", "tokens_out": "count", "error": "text",
}  # fmt: skip
"""A row for each answer that was judged: `key` and `model_id` are the answer's."""


PASS_RATES = {
    "sample_id": "text", "model_id": "text", "prompt_id": "text", "sampling_id": "text", "frames_id": "text",
    "measure": "text", "value": "number", "low": "number", "high": "number", "n": "count", "n_unparsed": "count",
    "n_failed": "count", "mean_iou": "number", "iou_std": "number", "ious": "numbers", "decided": "flag",
    "prompt": "text", "frame_sampling": "text",
}  # fmt: skip


DRAWN = {"sampling": "text"}
"""How answers were drawn: one more column of traces and pass rates. Files from before it existed stay valid."""


WEIGHT = {"weight": "number"}
"""One more column of chosen rows, where the selector gives weights: how often the trainer is to take a row."""


DECIDED = {
    "value_std": "number", "place": "text", "place_low": "number", "place_high": "number", "posterior_mean": "number",
}  # fmt: skip
"""More columns of pass rates, which older files lack: the population standard deviation of the answers' values; the
place that --adaptive decided, between which edges; the mean of the posterior of the true rate."""


VERIFIED = {"number": "number", "detail": "text", "marks": "texts"}
"""Of traces: the number and the words of a reason, and what was done to the target (`rewritten`, `guided:annotation`).
Files from before these existed stay valid."""
