"""Texts that a regular expression may match, made by going through it as Python parses it."""

import random
import re._constants as codes  # pyright: ignore
from collections.abc import Iterable
from typing import Any


def written(parts: Iterable[tuple[Any, Any]], chance: random.Random) -> str:
    """A text that a parsed pattern may match: one way through it, with what it wants to see ahead, not behind."""
    text = ""
    for code, value in parts:
        if code is codes.LITERAL:
            text += chr(value)
        elif code is codes.BRANCH:
            text += written(chance.choice(value[1]), chance)
        elif code is codes.SUBPATTERN:
            text += written(value[3], chance)
        elif code is codes.ATOMIC_GROUP or (code is codes.ASSERT and value[0] > 0):
            text += written(value[1] if code is codes.ASSERT else value, chance)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, inner = value
            text += "".join(written(inner, chance) for _ in range(chance.randint(least, min(most, least + 2))))
        elif code is codes.IN:
            kind, one = chance.choice(value)
            text += chr(one) if kind is codes.LITERAL else chr(one[0]) if kind is codes.RANGE else chance.choice("a5 ")
        elif code in (codes.ANY, codes.NOT_LITERAL):
            text += "'"
    return text
