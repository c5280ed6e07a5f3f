"""Steps that are recorded on a GPU do what they do without: the same losses, and weights to go on from."""

import signal

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from audiokit.errors import UserError
from audiokit.learning.batches import memory_sources
from audiokit.learning.interruption import Interrupted
from audiokit.learning.optimisation.optimizers import SGD, Adam, AdamW
from audiokit.learning.options import TrainingOptions
from audiokit.learning.recorded_steps import make_recordable
from audiokit.learning.trainer import Trainer
from audiokit.learning.training_checkpoint import save_training
from spectral_transcoder.training.losses import MelObjective

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
N_TRAIN, BATCH_SIZE = 70, 16
"""Five steps in an epoch; the last has six items."""


def trainer(folder, **options):
    generator = torch.Generator().manual_seed(0)
    levels = torch.randn(N_TRAIN, 5, generator=generator)
    mel = levels @ torch.randn(5, 3, generator=generator) + 0.1 * torch.randn(N_TRAIN, 3, generator=generator)
    splits = {"train": {"third_octave": levels, "mel": mel}, "valid": {"third_octave": levels[:8], "mel": mel[:8]}}
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 32), nn.GELU(), nn.Linear(32, 3))
    options = TrainingOptions(**{"epochs": 8, "averaging": 0.9, "longest_gradient": 1.0, "device": "cuda"} | options)
    sources = memory_sources(splits, BATCH_SIZE, device=options.device)
    return Trainer(network, MelObjective(), sources, options, checkpoint=folder / "checkpoint")


def stopped(made):
    """A trainer that was stopped in its fifth epoch."""

    def stop(name, value, step):
        if name == "loss/train" and step == 22:
            signal.raise_signal(signal.SIGTERM)

    made.scalars = stop
    with pytest.raises(Interrupted):
        made.train()
    return made


@on_gpu
@pytest.mark.parametrize("optimizer", [Adam(), AdamW()])
def test_recorded_steps_do_what_others_do(tmp_path, optimizer):
    usual = trainer(tmp_path / "usual", optimizer=optimizer).train()
    recorded = trainer(tmp_path / "recorded", optimizer=optimizer, cuda_graphs=True).train()
    for name in ("losses_train", "losses_valid"):
        assert recorded.losses[name] == pytest.approx(usual.losses[name], rel=1e-3)
    assert usual.losses["losses_train"][-1] < usual.losses["losses_train"][0]
    assert_close(recorded.best_state, usual.best_state, rtol=1e-3, atol=1e-4)


@on_gpu
@pytest.mark.parametrize("then_recorded", [True, False])
def test_a_training_goes_on_from_recorded_steps(tmp_path, then_recorded):
    whole = trainer(tmp_path / "whole", cuda_graphs=True).train()
    stopped(trainer(tmp_path / "parts", cuda_graphs=True))
    rest = trainer(tmp_path / "parts", cuda_graphs=then_recorded).train()
    assert rest.losses["losses_valid"] == pytest.approx(whole.losses["losses_valid"], rel=1e-3)


def test_recorded_steps_need_a_gpu(tmp_path):
    with pytest.raises(UserError, match="--cuda_graphs needs a GPU"):
        trainer(tmp_path, device="cpu", cuda_graphs=True)


def test_an_optimiser_keeps_rate_and_steps_where_recordings_find_them():
    network = nn.Linear(2, 1)
    optimizer = Adam().of(network)
    network(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    make_recordable(optimizer)
    (group,) = optimizer.param_groups
    assert group["capturable"] and isinstance(group["lr"], torch.Tensor) and group["lr"].dtype == torch.float32
    assert [optimizer.state[parameter]["step"].item() for parameter in network.parameters()] == [1, 1]


def test_a_checkpoint_of_recorded_steps_goes_on_anywhere(tmp_path):
    whole = trainer(tmp_path / "whole", device="cpu").train()
    first = stopped(trainer(tmp_path / "parts", device="cpu"))
    make_recordable(first.optimizer)
    save_training(first)
    rest = trainer(tmp_path / "parts", device="cpu").train()
    assert rest.losses == whole.losses
    assert_close(rest.best_state, whole.best_state, rtol=0, atol=0)


def test_optimisers_that_cannot_be_recorded_are_refused():
    with pytest.raises(UserError, match="SGD does not work with --cuda_graphs"):
        make_recordable(SGD().of(nn.Linear(2, 1)))
