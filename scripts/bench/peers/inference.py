"""Inference of timbrel's default net on a batch: PyTorch, and ONNX Runtime on timbrel's own model file. Prints one JSON
object with the median time of a batch [ms] for each: inference.py <model.onnx> <batch> <threads> <runs>."""

import json
import statistics
import sys
import time

import numpy as np
import onnxruntime
import torch
from nets import build, example_shape

model, batch, threads, runs = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)
inputs = np.random.default_rng(0).standard_normal((batch, *example_shape("vgg")), dtype=np.float32)


def median(run):
    times = []
    for _ in range(runs + 5):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[5:])


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
ms = {f"ONNX Runtime {onnxruntime.__version__} in Python": median(lambda: session.run(None, {"inputs": inputs[:, 0]}))}
with torch.inference_mode():
    net = build("vgg").eval()
    compiled = torch.compile(net)
    for name, memory_format in (("contiguous", torch.contiguous_format), ("channels-last", torch.channels_last)):
        net = net.to(memory_format=memory_format)
        x = torch.from_numpy(inputs).to(memory_format=memory_format)
        ms[f"PyTorch eager, {name}"] = median(lambda: net(x))
        ms[f"PyTorch compiled, {name}"] = median(lambda: compiled(x))
print(json.dumps({"version": f"PyTorch {torch.__version__}", "ms": ms}))
