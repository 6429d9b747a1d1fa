from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from contracts.test_corpora import NAMES, write_example
from vtgdata.annotations import sources
from vtgdata.annotations.losses import Kept, Losses
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import RawRow


def compared(module: ModuleType, paths: list[Path], leave: int = -1, twice: int = -1, *, whole: bool = True) -> Kept:
    """The count beside the rows of a reader, of which one is lost, or comes twice."""
    losses = Losses(paths, sources.inputs(paths, module.CORPUS))
    for _ in losses.watched(spoilt(module.read(paths, None), leave, twice)):
        pass
    return losses.checked(module.CORPUS, {}, whole=whole)


def spoilt(rows: Iterator[RawRow], leave: int, twice: int) -> Iterator[RawRow]:
    for number, row in enumerate(rows):
        if number != leave:
            yield row
        if number == twice:
            yield row


def exact(module: ModuleType) -> bool:
    return all(known.rows in ("as many", "windows") for known in module.CORPUS.records)


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_gives_as_many_rows_as_its_page_says(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    kept = compared(module, write_example(module, tmp_path))
    assert kept.records


@pytest.mark.parametrize("name", NAMES)
def test_a_row_that_any_reader_loses_or_gives_twice_ends_the_run(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    if not exact(module):
        pytest.skip("its page states at least or at most so many rows")
    with pytest.raises(VtgError, match=r"records, and [\d,]+ (rows|windows) were read of it, so that . are lost"):
        compared(module, paths, leave=1)
    with pytest.raises(VtgError, match="came from nowhere"):
        compared(module, paths, twice=0)
    compared(module, paths, leave=1, whole=False)


def test_few_readers_have_no_exact_count() -> None:
    assert [name for name in NAMES if not exact(plugins.load("corpora", name))] == [
        "conversations", "internvid_vtime", "nextgqa", "queryd",
    ]  # fmt: skip
