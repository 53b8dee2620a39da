"""One training step in PyTorch, eager and with torch.compile, in both memory formats: a batch of 32, SGD with momentum.
Prints one JSON object with the median time of a step [ms] for each."""

import argparse
import json
import statistics
import time

import torch
from nets import N_LABELS, SIZES, build, example_shape
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--net", choices=SIZES, default="benchmark")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=15)
parser.add_argument("--device", default="cpu")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
WARM_UP = 5


def measure(memory_format, mode):
    torch.manual_seed(0)
    net = build(arguments.net).to(arguments.device, memory_format=memory_format)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    batch = torch.randn(32, *example_shape(arguments.net))
    labels = torch.randint(0, N_LABELS, (32,))
    run = torch.compile(net) if mode == "compiled" else net
    layout = {"memory_format": memory_format} if batch.dim() == 4 else {}
    times = []
    for _ in range(arguments.steps + WARM_UP):
        start = time.perf_counter()
        inputs = batch.to(arguments.device, **layout)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(run(inputs), labels.to(arguments.device))
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[WARM_UP:])


formats = {"contiguous": torch.contiguous_format}
if len(example_shape(arguments.net)) == 3:
    formats["channels-last"] = torch.channels_last
print(
    json.dumps(
        {
            "version": f"PyTorch {torch.__version__}",
            "device": torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu",
            "ms": {
                f"{mode}, {name}": measure(memory_format, mode)
                for mode in ("eager", "compiled")
                for name, memory_format in formats.items()
            },
        }
    )
)
