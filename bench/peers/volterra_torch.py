"""Any network of Volterra as a PyTorch module: loads what `volterra export` wrote and computes the same numbers.

    network = Volterra.load("folder")            # config.json and model.safetensors
    y = network(x)                               # x: batch x positions x inputs, as the engine's rows
    network.save("other")                        # `volterra import --from other --to model.safetensors` reads it

Needs torch and safetensors. Parameters keep the engine's names, with "/" for ".", and act on rows from the right. The layer is
x_l = g_l + psi(b_l + h sum_{k<l} K_{l,k} phi_k(x_k)); networks of stages are phi alone. Data are batch x height x width x channels.
"""
import json
import pathlib
import re

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

ACTIVATIONS = {"identity": lambda x: x, "tanh": torch.tanh, "relu": torch.relu, "gelu": F.gelu, "silu": F.silu,
               "sigmoid": torch.sigmoid, "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x))}


def split(text, at=","):
    """Splits where no parenthesis is open."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        parts.append("") if c == at and depth == 0 else parts.__setitem__(-1, parts[-1] + c)
    return parts


def pair(text):
    return [int(v) for v in text.split("x")] * (1 if "x" in text else 2)


def argument(text, name):
    """What stands in the parentheses of a kernel, or None."""
    return re.fullmatch(name + r"\((.*)\)", text)[1] if re.fullmatch(name + r"\((.*)\)", text) else None


class Volterra(torch.nn.Module):
    def __init__(self, config, tensors):
        super().__init__()
        self.config, self.spec, self.names = config, config["spec"], list(tensors)
        for name, value in tensors.items():
            if name.rpartition(".running-")[1] or name.endswith(".coefficients"):
                self.register_buffer(name.replace(".", "/"), value)
            else:
                self.register_parameter(name.replace(".", "/"), torch.nn.Parameter(value))

    @classmethod
    def load(cls, folder):
        folder = pathlib.Path(folder)
        tensors = load_file(folder / "model.safetensors")
        return cls(json.loads((folder / "config.json").read_text()), {k: v for k, v in tensors.items() if k[:8] != "example."})

    def save(self, folder, **examples):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: self[name] for name in self.names} | {"example." + k: v for k, v in examples.items()}
        save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(self.config, indent=1))

    def __getitem__(self, name):
        return getattr(self, name.replace(".", "/"))

    def at(self, name, k):
        """A parameter at layer k: constant, one for each layer, or linear between nodes."""
        if name in self.names:
            return self[name]
        if f"{name}.{k}" in self.names:
            return self[f"{name}.{k}"]
        intervals = max(i for i in range(len(self.names)) if f"{name}.node.{i}" in self.names)
        place = intervals * self.part(k)
        cell = min(int(place), intervals - 1)
        right = place - cell
        return (1 - right) * self[f"{name}.node.{cell}"] + right * self[f"{name}.node.{cell + 1}"]

    def part(self, l):
        """The depth of layer l as a part of the whole; layers of a graded grid lie closer at its beginning."""
        return (l / self.layers) ** float(self.spec.get("grading", 1))

    def run(self, prefix, text, x, k):
        for i, stage in enumerate([] if text == "identity" else split(text)):
            x = self.stage(f"{prefix}{i}.", stage, x, k)
        return x

    def stage(self, name, text, x, k):
        kind, _, rest = text.partition("(")
        arguments = split(rest[:-1]) if rest else []
        plain = [a for a in arguments if "=" not in a.partition("(")[0]]
        named = dict(a.split("=", 1) for a in arguments if a not in plain)
        w = lambda word: self.at(name + word, k)
        window = lambda stride: [pair(named.get(*o)) for o in (("stride", stride), ("pad", "0"), ("dilation", "1"))]
        if kind == "affine":
            return x @ w("weight") + w("bias")
        if kind == "conv":
            (height, width), groups, bias = pair(plain[1]), int(named.get("groups", 1)), "bias" in plain
            weight = w("weight").reshape(height, width, -1, int(plain[0])).permute(3, 2, 0, 1)
            y = F.conv2d(x.movedim(3, 1), weight, w("bias")[0] if bias else None, *window("1"), groups)
            return y.movedim(1, 3)
        if kind.endswith("-pool"):
            y = x.movedim(3, 1)
            if kind.startswith("global"):
                return (y.mean((2, 3), keepdim=True) if "average" in kind else y.amax((2, 3), keepdim=True)).movedim(1, 3)
            size, options = pair(plain[0]), window(plain[0])
            if kind == "max-pool":
                return F.max_pool2d(y, size, *options).movedim(1, 3)
            mean = y.new_full((y.shape[1], 1, *size), 1 / (size[0] * size[1]))  # avg_pool2d knows no dilation
            return F.conv2d(y, mean, None, *options, y.shape[1]).movedim(1, 3)
        if kind == "batch-norm":
            momentum, epsilon = float(named.get("momentum", 0.1)), float(named.get("epsilon", 1e-5))
            y = F.batch_norm(x.movedim(3, 1), w("running-mean")[0], w("running-variance")[0], w("weight")[0], w("bias")[0],
                             self.training, momentum, epsilon)
            return y.movedim(1, 3)
        if kind in ("layer-norm", "rms-norm"):
            epsilon = float(named.get("epsilon", 1e-5))
            return (F.layer_norm(x, x.shape[3:], w("weight")[0], w("bias")[0], epsilon) if kind == "layer-norm"
                    else F.rms_norm(x, x.shape[3:], w("weight")[0], epsilon))
        if kind == "dropout":
            return F.dropout(x, float(plain[0]), self.training)
        if kind == "position-embedding":
            return x + w("weight").reshape(x.shape[1:])
        if kind == "attention":
            q, k_, v = (part.unflatten(2, (int(plain[0]), -1)).transpose(1, 2) for part in
                        (x.flatten(1, 2) @ w("projection.weight") + w("projection.bias")).chunk(3, 2))
            y = F.scaled_dot_product_attention(q, k_, v, is_causal="causal" in plain).transpose(1, 2).reshape(x.shape)
            return y @ w("output.weight") + w("output.bias")
        if kind == "non-local":
            theta, phi, g = (x.flatten(1, 2) @ w("projection.weight")).chunk(3, 2)
            f = theta @ phi.transpose(1, 2)
            f = f.softmax(2) if plain[0] == "gaussian" else f / f.shape[2]
            return x + (f @ g @ w("output.weight")).reshape(x.shape)
        if kind == "residual":
            return x + self.run(name, ",".join(arguments), x, k)
        if kind == "sublayers":
            all_ = split(",".join(arguments), "|")
            return x if k == 0 else self.run(f"{name}{(k - 1) % len(all_)}.", all_[(k - 1) % len(all_)], x, k)
        if kind == "dense":
            layer, reach, z = ",".join(a for a in arguments[1:] if a[:6] != "reach="), named.get("reach", "full"), [x]
            sees = {"full": lambda back: True, "log": lambda back: back.bit_count() == 1}.get(reach, lambda back: back <= int(reach))
            for l in range(int(arguments[0])):
                seen = [z[j] for j in range(l + 1) if sees(l + 1 - j)]
                z.append(self.run(f"{name}layer.{l}.", layer, torch.cat(seen, 3), k))
            return torch.cat(z, 3)
        return ACTIVATIONS[kind](x)

    def coefficient(self, name, text, l, k):
        """a_{l,k} of a scalar kernel."""
        lag = (self.part(l) - self.part(k)) * self.horizon
        if text == "scalar":
            return self[f"{name}.{l}"][0, k]
        if text == "convolution":
            return self[name + ".lags"][0, l - k - 1]
        if text.startswith("exponentials"):
            return (self[name + ".weights"] * torch.exp(-self[name + ".rates"] * lag)).sum()
        if text.startswith("separable"):
            return (self[name + ".outer"][l - 1] * self[name + ".inner"][k]).sum()
        if text == "power-law":
            weight, scale, order = self[name + ".parameters"][0]
            return weight * torch.exp(-order * torch.log1p(lag * torch.exp(-scale)))
        return self[name + ".coefficients"][l - 1, k]

    def summed(self, name, text, l, z):
        """sum_{k<l} K_{l,k} z_k."""
        terms = text.split(" + ")
        if len(terms) > 1:
            return sum(self.summed(f"{name}.term.{i}", term, l, z) for i, term in enumerate(terms))
        if text.startswith("matrix*"):
            return self.summed(name, text[7:], l, z) @ self[name + ".matrix"]
        if text == "dense":
            return torch.cat(z, -1) @ self[f"{name}.{l}"]
        if text.startswith("field"):
            return sum(z[k] @ self.node(name, int(argument(text, "field")), l, k) for k in range(l))
        if text.startswith("attention"):
            block = int(argument(text, "attention") or 1)
            v = torch.stack([z[0]] + [sum(z[i:min(i + block, l)]) for i in range(1, l, block)])
            keys = v * torch.rsqrt((v * v).mean(-1, keepdim=True) + 1e-6)
            return z[0] if l == 1 else ((keys @ self[f"{name}.query.{l}"][0]).softmax(0)[..., None] * v).sum(0)
        if text.startswith("averaging"):
            dilation, period = pair(argument(text, "averaging") or "1x1")
            used = z[(l - 1) % dilation::dilation]
            return z[-1] if (l - 1) % period else sum(w * x for w, x in zip(self[f"{name}.{l}"][0], used))
        return sum(self.coefficient(name, text, l, k) * z[k] for k in range(l))

    def node(self, name, intervals, l, k):
        """A kernel field at a pair of layers: linear on each of the two triangles of a square of its mesh."""
        i = min(int(intervals * self.part(l)), intervals - 1)
        j = min(int(intervals * self.part(k)), i)
        tau, sigma = intervals * self.part(l) - i, intervals * self.part(k) - j
        v = lambda a, b: self[f"{name}.node.{a}"].reshape(a + 1, -1, self[f"{name}.node.{a}"].shape[1])[b]
        corner = v(i + 1, j) if tau >= sigma else v(i, j + 1)
        return v(i, j) + abs(tau - sigma) * (corner - v(i, j)) + min(tau, sigma) * (v(i + 1, j + 1) - v(i, j))

    def forward(self, x):
        spec = self.spec
        if "stages" in spec:
            self.layers, shape = 1, [int(v) for v in spec["input"].split("x")]
            return self.run("stage.", spec["stages"], x.reshape(-1, *shape), 0).flatten(1, 2)
        self.layers, self.horizon = int(spec["depth"]), float(spec["horizon"])
        grid = [1] * ("x" not in spec["positions"]) + [int(v) for v in spec["positions"].split("x")]
        x0 = x.reshape(-1, *grid, x.shape[-1])
        if int(spec["inputs"]):
            x0 = x0 @ self["input.weight"] + self["input.bias"]
        x, z, h = x0, [], 1 if spec["scaling"] == "unit" else self.horizon / self.layers
        for l in range(1, self.layers + 1):
            weight = (self.part(l) - self.part(l - 1)) * self.layers if spec["scaling"] == "step" else 1
            z.append(weight * self.run("feature.", spec["features"], x, l - 1))
            u = h * self.summed("kernel", spec["kernel"], l, z)
            x = ACTIVATIONS[spec["activation"]](u if spec["bias"] == "none" else u + self.at("bias", l))
            if spec["source"] != "zero":
                x = x + (x0 if spec["source"] == "initial-state" else x0 @ self.at("source", l))
        return (x @ self["output.weight"] + self["output.bias"] if int(spec["outputs"]) else x).flatten(1, 2)
