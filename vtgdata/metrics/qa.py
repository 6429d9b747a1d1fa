"""Metrics of grounded question answering: whether the option is right, and whether the window supports it.

Source: Xiao et al., NExT-GQA (CVPR 2024); Acc@IoU as in TVG-R1's evaluation.
"""

import numpy as np
from numpy.typing import NDArray

from vtgdata.metrics.grounding import answer_iop
from vtgdata.metrics.window_table import Table, answer_iou
from vtgdata.records import Sample
from vtgdata.records.windows import Array


def right_option(option: str | None, sample: Sample) -> bool:
    """Whether the chosen letter is right; if two options have the same words, both letters are."""
    if option is None or sample.answer is None:
        return False
    if option == sample.answer:
        return True
    texts = {chr(ord("A") + i): words for i, words in enumerate(sample.options)}
    return option in texts and texts[option] == texts.get(sample.answer)


def grounded(of: Table, right: NDArray[np.bool_]) -> dict[str, Array]:
    """NExT-GQA's metrics of n questions.

    Args: of: the windows said and the true ones; right: (n,) whether the option is right.

    Returns fractions by name: `Acc@QA`, `Acc@GQA` (right, and IoP >= 0.5 with any true window), `Acc@IoU>=0.5` (right,
    and IoU >= 0.5), `mIoP`, `IoP@0.3`, `IoP@0.5`; mIoU and its recalls are those of moments.
    The official scorer leaves out questions that have no predicted window; here they count as 0.
    """
    iop, iou = answer_iop(of), answer_iou(of)
    found = {
        "Acc@QA": right,
        "Acc@GQA": right & (iop >= 0.5),
        "Acc@IoU>=0.5": right & (iou >= 0.5),
        "mIoP": iop,
        "IoP@0.3": iop >= 0.3,
        "IoP@0.5": iop >= 0.5,
    }
    return {name: values.astype(np.float64) for name, values in found.items()}
