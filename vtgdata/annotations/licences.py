"""What a row's licence means: an SPDX expression of the ids of `licence_register`, as the corpora's pages state it.

An id that is not in the register means `unverified`: nobody read a licence, so nothing is claimed of it.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from vtgdata.annotations import licence_expressions
from vtgdata.annotations.licence_expressions import checked, joined, parts
from vtgdata.annotations.licence_register import BY_ID, UNVERIFIED, Licence, unread

__all__ = ["UNVERIFIED", "Licence", "Terms", "card_fields", "checked", "combine", "find", "joined", "parts"]

_SHARE_ALIKE = re.compile(r"(CC-BY(?:-NC)?-SA)-([2-9]\.\d)\Z")


def find(identifier: str) -> Licence:
    """The licence of an id; case does not matter. An unknown id is unverified, and keeps its id.

    Several licences that hold at once (`MIT AND CC-BY-4.0`, as SPDX writes it) are one with the terms of all; of
    several to choose from (`MIT OR CC-BY-NC-4.0`), the one with the fewest conditions counts.

    >>> find("CC-BY-NC-SA-4.0").non_commercial, find("LicenseRef-Whatever").known
    (True, False)
    >>> find("MIT AND LicenseRef-Charades").non_commercial
    True
    """
    held = parts(identifier)
    if len(held) > 1:
        return _together([find(part) for part in held])
    known = BY_ID.get(identifier.strip().lower())
    if known is not None or " " not in identifier.strip():
        return known or unread(identifier)
    choice = licence_expressions.split(identifier)
    if choice is not None:
        return _chosen(identifier, [find(part) for part in choice.of])
    bare = licence_expressions.without_exception(identifier)
    return find(bare) if bare != identifier.strip() else unread(identifier)


def _chosen(identifier: str, offered: Sequence[Licence]) -> Licence:
    """The licence with the fewest conditions of those that a user may choose from, under the expression's id."""
    chosen = min(offered, key=_strictness)
    note = " ".join(part for part in (f"Terms of {chosen.id}, which may be chosen.", chosen.note) if part)
    return msgspec.structs.replace(chosen, id=identifier.strip(), hub="other", note=note)


def _strictness(licence: Licence) -> int:
    flags = (licence.no_derivatives, licence.share_alike, licence.non_commercial, licence.attribution)
    conditions = sum(2**place for place, flag in enumerate(reversed(flags)) if flag)
    return (
        conditions + 100 * (not licence.known) + 1000 * (licence.redistribution is False) + 50 * bool(licence.excluded)
    )


def _together(held: Sequence[Licence]) -> Licence:
    return Licence(
        id=joined(part.id for part in held),
        name=" and ".join(part.name for part in held),
        link=next((part.link for part in held if part.link), ""),
        attribution=_strictest(part.attribution for part in held),
        non_commercial=_strictest(part.non_commercial for part in held),
        share_alike=_strictest(part.share_alike for part in held),
        no_derivatives=_strictest(part.no_derivatives for part in held),
        redistribution=_all(part.redistribution for part in held),
        excluded=tuple(sorted({region for part in held for region in part.excluded})),
        note=" ".join(dict.fromkeys(part.note for part in held if part.note)),
    )


def _strictest(flags: Iterable[bool | None]) -> bool | None:
    """The strictest of some flags: None (nobody knows) before True, and True before False."""
    found = list(flags)
    return None if None in found else True in found


def _all(flags: Iterable[bool | None]) -> bool | None:
    found = list(flags)
    return False if False in found else None if None in found else True


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The terms of rows under several licences that are published together."""

    non_commercial: bool
    attribution: bool
    share_alike: tuple[str, ...]
    """Ids of the share-alike licences among them: one binds the whole to itself, two different ones are a conflict."""
    unverified: tuple[str, ...]
    """Ids of licences that nobody read: publishing waits until the user confirms each."""
    not_redistributable: tuple[str, ...]
    """Ids whose rows may not be passed on."""
    excluded: tuple[str, ...]
    """Regions in which the whole may not be used."""
    no_derivatives: tuple[str, ...] = ()
    """Ids of licences that let no adapted version be passed on, as a release may be; left out of files where empty."""

    @property
    def conflict(self) -> bool:
        """Whether two share-alike licences each bind the whole: such rows cannot be in one config."""
        return len(self.share_alike) > 1

    @property
    def publishable(self) -> bool:
        """Whether rows under these terms may be published together without anybody's confirmation."""
        return not (self.conflict or self.unverified or self.not_redistributable or self.no_derivatives)


def combine(identifiers: Iterable[str]) -> Terms:
    """The terms of rows that are published together: the strictest of each.

    Any non-commercial licence makes the whole non-commercial, any share-alike one binds the whole to itself.

    >>> combine(["MIT", "CC-BY-NC-SA-4.0"]).share_alike
    ('CC-BY-NC-SA-4.0',)
    >>> combine(["MIT", "LicenseRef-unstated"]).unverified
    ('LicenseRef-unstated',)
    """
    held = dict.fromkeys(part for text in identifiers for part in (parts(text) or [UNVERIFIED]))
    found = [find(part) for part in held]
    return Terms(
        non_commercial=any(each.non_commercial for each in found),
        attribution=any(each.attribution is not False for each in found),
        share_alike=_newest({each.id for each in found if each.share_alike}),
        unverified=tuple(sorted({each.id for each in found if not each.known})),
        not_redistributable=tuple(sorted({each.id for each in found if each.redistribution is False})),
        excluded=tuple(sorted({region for each in found for region in each.excluded})),
        no_derivatives=tuple(sorted({each.id for each in found if each.no_derivatives})),
    )


def _newest(share_alike: set[str]) -> tuple[str, ...]:
    """Share-alike licences, sorted; of Creative Commons' versions from 2.0 on, only the newest.

    Their texts let an adapted work stand under a later version with the same terms.
    """
    newest: dict[str, str] = {}
    for identifier in sorted(share_alike):
        found = _SHARE_ALIKE.match(identifier)
        newest[found[1] if found else identifier] = identifier
    return tuple(sorted(newest.values()))


def card_fields(identifiers: Iterable[str]) -> dict[str, str]:
    """The `license` fields of a Hub card for rows under these licences.

    One licence that the Hub knows is named; anything else is `other`, with a link to the release's own table.

    >>> card_fields(["MIT", "mit"])
    {'license': 'mit'}
    >>> card_fields(["MIT", "CC0-1.0"])["license_name"]
    'mixed-see-licenses'
    """
    held = (part for text in identifiers for part in (parts(text) or [text]))
    found = {licence.id: licence for licence in map(find, held)}
    only = next(iter(found.values())) if len(found) == 1 else None
    if only is not None and only.hub != "other":
        return {"license": only.hub}
    name = "mixed-see-licenses" if only is None else only.id.lower() if only.known else UNVERIFIED
    return {"license": "other", "license_name": name, "license_link": "LICENSES.md"}
