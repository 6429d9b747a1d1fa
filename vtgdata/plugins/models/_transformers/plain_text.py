"""Control tokens inside the words of a sample: `<|im_end|>` in a query is six letters and some signs, not an end.

A tokenizer takes such a token wherever its spelling stands. A mark inside the spelling keeps it from that, and is taken
out again before the pieces of text are looked up: the text stays as it is, and becomes ordinary tokens.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from vtgdata.conversation.answer_text import is_reasoning_mark
from vtgdata.records import Text

MARK = "\ufdd0"
"""A code point that Unicode keeps free for use inside a program, and that no text may hold."""


class PlainText:
    """Makes plain text of one model's control tokens; see the module's docstring."""

    def __init__(self, processor: Any) -> None:
        self.processor = processor
        tokenizer = processor.tokenizer
        added = {token.content: token.special for token in tokenizer.added_tokens_decoder.values()}
        template = str(processor.chat_template)
        written = {name for name, special in added.items() if special or name in template} | _placeholders(processor)
        self.tokens = {name for name in (*added, *written) if _is_mark(name)}
        """Everything that the model takes for more than text."""
        self.always = {name for name in self.tokens & written if not is_reasoning_mark(name)}
        """Those that a prompt has no reason to name; it may name others, as in `think inside <think></think>`."""
        self._any, self._always = _pattern(self.tokens), _pattern(self.always)

    def of(self, part: Text) -> str:
        """The text of a part, with marks in the control tokens of its data; if it does not say what is data, in all."""
        if part.data is None:
            return self._marked(part.text, self._always)
        pieces, place = [], 0
        for start, end in part.data:
            pieces += [part.text[place:start], self._marked(part.text[start:end], self._any)]
            place = end
        return "".join(pieces) + part.text[place:]

    def words(self, text: str) -> str:
        """A text that a model said, with marks in the control tokens that a prompt has no reason to name."""
        return self._marked(text, self._always)

    def _marked(self, text: str, tokens: re.Pattern[str]) -> str:
        text = text.replace(MARK, "")
        if not tokens.search(text):
            return text
        between = MARK if self._taken_out() else " "
        # Again, since what is left of one token may be another.
        while tokens.search(text):
            text = tokens.sub(lambda token: token[0][0] + between + token[0][1:], text)
        return text

    def _taken_out(self) -> bool:
        """Let the tokenizer take marks out, from now on; False if it cannot: then a blank breaks the token."""
        backend = getattr(self.processor.tokenizer, "backend_tokenizer", None)
        if backend is None:
            return False
        if not _has_split(backend):
            from tokenizers import pre_tokenizers

            first = pre_tokenizers.Split(MARK, "removed")
            before = backend.pre_tokenizer
            backend.pre_tokenizer = pre_tokenizers.Sequence([first, before] if before is not None else [first])
            self.processor.tokenizer._before_marks = before
        return True

    def check(self, text: str) -> None:
        """Raise ValueError if a rendered prompt has control tokens where its marks are."""
        if MARK in text:
            counted, wanted = self._controls(text), self._controls(re.sub(f".{MARK}.", "..", text, flags=re.DOTALL))
            if counted != wanted:
                raise ValueError("the words of the sample hold control tokens that this tokenizer cannot take as text")

    @staticmethod
    @contextmanager
    def as_it_came(processor: Any) -> Generator[None]:
        """The processor as its folder has it, to be saved: its tokenizer knows of no marks."""
        backend: Any = getattr(processor.tokenizer, "backend_tokenizer", None)
        if backend is None or not _has_split(backend):
            yield
            return
        marked = backend.pre_tokenizer
        backend.pre_tokenizer = getattr(processor.tokenizer, "_before_marks", None)
        try:
            yield
        finally:
            backend.pre_tokenizer = marked

    def _controls(self, text: str) -> Counter[int]:
        tokenizer = self.processor.tokenizer
        ids = set(tokenizer.convert_tokens_to_ids(sorted(self.always & set(tokenizer.added_tokens_encoder))))
        return Counter(each for each in tokenizer(text, add_special_tokens=False)["input_ids"] if each in ids)


def _has_split(backend: Any) -> bool:
    return MARK in str(backend.pre_tokenizer) or repr(MARK).strip("'") in str(backend.pre_tokenizer)


def _placeholders(processor: Any) -> set[str]:
    """The texts that a processor replaces by pictures, as its attributes name them (`image_token`, `boi_token`)."""
    named = {str(value) for name, value in vars(processor).items() if name.endswith(("_token", "_tag", "_placeholder"))}
    return {name for name in named if _is_mark(name)}


def _is_mark(name: str) -> bool:
    """Whether a token is spelt like a mark, `<|im_end|>` or `[INST]`, and not like a word, a number or blanks."""
    return len(name) > 1 and not name.isspace() and not re.sub(r"[\s▁.,:'-]", "", name).isalnum()


def _pattern(tokens: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
