"""Writes the reference networks of StageReferenceTest: stages as PyTorch computes them.

    python make_stage_references.py [folder]

Needs torch, numpy and safetensors. Every file holds one network of stages in float64: its specification as the
engine writes it to the metadata of model files, and tensors. Two steps of training are taken on the same data:
`parameter.*` is what they begin with, `input`, and either `output_gradient` or `labels` (then the objective is
the mean cross-entropy, whose value is `loss`). `output`, `gradient.*` and `input_gradient` are those of the first
step; after it all parameters move against their gradients by 0.05. `second.output` and `second.gradient.*` are
those of the second step, `statistic.*` the running statistics after it, and `inferred` the output of the network
as it then is, when it is not trained.

Rows are positions, sample after sample, and columns channels; a convolution's weights are
(taps * inputs / groups) x outputs.
"""

import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)

BC = "batch-norm,relu,conv({0},1x1),batch-norm,relu,conv({1},3x3,pad=1x1)"
NETWORKS = {
    # A small DenseNet-BC: two blocks of three layers, growth rate 4, compression 1/2.
    "dense-bc": (
        "8x8x3", 4, "conv(8,3x3,pad=1x1),dense(3," + BC.format(16, 4) + "),batch-norm,relu,conv(10,1x1),"
        "average-pool(2x2),dense(3," + BC.format(16, 4) + "),batch-norm,relu,global-average-pool,affine(5)"),
    # What a torchvision DenseNet begins with, and layers without bottlenecks that see a few others.
    "dense-window": (
        "12x10x2", 2, "conv(6,7x7,stride=2x2,pad=3x3),batch-norm,relu,max-pool(3x3,stride=2x2,pad=1x1),"
        "dense(4,reach=2,batch-norm(momentum=0.3,epsilon=0.001),relu,conv(3,3x3,pad=1x1,bias))"),
    "convolutions": (
        "7x9x4", 2, "conv(6,3x2,stride=2x1,pad=1x1,dilation=1x2,groups=2,bias),tanh,conv(6,3x3,pad=1x1,groups=6),"
        "gelu,average-pool(2x3,stride=1x2,pad=0x1),conv(5,2x2,stride=1x2,dilation=2x1)"),
    "sequence": (
        "1x11x3", 3, "conv(8,1x3,pad=0x1),layer-norm,silu,residual(rms-norm,conv(8,1x3,pad=0x2,dilation=1x2)),"
        "global-max-pool,affine(3)"),
    "transformer": (
        "1x70x8", 2, "residual(layer-norm,attention(2,causal)),residual(layer-norm,affine(12),gelu,affine(8)),"
        "residual(rms-norm,attention(4)),affine(3)"),
    "non-local": ("5x4x6", 3, "non-local(gaussian,4),tanh,non-local(dot-product,3)"),
    # Layers that see those 1, 2, 4, 8 back: with bottlenecks, and a convolution before the normalisation.
    "dense-log": (
        "6x7x3", 3, "conv(5,3x3,pad=1x1),dense(6,reach=log," + BC.format(6, 3) + "),batch-norm,relu,"
        "dense(4,reach=log,conv(2,3x3,pad=1x1),batch-norm,tanh)"),
}
BATCH_LABELS = {"dense-bc": 5}


