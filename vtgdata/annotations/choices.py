"""Multiple-choice questions in records of any corpus: a record with options is grounded question answering."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from vtgdata.annotations.json_text import parse_json
from vtgdata.annotations.keys import COLUMNS
from vtgdata.annotations.text import sequence, shown, words
from vtgdata.records import Repair

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKED = re.compile(r"\s*\(?([A-Z])[).:]\s*", re.ASCII)
_LETTER = re.compile(r"\s*\(?([A-Za-z])[).:]?\s*\Z", re.ASCII)


class Choices(NamedTuple):
    """The options of a question, and which is right."""

    options: tuple[str, ...] = ()
    answer: str | None = None
    repairs: tuple[Repair, ...] = ()
    keys: tuple[str, ...] = ()
    """Keys of the record that hold them."""


NONE = Choices()


def of_record(fields: Mapping[str, Any], found: Mapping[str, str]) -> Choices:
    """The options of a record, from one key or from columns `a0`, `a1`, ...; none where it has none.

    Args:
        fields: the record.
        found: our name of each field that the record has -> its key.

    Raises ValueError when there are options that cannot be read, or an answer that is none of them.
    """
    if "options" in found:
        given, keys = fields[found["options"]], [found["options"]]
        if given in (None, "", []):
            return NONE
        options = _options(given)
    elif COLUMNS not in found:
        return NONE
    else:
        keys = found[COLUMNS].split()
        if not all(isinstance(fields[name], str) for name in keys):
            return NONE
        options = [fields[name] for name in keys]
    if len(options) < 2:
        raise ValueError(f"the options are {shown(options)}, fewer than two")
    answer = found.get("answer")
    letter, repairs = _answer(fields[answer], options) if answer else (None, ())
    return Choices(tuple(options), letter, repairs, (*keys, *([answer] if answer else [])))


def _options(given: Any) -> list[str]:
    """The texts of options without their letters, from a list, an object letter -> text, or a cell that holds one."""
    value = parse_json(given) if isinstance(given, str) else given
    if isinstance(value, dict):
        value = [f"{letter}. {text}" for letter, text in cast(dict[str, Any], value).items()]
    texts = [words(text, "an option") for text in sequence(value, "options")]
    marks = [_MARKED.match(text) for text in texts]
    if all(mark is not None and mark[1] == letter for mark, letter in zip(marks, _LETTERS, strict=False)):
        return [text[mark.end() :] if mark else text for mark, text in zip(marks, texts, strict=True)]
    return texts


def _answer(given: Any, options: list[str]) -> tuple[str | None, tuple[Repair, ...]]:
    """The letter of the right option, given as a letter or as the option's text."""
    if given is None or given == "":
        return None, ()
    if not isinstance(given, str):
        raise ValueError(
            f"the answer is {shown(given)}: whether options count from 0 or from 1 is not said. Give the letter or the "
            "text of the right option"
        )
    same = [_LETTERS[i] for i, option in enumerate(options) if option.strip() == given.strip()]
    mark = _LETTER.match(given)
    letter = mark[1].upper() if mark else None
    if same and letter is not None and letter in _LETTERS[: len(options)] and letter not in same:
        raise ValueError(f"the answer {shown(given)} is the text of option {same[0]} and the letter of another one")
    if len(same) > 1:
        return same[0], (Repair("answer_ambiguous", same[0], " or ".join(same)),)
    if same:
        return same[0], ()
    if letter is None or letter not in _LETTERS[: len(options)]:
        raise ValueError(f"the answer {shown(given)} is none of the {len(options)} options, nor the letter of one")
    return letter, ()
