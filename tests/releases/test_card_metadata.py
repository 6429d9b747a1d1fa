"""The YAML head of a card says the same as ever, and the Hub's own classes read it back."""

import yaml
from huggingface_hub import DatasetCard, ModelCard

from support.release_builders import make_release, write_inputs
from vtgdata.releases import card
from vtgdata.releases.hub.push_model import ModelFile

MEASURED = {
    "benchmark": [{"corpus": "a", "split": "test", "n": 3, "label_version": ""}],
    "metric_set": "vtg", "n": 3, "n_unparsed": 0, "n_failed": 0, "settings": {},
    "metrics": {
        "mIoU": {"value": 0.12345678, "low": 0.0, "high": 1.0, "constant": None},
        "R1@0.5": {"value": 1.0, "low": 0.5, "high": 1.0, "constant": 0.25},
    },
}  # fmt: skip


def model(**changes) -> ModelFile:
    """What model.json says of a model that nobody measured, of a base and a release that are not on the Hub."""
    return ModelFile(**{
        "schema_version": 1, "name": "yes", "version": "1.0.0", "tool": "vtgdata", "command": "train sft",
        "base_model": "base", "dataset": {"name": "doors", "version": "1.0.0", "content": "c"}, "licenses": ["MIT"],
        "teachers": [], "settings": {}, "figures": {}, "evaluation": None, "files": {},
    } | changes)  # fmt: skip


def head(text: str) -> dict[str, object]:
    return yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))


PLAIN = {
    "license": "other",
    "license_name": "base-model-and-data",
    "license_link": "README.md",
    "pipeline_tag": "video-text-to-text",
    "library_name": "transformers",
    "tags": ["video-temporal-grounding", "video", "sft"],
}


def test_a_model_that_nobody_measured_claims_no_results_no_base_and_no_dataset():
    assert head(card.model_card(model())) == PLAIN


def test_all_scores_of_a_model_are_one_entry_of_the_index_under_the_name_of_the_model():
    on_hub = {"name": "doors", "version": "1.0.0", "content": "c", "repository": "o/d", "tag": "v1", "commit": "c"}
    text = card.model_card(model(evaluation=MEASURED, dataset=on_hub, base_model="o/base"))
    assert head(text) == PLAIN | {
        "base_model": "o/base",
        "datasets": ["o/d"],
        "model-index": [
            {
                "name": "yes",
                "results": [
                    {
                        "task": {"type": "video-text-to-text", "name": "video temporal grounding"},
                        "dataset": {"type": "o/d", "name": "a test"},
                        "metrics": [
                            {"type": "mIoU", "name": "mIoU", "value": 0.123457},
                            {"type": "R1@0.5", "name": "R1@0.5", "value": 1.0},
                        ],
                    }
                ],
            }
        ],
    }
    assert [each.metric_value for each in ModelCard(text).data.eval_results] == [0.123457, 1.0]


def test_the_head_of_a_release_keeps_its_order_and_what_the_hubs_class_has_no_field_for(tmp_path):
    text = (make_release(tmp_path / "made", write_inputs(tmp_path)) / "README.md").read_text()
    fields = ["pretty_name", "license", "license_name", "license_link", "task_categories", "tags", "size_categories"]
    assert list(head(text)) == [*fields, "configs"]
    assert DatasetCard(text).data.to_dict() == head(text)
    assert head(text)["configs"][0] == {
        "config_name": "samples",
        "data_files": [
            {"split": "test", "path": "data/samples/test-00000-of-00001.parquet"},
            {"split": "train", "path": "data/samples/train-00000-of-00001.parquet"},
        ],
        "default": True,
    }


def test_a_card_says_what_training_cost_elsewhere_and_that_a_reward_may_be_a_guess():
    letters = {"questions": 10, "before": 8, "after": 3, "by_chance": 2.5}
    text = card.model_card(model(figures={"letters": letters, "prior_alarm": "step 9: it rose"}))
    assert "of 10, 8 were right before this training and 3 after it; 2.5 are expected" in text
    assert "**Prior alarm**, step 9: it rose" in text
    assert "letter" not in card.model_card(model())
