"""Muon in float32: momentum with nearly orthogonal updates (Jordan et al., 2024).

`torch.optim.Muon` makes them in bfloat16, which a CPU without bfloat16 instructions emulates: a step of the demo's base
stage then takes several times as long, and its weights differ from those on a CPU that has the instructions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic polynomial applied to singular values: steep at 0, and near 1 it stays near 1."""
ITERATIONS = 5
SMALLEST = 1e-7
"""Smallest norm that an update is divided by."""


class Muon:
    """Trains matrices by Nesterov momentum, orthogonalised; otherwise as `torch.optim.Muon` with its defaults."""

    def __init__(self, weights: Sequence[torch.Tensor], *, momentum: float = 0.95, weight_decay: float = 0.01) -> None:
        import torch

        self.weights, self.momentum, self.weight_decay = list(weights), momentum, weight_decay
        self.averages = [torch.zeros_like(weight) for weight in self.weights]

    def step(self, rate: float) -> None:
        """Change every weight by its gradient. Args: rate: the learning rate."""
        import torch

        with torch.no_grad():
            for weight, average in zip(self.weights, self.averages, strict=True):
                if (gradient := weight.grad) is None:
                    continue
                average.lerp_(gradient, 1 - self.momentum)
                update = orthogonal(gradient.lerp(average, self.momentum))
                rows, columns = weight.shape
                weight.mul_(1 - rate * self.weight_decay)
                weight.add_(update, alpha=-rate * math.sqrt(max(1.0, rows / columns)))


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Roughly the nearest matrix whose singular values are all 1; they end up between about 0.7 and 1.2.

    Newton-Schulz iterations, in the type of the matrix. Args: matrix: (m, n). Returns the same shape.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.T).T
    a, b, c = COEFFICIENTS
    matrix = matrix / matrix.norm().clamp(min=SMALLEST)
    for _ in range(ITERATIONS):
        square = matrix @ matrix.T
        matrix = a * matrix + (b * square + c * square @ square) @ matrix
    return matrix
