"""Writes the references of ExchangeTest: folders of volterra_torch.py with an example and what PyTorch computes for it.

    mvn -pl experiments test -Dtest=ExchangeTest -Dvolterra.test.exchange=DIR
    python make_exchange_references.py DIR [folder]

Every network that the test left in DIR is loaded, all its parameters and running statistics are moved at random, and it is saved with
`example.input` (3 samples) and `example.output`. Needs torch, numpy and safetensors.
"""

import pathlib
import sys

import torch

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[3] / "bench" / "peers"))
from volterra_torch import Volterra  # noqa: E402


def main():
    target = here.parent / "resources" / "org" / "volterra" / "experiments" / "exchange"
    if len(sys.argv) > 2:
        target = pathlib.Path(sys.argv[2])
    for seed, folder in enumerate(sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if p.is_dir())):
        generator = torch.Generator().manual_seed(seed)
        network = Volterra.load(folder).eval()
        spec = network.spec
        with torch.no_grad():
            for name in network.names:
                if not name.endswith(".coefficients"):
                    network[name].add_(0.2 * torch.rand(network[name].shape, generator=generator, dtype=torch.float64))
            if "stages" in spec:
                height, width, channels = (int(v) for v in spec["input"].split("x"))
            else:
                height, width, channels = 1, int(spec["positions"]), int(spec["inputs"])
            x = torch.randn(3, height * width, channels, generator=generator, dtype=torch.float64)
            network.save(target / folder.name, input=x, output=network(x))


if __name__ == "__main__":
    main()
