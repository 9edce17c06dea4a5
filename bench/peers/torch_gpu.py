"""The peer of `volterra bench gpu`: the same work in PyTorch on a GPU.

    torch_gpu.py [--device cuda|cpu] WORK ...            prints a table of all variants
    torch_gpu.py [--device cuda|cpu] serve VARIANT       answers each line `run WORK SECONDS` of its input with a line of JSON

WORK is a primitive with its size, such as gemm:1024x1024x4096 or adam:16384x1024, or a training step:
    step:dense:BxdxL        x_l = x_0 + b_l + (1/L) sum_{k<l} tanh(x_k) K_{l,k}, mean squared error, gradients by autograd, fused Adam
    step:fractional:BxdxL   (also with @ALGORITHM, which is ours) x_l = x_0 + b_l + sum_{k<l} c_{l-k} tanh(x_k), the product-rectangle weights of order 1/2, likewise
VARIANT
    eager     operations are launched one by one
    graph     a call is captured once as a CUDA graph and replayed
    compiled  torch.compile
Matrix products and convolutions are float32 without TF32, which is what Volterra computes (for convolutions not
PyTorch's default); --products tf32|bf16 rounds factors in both. In bf16 PyTorch converts float32 factors in each call, as
Volterra does, and takes steps under autocast.
Times are those of the host around many calls and a synchronisation; operands of neighbouring calls lie in different memory.
"""

import argparse
import json
import math
import sys
import time

VARIANTS = ("eager", "graph", "compiled")
ROTATED_BYTES = 512e6
WARM_UP = 3
PRODUCTS = {"float32": "highest", "tf32": "high", "bf16": "highest"}  # as PyTorch calls those of float32


def fail(message):
    print(json.dumps({"error": message}), flush=True)
    sys.exit(1)


try:
    import torch
    import torch.nn.functional as F
except ImportError:
    fail(f"torch is not installed for this Python: {sys.executable} -m pip install torch")


def normal(device, *shape):
    return torch.randn(*shape, device=device)


def transform(name, s, device):
    """A layer of a convolutional network over images with as many channels before as after, channels last."""
    images, high, wide, channels = s

    def x():
        return normal(device, images, channels, high, wide).to(memory_format=torch.channels_last)

    def rows():
        return normal(device, images * high * wide, channels)

    if name == "convolve-gradient":
        return [x(), x()], lambda u, dy: torch.nn.grad.conv2d_weight(u, (channels, channels, 3, 3), dy, padding=1)
    weight = normal(device, channels, channels, 3, 3).to(memory_format=torch.channels_last)
    return {
        "convolve": lambda: ([x(), weight], lambda u, w: F.conv2d(u, w, padding=1)),
        "convolve-transposed": lambda: ([x(), weight], lambda dy, w: F.conv_transpose2d(dy, w, padding=1)),
        "max-pool": lambda: ([x()], lambda u: F.max_pool2d(u, 2)),
        "moments": lambda: ([rows()], lambda u: torch.var_mean(u, 0, correction=0)),
        "normalize": lambda: ([rows(), normal(device, channels), normal(device, channels)], lambda u, w, b: torch.relu(torch.addcmul(b, u, w))),
        "normalize-rows": lambda: ([rows()], lambda u: F.layer_norm(u, (channels,))),
    }[name]()


def attend(z, query):
    """Softmax over slices by the products of normalised keys with a query, for each row."""
    keys = z.float()
    scores = torch.einsum("kmn,n->km", keys, query) * torch.rsqrt(keys.square().mean(-1) + 1 / query.numel())
    return torch.einsum("km,kmn->mn", torch.softmax(scores, 0).to(z.dtype), z)


def attention(name, s, device):
    """Attention over slices; backward with the pass forward, which autograd needs."""
    slices, rows, channels = s
    z = normal(device, slices, rows, channels)
    query = normal(device, channels)
    if name == "attention-bf16":
        return [z.bfloat16(), query], attend
    if name == "attention":
        return [z, query], attend
    z.requires_grad_(), query.requires_grad_()

    def backward(z, query, dy):
        return torch.autograd.grad(attend(z, query), (z, query), dy)

    return [z, query, normal(device, rows, channels)], backward


