"""What differs between two releases, row by row and column by column, and which version number that calls for."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from vtgdata import releases
from vtgdata.files.schemas import Row
from vtgdata.releases import tombstones
from vtgdata.releases.card import cell
from vtgdata.releases.document import Release
from vtgdata.releases.rows import keys_of

_NO_MEANING = {"rank", "first_version"}
"""Columns that say where a row stands in its release, not what it means."""
Level = str
"""`none`, `patch`, `minor` or `major`."""
LEVELS = ("none", "patch", "minor", "major")
SHOWN = 20
"""Keys that the text and Markdown name of each kind; JSON has all."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How one config differs."""

    added: list[str]
    """Keys, sorted; a key is its columns' values joined by a space."""
    removed: list[str]
    changed: dict[str, list[str]]
    """{key: columns whose value differs}."""
    columns: dict[str, int]
    """{column: rows in which it differs}."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were added, removed and changed."""
        return {"added": len(self.added), "removed": len(self.removed), "changed": len(self.changed)}

    @property
    def nothing(self) -> bool:
        """Whether the rows are the same."""
        return not (self.added or self.removed or self.changed)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What one release has that the other has not."""

    first: str
    second: str
    """Versions."""
    configs: dict[str, Change]
    """Those that differ."""
    licenses: dict[str, list[int]]
    """{licence: [samples in the first, in the second]} where they differ."""
    removed_for_good: list[str]
    """Videos and samples that the second names as removed and the first does not, with the reason."""
    files: list[str]
    """Files other than data that differ: card, prompts, licences."""
    level: Level
    proposed: str
    """The version that the second should have, after the first."""

    @property
    def nothing(self) -> bool:
        """Whether the two hold the same."""
        return self.level == "none"


def compare(first: Release, second: Release) -> Difference:
    """The difference between two opened releases.

    Rows are matched by their config's key across splits, so that a row that moved to another split has changed and
    is neither added nor removed.
    """
    names = sorted({*first.document.configs, *second.document.configs})
    changes = {config: _change(config, _rows(first, config), _rows(second, config)) for config in names}
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
    """The version after another.

    >>> following("1.2.3", "minor"), following("1.2.3", "none")
    ('1.3.0', '1.2.3')
    """
    major, minor, patch = releases.parse_version(version)
    after = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, after.get(level, (major, minor, patch))))


def level_of(changes: Mapping[str, Mapping[str, int]], *, files: bool) -> Level:
    """What kind of version a change calls for.

    Args:
        changes: {config: added, removed, changed}. The config `drops` says what is not in the release: whatever it
            gains or loses, no row of the dataset changed its meaning.
        files: whether other files differ.

    >>> level_of({"samples": {"added": 1, "removed": 0, "changed": 0}, "drops": {"removed": 2}}, files=True)
    'minor'
    """
    rows = [found for config, found in changes.items() if config != "drops"]
    if any(found.get("removed") or found.get("changed") for found in rows):
        return "major"
    return "minor" if any(any(found.values()) for found in changes.values()) else "patch" if files else "none"


def step(before: str, after: str) -> int:
    """How much one version promises to differ from another that it follows: a place in LEVELS.

    >>> LEVELS[step("1.2.0", "1.4.1")], LEVELS[step("1.2.0", "1.2.9")]
    ('minor', 'patch')
    """
    pairs = zip(releases.parse_version(before), releases.parse_version(after), strict=True)
    place = next((place for place, (old, new) in enumerate(pairs) if old != new), 3)
    return 3 - place


def _rows(release: Release, config: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    seen: Counter[str] = Counter()
    for split in release.document.configs.get(config, {}):
        for row in release.rows(config, split):
            key = " ".join(str(row[column]) for column in keys_of(config))
            # Raw rows left out may be the same to the letter: each counts.
            seen[key] += 1
            found[key if seen[key] == 1 else f"{key} ({seen[key]})"] = row | {"(split)": split}
    return found


def _change(config: str, old: dict[str, Row], new: dict[str, Row]) -> Change:
    changed = {key: columns for key in sorted(old.keys() & new.keys()) if (columns := _differing(old[key], new[key]))}
    return Change(
        added=sorted(new.keys() - old.keys()),
        removed=sorted(old.keys() - new.keys()),
        changed=changed,
        columns=dict(sorted(Counter(column for columns in changed.values() for column in columns).items())),
    )


def _differing(old: Row, new: Row) -> list[str]:
    names = sorted((old.keys() | new.keys()) - _NO_MEANING)
    return [name for name in names if old.get(name) != new.get(name)]


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
    """The difference as Markdown for a changelog; keys are text of annotations, and no markup."""
    lines = [f"### {found.second} against {found.first}", "", *(f"- {cell(line)}" for line in _lines(found))]
    return "\n".join(lines) + "\n"


def text(found: Difference) -> str:
    """The difference for a terminal."""
    return "\n".join([f"{found.second} against {found.first}", *_lines(found)]) + "\n"


def _shown(key: str) -> str:
    """A key's beginning on one line: control characters are shown, not obeyed."""
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
