"""Runs what `volterra export --format onnx` wrote in onnxruntime, and compares it with `volterra predict`.

    volterra export --model M --format onnx --to exported
    volterra predict --model M --input x.npy --output y.npy
    python onnx_check.py exported/model.onnx x.npy y.npy
    python onnx_check.py --all DIR       # every folder in DIR with model.onnx, input.npy and output.npy

Every file passes onnx.checker with shape inference in full; then onnxruntime's CPU provider runs it on all samples at once and on one alone (the batch is free).
Graphs of float64 are not optimised: onnxruntime's fused operators keep factors as floats or have no float64. Where it has no kernel at all for an operator in
float64 (Conv, Erf, Softplus and others), onnx's own evaluator computes the graph. The difference is the largest over the largest output. `--all` is for what
`-Dvolterra.test.onnx=DIR` makes OnnxExportTest leave: every stage and kernel in both types. Ends with 1 if something differs. Needs onnx, onnxruntime, numpy.
"""
import argparse
import math
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

LIMITS = {np.dtype(np.float32): 2e-5, np.dtype(np.float64): 1e-12}


class Erf(OpRun):
    """onnx's own rounds to float32."""

    op_domain = ""

    def _run(self, x):
        return (np.vectorize(math.erf, otypes=[x.dtype])(x),)


def runner(proto, model, dtype):
    """What runs the model, and its name."""
    options = onnxruntime.SessionOptions()
    if dtype == np.float64:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"]), "onnxruntime"
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        return ReferenceEvaluator(proto, new_ops=[Erf]), "onnx.reference"


def check(name, model, inputs, expected):
    """Prints one line; whether it is good."""
    proto = onnx.load(model)
    onnx.checker.check_model(proto, full_check=True)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(proto.graph.input[0].type.tensor_type.elem_type)
    session, by = runner(proto, model, dtype)
    shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
    x = inputs.astype(dtype).reshape(-1, *shape[1:])
    y = session.run(["output"], {"input": x})[0]
    first = session.run(["output"], {"input": x[:1]})[0]
    expected = expected.reshape(y.shape)
    difference = max(abs(y - expected).max(), abs(first - expected[:1]).max()) / abs(expected).max()
    good = y.dtype == dtype and difference <= LIMITS[dtype]
    print(f"{name:32} {len(proto.graph.node):5} nodes  {dtype}  {by:14}  difference {difference:.1e}  {'ok' if good else 'DIFFERS'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", type=pathlib.Path, metavar="DIR", help="folders with model.onnx, input.npy and output.npy")
    parser.add_argument("files", nargs="*", metavar="FILE", help="model, inputs and outputs")
    options = parser.parse_args()
    if options.all:
        folders = sorted(f.parent for f in options.all.glob("*/model.onnx"))
        cases = [(f.name, f / "model.onnx", f / "input.npy", f / "output.npy") for f in folders]
    elif len(options.files) == 3:
        cases = [("model", *options.files)]
    else:
        parser.error("give a model, inputs and outputs, or --all DIR")
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    results = [check(name, model, np.load(x), np.load(y)) for name, model, x, y in cases]
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
