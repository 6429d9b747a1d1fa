"""A sample of ours as a raw row, to go through normalisation again."""

from typing import Any

from vtgdata.records import RawRow, Repair, Sample


def raw_row(sample: Sample, origin: str, raw: Any) -> RawRow:
    """The row of a sample that keeps its id, corpus, licence, repairs and probe result.

    Args:
        sample: an id that does not begin with its corpus gets it as a prefix, which is a repair.
        origin: where it was read now.
        raw: the row's own text or JSON value.
    """
    prefix, video = f"{sample.corpus}:", sample.video
    repairs = sample.repairs
    if not sample.sample_id.startswith(prefix):
        repairs += (Repair("sample_id", sample.sample_id, prefix + sample.sample_id),)
    return RawRow(
        origin=sample.origin or origin,
        read_at=origin,
        raw=raw,
        video_id=video.video_id,
        file=video.file,
        query=sample.query,
        windows=[(window.start, window.end) for window in sample.windows],
        split=sample.split,
        corpus=sample.corpus,
        license=sample.license,
        repairs=repairs,
        video_status=video.status,
        published_id=sample.sample_id.removeprefix(prefix),
        duration=video.duration,
        source_id=video.source_id,
        source_start=video.source_start,
        labelled=sample.labelled,
        none_is_right=sample.none_is_right,
        task=sample.task,
        options=sample.options,
        answer=sample.answer,
        label_version=sample.label_version,
        extra=sample.extra,
    )
