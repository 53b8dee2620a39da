"""One training step in PyTorch, eager and with torch.compile, in both memory formats, of the nets in training-step.ts: conv
net, 3x3, batch norm, ReLU, max pool 2, mean over time or over all, 10 classes, a batch of 32, SGD with momentum. Prints one
JSON object with the median and the best time of a step [ms] for each."""

import argparse
import json
import statistics
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=15)
parser.add_argument("--device", default="cpu")
parser.add_argument("--net", choices=["benchmark", "vgg"], default="benchmark")
parser.add_argument("--compile", action="store_true", help="measure torch.compile, too, which takes a minute to compile")
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)


WIDTHS, FRAMES = {"benchmark": ((32, 64, 128, 256), 128), "vgg": ((16, 32, 64, 128, 256), 64)}[arguments.net]
MELS = 128


def wait():
    if arguments.device == "cuda":
        torch.cuda.synchronize()


def measure(memory_format, mode):
    torch.manual_seed(0)
    layers, channels = [], 1
    for width in WIDTHS:
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        channels = width
    bands = 1 if arguments.net == "benchmark" else MELS // 2 ** len(WIDTHS)  # "vgg" averages over time only
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d((1, bands)), nn.Flatten(), nn.Linear(channels * bands, 10))
    net = net.to(arguments.device, memory_format=memory_format)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    batch = torch.randn(32, 1, FRAMES, MELS)
    labels = torch.randint(0, 10, (32,))
    run = torch.compile(net) if mode == "compiled" else net
    times = []
    for _ in range(arguments.steps + 5):
        wait()
        start = time.perf_counter()
        inputs = batch.to(arguments.device, memory_format=memory_format)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(run(inputs), labels.to(arguments.device))
        loss.backward()
        optimizer.step()
        loss.item()
        wait()
        times.append(1000 * (time.perf_counter() - start))
    times = times[5:]
    return {"medianMs": statistics.median(times), "bestMs": min(times)}


FORMATS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}
modes = ["eager", "compiled"] if arguments.compile else ["eager"]
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu",
            "times": {
                f"{mode}, {name}": measure(memory_format, mode)
                for mode in modes
                for name, memory_format in FORMATS.items()
            },
        }
    )
)
