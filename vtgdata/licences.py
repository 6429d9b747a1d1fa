"""What a row's licence id means: an SPDX identifier or `LicenseRef-...`, as the corpora's pages state it.

An engineering register, not legal advice. An id that is not here means `unverified`: nobody read a licence, so nothing
is claimed of it.
"""

from collections.abc import Iterable

import msgspec

UNVERIFIED = "unverified"


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of a licence's text. A flag is None where nobody read it."""

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
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether the licence is one whose text somebody read."""
        return self.non_commercial is not None


def _creative_commons(terms: str, name: str) -> Licence:
    return Licence(
        id=f"CC-{terms.upper()}-4.0",
        name=f"Creative Commons {name} 4.0",
        link=f"https://creativecommons.org/licenses/{terms}/4.0/",
        hub=f"cc-{terms}-4.0",
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
        note="Academic use only; not for use within the European Union.",
    ),
)
_BY_ID = {licence.id.lower(): licence for licence in _LICENCES}


def find(identifier: str) -> Licence:
    """The licence of an id; case does not matter. An unknown id is unverified, and keeps its id.

    >>> find("CC-BY-NC-SA-4.0").non_commercial, find("LicenseRef-Whatever").known
    (True, False)
    """
    known = _BY_ID.get(identifier.strip().lower())
    return known or Licence(
        id=identifier.strip() or UNVERIFIED,
        name="unverified",
        attribution=None,
        non_commercial=None,
        share_alike=None,
        note="Nobody read a licence for these rows: ask their authors before you use or pass them on.",
    )


def card_fields(identifiers: Iterable[str]) -> dict[str, str]:
    """The `license` fields of a Hub card for rows under these licences.

    One licence that the Hub knows is named; anything else is `other`, with a link to the release's own table.

    >>> card_fields(["MIT", "mit"])
    {'license': 'mit'}
    >>> card_fields(["MIT", "CC0-1.0"])["license_name"]
    'mixed-see-licenses'
    """
    found = {licence.id: licence for licence in map(find, identifiers)}
    only = next(iter(found.values())) if len(found) == 1 else None
    if only is not None and only.hub != "other":
        return {"license": only.hub}
    name = "mixed-see-licenses" if only is None else only.id.lower() if only.known else UNVERIFIED
    return {"license": "other", "license_name": name, "license_link": "LICENSES.md"}
