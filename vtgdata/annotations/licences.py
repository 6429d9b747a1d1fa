"""What a row's licence id means: an SPDX identifier or `LicenseRef-...`, as the corpora's pages state it.

An engineering register, not legal advice. An id that is not here means `unverified`: nobody read a licence, so nothing
is claimed of it.
"""

from collections.abc import Iterable, Sequence

import msgspec

UNVERIFIED = "unverified"


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about a licence's text. A flag is None if nobody has read it."""

    id: str
    name: str
    link: str = ""
    """Where the text stands; empty when unknown."""
    hub: str = "other"
    """The Hub's id in a card's metadata; `other` where it has none."""
    attribution: bool | None = True
    """Copies must keep a notice or name the authors."""
    non_commercial: bool | None = False
    share_alike: bool | None = False
    redistribution: bool | None = True
    """Whether annotations may be passed on at all."""
    excluded: tuple[str, ...] = ()
    """Regions in which it may not be used."""
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether the licence is one whose text somebody read."""
        return self.non_commercial is not None


def _creative_commons(terms: str, name: str, version: str = "4.0") -> Licence:
    return Licence(
        id=f"CC-{terms.upper()}-{version}",
        name=f"Creative Commons {name} {version}",
        link=f"https://creativecommons.org/licenses/{terms}/{version}/",
        hub=f"cc-{terms}-{version}",
        non_commercial="nc" in terms,
        share_alike="sa" in terms,
    )


_LICENCES = (
    Licence(id="MIT", name="MIT License", link="https://spdx.org/licenses/MIT.html", hub="mit"),
    Licence(
        id="Apache-2.0", name="Apache License 2.0", link="https://www.apache.org/licenses/LICENSE-2.0", hub="apache-2.0"
    ),
    Licence(
        id="BSD-2-Clause",
        name="BSD 2-Clause License",
        link="https://spdx.org/licenses/BSD-2-Clause.html",
        hub="bsd-2-clause",
    ),
    Licence(
        id="BSD-3-Clause",
        name="BSD 3-Clause License",
        link="https://spdx.org/licenses/BSD-3-Clause.html",
        hub="bsd-3-clause",
    ),
    Licence(
        id="CC0-1.0",
        name="Creative Commons Zero 1.0",
        link="https://creativecommons.org/publicdomain/zero/1.0/",
        hub="cc0-1.0",
        attribution=False,
    ),
    _creative_commons("by", "Attribution"),
    _creative_commons("by", "Attribution", "3.0"),
    _creative_commons("by-sa", "Attribution-ShareAlike"),
    _creative_commons("by-nc", "Attribution-NonCommercial"),
    _creative_commons("by-nc-sa", "Attribution-NonCommercial-ShareAlike"),
    Licence(
        id="LicenseRef-Charades",
        name="Charades licence (Allen Institute for AI)",
        link="https://prior.allenai.org/projects/charades",
        non_commercial=True,
        note="Its licence file must travel with every copy.",
    ),
    Licence(
        id="LicenseRef-TimeLens",
        name="TimeLens licence (BSD-like, with restrictions)",
        link="https://github.com/TencentARC/TimeLens",
        non_commercial=True,
        excluded=("EU",),
        note="Academic use only; not for use within the European Union.",
    ),
    Licence(
        id="LicenseRef-COIN",
        name="COIN terms of use",
        link="https://github.com/coin-dataset/annotations",
        non_commercial=True,
        note="Research use only; no endorsement may be claimed.",
    ),
    Licence(
        id="LicenseRef-Ego4D",
        name="Ego4D licence agreement",
        link="https://ego4d-data.org/docs/start-here/#license-agreement",
        attribution=None,
        non_commercial=None,
        share_alike=None,
        redistribution=False,
        note="Needs a signed agreement: ids only, annotations and videos may not be passed on.",
    ),
)
_BY_ID = {licence.id.lower(): licence for licence in _LICENCES}


def find(identifier: str) -> Licence:
    """The licence of an id; case does not matter. An unknown id is unverified, and keeps its id.

    Several licences that hold at once (`MIT AND CC-BY-4.0`, as SPDX writes it) are one with the terms of all.

    >>> find("CC-BY-NC-SA-4.0").non_commercial, find("LicenseRef-Whatever").known
    (True, False)
    >>> find("MIT AND LicenseRef-Charades").non_commercial
    True
    """
    parts = [part for part in identifier.strip().split(" AND ") if part.strip()]
    if len(parts) > 1:
        return _together([find(part) for part in parts])
    known = _BY_ID.get(identifier.strip().lower())
    return known or Licence(
        id=identifier.strip() or UNVERIFIED,
        name="unverified",
        attribution=None,
        non_commercial=None,
        share_alike=None,
        redistribution=None,
        note="Nobody read a licence for these rows: ask their authors before you use or pass them on.",
    )


def _together(parts: Sequence[Licence]) -> Licence:
    return Licence(
        id=" AND ".join(part.id for part in parts),
        name=" and ".join(part.name for part in parts),
        link=next((part.link for part in parts if part.link), ""),
        attribution=_strictest(part.attribution for part in parts),
        non_commercial=_strictest(part.non_commercial for part in parts),
        share_alike=_strictest(part.share_alike for part in parts),
        redistribution=_all(part.redistribution for part in parts),
        excluded=tuple(sorted({region for part in parts for region in part.excluded})),
        note=" ".join(dict.fromkeys(part.note for part in parts if part.note)),
    )


def _strictest(flags: Iterable[bool | None]) -> bool | None:
    """The strictest of some flags: None (nobody knows) before True, and True before False."""
    found = list(flags)
    return None if None in found else True in found


def _all(flags: Iterable[bool | None]) -> bool | None:
    found = list(flags)
    return False if False in found else None if None in found else True


class Terms(msgspec.Struct, frozen=True, kw_only=True):
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

    @property
    def conflict(self) -> bool:
        """Whether two share-alike licences each bind the whole: such rows cannot be in one config."""
        return len(self.share_alike) > 1

    @property
    def publishable(self) -> bool:
        """Whether rows under these terms may be published together without anybody's confirmation."""
        return not (self.conflict or self.unverified or self.not_redistributable)