def primitive(name, size, device, products):
    """The operands of one call, and the call."""
    s = [int(n) for n in size.split("x")]

    def x():
        return normal(device, *s)

    if name.startswith("gemm"):
        m, n, k = s
        a = normal(device, k, m) if name == "gemm-tn" else normal(device, m, k)
        b = normal(device, n, k) if name == "gemm-nt" else normal(device, k, n)
        if products == "bf16":
            return [a, b], lambda a, b: torch.mm((a.T if name == "gemm-tn" else a).bfloat16(), (b.T if name == "gemm-nt" else b).bfloat16()).float()
        c = torch.empty(m, n, device=device)
        return [a, b, c], lambda a, b, c: torch.mm(a.T if name == "gemm-tn" else a, b.T if name == "gemm-nt" else b, out=c)
    if name.startswith("activate") or name.startswith("derive"):
        f = {"tanh": torch.tanh, "gelu": F.gelu}[name.split("-")[1]]
        if name.startswith("activate"):
            return [x()], f
        slope = {
            "tanh": lambda u, dy: (1 - torch.tanh(u).square()) * dy,
            "gelu": lambda u, dy: torch.ops.aten.gelu_backward(dy, u),
        }[name.split("-")[1]]
        return [x(), x()], slope
    if name.startswith("attention"):
        return attention(name, s, device)
    if name.startswith("convolve") or name in ("max-pool", "moments", "normalize", "normalize-rows"):
        return transform(name, s, device)
    if name == "adam":
        p, g, m = x(), x(), x()
        v, steps = x().square(), torch.tensor(3.0, device=device)

        def adam(p, g, m, v):
            torch._fused_adam_([p], [g], [m], [v], [], [steps], lr=1e-3, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8, amsgrad=False, maximize=False)

        return [p, g, m, v], adam
    if name == "sgd":
        def sgd(p, g, v):
            torch._fused_sgd_([p], [g], [v], weight_decay=1e-4, momentum=0.9, lr=1e-3, dampening=0.0, nesterov=False, maximize=False, is_first_step=False)

        return [x(), x(), x()], sgd
    simple = {
        "copy": lambda: ([x(), x()], lambda a, b: b.copy_(a)),
        "axpby": lambda: ([x(), x()], lambda a, b: b.mul_(0.25).add_(a, alpha=0.5)),
        "fill": lambda: ([x()], lambda a: a.fill_(1)),
        "transpose": lambda: ([x()], lambda a: a.T.contiguous()),
        "addRow": lambda: ([normal(device, 1, s[1]), x()], lambda r, a: a.mul_(0.5).add_(r)),
        "narrow": lambda: ([x()], lambda a: a.bfloat16()),
        "widen": lambda: ([x().bfloat16()], lambda a: a.float()),
        "dot": lambda: ([x(), x()], lambda a, b: torch.dot(a.view(-1), b.view(-1))),
        "countNonFinite": lambda: ([x()], lambda a: (~torch.isfinite(a)).sum()),
        "columnSums": lambda: ([x()], lambda a: a.sum(0)),
        "softmax": lambda: ([x()], lambda a: torch.softmax(a, 1)),
        "gatherRows": lambda: ([x(), torch.randint(s[0], (s[0],), device=device)], lambda a, i: a.index_select(0, i)),
        "block-sum": lambda: ([x(), normal(device, s[0])], lambda h, w: torch.mv(h.T, w)),
        "block-sum-gradient": lambda: ([x(), normal(device, s[1])], lambda h, y: torch.mv(h, y)),
        "block-sum-transposed": lambda: ([x(), normal(device, s[0]), normal(device, s[1])], lambda h, w, y: h.addr_(w, y, alpha=1e-3)),
    }
    return simple[name]()