def split(text):
    """Splits at commas outside parentheses."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def pair(text):
    values = [int(v) for v in text.split("x")]
    return values if len(values) == 2 else values * 2


class Network:
    def __init__(self, generator):
        self.generator = generator
        self.parameters = {}
        self.statistics = {}
        self.training = True

    def weight(self, name, rows, columns, mean=0.0, spread=None):
        if name not in self.parameters:
            scale = spread if spread is not None else 1 / math.sqrt(max(rows, 2))
            values = mean + scale * torch.randn(rows, columns, generator=self.generator)
            self.parameters[name] = values.requires_grad_()
        return self.parameters[name]

    def vector(self, name, columns, mean=0.0):
        return self.weight(name, 1, columns, mean, 0.2).reshape(columns)

    def run(self, prefix, text, x):
        """x is batch x channels x height x width."""
        for i, stage in enumerate(split(text)):
            x = self.stage(f"{prefix}{i}.", stage, x)
        return x

    def stage(self, name, text, x):
        kind, _, rest = text.partition("(")
        arguments = split(rest[:-1]) if rest else []
        plain = [a for a in arguments if "=" not in a.partition("(")[0]]
        named = dict(a.split("=", 1) for a in arguments if a not in plain)
        channels = x.shape[1]
        if kind == "affine":
            w = self.weight(name + "weight", channels, int(plain[0]))
            b = self.vector(name + "bias", int(plain[0]))
            return torch.einsum("bchw,cd->bdhw", x, w) + b[None, :, None, None]
        if kind == "conv":
            width, (kh, kw) = int(plain[0]), pair(plain[1])
            groups = int(named.get("groups", 1))
            each = channels // groups
            w = self.weight(name + "weight", kh * kw * each, width)
            b = self.vector(name + "bias", width) if "bias" in plain else None
            return F.conv2d(
                x, w.reshape(kh, kw, each, width).permute(3, 2, 0, 1), b, pair(named.get("stride", "1")),
                pair(named.get("pad", "0")), pair(named.get("dilation", "1")), groups)
        if kind in ("average-pool", "max-pool"):
            kernel = pair(plain[0])
            pool = F.avg_pool2d if kind == "average-pool" else F.max_pool2d
            return pool(x, kernel, pair(named.get("stride", plain[0])), pair(named.get("pad", "0")))
        if kind == "global-average-pool":
            return x.mean((2, 3), keepdim=True)
        if kind == "global-max-pool":
            return x.amax((2, 3), keepdim=True)
        if kind == "batch-norm":
            w = self.vector(name + "weight", channels, 1.0)
            b = self.vector(name + "bias", channels)
            mean = self.statistics.setdefault(name + "running-mean", torch.zeros(channels))
            variance = self.statistics.setdefault(name + "running-variance", torch.ones(channels))
            return F.batch_norm(
                x, mean, variance, w, b, self.training, float(named.get("momentum", 0.1)),
                float(named.get("epsilon", 1e-5)))
        if kind in ("layer-norm", "rms-norm"):
            w = self.vector(name + "weight", channels, 1.0)
            y = x.permute(0, 2, 3, 1)
            if kind == "layer-norm":
                y = F.layer_norm(y, (channels,), w, self.vector(name + "bias", channels), 1e-5)
            else:
                y = F.rms_norm(y, (channels,), w, 1e-5)
            return y.permute(0, 3, 1, 2)
        if kind == "attention":
            heads, causal = int(plain[0]), "causal" in plain
            y = self.rows(x) @ self.weight(name + "projection.weight", channels, 3 * channels)
            y = y + self.vector(name + "projection.bias", 3 * channels)
            q, k, v = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in y.chunk(3, 2))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2)
            y = y @ self.weight(name + "output.weight", channels, channels) + self.vector(
                name + "output.bias", channels)
            return self.grid(y, x)
        if kind == "non-local":
            width = int(plain[1])
            y = self.rows(x) @ self.weight(name + "projection.weight", channels, 3 * width)
            theta, phi, g = y.chunk(3, 2)
            f = theta @ phi.transpose(1, 2)
            f = f.softmax(2) if plain[0] == "gaussian" else f / f.shape[2]
            return x + self.grid(f @ g @ self.weight(name + "output.weight", width, channels), x)
        if kind == "residual":
            return x + self.run(name, ",".join(arguments), x)
        if kind == "dense":
            layer = ",".join(a for a in arguments[1:] if not a.startswith("reach="))
            reach = named.get("reach", "full")
            features = [x]
            for l in range(int(arguments[0])):
                back = {"full": range(1, l + 2), "log": [2**i for i in range(l + 1)]}.get(reach) or range(1, int(reach) + 1)
                seen = [features[l + 1 - i] for i in sorted(back, reverse=True) if i <= l + 1]
                features.append(self.run(f"{name}layer.{l}.", layer, torch.cat(seen, 1)))
            return torch.cat(features, 1)
        return {"relu": torch.relu, "tanh": torch.tanh, "gelu": F.gelu, "silu": F.silu}[kind](x)

    @staticmethod
    def rows(x):
        return x.flatten(2).transpose(1, 2)

    @staticmethod
    def grid(rows, like):
        return rows.transpose(1, 2).reshape(like.shape)


def matrix(x):
    """batch x channels x height x width as rows of positions."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]).contiguous()


def write(name, shape, batch, stages, seed, folder):
    generator = torch.Generator().manual_seed(seed)
    height, width, channels = (int(v) for v in shape.split("x"))
    network = Network(generator)
    data = torch.randn(batch, channels, height, width, generator=generator).requires_grad_()
    network.training = False
    sample = network.run("stage.", stages, data)
    network.training = True
    tensors = {"input": matrix(data.detach())}
    classes = BATCH_LABELS.get(name)
    if classes:
        labels = torch.randint(classes, (batch,), generator=generator)
        tensors["labels"] = labels.double().reshape(1, -1)
        objective = lambda y: F.cross_entropy(y.flatten(1), labels)
    else:
        weights = torch.randn(sample.shape, generator=generator)
        tensors["output_gradient"] = matrix(weights)
        objective = lambda y: (y * weights).sum()
    for key, value in network.parameters.items():
        tensors["parameter." + key] = value.detach().clone()
    for key, value in network.statistics.items():
        tensors["parameter." + key] = value.reshape(1, -1).clone()
    for step, prefix in enumerate(("", "second.")):
        for value in list(network.parameters.values()) + [data]:
            value.grad = None
        output = network.run("stage.", stages, data)
        loss = objective(output)
        loss.backward()
        tensors[prefix + "output"] = matrix(output.detach())
        for key, value in network.parameters.items():
            tensors[prefix + "gradient." + key] = value.grad.clone()
        if step == 0:
            tensors["input_gradient"] = matrix(data.grad)
            if classes:
                tensors["loss"] = loss.detach().reshape(1, 1)
            with torch.no_grad():
                for value in network.parameters.values():
                    value -= 0.05 * value.grad
    for key, value in network.statistics.items():
        tensors["statistic." + key] = value.reshape(1, -1)
    network.training = False
    tensors["inferred"] = matrix(network.run("stage.", stages, data).detach())
    metadata = {"input": shape, "stages": stages, "batch": str(batch)}
    tensors = {key: value.contiguous() for key, value in tensors.items()}
    save_file(tensors, folder / f"{name}.safetensors", metadata)


def main():
    here = pathlib.Path(__file__).resolve().parent
    default = here.parent / "resources" / "org" / "volterra" / "stages"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, (shape, batch, stages)) in enumerate(NETWORKS.items(), start=1):
        write(name, shape, batch, stages, seed, folder)


if __name__ == "__main__":
    main()
