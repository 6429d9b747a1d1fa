"""Looks that find placeholders, wrong columns, and rows that are mixed up or lost."""

import numpy as np

from vtgdata.annotations.looks.seen import FEW, Seen, Shown, many


def one_window(shown: Shown) -> Seen | None:
    """The same bounds in most rows stand for hidden or missing labels."""
    starts, ends = shown.columns.starts, shown.columns.ends
    if len(ends) < FEW or len(np.unique(shown.columns.videos)) < 2:
        return None
    pairs, counts = np.unique(np.stack([starts, ends], axis=1), axis=0, return_counts=True)
    top = int(counts.argmax())
    if counts[top] < (0.3 if len(ends) >= 100 else 0.5) * len(ends) or counts[top] < 3:
        return None
    start, end = pairs[top]
    return Seen(int(counts[top]), len(ends), f"windows are [{start:g}, {end:g}]: a placeholder of hidden labels?")


def whole_video(shown: Shown) -> Seen | None:
    """A window that is the whole video says nothing; in most rows it stands for hidden or missing labels."""
    limits = shown.limits
    count = int(((shown.columns.starts <= 0.01 * limits) & (shown.columns.ends >= 0.99 * limits)).sum())
    if count < 3 or count < 0.5 * len(limits):
        return None
    return Seen(count, len(limits), "windows are the whole video: a placeholder of hidden labels?")


def one_query(shown: Shown) -> Seen | None:
    """One text in most rows is a placeholder, or the column of another field."""
    queries = shown.columns.queries
    if len(queries) < FEW:
        return None
    hashes, counts = np.unique(queries, return_counts=True)
    top = int(counts.argmax())
    if counts[top] < 0.5 * len(queries) or counts[top] < 3:
        return None
    text = shown.group.texts.get(int(hashes[top]), "...")
    return Seen(int(counts[top]), len(queries), f"rows have the query {text[:60]!r}: a placeholder, or another column?")


def one_video(shown: Shown) -> Seen | None:
    """A file of many rows on one video is rare; a wrong column for the video is not."""
    videos = shown.columns.videos
    if len(videos) < 20 or len(np.unique(videos)) > 1:
        return None
    return Seen(len(videos), len(videos), "rows name one video: is it the column of the video?")


def id_queries(shown: Shown) -> Seen | None:
    """Queries that are ids, numbers or file names are another column."""
    count, of = shown.group.id_queries, len(shown.columns.queries)
    if of < FEW or 2 * count < of:
        return None
    text = next(iter(shown.group.texts.values()), "")
    return Seen(count, of, f"queries are ids, numbers or file names, the first {text[:60]!r}: swapped columns?")


def no_text(shown: Shown) -> Seen | None:
    """Control, private and replacement characters are bytes that were read in a wrong encoding, or no text."""
    count, of = shown.group.controls, len(shown.columns.queries)
    return (
        Seen(count, of, "queries hold characters that are no text: a wrong encoding?")
        if many(count, of, 0.01)
        else None
    )


def queries_of_lines(shown: Shown) -> Seen | None:
    """A query of several lines is several rows that a stray quote joined."""
    count, of = shown.group.lined, len(shown.columns.queries)
    return Seen(count, of, "queries have three lines or more: rows joined by a stray quote?") if count else None


def durations_disagree(shown: Shown) -> Seen | None:
    """Rows of one video that state different durations are of different videos, or mixed up."""
    videos, durations = shown.columns.videos, shown.columns.durations
    known = np.isfinite(durations)
    names, place = np.unique(videos[known], return_inverse=True)
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, place, durations[known])
    np.maximum.at(high, place, durations[known])
    several = int((np.bincount(place, minlength=len(names)) > 1).sum())
    count = int((high - low > 1).sum())
    if count < 2 or count < 0.1 * several:
        return None
    return Seen(count, several, "videos with several rows have durations that differ by more than a second")


def split_videos(shown: Shown) -> Seen | None:
    """A split that was drawn row by row shows the videos of its test in its training."""
    videos = np.unique(shown.columns.videos)
    count = int(np.isin(videos, shown.elsewhere).sum())
    if count < 3 or count < 0.1 * len(videos):
        return None
    return Seen(count, len(videos), "videos have rows in other splits too: was the split drawn row by row?")


def no_durations(shown: Shown) -> Seen | None:
    """A duration that is stated, and is no positive number of seconds, cannot limit windows."""
    count, of = shown.group.bad_durations, len(shown.columns.durations)
    return Seen(count, of, "rows state a duration that is no time") if many(count, of, 0.05) else None


def out_of_order(shown: Shown) -> Seen | None:
    """Files that list a video's events list them in time; where they do not, sentences may have lost their times."""
    back, steps = shown.group.back, shown.group.steps
    if steps < 20 or back < 0.3 * steps:
        return None
    return Seen(back, steps, "events of a video start before the one listed before them: sentences and times shuffled?")


def words_disagree(shown: Shown) -> Seen | None:
    """`first` is said of early moments and `finally` of late ones, unless queries and windows were shuffled."""
    early, late = np.array(shown.group.early), np.array(shown.group.late)
    if min(len(early), len(late)) < 40:
        return None
    in_order = float((late[:, None] > early[None, :]).mean())
    if in_order >= 0.6:
        return None
    says = (
        f"queries with words such as `finally` are as early as those with `first` ({in_order:.0%} of pairs are in order"
    )
    return Seen(len(late), len(early) + len(late), f"{says}, 70 % and more elsewhere): shuffled?")


def clips_disagree(shown: Shown) -> Seen | None:
    """QVHighlights' files say the moment twice, as windows and as clips."""
    count, of = shown.group.other_clips, shown.group.clip_ids
    return Seen(count, of, "rows have windows that are not their clips: shuffled?") if many(count, of, 0.01) else None


def repeated_rows(shown: Shown) -> Seen | None:
    """Rows that come again are a file given twice, or ids of another column."""
    ids, rows = shown.group.repairs["repeated_id"], shown.group.rows
    same = shown.group.repairs["duplicate"]
    if many(ids, rows, 0.05) and rows >= FEW:
        return Seen(ids, rows, "rows have the id of an earlier one: another column, or a file given twice?")
    return Seen(same, rows, "rows repeat an earlier one") if same >= 5 and same >= 0.3 * rows else None


ANNOTATED = {"no_moment_annotated", "removed"}
"""Reasons of drops that say something of the row, and nothing of how it was read."""


def dropped(shown: Shown) -> Seen | None:
    """A share of rows that cannot be used is a wrong unit, a wrong column or swapped bounds, not a slip."""
    file = shown.group.file
    rows = file.rows
    reasons = {reason: n for reason, n in file.reasons.items() if reason not in ANNOTATED}
    count = sum(reasons.values())
    if not shown.group.is_first or not ((count >= 5 and count >= 0.05 * rows) or (count >= 3 and count >= 0.75 * rows)):
        return None
    most = max(reasons, key=lambda reason: reasons[reason])
    hint = ": start and end swapped?" if most == "reversed" else ": a placeholder?" if most == "zero_length" else ""
    return Seen(count, rows, f"rows are dropped, most of them as {most}{hint}")
