"""The register of licences whose text somebody read: their terms, by SPDX identifier or `LicenseRef-...`.

An engineering register, not legal advice. Corpora state these ids on their pages, and the Hub in its cards.
"""

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
    no_derivatives: bool | None = False
    """Adapted versions may not be passed on, only whole and unchanged copies."""
    text_travels: bool = False
    """Every copy must contain the licence's text, or the notice in it that names the authors."""
    redistribution: bool | None = True
    """Whether annotations may be passed on at all."""
    excluded: tuple[str, ...] = ()
    """Regions in which it may not be used."""
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether the licence is one whose text somebody read."""
        return self.non_commercial is not None


_TERMS = {
    "by": "Attribution",
    "by-sa": "Attribution-ShareAlike",
    "by-nc": "Attribution-NonCommercial",
    "by-nc-sa": "Attribution-NonCommercial-ShareAlike",
    "by-nd": "Attribution-NoDerivatives",
    "by-nc-nd": "Attribution-NonCommercial-NoDerivatives",
}
_VERSIONS = ("4.0", "3.0", "2.5", "2.0", "1.0")
_ON_HUB = {
    "by": "4.0 3.0 2.5 2.0", "by-sa": "4.0 3.0", "by-nc": "4.0 3.0 2.0", "by-nc-sa": "4.0 3.0 2.0", "by-nd": "4.0",
    "by-nc-nd": "4.0 3.0",
}  # fmt: skip
"""Versions of each that the Hub has an id for."""
_NO_DERIVATIVES = "Adapted versions may not be passed on; a selection or repaired rows may be one."


def _creative_commons(terms: str, version: str) -> Licence:
    no_derivatives = "nd" in terms
    return Licence(
        id=f"CC-{terms.upper()}-{version}",
        name=f"Creative Commons {_TERMS[terms]} {version}",
        link=f"https://creativecommons.org/licenses/{terms}/{version}/",
        hub=f"cc-{terms}-{version}" if version in _ON_HUB[terms].split() else "other",
        non_commercial="nc" in terms,
        share_alike="sa" in terms,
        no_derivatives=no_derivatives,
        note=_NO_DERIVATIVES if no_derivatives else "",
    )


def _permissive(
    identifier: str, name: str, hub: str = "", *, attribution: bool = True, travels: bool = False
) -> Licence:
    return Licence(
        id=identifier,
        name=name,
        link=f"https://spdx.org/licenses/{identifier}.html",
        hub=hub or identifier.lower(),
        attribution=attribution,
        text_travels=travels,
    )


def _share_alike(identifier: str, name: str, hub: str, *, travels: bool = False) -> Licence:
    return msgspec.structs.replace(_permissive(identifier, name, hub, travels=travels), share_alike=True)


LICENCES = (
    _permissive("MIT", "MIT License", travels=True),
    Licence(
        id="Apache-2.0",
        name="Apache License 2.0",
        link="https://www.apache.org/licenses/LICENSE-2.0",
        hub="apache-2.0",
        text_travels=True,
    ),
    _permissive("BSD-2-Clause", "BSD 2-Clause License", travels=True),
    _permissive("BSD-3-Clause", "BSD 3-Clause License", travels=True),
    _permissive("ISC", "ISC License", travels=True),
    _permissive("Unlicense", "The Unlicense", attribution=False),
    Licence(
        id="CC0-1.0",
        name="Creative Commons Zero 1.0",
        link="https://creativecommons.org/publicdomain/zero/1.0/",
        hub="cc0-1.0",
        attribution=False,
    ),
    *(_creative_commons(terms, version) for terms in _TERMS for version in _VERSIONS),
    _permissive("ODC-By-1.0", "Open Data Commons Attribution License 1.0", "odc-by"),
    _share_alike("ODbL-1.0", "Open Data Commons Open Database License 1.0", "odbl"),
    _permissive("PDDL-1.0", "Open Data Commons Public Domain Dedication and License 1.0", "pddl", attribution=False),
    _permissive("CDLA-Permissive-1.0", "Community Data License Agreement Permissive 1.0"),
    _permissive("CDLA-Permissive-2.0", "Community Data License Agreement Permissive 2.0", travels=True),
    _share_alike("CDLA-Sharing-1.0", "Community Data License Agreement Sharing 1.0", "cdla-sharing-1.0"),
    _share_alike("GPL-2.0-only", "GNU General Public License 2.0", "gpl-2.0", travels=True),
    _share_alike("GPL-3.0-only", "GNU General Public License 3.0", "gpl-3.0", travels=True),
    _share_alike("AGPL-3.0-only", "GNU Affero General Public License 3.0", "agpl-3.0", travels=True),
    Licence(
        id="LicenseRef-Charades",
        name="Charades licence (Allen Institute for AI)",
        link="https://prior.allenai.org/projects/charades",
        non_commercial=True,
        text_travels=True,
        note="Its licence file must travel with every copy.",
    ),
    Licence(
        id="LicenseRef-TimeLens",
        name="TimeLens licence (BSD-like, with restrictions)",
        link="https://github.com/TencentARC/TimeLens",
        non_commercial=True,
        text_travels=True,
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
        no_derivatives=None,
        redistribution=False,
        note="Needs a signed agreement: ids only, annotations and videos may not be passed on.",
    ),
)
BY_ID = {licence.id.lower(): licence for licence in LICENCES}
"""{id in lower case: licence}."""
BY_HUB = {licence.hub: licence.id for licence in LICENCES if licence.hub != "other"}
"""{the Hub's id: SPDX id}."""


def unread(identifier: str) -> Licence:
    """A licence that nobody read: all that is known of it is its id."""
    return Licence(
        id=identifier.strip() or UNVERIFIED,
        name="unverified",
        attribution=None,
        non_commercial=None,
        share_alike=None,
        no_derivatives=None,
        redistribution=None,
        note="Nobody read a licence for these rows: ask their authors before you use or pass them on.",
    )
