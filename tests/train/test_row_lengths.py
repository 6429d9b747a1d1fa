"""A row is as long as its model's family makes it."""

import pytest

from support.safe_training import PROMPTS, frames, rows
from support.tiny_families import FAMILIES, build
from vtgdata.train import model as models
from vtgdata.train import row_lengths
from vtgdata.train.data import dataset

pytest.importorskip("trl", reason="needs vtgdata[train]")


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_is_as_long_as_the_batch_in_which_its_family_is_trained(family, tmp_path):
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    if family == "smolvlm":
        pytest.importorskip("num2words")
    opened = models.load(str(build(family, tmp_path / family)))
    of = rows(3)
    of[1]["target"] = of[1]["target"].replace("blue", "blue blue blue")
    found = row_lengths.measure(of, PROMPTS, frames, opened, None)
    data = dataset(
        of, PROMPTS, frames, places=[0, 1, 2], targets=True, plain=opened.plain, opening=opened.opening
    )  # fmt: skip
    collate = DataCollatorForVisionLanguageModeling(processor=opened.processor, completion_only_loss=True)
    batch = collate([data[place] for place in range(3)])
    assert found == batch["attention_mask"].sum(dim=1).tolist() and found[1] > found[0]
    asked = row_lengths.measure(of, PROMPTS, frames, opened, 100)
    assert len(set(asked)) == 1 and asked[0] > 100, "what RL draws has at most as many tokens as may be drawn"