class Step:
    def __init__(self, kind, size, device, products):
        self.cast = torch.autocast(device, torch.bfloat16, enabled=products == "bf16")
        batch, d, depth = (int(n) for n in size.split("x"))
        self.kind, self.depth, self.h = kind, depth, 1 / depth
        self.x, self.target = normal(device, batch, d), normal(device, batch, d)
        self.bias = torch.zeros(depth, d, device=device, requires_grad=True)
        self.parameters = [self.bias]
        if kind == "dense":
            self.kernels = [(normal(device, l * d, d) / math.sqrt(d)).requires_grad_() for l in range(1, depth + 1)]
            self.parameters += self.kernels
        elif kind.split("@")[0] == "fractional":
            c = [depth**-0.5 / math.gamma(1.5) * (m**0.5 - (m - 1) ** 0.5) for m in range(depth, 0, -1)]
            self.reversed = torch.tensor(c, device=device)
        else:
            raise KeyError(f"step {kind}: must be dense or fractional")
        on_gpu = device != "cpu"
        self.adam = torch.optim.Adam(self.parameters, lr=1e-4, fused=True, **({"capturable": True} if on_gpu else {}))

    def loss(self):
        with self.cast:
            return self.uncast_loss()

    def uncast_loss(self):
        z, x = [torch.tanh(self.x)], self.x
        for l, b in enumerate(self.bias.unbind(), 1):
            if self.kind == "dense":
                u = torch.mm(torch.cat(z, 1), self.kernels[l - 1]) * self.h
            else:
                u = torch.mv(torch.stack(z, -1).view(-1, l), self.reversed[self.depth - l:]).view_as(self.x)
            x = self.x + b + u
            z.append(torch.tanh(x))
        return F.mse_loss(x, self.target)

    def call(self, loss):
        self.adam.zero_grad(set_to_none=False)
        loss().backward()
        self.adam.step()


def calls(work, variant, device, products):
    """A list of functions, one for each copy of the operands."""
    name, size = work.rsplit(":", 1)
    if name.startswith("step:"):
        step = Step(name.split(":")[1], size, device, products)
        loss = torch.compile(step.loss) if variant == "compiled" else step.loss
        return [lambda: step.call(loss)]
    operands, body = primitive(name, size, device, products)
    copies = max(2, math.ceil(ROTATED_BYTES / sum(o.numel() * o.element_size() for o in operands)))
    if device == "cpu":
        copies = 2
    if variant == "compiled":
        body = torch.compile(body)
    all_operands = [operands] + [[o.detach().clone().requires_grad_(o.requires_grad) for o in operands] for _ in range(copies - 1)]
    return [lambda given=given: body(*given) for given in all_operands]


def synchronize(device):
    if device != "cpu":
        torch.cuda.synchronize()


def as_graphs(functions):
    graphs = []
    for function in functions:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                function()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            function()
        graphs.append(graph.replay)
    return graphs


def measure(work, variant, device, products, seconds):
    """The median time of a call, and the largest bytes of device memory."""
    if variant == "graph" and device == "cpu":
        raise RuntimeError("there are no CUDA graphs on a CPU")
    if device != "cpu":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    functions = calls(work, variant, device, products)
    for function in functions * WARM_UP:
        function()
    if variant == "graph":
        functions = as_graphs(functions)
    synchronize(device)

    def sample(count):
        synchronize(device)
        begin = time.perf_counter()
        for i in range(count):
            functions[i % len(functions)]()
        synchronize(device)
        return (time.perf_counter() - begin) / count

    count = max(1, min(1 << 20, int(seconds / sample(1))))
    count = max(1, min(1 << 20, int(seconds / sample(count))))
    times = sorted(sample(count) for _ in range(7))
    peak = 0 if device == "cpu" else torch.cuda.max_memory_allocated()
    return {"milliseconds": 1000 * times[len(times) // 2], "peakBytes": peak}


def answer(work, variant, device, products, seconds):
    try:
        return measure(work, variant, device, products, seconds)
    except Exception as e:  # such as memory that is not there, or no compiler
        return {"error": " ".join(f"{type(e).__name__}: {e}".split())[:300]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--products", default="float32", choices=tuple(PRODUCTS))
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("words", nargs="+", metavar="WORK")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        fail("this PyTorch sees no CUDA device")
    torch.set_float32_matmul_precision(PRODUCTS[given.products])
    torch.backends.cudnn.allow_tf32 = given.products == "tf32"
    name = f"PyTorch {torch.__version__} on " + ("the CPU" if given.device == "cpu" else torch.cuda.get_device_name())
    if given.words[0] == "serve":
        variant = given.words[1]
        print(json.dumps({"name": name}), flush=True)
        for line in sys.stdin:
            _, work, seconds = line.split()
            print(json.dumps(answer(work, variant, given.device, given.products, float(seconds))), flush=True)
        return
    print(name)
    for work in given.words:
        for variant in VARIANTS:
            result = answer(work, variant, given.device, given.products, given.seconds)
            text = result.get("error") or f"{result['milliseconds']:.4f} ms, {result['peakBytes'] / 1e6:.0f} MB"
            print(f"{work:40} {variant:10} {text}", flush=True)


if __name__ == "__main__":
    main()
