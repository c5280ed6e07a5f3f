"""Weights by a recipe that needs no file, with which the original networks were run for the golden numbers."""

import torch


def fill(module, *, linear_factor=1.0, first_index=0):
    """Fill all parameters and statistics, each from its own seed, and switch to eval mode.

    `linear_factor` multiplies two-dimensional weights. `first_index` is the place of the module's first entry in the
    original's state dict.
    """
    for index, (name, tensor) in enumerate(module.state_dict().items(), start=first_index):
        if not tensor.is_floating_point():
            continue
        generator = torch.Generator().manual_seed(index)
        if name.endswith("running_var") or (tensor.ndim == 1 and name.endswith("weight")):
            values = 0.5 + torch.rand(tensor.shape, generator=generator)
        elif tensor.ndim == 1:
            values = 0.1 * torch.randn(tensor.shape, generator=generator)
        else:
            values = torch.randn(tensor.shape, generator=generator) * (2 / tensor[0].numel()) ** 0.5
            values *= linear_factor if tensor.ndim == 2 else 1
        tensor.copy_(values)
    return module.eval()
