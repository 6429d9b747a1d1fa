"""Options that a corpus's reader may take; the readers of any corpus in a common form take all of them."""

import inspect
from types import ModuleType
from typing import Any

from vtgdata.errors import VtgError

NAMES = (
    "map", "unit", "fps", "source_clock", "records", "sep", "quote", "unlabelled", "empty_means", "override_split",
)  # fmt: skip
"""Fields of a command's settings that are handed on under the same names."""


def given(settings: object, corpus: str, module: ModuleType) -> dict[str, Any]:
    """The options that were given, for a corpus's reader.

    Args:
        settings: of the command; it has a field for each option, and `name` and `license`.
        corpus: as the user named it.
        module: the corpus's.

    Raises VtgError for an option that this reader does not take.
    """
    wanted = {name: getattr(settings, name) for name in NAMES}
    found = {name: value for name, value in wanted.items() if value not in (None, {}, "", False)}
    own = {name for name in ("name", "license") if getattr(settings, name)}
    taken = set(inspect.signature(module.read).parameters)
    useless = sorted((set(found) - taken) | (own if not module.CORPUS.family or "map" not in taken else set()))
    if useless:
        raise VtgError(
            f"{corpus} takes no --{useless[0].replace('_', '-')}: what its files hold is known. For another corpus in "
            "a common form use moment_jsonl or captions_json."
        )
    return found
