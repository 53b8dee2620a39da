"""timbrel's nets in PyTorch, layer by layer: convolution without bias, batch norm, ReLU, max pool."""

from torch import nn

N_MELS = 128
N_LABELS = 10
# name: (channels of the blocks or units, frames of an example)
SIZES = {
    "benchmark": ((32, 64, 128, 256), 128),
    "vgg": ((16, 32, 64, 128, 256), 64),
    "ds-cnn": ((16, 32, 64, 128, 256), 64),
    "gct634-1d": ((32, 32, 64), 512),
    "mlp": ((256, 256), 64),
}


class Mean(nn.Module):
    """[N, C, frames, bands] -> mean over time, or over both."""

    def __init__(self, over_bands):
        super().__init__()
        self.axes = (2, 3) if over_bands else 2

    def forward(self, x):
        return x.mean(self.axes)


def example_shape(name):
    """Shape of one example: [1, frames, mels] for 2-D nets, [mels, frames] for 1-D ones, [frames * mels] for an MLP."""
    frames = SIZES[name][1]
    return {"gct634-1d": (N_MELS, frames), "mlp": (frames * N_MELS,)}.get(name, (1, frames, N_MELS))


def build(name, n_labels=N_LABELS, dropout=0.0):
    sizes, frames = SIZES[name]
    layers = []
    if name == "mlp":
        features = frames * N_MELS
        for units in sizes:
            layers += [nn.Linear(features, units, bias=False), nn.BatchNorm1d(units), nn.ReLU()]
            features = units
    elif name == "gct634-1d":
        channels, length = N_MELS, frames
        for width, kernel, pool in zip(sizes, (8, 8, 4), (8, 8, 4)):
            layers += [nn.Conv1d(channels, width, kernel, bias=False), nn.BatchNorm1d(width), nn.ReLU(), nn.MaxPool1d(pool)]
            channels, length = width, (length - kernel + 1) // pool
        layers.append(nn.Flatten())
        features = channels * length
    else:
        channels = 1
        for width in sizes:
            if name == "ds-cnn" and channels > 1:
                layers += [nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
                layers.append(nn.Conv2d(channels, width, 1, bias=False))
            else:
                layers.append(nn.Conv2d(channels, width, 3, padding=1, bias=False))
            layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
            channels = width
        over_bands = name == "benchmark"
        layers += [Mean(over_bands), nn.Flatten()]
        features = channels if over_bands else channels * (N_MELS // 2 ** len(sizes))
    return nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(features, n_labels))
