"""The peer of `volterra bench peers`: the same networks in PyTorch on the CPU.

    torch_cpu.py KIND BxdxL THREADS VARIANT WORK

KIND dense: x_l = x_0 + b_l + (1/L) sum_{k<l} tanh(x_k) K_{l,k}, l = 1 ... L, WORK forward; gradient: mean squared error
against a target and gradients of all parameters; or step: the same and Adam. VARIANT
    concat    the features of all earlier layers are concatenated for each layer, gradients by autograd: how DenseNets are written
    compiled  the same through torch.compile
    blocked   16 layers at a time push their features into the sums of all later ones, gradients by autograd
    buffer    features are written into one preallocated buffer, the backward pass is written by hand
KIND fractional: x_l = x_0 + b_l + sum_{k<l} c_{l-k} tanh(x_k), the explicit product-rectangle method of order 1/2, WORK forward or gradient. VARIANT
    loop      a loop over the past, as torchfde does it, gradients by autograd
    buffer    one matrix-vector product with a preallocated buffer, the backward pass is written by hand
KIND densenet: a DenseNet-BC of L layers and growth rate d for B images of 32 x 32 and 10 classes, WORK step, as above. VARIANT
    concat         torchvision's own way: features are concatenated for each layer
    channels-last  the same with the channels of a pixel side by side
    checkpointed   concatenation, normalisation and 1 x 1 convolution are computed again in the backward pass (memory_efficient in torchvision)

Prints one line of JSON with values to check, then answers each line of its input with a line of JSON: `time SECONDS`, `memory`.
The networks are in torch_networks.py and torch_densenet.py; their parameters come from its function `uniform`, which Volterra computes too.
"""

import json
import signal
import sys
import time

COMPILE_LIMIT_SECONDS = 240


def fail(message):
    print(json.dumps({"error": message}), flush=True)
    sys.exit(1)


try:
    import torch
    import torch_densenet
    import torch_networks
except ImportError:
    fail(f"torch is not installed for this Python: {sys.executable} -m pip install torch")


VARIANTS = {**torch_networks.VARIANTS, "densenet": torch_densenet.VARIANTS}


def spread(values, count=16):
    flat = values.detach().reshape(-1)
    return [flat[i * (flat.numel() - 1) // (count - 1)].item() for i in range(count)]


def prepare(net, work):
    """The call that is timed, and values that show whether it is right."""
    if work == "forward":
        def call():
            with torch.no_grad():
                return net.forward()
        return call, spread(call())
    check = [net.gradient().item()]
    for gradient in net.checked():
        check += spread(gradient)
    if work == "gradient":
        return net.gradient, check
    adam = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)

    def call():
        net.gradient()
        adam.step()
    return call, check


def timed(call, seconds):
    times, start, elapsed = [], time.perf_counter(), 0
    while elapsed < seconds or len(times) < 3 and elapsed < 2:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
        elapsed = time.perf_counter() - start
    return {"milliseconds": 1000 * sorted(times)[len(times) // 2], "calls": len(times)}


def peak_memory():
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return None


def main():
    kind, size, threads, variant, work = sys.argv[1:]
    torch.set_num_threads(int(threads))
    if variant == "compiled":
        signal.signal(signal.SIGALRM, lambda *_: fail(f"torch.compile took more than {COMPILE_LIMIT_SECONDS} s"))
        signal.alarm(COMPILE_LIMIT_SECONDS)
    try:
        call, check = prepare(VARIANTS[kind][variant](*map(int, size.split("x"))), work)
    except Exception as e:  # such as no C++ compiler for torch.compile
        fail(" ".join(f"{type(e).__name__}: {e}".split())[:300])
    signal.alarm(0)
    print(json.dumps({"name": f"PyTorch {torch.__version__}", "check": check}), flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        answer = timed(call, float(arguments[0])) if command == "time" else {"peakBytes": peak_memory()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
