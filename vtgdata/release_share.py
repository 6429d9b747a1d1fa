"""What a version of a release costs the Hub after another one: its bytes, and how many of them are new there."""

from collections.abc import Collection

import msgspec

from vtgdata import chunks
from vtgdata.releases import Release

STORED = ".parquet"
"""End of the names of files that go to the Hub's storage in chunks; others are part of the commit, whole."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate; see `expected`."""

    bytes: int
    """Of the files to upload."""
    new: int
    """Of these, what the Hub is expected to be sent."""
    how: str
    """How that was estimated, for people."""


def expected(before: Release | None, after: Release, upload: Collection[str]) -> Expected:
    """How much of the files that a push uploads will have to be sent.

    Both versions' files must lie here. What the estimate leaves out: packing, which makes it less; data of other
    repositories, which the Hub's storage knows too; and that a client sends again what lies too scattered there.

    Args:
        before: the version that the Hub holds; None for none.
        after: the version to push.
        upload: names of its files that are to be written.
    """
    files = after.files
    stored = [name for name in upload if name.endswith(STORED)]
    old = [before.path / name for name in before.files if name.endswith(STORED)] if before and stored else []
    found = chunks.share(old, [after.path / name for name in stored])
    whole = sum(files[name].bytes for name in upload if name not in stored)
    against = f"those of version {before.document.version}" if before else "no version before"
    return Expected(
        bytes=found.bytes + whole,
        new=found.new + whole,
        how=f"{found.chunks:,} chunks of Parquet cut by content, {chunks.MEAN >> 10} KiB on average as the Hub's "
        f"storage cuts them, compared with {against}; other files count whole",
    )
