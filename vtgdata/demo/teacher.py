"""The teacher of the shapes corpus: a model that no server runs, given by its dotted path.

`vtgdata.demo.teacher:samples.parquet`. It writes what each frame shows, from the scene that the generator keeps in
`extra`, with the biased errors that a teacher has; its seeds make its answers the same in every run. Its id begins
with `scripted` and goes wherever its answers go.
"""

import random
from pathlib import Path

from vtgdata.demo import scenes
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.samples import read_samples
from vtgdata.records import Endpoint, Image, ModelExample, Reply, Request, Sample

LOCAL = True
"""No server is asked, so that answers cost nothing."""
REPEATABLE = True
"""The same question gets the same answer on every machine, so that `vtgdata rebuild` may ask again."""
VERSION = 1
"""Version of the answers: raise it with every change of an answer, so that the changed model has another id. A test
holds it to the answers."""


class Teacher:
    """Answers from the scene of each sample; see the module."""

    looks = False
    concurrency = 64

    def __init__(self, path: str) -> None:
        self.samples = {sample.sample_id: sample for sample in read_samples(path)}
        self.id = f"scripted-shapes-{fingerprint.short([VERSION, fingerprint.of_file(Path(path))])[:8]}"

    async def generate(self, request: Request) -> list[Reply]:
        """One answer per seed; raises VtgError for a sample that is unknown or has no scene."""
        sample = self.samples.get(request.sample_id)
        if sample is None or "scene" not in sample.extra:
            raise VtgError(f"vtgdata.demo.teacher: it was given no scene of {request.sample_id!r}; it knows only the "
                           "shapes corpus (for another one take the model `scripted`).")  # fmt: skip
        times = [p.time for message in request.messages for p in message.parts if isinstance(p, Image)]
        return [_reply(sample, times, random.Random(seed)) for seed in request.seeds]

    async def close(self) -> None:
        """Nothing is held."""


def _reply(sample: Sample, times: list[float], rng: random.Random) -> Reply:
    segments = [scenes.Segment(**segment) for segment in sample.extra["scene"]]
    duration = sample.video.duration or max(segment.end for segment in segments)
    error = scenes.draw_error(rng, sample.extra.get("level", 0))
    text = scenes.trace(segments, sample.query, times, duration, error)
    return Reply(text=text, tokens_in=0, tokens_out=len(text.split()))


def connect(argument: str, endpoint: Endpoint, *, samples: str = "") -> Teacher:
    """Open the samples to answer from.

    Args:
        argument: path of a samples.parquet of the shapes corpus.
        endpoint: not used.
        samples: the path, where it is given as a setting: `vtgdata.demo.teacher:samples=FILE`.
    """
    del endpoint
    path = argument or samples
    if not path:
        raise VtgError("The shapes teacher needs the samples to answer from: vtgdata.demo.teacher:samples.parquet")
    return Teacher(path)


EXAMPLE = ModelExample(argument="{samples}")
