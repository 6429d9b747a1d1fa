"""What every retrieval model promises; a new file in vtgdata/plugins/retrievers is picked up by itself."""

import importlib.util
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from support import tiny_clip, tiny_transformers_clip
from vtgdata.engine.retrieval import DECIMALS, open_retriever
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records.retrieval import Retriever, RetrieverExample

NAMES = plugins.names("retrievers")
PICTURES = [
    tiny_transformers_clip.picture(colour, side)
    for side, colour in [(64, (200, 40, 40)), (30, (40, 200, 40)), (90, (40, 40, 200)), (64, (110, 110, 110))]
]
TEXTS = ["the red moment", "the green moment", "", "word " * 400, "\u72d7\u8df3\u8fc7"]
BUILD: dict[str, Callable[[Path], Path]] = {
    "{open_clip_model}": lambda folder: tiny_clip.build(folder, steps=0),
    "{clip_model}": tiny_transformers_clip.build,
}


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A text with what is lent in the place of its name in braces, built at the first call."""

    @cache
    def built(name: str) -> str:
        return str(BUILD[name](tmp_path_factory.mktemp("retrievers") / "tiny"))

    return lambda text: re.sub(r"\{\w+\}", lambda found: built(found[0]), text)


def opened(name: str, lent: Callable[[str], str], **more: object) -> Retriever:
    module, example = plugins.load("retrievers", name), example_of(name)
    settings = {key: lent(value) if isinstance(value, str) else value for key, value in example.settings.items()}
    return module.connect(lent(example.argument), **settings, **more)


def example_of(name: str) -> RetrieverExample:
    """The EXAMPLE of a retriever, which is skipped where the package that it needs is not installed."""
    module = plugins.load("retrievers", name)
    needs = getattr(module, "NEEDS", "")
    if needs and importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    found = getattr(module, "EXAMPLE", None)
    assert isinstance(found, RetrieverExample), "its module has an EXAMPLE, a RetrieverExample: see CONTRIBUTING.md"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_pictures_and_texts_become_unit_vectors_of_one_space(name, lent):
    model = opened(name, lent)
    pictures, texts = model.images(PICTURES), model.texts(TEXTS)
    assert pictures.dtype == texts.dtype == np.float64
    assert pictures.shape == (len(PICTURES), texts.shape[1]) and len(texts) == len(TEXTS)
    assert np.linalg.norm(np.concatenate([pictures, texts]), axis=1) == pytest.approx(1.0, abs=1e-4)
    assert np.ptp(pictures, axis=0).max() > 0 and not np.allclose(texts[0], texts[1]), "it reads what it is given"


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_does_not_depend_on_the_others_of_its_call(name, lent):
    model = opened(name, lent)
    together, texts = model.images(PICTURES), model.texts(TEXTS)
    alone = np.concatenate([model.images([each]) for each in PICTURES])
    assert np.abs((together - alone) @ texts.T).max() < 10**-DECIMALS / 2, "ranks are made of cosines so rounded"
    assert np.array_equal(texts, np.concatenate([model.texts([each]) for each in TEXTS]))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_same_model_when_it_is_opened_again(name, lent):
    one, other = opened(name, lent), opened(name, lent)
    assert one.id == other.id and one.id.strip()
    assert np.array_equal(one.images(PICTURES), other.images(PICTURES))


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused_by_its_name(name):
    example_of(name)
    with pytest.raises(VtgError, match=rf"{name}.*unknown setting 'no_such_setting'"):
        open_retriever(f"{name}:no_such_setting=1")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_without_a_model_is_named(name, tmp_path):
    example_of(name)
    with pytest.raises(VtgError, match=rf"{name}.*{re.escape(str(tmp_path))}.*loaded"):
        open_retriever(f"{name}:{tmp_path}")


@pytest.mark.parametrize("name", NAMES)
def test_it_says_in_a_line_what_it_is(name):
    first, *rest = (plugins.load("retrievers", name).__doc__ or "").splitlines()
    assert first.endswith(".") and (not rest or not rest[0]), "a sentence, then an empty line"
