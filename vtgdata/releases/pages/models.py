"""Names of models: what people call them, in the place of ids."""

import re
from collections import Counter

from vtgdata.releases.pages.read import read
from vtgdata.releases.pages.tables import Found


def names(found: Found) -> dict[str, str]:
    """{model id: name}: as a file says it, else as the step that made the file names its model.

    A name that stands for two ids, of a checkpoint that was trained anew, names neither.
    """
    told = {folder: meta.settings.get("model") for folder, meta in found.metas}
    named: dict[str, str] = {}
    for kind in ("rollouts", "traces", "chosen", "rates"):
        for path in found.of(kind):
            pairs = read(path, ("model_id", "model")).unique(maintain_order=True)
            if "model_id" not in pairs.columns:
                continue
            ids: list[str | None] = pairs["model_id"].unique().to_list()
            step = told.get(path.parent)
            if "model" in pairs.columns:
                named = dict(pairs.select("model_id", "model").drop_nulls().iter_rows()) | named
            elif isinstance(step, str) and step and len(ids) == 1 and ids[0]:
                named.setdefault(ids[0], step)
    several = Counter(named.values())
    return {model: name for model, name in named.items() if several[name] == 1}


def tail(name: str) -> str:
    """The part of a model's name that tells it from others: what follows its provider and its folders.

    >>> tail("transformers_local:runs/demo/sft"), tail("org/Model-7B"), tail("m")
    ('sft', 'Model-7B', 'm')
    """
    words = [word for word in re.sub(r"^[a-z_.]+:", "", name).split("/") if word]
    return words[-1] if words else name
