"""All findings about one file."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from vtgdata.records import Finding
from vtgdata.video.survey.gaps import pauses
from vtgdata.video.survey.holes import holes
from vtgdata.video.survey.seen import Seen, read
from vtgdata.video.survey.statements import statements


def survey(path: Path) -> tuple[Finding, ...]:
    """What is wrong with a video, in the order of its seconds; nothing for one that is as it should be.

    The whole file is decoded. Raises VideoUnreadable when there is no video, or no frame decodes.
    """
    seen = read(path)
    damaged = holes(seen)
    paused = [each for each in pauses(seen) if not any(hole.touches(each.start, each.end) for hole in damaged)]
    found = [*damaged, *paused, *_sizes(seen), *statements(seen)]
    return tuple(sorted(found, key=lambda finding: (finding.start, finding.end)))


def _sizes(seen: Seen) -> Iterator[Finding]:
    """Stretches in which the picture has another size than in the first frame."""
    first = seen.shown[0].size
    runs = [(size, [shown.start for shown in run]) for size, run in groupby(seen.shown, key=lambda shown: shown.size)]
    ends = [starts[0] for _, starts in runs[1:]] + [seen.end]
    for (size, starts), end in zip(runs, ends, strict=True):
        if size != first:
            detail = f"the picture has {size[0]} x {size[1]} pixels instead of {first[0]} x {first[1]}"
            start = starts[0] - seen.origin
            yield Finding(kind="size", start=start, end=max(end - seen.origin, start), detail=detail)
