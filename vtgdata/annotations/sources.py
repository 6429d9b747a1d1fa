"""Which files a reader opens: the paths it was given, or the files it knows by name in the folders it was given."""

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import outside
from vtgdata.records import Corpus, RawRow


class Source(msgspec.Struct, frozen=True):
    """One annotation file and the split it holds."""

    path: Path
    split: str
    """Empty if each row states its own (`Corpus.split_in_rows`)."""


def find(
    paths: Sequence[Path],
    corpus: Corpus,
    split: str | None,
    *,
    companions: tuple[str, ...] = (),
    one_copy: bool = False,
    rows_tell: bool = False,
    override_split: bool = False,
) -> list[Source]:
    """The annotation files of a corpus under the given paths, each once, in the given order.

    Args:
        paths: files of any name, and folders in which the corpus's own file names are looked for (packed with gzip
            too).
        corpus: its splits name the files.
        split: take only this split's files from folders, and assume this split for files whose name does not tell.
        companions: suffixes of files that accompany annotations (durations, say) and are not annotations themselves.
        one_copy: a split's files are copies of each other: from a folder take only the first one that the split names,
            since all of them would give the same rows several times.
        rows_tell: rows may have a split of their own, so that nobody else needs to tell it.
        override_split: `split` counts, whatever the name of a file says.

    Raises VtgError when a path is missing, a folder holds no known file, or a file's split is not known.
    """
    known = check_split(corpus, split)
    found: dict[Path, Source] = {}
    for path in paths:
        if path.is_dir():
            here = named_files(path, corpus, split)
            if not here:
                raise _none_known(path, corpus, split)
            if one_copy:
                here = _first_of_each_split(source for source in here if not _goes_with(source.path, companions))
        elif path.exists():
            here = [Source(path, "")]
        else:
            raise VtgError(f"{path}: no such file or folder.")
        for source in here:
            if _goes_with(source.path, companions):
                continue
            told = corpus.split_in_rows or source.split
            owner = (
                source.split
                if told
                else _split_of_file(source.path, corpus, split, known, rows_tell=rows_tell, override=override_split)
            )
            found.setdefault(outside.resolved(source.path), Source(source.path, owner))
    if not found:
        raise VtgError(f"{corpus.name}: no annotation file given. It is one of {', '.join(names(corpus, split))}.")
    return list(found.values())


def _goes_with(path: Path, companions: tuple[str, ...]) -> bool:
    return plain_name(path).lower().endswith(companions)


def _first_of_each_split(sources: Iterable[Source]) -> list[Source]:
    first: dict[str, Source] = {}
    for source in sources:
        first.setdefault(source.split, source)
    return list(first.values())


def only(rows: Iterable[RawRow], split: str | None) -> Iterator[RawRow]:
    """Rows of one split, all when it is None; a row that could not be read belongs to every split.

    For corpora whose rows say their split.
    """
    return (row for row in rows if split is None or row.split == split or row.problem is not None)


def check_split(corpus: Corpus, split: str | None) -> list[str]:
    """The names of a corpus's splits; raises VtgError when `split` is given and is not one of them."""
    known = [each.name for each in corpus.splits]
    if split is not None and split not in known:
        raise VtgError(f"{corpus.name} has no split {split!r}; {did_you_mean(split, known)}")
    return known


def named_files(folder: Path, corpus: Corpus, split: str | None = None) -> list[Source]:
    """The corpus's files that a folder holds under their published names, companions included."""
    found: dict[str, Source] = {}
    for owner in corpus.splits:
        if split is None or owner.name == split or corpus.split_in_rows:
            for path in (path for name in owner.files for path in _matching(folder, name)):
                # The plain file wins over a packed one: both in a folder are one file, not two.
                found.setdefault(plain_name(path), Source(path, "" if corpus.split_in_rows else owner.name))
    return list(found.values())


def _matching(folder: Path, name: str) -> list[Path]:
    """Files of a name, or of a pattern (`*.jsonl`), each plain before packed, in the order of their names."""
    if not any(sign in name for sign in "*?["):
        return [path for path in (folder / name, folder / f"{name}.gz") if outside.is_file(path)]
    return sorted(path for path in folder.iterdir() if outside.is_file(path) and fnmatchcase(plain_name(path), name))


def inputs(paths: Sequence[Path], corpus: Corpus) -> list[Path]:
    """Every file that reading these paths may open, for fingerprints; companions beside a file are included.

    Raises VtgError when a folder holds no known file. It may be a folder of videos, whose hashing nobody wants to wait
    for.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            named = [source.path for source in named_files(path, corpus)]
            if not named:
                raise _none_known(path, corpus)
            found.update(dict.fromkeys(named))
        else:
            owner = _owner(path, corpus)
            beside = named_files(path.parent, corpus, owner)
            found.update(dict.fromkeys([path, *(source.path for source in beside)]))
    return list(found)


def names(corpus: Corpus, split: str | None = None) -> list[str]:
    """The published file names of a corpus, or of one split, each once."""
    return list(dict.fromkeys(name for s in corpus.splits if split in (None, s.name) for name in s.files))


def _none_known(folder: Path, corpus: Corpus, split: str | None = None) -> VtgError:
    return VtgError(f"{folder}: holds no file of {corpus.name}. Looked for: {', '.join(names(corpus, split))}.")


def plain_name(path: Path) -> str:
    """A file's name without `.gz`."""
    return path.name.removesuffix(".gz")


def _owner(path: Path, corpus: Corpus) -> str | None:
    name = plain_name(path)
    owners = [split.name for split in corpus.splits if any(fnmatchcase(name, known) for known in split.files)]
    return owners[0] if len(owners) == 1 else None


def _split_of_file(
    path: Path, corpus: Corpus, split: str | None, known: list[str], *, rows_tell: bool, override: bool
) -> str:
    owner = _owner(path, corpus)
    if not override and owner is not None and split is not None and owner != split:
        raise VtgError(f"{path}: the name is that of split {owner!r}, and --split says {split!r}. Drop one of the two.")
    told = split or owner or (known[0] if len(known) == 1 else None)
    if told is None and rows_tell:
        return ""
    if told is None:
        raise VtgError(
            f"{path}: the file's name does not tell its split. Name it with --split {'|'.join(known)}, or give the "
            f"file its published name ({', '.join(names(corpus))})."
        )
    return told
