"""SampleCNN (Kim, Lee and Nam, IEEE JSTSP 13(2), 2019), under the original's layer names."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from exp_samplecnn.networks.blocks import create_block
from exp_samplecnn.networks.layers import FirstConvolution, normalisation

__all__ = ["SampleCNN"]

N_CHANNELS = 128
STRIDE = 3
N_MULTI = 3


class SampleCNN(nn.Module):
    """(batch, n_samples) standardised sound → (batch, n_classes) before the sigmoid or softmax.

    Parameters
    ----------
    n_classes
    n_blocks : 9 for segments of 59049 samples, 8 for 22050; 3^(n_blocks + 1) samples at least
    block : one of `exp_samplecnn.networks.blocks.BLOCKS`
    multi : whether the last three blocks are heard, not the last alone
    amplifying_ratio : hidden channels of the excitation by channel; 16 in the predecessor (ICASSP 2018)
    dropout : before the last layer
    """

    def __init__(
        self,
        n_classes: int,
        n_blocks: int,
        block: str = "se",
        *,
        multi: bool = False,
        amplifying_ratio: float = 0.125,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        widths = [N_CHANNELS] * 2 + [2 * N_CHANNELS] * (n_blocks - 3) + [4 * N_CHANNELS]
        self.n_blocks = n_blocks
        self.n_heard = N_MULTI if multi else 1
        self.conv0 = FirstConvolution(N_CHANNELS, STRIDE)
        self.norm0 = normalisation(N_CHANNELS)
        for index, (n_in, n_out) in enumerate(zip([N_CHANNELS, *widths], widths, strict=False)):
            self.add_module(f"block{index}", create_block(block, n_in, n_out, amplifying_ratio=amplifying_ratio))
        n_features = sum(widths[-self.n_heard :])
        self.final_fc = nn.Linear(n_features, n_features)
        self.final_norm = nn.BatchNorm1d(n_features, eps=1e-3, momentum=0.01)
        self.final_drop = nn.Dropout(dropout)
        self.logit = nn.Linear(n_features, n_classes)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """(batch, n_samples) → (batch, n_classes)."""
        missing = -sound.shape[1] % STRIDE
        padded = functional.pad(sound, (missing // 2, missing - missing // 2))
        hidden = functional.relu(self.norm0(self.conv0(padded)))
        levels = []
        for index in range(self.n_blocks):
            hidden = self.get_submodule(f"block{index}")(hidden)
            levels.append(hidden)
        features = torch.cat([level.amax(dim=(2, 3)) for level in levels[-self.n_heard :]], dim=1)
        return self.logit(self.final_drop(functional.relu(self.final_norm(self.final_fc(features)))))
