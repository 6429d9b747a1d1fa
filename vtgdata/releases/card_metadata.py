"""The YAML head of a card, which the Hub reads, built with the card classes of huggingface_hub.

These classes do not have a field for everything in a dataset's head. They pass `configs` with its data files, tags, and
the name and link of a licence through without a check, so `configs` stays a mapping of our own, and
`card.read_metadata` checks it.
"""

from typing import TYPE_CHECKING, Any

from vtgdata.annotations import licences
from vtgdata.releases.document import Document

if TYPE_CHECKING:
    from huggingface_hub import CardData, EvalResult

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B")
_TAGS = ["video-temporal-grounding", "video"]
_LICENCE_FIELDS = ("license", "license_name", "license_link")
_DATASET_FIELDS = ("pretty_name", *_LICENCE_FIELDS, "task_categories", "tags", "size_categories", "configs")
_MODEL_FIELDS = (*_LICENCE_FIELDS, "pipeline_tag", "library_name", "tags", "base_model", "datasets")


def of_dataset(document: Document) -> str:
    """The head of a release's card."""
    from huggingface_hub import DatasetCardData

    rows = sum(data.rows for data in document.configs["samples"].values())
    licence: dict[str, Any] = licences.card_fields(document.counts["samples"]["license"])
    configs = [
        {
            "config_name": config,
            "data_files": [{"split": split, "path": data.file} for split, data in splits.items()],
            **({"default": True} if config == "samples" else {}),
        }
        for config, splits in document.configs.items()
    ]
    data = DatasetCardData(
        pretty_name=document.name,
        task_categories=["video-text-to-text"],
        tags=list(_TAGS),
        size_categories=[SIZES[min(max(len(str(rows)) - 3, 0), len(SIZES) - 1)]],
        configs=configs,
        **licence,
    )
    return _yaml(data, _DATASET_FIELDS)


def of_model(model: Any) -> str:
    """The head of a trained model's card, from what its model.json says (`push_model.ModelFile`).

    It contains the scores as `model-index`, which older tools read.
    """
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        license="other",
        license_name="base-model-and-data",
        license_link="README.md",
        pipeline_tag="video-text-to-text",
        library_name="transformers",
        tags=[*_TAGS, *model.command.split()[-1:]],
        base_model=model.base_model if model.base_model.count("/") == 1 else None,
        datasets=[model.dataset["repository"]] if "repository" in model.dataset else None,
        # A name without results would be written as a field of its own, which the Hub does not know.
        model_name=model.name if model.evaluation else None,
        eval_results=_results(model, model.evaluation) if model.evaluation else None,
    )
    return _yaml(data, _MODEL_FIELDS)


def _results(model: Any, found: dict[str, Any]) -> "list[EvalResult]":
    """One result per metric; all have the same task and dataset, so they become one entry of `model-index`."""
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type="video-text-to-text",
            task_name="video temporal grounding",
            dataset_type=model.dataset.get("repository", "vtgdata"),
            dataset_name=", ".join(f"{each['corpus']} {each['split']}" for each in found["benchmark"]),
            metric_type=name,
            metric_name=name,
            metric_value=round(scores["value"], 6),
        )
        for name, scores in found["metrics"].items()
    ]


def _yaml(data: "CardData", order: tuple[str, ...]) -> str:
    """YAML with the fields in this order; the order matters, as it changes a release's bytes and so its hash."""
    return data.to_yaml(original_order=list(order)) + "\n"  # pyright: ignore[reportUnknownMemberType]
