"""Repaired: drops samples with given repairs, whose labels may not be good enough to train on.

With `end_far_past_video` and `likely_factor_60`, an end in the wrong unit was clamped, so that the window reaches to
the end of the video; `duplicate` is a row that repeats another. `vtgdata ingest` prints the codes with their counts.
"""

from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, example_sample, leave, listed
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Repair, Sample

CODES = "end_far_past_video+likely_factor_60+duplicate"


def keep(samples: Sequence[Sample], frames: object, *, codes: str = CODES) -> list[LeftOut]:
    """Leave out samples that have a repair in `codes` (joined by `+`); the reason is the code."""
    del frames
    wanted = listed(codes)
    if not wanted:
        raise VtgError(f"repaired: codes={codes!r}: name repairs joined by +, as in {CODES}.")

    def why(sample: Sample) -> Why | None:
        noted = {repair.code: repair for repair in reversed(sample.repairs)}
        found = next((noted[code] for code in wanted if code in noted), None)
        return found and (found.code, f"{found.old:.200} -> {found.new:.200}")

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("as published"),
        example_sample("repeats another", repairs=(Repair("duplicate", "example:as published", "kept"),)),
        example_sample("in a harmless way", repairs=(Repair("end_past_video", "30.4", "30.0"),)),
    ),
    left_out={"repeats another": "duplicate"},
)
