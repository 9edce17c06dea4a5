"""Writes the reference networks of ReferenceTest: their outputs and gradients as PyTorch computes them.

    python make_references.py [folder]

Needs torch, numpy and safetensors. Every file holds one network in float64: its specification as the engine
writes it to the metadata of model files, and tensors `parameter.*`, `gradient.*`, `input`, `output`,
`state.*`, `output_gradient`, `input_gradient`. The layer formula

    x_l = g_l + psi(b_l + h sum_{k<l} K_{l,k} phi_k(x_k)),   l = 1 .. L

is written here as a sum over pairs of layers, and differentiated by autograd. Matrices act on rows from the
right, as in the engine's ParameterLayout.
"""

import math
import pathlib
import re
import sys

import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)

ACTIVATIONS = {
    "identity": lambda x: x,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "sigmoid": torch.sigmoid,
    "softplus": lambda x: torch.nn.functional.softplus(x, threshold=1000),
}

DEFAULTS = {
    "inputs": 0,
    "outputs": 0,
    "positions": 1,
    "horizon": 1.0,
    "scaling": "step",
    "kernel": "dense",
    "features": "tanh",
    "feature-depth": "constant",
    "activation": "identity",
    "bias": "per-layer",
    "source": "initial-state",
}

NETWORKS = {
    # The classical DenseNet: concatenation, a linear map, an activation.
    "densenet": dict(
        channels=5, depth=6, inputs=4, outputs=3, scaling="unit", features="identity",
        activation="relu", source="zero"),
    # Activation before the sum, at several positions.
    "hammerstein": dict(
        channels=4, depth=7, inputs=3, outputs=2, positions=3, horizon=2.0, features="gelu",
        bias="constant"),
    # A kernel field, finer than its mesh, with other features than states.
    "field": dict(
        channels=4, depth=11, outputs=3, kernel="field(3)", features="affine(6),softplus",
        feature_depth="field(2)", activation="tanh", bias="field(4)", horizon=1.5),
    # A trainable weight for each pair of layers.
    "scalar": dict(
        channels=6, depth=8, kernel="scalar", features="silu", activation="sigmoid", bias="none"),
    # A perceptron for each layer and A(t) x_0.
    "perceptron": dict(
        channels=3, depth=5, inputs=2, outputs=4, positions=2, horizon=0.7,
        features="affine(7),tanh,affine(4)", feature_depth="per-layer", activation="silu",
        source="linear per-layer"),
    # Attention residuals: softmax over earlier layers with a learned query for each.
    "attention": dict(
        channels=5, depth=6, inputs=3, outputs=2, positions=3, scaling="unit", kernel="attention",
        features="affine(5),tanh", feature_depth="per-layer", bias="none", source="zero"),
    # The same over blocks of three layers.
    "attention-blocks": dict(
        channels=4, depth=9, positions=2, scaling="unit", kernel="attention(3)",
        features="affine(4),gelu", feature_depth="per-layer", bias="none", source="zero"),
    # A DenseFormer's averages: every second feature, at every third layer.
    "averaging": dict(
        channels=4, depth=9, outputs=3, scaling="unit", kernel="averaging(2x3)",
        features="affine(4),silu", feature_depth="per-layer", source="zero"),
}

BATCH = 4


def size(text, name):
    """M of a call such as field(M), or None."""
    match = re.fullmatch(name + r"\((\d+)\)", text)
    return int(match.group(1)) if match else None


