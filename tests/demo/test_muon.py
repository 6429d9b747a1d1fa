"""The demo's Muon: torch's own, but for the type in which it makes updates orthogonal."""

import pytest

from vtgdata.demo.muon import Muon, orthogonal

pytest.importorskip("torch", reason="needs vtgdata[train]")

SHAPES = [(384, 128), (128, 384), (128, 128), (192, 96), (1, 5)]


def matrices(seed, dtype="float32"):
    import torch

    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator).to(getattr(torch, dtype)) for shape in SHAPES]


def apart(one, other):
    """The distance of two matrices, as a share of the second one's size."""
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("steps", [1, 5])
def test_it_steps_as_torch_s_own_within_what_bfloat16_can_tell(steps):
    import torch

    ours, theirs, begun = matrices(0), matrices(0), matrices(0)
    muon = Muon(ours, momentum=0.95, weight_decay=0.1)
    reference = torch.optim.Muon(theirs, lr=0.02)  # its defaults: momentum 0.95, Nesterov's, weight decay 0.1
    for step in range(steps):
        for mine, its, gradient in zip(ours, theirs, matrices(step + 1), strict=True):
            mine.grad, its.grad = gradient.clone(), gradient.clone()
        muon.step(0.02)
        reference.step()
    for mine, its, first in zip(ours, theirs, begun, strict=True):
        assert apart(mine - first, its - first) < 0.02


def test_it_is_the_formula_exactly_in_double_precision():
    import torch

    for matrix in matrices(0, "float64"):
        left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        values = values / values.square().sum().sqrt()
        for _ in range(5):
            values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
        torch.testing.assert_close(orthogonal(matrix), left @ torch.diag(values) @ right, atol=1e-9, rtol=1e-9)


def test_a_gradient_of_nothing_changes_nothing_but_the_decay():
    import torch

    weight = torch.ones(3, 2)
    weight.grad = torch.zeros(3, 2)
    Muon([weight], weight_decay=0.5).step(0.1)
    torch.testing.assert_close(weight, torch.full((3, 2), 0.95))
