"""One training step of the benchmark net in PyTorch: conv net 1-32-64-128-256, 3x3, batch norm, ReLU, max pool 2,
global average pooling, 10 classes, input [32, 1, 128, 128], SGD with momentum. Prints one JSON object with the median
and the best time of a step [ms] for each memory format."""

import argparse
import json
import statistics
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=15)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)


def measure(memory_format):
    torch.manual_seed(0)
    layers, channels = [], 1
    for width in (32, 64, 128, 256):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    net = net.to(memory_format=memory_format)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    inputs = torch.randn(32, 1, 128, 128).to(memory_format=memory_format)
    targets = torch.randint(0, 10, (32,))
    times = []
    for _ in range(arguments.steps + 3):
        start = time.perf_counter()
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(inputs), targets).backward()
        optimizer.step()
        times.append(1000 * (time.perf_counter() - start))
    times = times[3:]
    return {"medianMs": statistics.median(times), "bestMs": min(times)}


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "contiguous": measure(torch.contiguous_format),
            "channels_last": measure(torch.channels_last),
        }
    )
)