class Network:
    def __init__(self, spec, generator):
        self.spec = spec
        self.generator = generator
        self.parameters = {}
        self.d = spec["channels"]
        self.layers = spec["depth"]
        self.h = 1.0 if spec["scaling"] == "unit" else spec["horizon"] / self.layers
        if spec["inputs"]:
            self.linear("input", spec["inputs"], self.d)
        self.stages = [] if spec["features"] == "identity" else spec["features"].split(",")
        width = self.d
        for i, stage in enumerate(self.stages):
            if size(stage, "affine"):
                self.in_depth(f"feature.{i}.weight", spec["feature-depth"], 0, width, size(stage, "affine"))
                width = size(stage, "affine")
                self.in_depth(f"feature.{i}.bias", spec["feature-depth"], 0, 1, width)
        self.e = width
        kernel = spec["kernel"]
        self.block = 1 if kernel == "attention" else size(kernel, "attention")
        self.average = re.fullmatch(r"averaging\((\d+)x(\d+)\)", kernel)
        self.mesh = size(kernel, "field")
        if self.mesh:
            for i in range(self.mesh + 1):
                self.add(f"kernel.node.{i}", (i + 1) * self.e, self.d)
        elif self.block:
            for l in range(2, self.layers + 1):
                self.add(f"kernel.query.{l}", 1, self.d)
        elif self.average:
            self.dilation, self.period = (int(g) for g in self.average.groups())
            for l in range(1, self.layers + 1, self.period):
                self.add(f"kernel.{l}", 1, (l - 1) // self.dilation + 1)
        else:
            for l in range(1, self.layers + 1):
                dense = spec["kernel"] == "dense"
                self.add(f"kernel.{l}", l * self.e if dense else 1, self.d if dense else l)
        if spec["bias"] != "none":
            self.in_depth("bias", spec["bias"], 1, 1, self.d)
        if spec["source"].startswith("linear "):
            self.in_depth("source", spec["source"][7:], 1, self.d, self.d)
        if spec["outputs"]:
            self.linear("output", self.d, spec["outputs"])

    def random(self, *shape):
        return torch.randn(*shape, generator=self.generator)

    def add(self, name, rows, columns):
        values = self.random(rows, columns) / math.sqrt(max(rows, 2))
        self.parameters[name] = values.requires_grad_()

    def linear(self, name, inputs, outputs):
        self.add(name + ".weight", inputs, outputs)
        self.add(name + ".bias", 1, outputs)

    def in_depth(self, name, dependence, first, rows, columns):
        if dependence == "constant":
            self.add(name, rows, columns)
        elif dependence == "per-layer":
            for l in range(first, first + self.layers):
                self.add(f"{name}.{l}", rows, columns)
        else:
            for i in range(size(dependence, "field") + 1):
                self.add(f"{name}.node.{i}", rows, columns)

    def at_layer(self, name, dependence, l):
        """The value of a parameter that depends on depth."""
        if dependence == "constant":
            return self.parameters[name]
        if dependence == "per-layer":
            return self.parameters[f"{name}.{l}"]
        intervals = size(dependence, "field")
        cell = min(l * intervals // self.layers, intervals - 1)
        right = l * intervals / self.layers - cell
        return (1 - right) * self.parameters[f"{name}.node.{cell}"] + right * self.parameters[
            f"{name}.node.{cell + 1}"]

    def node(self, i, j):
        return self.parameters[f"kernel.node.{i}"][j * self.e:(j + 1) * self.e]

    def weighted(self, l, k, z):
        """K_{l,k} z for rows z."""
        if self.spec["kernel"] == "dense":
            return z @ self.parameters[f"kernel.{l}"][k * self.e:(k + 1) * self.e]
        if self.spec["kernel"] == "scalar":
            return self.parameters[f"kernel.{l}"][0, k] * z
        # The function that is linear on each of the two triangles of a square of the mesh.
        i = min(l * self.mesh // self.layers, self.mesh - 1)
        j = min(k * self.mesh // self.layers, i)
        tau = l * self.mesh / self.layers - i
        sigma = k * self.mesh / self.layers - j
        value = self.node(i, j)
        if tau >= sigma:
            value = value + (tau - sigma) * (self.node(i + 1, j) - self.node(i, j))
        else:
            value = value + (sigma - tau) * (self.node(i, j + 1) - self.node(i, j))
        value = value + min(tau, sigma) * (self.node(i + 1, j + 1) - self.node(i, j))
        return z @ value

    def summed(self, l, z):
        """sum_{k<l} K_{l,k} z_k."""
        if self.block:
            sources = [z[0]]
            for first in range(1, l, self.block):
                sources.append(sum(z[first:min(first + self.block, l)]))
            v = torch.stack(sources)
            if l == 1:
                return v[0]
            keys = v * torch.rsqrt((v * v).mean(-1, keepdim=True) + 1e-6)
            weights = (keys @ self.parameters[f"kernel.query.{l}"][0]).softmax(0)
            return (weights[..., None] * v).sum(0)
        if self.average:
            if (l - 1) % self.period:
                return z[l - 1]
            weights = self.parameters[f"kernel.{l}"][0]
            first = (l - 1) % self.dilation
            return sum(w * z[first + i * self.dilation] for i, w in enumerate(weights))
        return sum(self.weighted(l, k, z[k]) for k in range(l))

    def feature(self, k, x):
        for i, stage in enumerate(self.stages):
            if size(stage, "affine"):
                weight = self.at_layer(f"feature.{i}.weight", self.spec["feature-depth"], k)
                x = x @ weight + self.at_layer(f"feature.{i}.bias", self.spec["feature-depth"], k)
            else:
                x = ACTIVATIONS[stage](x)
        return x

    def forward(self, data):
        p = self.parameters
        x0 = data @ p["input.weight"] + p["input.bias"] if self.spec["inputs"] else data
        states = [x0]
        features = []
        for l in range(1, self.layers + 1):
            features.append(self.feature(l - 1, states[-1]))
            u = torch.zeros_like(x0)
            if self.spec["bias"] != "none":
                u = u + self.at_layer("bias", self.spec["bias"], l)
            u = u + self.h * self.summed(l, features)
            x = ACTIVATIONS[self.spec["activation"]](u)
            source = self.spec["source"]
            if source == "initial-state":
                x = x + x0
            elif source != "zero":
                x = x + x0 @ self.at_layer("source", source[7:], l)
            states.append(x)
        output = states[-1]
        if self.spec["outputs"]:
            output = output @ p["output.weight"] + p["output.bias"]
        return states, output


def write(name, options, seed, folder):
    spec = dict(DEFAULTS)
    spec.update({key.replace("_", "-"): value for key, value in options.items()})
    generator = torch.Generator().manual_seed(seed)
    network = Network(spec, generator)
    rows = BATCH * spec["positions"]
    data = network.random(rows, spec["inputs"] or spec["channels"]).requires_grad_()
    states, output = network.forward(data)
    output_gradient = network.random(*output.shape)
    output.backward(output_gradient)
    tensors = {
        "input": data.detach(),
        "output": output.detach(),
        "output_gradient": output_gradient,
        "input_gradient": data.grad,
    }
    for key, value in network.parameters.items():
        tensors["parameter." + key] = value.detach()
        tensors["gradient." + key] = value.grad
    for l, state in enumerate(states):
        tensors[f"state.{l}"] = state.detach()
    tensors = {key: value.contiguous().clone() for key, value in tensors.items()}
    metadata = {key: str(value) for key, value in spec.items()}
    metadata["torch"] = torch.__version__
    save_file(tensors, folder / f"{name}.safetensors", metadata=metadata)


def main():
    here = pathlib.Path(__file__).resolve().parent
    default = here.parent / "resources" / "org" / "volterra" / "reference"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, options) in enumerate(NETWORKS.items(), start=1):
        write(name, options, seed, folder)


if __name__ == "__main__":
    main()
