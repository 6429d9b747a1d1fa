"""Licence: drops samples whose licence has a refused property, or is not in the list of allowed ones.

Flags for properties: `unverified` (nobody has read the licence), `non_commercial`, `share_alike`, `no_derivatives`,
`no_redistribution`, and a region that the licence excludes (`EU`). Every flag also refuses an unread licence, since it
may have the property.
"""

import re
from collections.abc import Sequence
from functools import cache

from vtgdata.annotations import licences
from vtgdata.annotations.filtering import FilterExample, Why, check_choice, example_sample, leave, listed
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Sample

FLAGS = ("unverified", "non_commercial", "share_alike", "no_derivatives", "no_redistribution")
DEFAULT = "unverified+no_derivatives+no_redistribution"
_REGION = re.compile(r"[A-Z]{2,3}\Z")


def keep(samples: Sequence[Sample], frames: object, *, refuse: str = "", allow: str = "") -> list[LeftOut]:
    """Leave out samples whose licence has a property in `refuse`, or a part (`A AND B`) that is not in `allow`.

    `refuse` lists flags and `allow` licences, joined by `+`. With neither, `refuse` is the properties that prevent
    publishing: `unverified+no_derivatives+no_redistribution`. A licence named in `allow` does not count as unverified:
    the user vouches for it.
    """
    del frames
    flags, allowed = listed(refuse or ("" if allow else DEFAULT)), {name.lower() for name in listed(allow)}
    for flag in flags:
        if not _REGION.match(flag):
            check_choice("licence", "refuse", flag, (*FLAGS, "EU"))
    if not flags and not allowed:
        raise VtgError("licence: name flags with refuse=..., or licences with allow=..., joined by +.")

    @cache
    def judged(licence: str) -> Why | None:
        return _not_allowed(licence, allowed) or _refused(licence, flags, allowed)

    return leave(samples, lambda sample: judged(sample.license))


def _not_allowed(licence: str, allowed: set[str]) -> Why | None:
    parts = licences.parts(licence)
    others = [part for part in parts if part.lower() not in allowed] if allowed else []
    return ("licence_not_allowed", f"{' AND '.join(others)} is not among those allowed") if others else None


def _refused(licence: str, flags: Sequence[str], allowed: set[str]) -> Why | None:
    parts = [licences.find(part) for part in licences.parts(licence) or [licence]]
    for terms in parts:
        for flag in flags:
            if _says(terms, flag):
                return f"licence_{flag.lower()}", f"{terms.id} ({terms.name})"
    unread = [terms.id for terms in parts if not terms.known and terms.id.lower() not in allowed]
    return ("licence_unverified", f"nobody read the terms of {' AND '.join(unread)}") if flags and unread else None


def _says(terms: licences.Licence, flag: str) -> bool:
    """Whether the licence is known to have the property that a flag names."""
    if flag == "no_redistribution":
        return terms.redistribution is False
    if flag in ("non_commercial", "share_alike", "no_derivatives"):
        return getattr(terms, flag) is True
    return flag in terms.excluded


EXAMPLE = FilterExample(
    samples=(
        example_sample("read", license="MIT"),
        example_sample("unread", license="LicenseRef-unstated"),
        example_sample("half of it unread", license="MIT AND LicenseRef-unstated"),
        example_sample("kept to oneself", license="LicenseRef-Ego4D"),
        example_sample("whole or not at all", license="CC-BY-NC-ND-4.0"),
    ),
    left_out={
        "unread": "licence_unverified",
        "half of it unread": "licence_unverified",
        "kept to oneself": "licence_no_redistribution",
        "whole or not at all": "licence_no_derivatives",
    },
)
