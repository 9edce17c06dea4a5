"""The DenseNets of torch_cpu.py (Huang, Liu, van der Maaten, Weinberger, arXiv:1608.06993) for images of 32 x 32, as torchvision writes its own."""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
from torch_networks import uniform

CLASSES = 10

if not torch.backends.nnpack.is_available():
    torch.backends.nnpack.set_flags(False)  # else each convolution warns


class Layer(nn.Module):
    def __init__(self, channels, growth, checkpointed):
        super().__init__()
        self.checkpointed = checkpointed
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def bottleneck(self, *features):
        return self.conv1(F.relu(self.norm1(torch.cat(features, 1)), inplace=True))

    def forward(self, features):
        if self.checkpointed:
            x = checkpoint(self.bottleneck, *features, use_reentrant=False)
        else:
            x = self.bottleneck(*features)
        return self.conv2(F.relu(self.norm2(x), inplace=True))


class Block(nn.ModuleList):
    def forward(self, x):
        features = [x]
        for layer in self:
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    """DenseNet-BC with compression 1/2; `checkpointed` computes concatenation, normalisation and 1 x 1 convolution again in the backward pass."""

    def __init__(self, batch, growth, depth, memory_format=torch.contiguous_format, checkpointed=False):
        super().__init__()
        channels, parts = 2 * growth, [nn.Conv2d(3, 2 * growth, 3, padding=1, bias=False)]
        for b in range(3):
            layers = range((depth - 4) // 6)
            parts.append(Block(Layer(channels + l * growth, growth, checkpointed) for l in layers))
            channels += len(layers) * growth
            parts += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
            if b < 2:
                parts += [nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
                channels //= 2
        self.net = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))
        with torch.no_grad():
            for salt, weight in enumerate(self.weights(), 101):
                weight.copy_(self.ours(weight, uniform(salt, 0, weight.numel(), math.sqrt(3 / weight[0].numel()))))
            self.net[-1].bias.zero_()
        self.to(memory_format=memory_format)
        self.x = uniform(1, 0, batch * 32 * 32 * 3, 1).view(batch, 32, 32, 3).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
        self.target = uniform(2, 0, batch * CLASSES, 1).view(batch, CLASSES)

    def weights(self):
        """Of all convolutions and of the classifier, in order."""
        return [m.weight for m in self.net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]

    @staticmethod
    def ours(weight, values):
        """Values in Volterra's order (taps, inputs, outputs) in the order of a weight (outputs, inputs, taps)."""
        outputs, inputs = weight.shape[:2]
        return values.view(-1, inputs, outputs).permute(2, 1, 0).reshape(weight.shape)

    def gradient(self):
        self.zero_grad(set_to_none=True)
        loss = F.mse_loss(self.net(self.x), self.target)
        loss.backward()
        return loss

    def checked(self):
        """Gradients of the first, a middle and the last weight in Volterra's order."""
        weights = self.weights()
        return [w.grad.flatten(2).permute(2, 1, 0) if w.dim() > 2 else w.grad.T for w in (weights[0], weights[len(weights) // 2], weights[-1])]


VARIANTS = {
    "concat": DenseNet,
    "channels-last": lambda *size: DenseNet(*size, memory_format=torch.channels_last),
    "checkpointed": lambda *size: DenseNet(*size, checkpointed=True),
}
