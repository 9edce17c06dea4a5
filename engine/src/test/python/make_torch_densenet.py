"""Writes a small DenseNet with torchvision's names and layers, and its logits: TorchDenseNetTest reads it.

    python make_torch_densenet.py [file [growth stem middle size layer,layer,...]]

Needs torch, numpy and safetensors. The class repeats torchvision.models.densenet.DenseNet. `32 64 4 224 6,12,24,16`
makes a densenet121.
"""

import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn


class Layer(nn.Module):
    def __init__(self, inputs, growth, middle):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, middle * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(middle * growth)
        self.conv2 = nn.Conv2d(middle * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(y)))], 1)


class Transition(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, inputs // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2)


class DenseNet(nn.Module):
    def __init__(self, growth, stem, middle, layers, classes):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, stem, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(stem))
        self.features.add_module("relu0", nn.ReLU())
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
        channels = stem
        for b, count in enumerate(layers, start=1):
            block = nn.Sequential()
            for l in range(count):
                block.add_module(f"denselayer{l + 1}", Layer(channels + l * growth, growth, middle))
            self.features.add_module(f"denseblock{b}", block)
            channels += count * growth
            if b < len(layers):
                self.features.add_module(f"transition{b}", Transition(channels))
                channels //= 2
        self.features.add_module(f"norm{len(layers) + 1}", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        return self.classifier(F.relu(self.features(x)).mean((2, 3)))


def main():
    here = pathlib.Path(__file__).resolve().parent
    default = here.parent / "resources" / "org" / "volterra" / "torch-densenet.safetensors"
    file = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    growth, stem, middle, size = (int(a) for a in sys.argv[2:6]) if len(sys.argv) > 2 else (4, 6, 2, 32)
    layers = [int(a) for a in sys.argv[6].split(",")] if len(sys.argv) > 6 else [2, 3]
    torch.manual_seed(1)
    network = DenseNet(growth, stem, middle, layers, 1000 if growth == 32 else 7)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
    images = torch.randn(3, 3, size, size)
    with torch.no_grad():
        logits = network.eval()(images)
    tensors = dict(network.state_dict())
    tensors = {k: v.contiguous() for k, v in tensors.items() if not k.endswith("num_batches_tracked")}
    tensors["images"] = images.permute(0, 2, 3, 1).reshape(-1, 3).contiguous()
    tensors["logits"] = logits.contiguous()
    save_file(tensors, file)


if __name__ == "__main__":
    main()
