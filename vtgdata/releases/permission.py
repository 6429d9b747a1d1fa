"""Whether a release's rows may be published: not if a licence forbids it, two licences clash, or one is unverified.

A licence without derivatives waits for the user's word as an unverified one does: a release selects and repairs rows.
"""

import shlex
from collections.abc import Sequence

from vtgdata.annotations import licences
from vtgdata.errors import LicenceRefused
from vtgdata.releases.document import Document


def refuse(document: Document, confirmed: Sequence[str], where: str) -> None:
    """Raise LicenceRefused, saying what to do, when these rows may not be published together.

    Args:
        document: the release's release.json.
        confirmed: licences that the user has read and takes responsibility for; counts only for unverified ones, and
            for those that let no adapted version be passed on.
        where: the release, for errors.
    """
    _refuse_kept_back(document, where)
    _refuse_conflict(document, where)
    _refuse_unconfirmed(document, confirmed, where)
    _refuse_adapted(document, confirmed, where)


def unverified(document: Document) -> dict[str, list[str]]:
    """{licence: corpora} of rows whose licence nobody has read, or whose corpus has no verified licence."""
    found: dict[str, list[str]] = {}
    for corpus, facts in document.corpora.items():
        for licence in facts["licenses"]:
            if facts.get("license_confidence") == "C" or not licences.find(licence).known:
                found.setdefault(licence, []).append(corpus)
    # A corpus with drops but no samples is here only with raw rows, which have no licence.
    dropped = document.counts.get("drops", {}).get("corpus", {})
    for corpus in sorted(set(dropped) - set(document.corpora)):
        found.setdefault(licences.UNVERIFIED, []).append(corpus)
    return found


def without_derivatives(document: Document) -> dict[str, list[str]]:
    """{licence: corpora} of rows under a licence that lets no adapted version be passed on."""
    found = _corpora_under(document)
    return {licence: found[licence] for licence in found if licences.combine([licence]).no_derivatives}


def confirmed(document: Document, said: Sequence[str]) -> list[str]:
    """The licences that waited for the user's word and that the user confirmed, sorted; case does not matter."""
    names = {name.strip().lower() for name in said}
    waiting = unverified(document) | without_derivatives(document)
    return sorted(licence for licence in waiting if licence.lower() in names)


def _corpora_under(document: Document) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for corpus, facts in document.corpora.items():
        for licence in facts["licenses"]:
            found.setdefault(licence, []).append(corpus)
    return dict(sorted(found.items()))


def _refuse_kept_back(document: Document, where: str) -> None:
    """Raise LicenceRefused when a licence forbids redistribution of its rows; no confirmation helps then."""
    found = _corpora_under(document)
    kept = [name for name in found if licences.combine([name]).not_redistributable]
    if kept:
        each = "; ".join(f"{name} ({', '.join(found[name])}): {licences.find(name).note}" for name in kept)
        raise LicenceRefused(
            f"{where}: rows under a licence that does not let them be passed on: {each} Release without them: "
            "`vtgdata curate --filter licence --benchmarks-too` leaves them out. Pushing to a folder is not affected."
        )


def _refuse_conflict(document: Document, where: str) -> None:
    """Raise LicenceRefused for two different share-alike licences: each requires itself for the whole dataset."""
    found = _corpora_under(document)
    clashing = licences.combine(found)
    if clashing.conflict:
        under = {
            identifier: sorted({
                corpus for name, corpora in found.items() for corpus in corpora
                if identifier in licences.combine([name]).share_alike
            })
            for identifier in clashing.share_alike
        }  # fmt: skip
        each = " and ".join(f"{identifier} ({', '.join(corpora)})" for identifier, corpora in under.items())
        raise LicenceRefused(
            f"{where}: {each} each want all rows under themselves, so these rows cannot be published as one dataset. "
            "Make one release per licence, each from its own corpora's samples, and push them to two repositories. "
            "Pushing to a folder is not affected."
        )


def _refuse_unconfirmed(document: Document, said: Sequence[str], where: str) -> None:
    found = unverified(document)
    for name in confirmed(document, said):
        found.pop(name, None)
    if found:
        each, options = _listed(found)
        raise LicenceRefused(
            f"{where}: nobody verified the licence of some rows: {each}. Read it at its source (LICENSES.md "
            f"and `vtgdata corpora NAME` say where); where you may publish the rows, push with {options}. Pushing to a "
            "folder needs no confirmation."
        )


def _refuse_adapted(document: Document, said: Sequence[str], where: str) -> None:
    found = without_derivatives(document)
    for name in confirmed(document, said):
        found.pop(name, None)
    if found:
        each, options = _listed(found)
        raise LicenceRefused(
            f"{where}: rows under a licence that lets no adapted version be passed on, and a release selects and "
            f"repairs rows: {each}. Leave them out (`vtgdata curate --filter licence --benchmarks-too`), or, where "
            f"their authors allow it, push with {options}. Pushing to a folder needs no confirmation."
        )


def _listed(found: dict[str, list[str]]) -> tuple[str, str]:
    """Licences with their corpora in words, and the options that confirm them."""
    each = "; ".join(f"{licence} ({', '.join(corpora)})" for licence, corpora in sorted(found.items()))
    return each, " ".join(f"--confirm-license {shlex.quote(licence)}" for licence in sorted(found))
