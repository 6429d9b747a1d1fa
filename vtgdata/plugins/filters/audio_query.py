"""Audio query: drops queries about sounds, which a model that only sees frames cannot answer.

The default words are from TimeLens and English only: for another language give its own `words`. Unlike TimeLens, this
filter also finds a word next to punctuation (`"a loud sound, then silence"`).
"""

import re
from collections.abc import Sequence

from vtgdata.annotations.filtering import FilterExample, Why, example_sample, leave, listed
from vtgdata.errors import VtgError
from vtgdata.records import LeftOut, Sample

WORDS = "hear+hears+heard+hearing+sound+sounds+sounded+sounding+audio"


def keep(samples: Sequence[Sample], frames: object, *, words: str = WORDS) -> list[LeftOut]:
    """Leave out samples whose query contains one of `words`, as a whole word in any case.

    `words` are joined by `+`; a `*` at the end of a word stands for any ending (`sound*`).
    """
    del frames
    named = listed(words)
    if not named or "*" in named:
        raise VtgError(f"audio_query: words={words!r}: name words joined by +, as in hear+heard+sound*.")
    wanted = [re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in named]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(wanted)})(?!\w)", re.IGNORECASE)

    def why(sample: Sample) -> Why | None:
        found = pattern.search(sample.query)
        return ("audio_query", f"the query says {found[0]!r}") if found else None

    return leave(samples, why)


EXAMPLE = FilterExample(
    samples=(
        example_sample("heard", "a dog barks, then a loud sound is Heard"),
        example_sample("seen", "a dog barks, then a soundless shadow passes"),
        example_sample("said twice", "they hear the audio"),
    ),
    left_out={"heard": "audio_query", "said twice": "audio_query"},
)
