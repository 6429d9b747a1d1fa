"""A stand-in for a model: it answers from the annotations, with seeded errors.

`scripted:samples.parquet`. It answers with the annotated window, with an error rate and boundary noise, and says of a
sample without a moment that there is none, with the same error rate; so anyone can run every stage. Where the prompt
shows options, it gives the letter of the right one too, with the same error rate. Of a stretch of a sample's video
(`vtgdata propose`) it says what lies in it. Its id begins with `scripted` and stays with its answers wherever they are
used.
"""

import random
import re
from pathlib import Path

from vtgdata.annotations import stretches
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.samples import read_samples
from vtgdata.records import Endpoint, ModelExample, Reply, Request, Sample, Text, Window

LOCAL = True
"""It needs no server, so answers cost nothing."""
REPEATABLE = True
"""The same question gets the same answer on every machine, so that `vtgdata rebuild` may ask again."""
VERSION = 3
"""Version of its answers: raise it whenever an answer changes, so that the changed model gets another id. A test fails
if answers change without it."""
_OPTION = re.compile(r"^\(([A-Z])\) (.*)$", re.MULTILINE)
"""An option as prompts show it."""
_BOXED = r"\boxed{"
"""In a prompt that asks for an option and its moment; one without it asks for the option alone."""


class Scripted:
    """Answers from annotations; see the module's docstring."""

    looks = False
    concurrency = 64

    def __init__(self, path: str, errors: float, noise: float, refuses: float) -> None:
        self.samples = {sample.sample_id: sample for sample in read_samples(path)}
        self.errors, self.noise, self.refuses = errors, noise, refuses
        made_of = [VERSION, errors, noise, *([refuses] if refuses else []), fingerprint.of_file(Path(path))]
        # It gave no letters once: who was asked about options then is another model.
        made_of += ["letters"] if any(sample.options for sample in self.samples.values()) else []
        self.id = f"scripted-{fingerprint.short(made_of)[:8]}"

    async def generate(self, request: Request) -> list[Reply]:
        """One scripted answer per seed."""
        sample = self.samples.get(request.sample_id) or self._stretch(request.sample_id)
        if sample is None:
            raise VtgError(f"scripted: {request.sample_id!r} is not in the samples it was given.")
        asked = _asked(request)
        return [self._reply(sample, random.Random(seed), asked) for seed in request.seeds]

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _stretch(self, sample_id: str) -> Sample | None:
        """A stretch of one of the samples, as `vtgdata propose` asks about it; None if it is none."""
        whole, bounds = stretches.named(sample_id) or ("", (0.0, 0.0))
        return stretches.stretch(self.samples[whole], *bounds) if whole in self.samples else None

    def _reply(self, sample: Sample, rng: random.Random, asked: str) -> Reply:
        shown = dict(_OPTION.findall(asked)) if sample.options else {}
        if shown and _BOXED not in asked:
            text = f"<think>{_SEEN}</think><answer>({self._letter(sample, shown, rng)})</answer>"
        else:
            text = self._from_annotation(sample, rng)
            if shown:
                text = text.replace("<answer>", rf"\boxed{{{self._letter(sample, shown, rng)}}} <answer>", 1)
        return Reply(text=text, tokens_in=0, tokens_out=len(text.split()))

    def _letter(self, sample: Sample, shown: dict[str, str], rng: random.Random) -> str:
        """The letter under which the prompt shows the right option; another one in error, or where none is known."""
        right = sample.options[ord(sample.answer) - ord("A")].partition("\n")[0] if sample.answer else None
        found = [letter for letter, words in shown.items() if words == right]
        others = [letter for letter in shown if letter not in found]
        if found and (not others or rng.random() >= self.errors):
            return found[0]
        return rng.choice(others)

    def _from_annotation(self, sample: Sample, rng: random.Random) -> str:
        if sample.none_is_right:
            return self._absent(sample, rng)
        if not sample.windows:
            return "<think>No moment of this video fits the sentence.</think><answer></answer>"
        if self.refuses and rng.random() < self.refuses:
            return _NONE
        window = rng.choice(sample.windows)
        end = sample.video.duration or window.end
        if rng.random() < self.errors:
            # A wrong object: the same length, elsewhere in the video.
            start = rng.uniform(0, max(0.0, end - window.duration))
            window = Window(start, start + window.duration)
        shift = [rng.gauss(0, self.noise * window.duration) for _ in range(2)]
        start = min(max(0.0, window.start + shift[0]), end)
        stop = min(max(0.0, window.end + shift[1]), end)
        start, stop = (start, stop) if start < stop else (window.start, window.end)
        thought = f"It begins near {start:.1f} s, says this scripted answer."
        return f"<think>{thought}</think><answer>{start:.1f} to {stop:.1f}</answer>"

    def _absent(self, sample: Sample, rng: random.Random) -> str:
        """Says that there is no such moment, or in error a tenth of the video."""
        if rng.random() >= self.errors:
            return _NONE
        end = sample.video.duration or 10.0
        start = rng.uniform(0, 0.9 * end)
        thought = "It looks alike; this answer is scripted."
        return f"<think>{thought}</think><answer>{start:.1f} to {start + end / 10:.1f}</answer>"


def _asked(request: Request) -> str:
    """The words of a prompt."""
    return "".join(part.text for message in request.messages for part in message.parts if isinstance(part, Text))


_SEEN = "What is asked about is seen here, says this scripted answer."
_NONE = "<think>No moment of this video fits the sentence.</think><answer>no such moment</answer>"


def connect(
    argument: str,
    endpoint: Endpoint,
    *,
    errors: float = 0.2,
    noise: float = 0.1,
    refuses: float = 0.0,
    samples: str = "",
) -> Scripted:
    """Open the samples to answer from.

    Args:
        argument: path of a samples.parquet.
        endpoint: not used.
        errors: share of answers about a wrong moment, and of those with a wrong option, in [0, 1].
        noise: standard deviation of start and end, as a share of the window's length.
        refuses: share of answers, in [0, 1], that say of a moment that is there that there is none.
        samples: the path, if it is given together with settings: `scripted:samples=FILE,errors=0.5`.
    """
    del endpoint
    path = argument or samples
    if not path:
        raise VtgError("scripted needs the samples to answer from: scripted:samples.parquet")
    if not 0 <= errors <= 1 or not 0 <= noise < float("inf"):
        raise VtgError(f"scripted: errors={errors} must lie in [0, 1], and noise={noise} be 0 or more.")
    if not 0 <= refuses <= 1:
        raise VtgError(f"scripted: refuses={refuses} must lie in [0, 1].")
    return Scripted(path, errors, noise, refuses)


EXAMPLE = ModelExample(argument="{samples}")