def combine(identifiers: Iterable[str]) -> Terms:
    """The terms of rows that are published together: the strictest of each.

    Any non-commercial licence makes the whole non-commercial, any share-alike one binds the whole to itself.

    >>> combine(["MIT", "CC-BY-NC-SA-4.0"]).share_alike
    ('CC-BY-NC-SA-4.0',)
    >>> combine(["MIT", "LicenseRef-unstated"]).unverified
    ('LicenseRef-unstated',)
    """
    parts = dict.fromkeys(part for text in identifiers for part in (text.split(" AND ") or [UNVERIFIED]))
    found = [find(part) for part in parts]
    return Terms(
        non_commercial=any(each.non_commercial for each in found),
        attribution=any(each.attribution is not False for each in found),
        share_alike=tuple(sorted({each.id for each in found if each.share_alike})),
        unverified=tuple(sorted({each.id for each in found if not each.known})),
        not_redistributable=tuple(sorted({each.id for each in found if each.redistribution is False})),
        excluded=tuple(sorted({region for each in found for region in each.excluded})),
    )


def card_fields(identifiers: Iterable[str]) -> dict[str, str]:
    """The `license` fields of a Hub card for rows under these licences.

    One licence that the Hub knows is named; anything else is `other`, with a link to the release's own table.

    >>> card_fields(["MIT", "mit"])
    {'license': 'mit'}
    >>> card_fields(["MIT", "CC0-1.0"])["license_name"]
    'mixed-see-licenses'
    """
    parts = (part for text in identifiers for part in (text.split(" AND ") or [text]))
    found = {licence.id: licence for licence in map(find, parts)}
    only = next(iter(found.values())) if len(found) == 1 else None
    if only is not None and only.hub != "other":
        return {"license": only.hub}
    name = "mixed-see-licenses" if only is None else only.id.lower() if only.known else UNVERIFIED
    return {"license": "other", "license_name": name, "license_link": "LICENSES.md"}
