"""The difference between two releases, by rows and columns, and the version number that it requires."""

from collections.abc import Mapping

import msgspec

from vtgdata import releases
from vtgdata.releases import tombstones
from vtgdata.releases.card import cell
from vtgdata.releases.document import Release
from vtgdata.releases.row_changes import Change, row_changes

Level = str
"""`none`, `patch`, `minor` or `major`."""
LEVELS = ("none", "patch", "minor", "major")
SHOWN = 20
"""How many keys of each kind the text and Markdown list; JSON lists all."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How two releases differ."""

    first: str
    second: str
    """Version of each release."""
    configs: dict[str, Change]
    """{config: how it differs}, only for configs that differ."""
    licenses: dict[str, list[int]]
    """{licence: [samples in the first, samples in the second]}, only if these numbers differ."""
    removed_for_good: list[str]
    """Videos and samples that are on the second release's list of removals and not on the first's, with reasons."""
    files: list[str]
    """Files other than data that differ: card, prompts, licences."""
    level: Level
    proposed: str
    """The version number that the second release should have, as successor of the first."""

    @property
    def nothing(self) -> bool:
        """Whether the two releases have the same content."""
        return self.level == "none"


def compare(first: Release, second: Release) -> Difference:
    """The difference between two opened releases.

    Rows are matched by their config's key across splits, so a row that moved to another split counts as changed, not
    as added and removed.
    """
    names = sorted({*first.document.configs, *second.document.configs})
    changes = {config: row_changes(config, first, second) for config in names}
    configs = {config: change for config, change in changes.items() if not change.nothing}
    files = _other_files(first, second)
    level = level_of({config: change.counts for config, change in configs.items()}, files=bool(files))
    return Difference(
        first=first.document.version,
        second=second.document.version,
        configs=configs,
        licenses=_licences(first, second),
        removed_for_good=_removed(first, second),
        files=files,
        level=level,
        proposed=following(first.document.version, level),
    )


def following(version: str, level: Level) -> str:
    """The next version number after a change of this level; the same number for `none`.

    >>> following("1.2.3", "minor"), following("1.2.3", "none")
    ('1.3.0', '1.2.3')
    """
    major, minor, patch = releases.parse_version(version)
    after = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, after.get(level, (major, minor, patch))))


def level_of(changes: Mapping[str, Mapping[str, int]], *, files: bool) -> Level:
    """The level of version that a change requires.

    Args:
        changes: {config: added, removed, changed}. The config `drops` lists what is not in the release, so no change
            in it alters the meaning of a row of the dataset.
        files: whether other files differ.

    >>> level_of({"samples": {"added": 1, "removed": 0, "changed": 0}, "drops": {"removed": 2}}, files=True)
    'minor'
    """
    rows = [found for config, found in changes.items() if config != "drops"]
    if any(found.get("removed") or found.get("changed") for found in rows):
        return "major"
    return "minor" if any(any(found.values()) for found in changes.values()) else "patch" if files else "none"


def step(before: str, after: str) -> int:
    """The level of change between two version numbers, as an index into LEVELS.

    >>> LEVELS[step("1.2.0", "1.4.1")], LEVELS[step("1.2.0", "1.2.9")]
    ('minor', 'patch')
    """
    pairs = zip(releases.parse_version(before), releases.parse_version(after), strict=True)
    place = next((place for place, (old, new) in enumerate(pairs) if old != new), 3)
    return 3 - place


def _licences(first: Release, second: Release) -> dict[str, list[int]]:
    old, new = (each.document.counts.get("samples", {}).get("license", {}) for each in (first, second))
    return {
        name: [old.get(name, 0), new.get(name, 0)]
        for name in sorted({*old, *new})
        if old.get(name, 0) != new.get(name, 0)
    }


def _removed(first: Release, second: Release) -> list[str]:
    old = {each.key for each in tombstones.of_release(first).removed}
    new = [each for each in tombstones.of_release(second).removed if each.key not in old]
    return [
        " ".join(filter(None, (each.corpus, "video" if each.video_id else "sample", each.video_id or each.sample_id)))
        + (f": {each.reason}" if each.reason else "")
        for each in new
    ]


def _other_files(first: Release, second: Release) -> list[str]:
    old, new = first.document.files, second.document.files
    return [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def markdown(found: Difference) -> str:
    """The difference as Markdown for a changelog; keys come from annotations, so markup in them is escaped."""
    lines = [f"### {found.second} against {found.first}", "", *(f"- {cell(line)}" for line in _lines(found))]
    return "\n".join(lines) + "\n"


def text(found: Difference) -> str:
    """The difference for a terminal."""
    return "\n".join([f"{found.second} against {found.first}", *_lines(found)]) + "\n"


def _shown(key: str) -> str:
    """The beginning of a key on one line; control characters are escaped."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in key[:200])


def _lines(found: Difference) -> list[str]:
    lines: list[str] = []
    for config, change in found.configs.items():
        lines.append(f"{config}: " + ", ".join(f"{count:,} {what}" for what, count in change.counts.items() if count))
        lines += [f"{config}: column {name} differs in {count:,} rows" for name, count in change.columns.items()]
        for what, keys in (("added", change.added), ("removed", change.removed), ("changed", list(change.changed))):
            lines += [f"{config}: {what} {_shown(key)}" for key in keys[:SHOWN]]
            lines += [f"{config}: {what} {len(keys) - SHOWN} more"] if len(keys) > SHOWN else []
    lines += [f"removed for good: {_shown(each)}" for each in found.removed_for_good]
    lines += [f"licence {_shown(name)}: {old:,} samples, now {new:,}" for name, (old, new) in found.licenses.items()]
    lines += [f"file {_shown(name)} differs" for name in found.files]
    return [*lines, f"next version: {found.proposed} ({found.level})" if lines else "nothing differs"]
