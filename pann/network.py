"""ResNet38 of PANN (Kong et al., 2020), in the key layout of the official checkpoint."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

__all__ = ["ResNet38", "SpecAugment"]

N_LABELS = 527
N_MELS = 64
EMBEDDING_SIZE = 2048


class ResNet38(nn.Module):
    """(batch, n_frames, 64) log-Mel in dB → (batch, 527) before the sigmoid; 32 frames at least."""

    def __init__(self) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(N_MELS)
        self.conv_block1 = ConvBlock(1, 64)
        self.resnet = ResNet((3, 4, 6, 3), (64, 128, 256, 512))
        self.conv_block_after1 = ConvBlock(512, EMBEDDING_SIZE, convolution=ProductConv2d)
        self.fc1 = nn.Linear(EMBEDDING_SIZE, EMBEDDING_SIZE)
        self.fc_audioset = nn.Linear(EMBEDDING_SIZE, N_LABELS)
        self.augment = SpecAugment()
        self._initialise()

    def embed(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 64) → (batch, 2048)."""
        image = self.bn0(mel.unsqueeze(1).transpose(1, 3)).transpose(1, 3)
        image = self.augment(image)
        image = self._dropout(functional.avg_pool2d(self.conv_block1(image), 2), 0.2)
        image = self._dropout(functional.avg_pool2d(self.resnet(image), 2), 0.2)
        image = self._dropout(self.conv_block_after1(image), 0.2)
        frames = image.mean(dim=3)
        pooled = self._dropout(frames.amax(dim=2) + frames.mean(dim=2), 0.5)
        return functional.relu(self.fc1(pooled))

    def classify(self, embedding: torch.Tensor) -> torch.Tensor:
        """(batch, 2048) → (batch, 527)."""
        return self.fc_audioset(embedding)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """(batch, n_frames, 64) → (batch, 527)."""
        return self.classify(self.embed(mel))

    def _dropout(self, image: torch.Tensor, probability: float) -> torch.Tensor:
        return functional.dropout(image, probability, self.training)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)


class ProductConv2d(nn.Conv2d):
    """Convolution as one matrix product, for images that are small beside the weights, with no bias and no stride.

    On a CPU torch's own rearranges the weights at every call, here 150 MB, which takes as long as all the rest of it.
    """

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, height, width) → (batch, n_out, height, width)."""
        if image.device.type != "cpu":
            return super().forward(image)
        patches = functional.unfold(image, self.kernel_size, padding=self.padding).mT
        # In rows of one matrix: a product for each image would read the weights as often.
        rows = patches.flatten(0, 1) @ self.weight.flatten(1).T
        return rows.unflatten(0, patches.shape[:2]).mT.unflatten(-1, image.shape[2:])


class ConvBlock(nn.Module):
    """Two 3 × 3 convolutions, each with batch normalisation and ReLU."""

    def __init__(self, n_in: int, n_out: int, *, convolution: type[nn.Conv2d] = nn.Conv2d) -> None:
        super().__init__()
        self.conv1 = convolution(n_in, n_out, 3, padding=1, bias=False)
        self.conv2 = convolution(n_out, n_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.bn2 = nn.BatchNorm2d(n_out)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, height, width) → (batch, n_out, height, width)."""
        image = functional.relu(self.bn1(self.conv1(image)))
        return functional.relu(self.bn2(self.conv2(image)))


class ResNet(nn.Module):
    """Four stages of basic blocks; all but the first halve the image."""

    def __init__(self, n_blocks: tuple[int, ...], n_channels: tuple[int, ...]) -> None:
        super().__init__()
        n_in = n_channels[0]
        for stage, (count, n_out) in enumerate(zip(n_blocks, n_channels, strict=True), start=1):
            blocks = [BasicBlock(n_in, n_out, halve=stage > 1)]
            blocks += [BasicBlock(n_out, n_out, halve=False) for _ in range(count - 1)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
            n_in = n_out

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 64, height, width) → (batch, 512, height // 8, width // 8)."""
        return self.layer4(self.layer3(self.layer2(self.layer1(image))))


class BasicBlock(nn.Module):
    """Two convolutions and a shortcut; average pooling takes the place of strides."""

    def __init__(self, n_in: int, n_out: int, *, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        if halve:
            self.downsample = nn.Sequential(
                nn.AvgPool2d(2), nn.Conv2d(n_in, n_out, 1, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, n_in, height, width) → (batch, n_out, height or height // 2, …)."""
        shortcut = self.downsample(image) if self.halve else image
        image = functional.avg_pool2d(image, 2) if self.halve else image
        image = functional.relu(self.bn1(self.conv1(image)))
        image = functional.dropout(image, 0.1, self.training)
        return functional.relu(self.bn2(self.conv2(image)) + shortcut)


class SpecAugment(nn.Module):
    """Set two stripes of up to 64 frames and two of up to 8 Mel bands to zero, in training only."""

    STRIPES = ((2, 64), (2, 64), (3, 8), (3, 8))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(batch, 1, n_frames, n_mels), masked for each example apart."""
        if not self.training:
            return image
        for dim, widest in self.STRIPES:
            image = image.masked_fill(_stripe(image, dim, widest), 0)
        return image


def _stripe(image: torch.Tensor, dim: int, widest: int) -> torch.Tensor:
    """Mask of one stripe an example, in the shape of (batch, 1, n_frames, n_mels) with ones to broadcast."""
    size = image.shape[dim]
    n_examples = image.shape[0]
    width = torch.randint(0, widest, (n_examples, 1), device=image.device).clamp(max=size - 1)
    start = (torch.rand(n_examples, 1, device=image.device) * (size - width)).long()
    position = torch.arange(size, device=image.device)
    mask = (position >= start) & (position < start + width)
    return mask[:, None, :, None] if dim == 2 else mask[:, None, None, :]
