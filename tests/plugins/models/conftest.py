"""For tests of models: the demo's tiny model, untrained, in a folder."""

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("tiny")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return out
