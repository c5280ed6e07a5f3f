"""Learning rates: those of PyTorch's schedulers where it has them, and formulas elsewhere."""

import pytest
import torch

from audiokit.learning.optimisation.schedules import (
    Constant,
    Cosine,
    CosineRestarts,
    Decaying,
    Geometric,
    OneCycle,
    Plateau,
    Progress,
)

STEPS_PER_EPOCH = 5


def rates(schedule, n_steps):
    return [schedule(Progress(step, n_steps, STEPS_PER_EPOCH)) for step in range(n_steps)]


def pytorch_rates(make_scheduler, n_steps, learning_rate=0.1):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=learning_rate)
    scheduler = make_scheduler(optimizer)
    found = []
    for _ in range(n_steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_one_cycle_is_that_of_pytorch():
    expected = pytorch_rates(lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=40), 40)
    assert rates(OneCycle(0.1), 40) == pytest.approx(expected, rel=1e-9)


def test_restarts_are_those_of_pytorch():
    expected = pytorch_rates(
        lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, 2 * STEPS_PER_EPOCH, 2, eta_min=0.001
        ),
        60,
    )
    assert rates(CosineRestarts(0.1, first_epochs=2, smallest=0.001), 60) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rises", [False, True])
def test_a_plateau_is_that_of_pytorch(rises):
    values = [0.5, 0.6, 0.7, 0.69, 0.68, 0.7, 0.70001, 0.71, 0.5, 0.5, 0.5, 0.5, 0.8, 0.1, 0.2, 0.3, 0.4]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max" if rises else "min", factor=0.5, patience=1, min_lr=0.1
    )
    schedule = Plateau(1.0, factor=0.5, patience=1, smallest=0.1, rises=rises)
    before_training = 99.0
    for epoch, value in enumerate(values, start=1):
        scheduler.step(value)
        history = [before_training, *values[:epoch]]
        assert schedule(Progress(0, 1, 1, history)) == optimizer.param_groups[0]["lr"]


def test_others_follow_their_formulas():
    assert rates(Constant(0.3), 3) == [0.3, 0.3, 0.3]
    assert rates(Decaying(0.01, decay=0.5), 3) == pytest.approx([0.01, 0.01 / 1.5, 0.01 / 2])
    assert rates(Geometric(1e-4, 1e-2), 3 * STEPS_PER_EPOCH)[::STEPS_PER_EPOCH] == pytest.approx([1e-4, 1e-3, 1e-2])
    cosine = rates(Cosine(1.0), 1000)
    assert cosine[0] == pytest.approx(1 / 200)
    assert cosine[500] == pytest.approx(0.5)
    assert cosine[999] < 1e-5


def test_a_schedule_says_what_a_training_is_not_to_change():
    assert Constant(0.5).description() == {"schedule": "constant", "learning_rate": 0.5}
    assert Plateau(0.5).description() != Plateau(0.5, patience=3).description()
