"""The whole job in PyTorch and torchaudio: folder of clips -> log-mel -> 5 epochs of timbrel's default net -> scores.

whole_job.py <folder with a folder for each class> <folder for features>

Each stage is done as one would do it well: a process per core for the features, which are kept as .npy; a DataLoader with
workers; channels-last. Split, statistics, batch size, optimizer and number of steps are timbrel's; there is no
augmentation on either side.
"""

import os
import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
from audio import LIBRARIES
from nets import SIZES, build
from torch import nn
from torch.utils.data import DataLoader, Dataset

folder, out = sys.argv[1:]
FRAMES = SIZES["vgg"][1]
BATCH, EPOCHS, RATE, WEIGHT_DECAY = 32, 5, 0.003, 0.01


def start():
    global log_mel
    torch.set_num_threads(1)
    log_mel = LIBRARIES["torchaudio"]()


def extract(job):
    index, path = job
    np.save(f"{out}/{index}.npy", log_mel(path))


class Segments(Dataset):
    """A random segment of every clip."""

    def __init__(self, clips, mean, std):
        self.clips, self.mean, self.std = clips, mean, std

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, i):
        path, label = self.clips[i]
        features = np.load(path, mmap_mode="r")
        first = np.random.randint(len(features) - FRAMES + 1)
        segment = (np.array(features[first : first + FRAMES]) - self.mean) / self.std
        return torch.from_numpy(segment)[None], label


def segments_of(path, mean, std):
    features = (np.load(path) - mean) / std
    count = len(features) // FRAMES
    return torch.from_numpy(features[: count * FRAMES].reshape(count, 1, FRAMES, -1))


def score(net, clips, mean, std):
    net.eval()
    right = 0
    with torch.inference_mode():
        for path, label in clips:
            logits = net(segments_of(path, mean, std).to(memory_format=torch.channels_last))
            right += int(logits.softmax(1).mean(0).argmax()) == label
    net.train()
    return right / len(clips)


def main():
    Path(out).mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in Path(folder).iterdir())
    files = [(str(path), label) for label, name in enumerate(names) for path in sorted((Path(folder) / name).iterdir())]
    with Pool(os.cpu_count(), start) as pool:
        for _ in pool.imap_unordered(extract, enumerate([path for path, _ in files]), chunksize=4):
            pass
    clips = [(f"{out}/{i}.npy", label) for i, (_, label) in enumerate(files)]
    order = np.random.default_rng(1).permutation(len(clips))
    n = round(0.15 * len(clips))
    test, valid, train = ([clips[i] for i in part] for part in (order[:n], order[n : 2 * n], order[2 * n :]))
    total, square, count = 0.0, 0.0, 0
    for path, _ in train:
        features = np.load(path).astype(np.float64)
        total, square, count = total + features.sum(0), square + (features**2).sum(0), count + len(features)
    mean = (total / count).astype(np.float32)
    std = np.sqrt(np.maximum(square / count - (total / count) ** 2, 1e-10)).astype(np.float32)

    torch.manual_seed(1)
    net = build("vgg", len(names), dropout=0.2).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    loader = DataLoader(Segments(train, mean, std), BATCH, shuffle=True, drop_last=True, num_workers=1, persistent_workers=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * len(loader))
    best, weights = -1.0, None
    for _ in range(EPOCHS):
        for inputs, labels in loader:
            optimizer.zero_grad()
            logits = net(inputs.to(memory_format=torch.channels_last))
            nn.functional.cross_entropy(logits, labels, label_smoothing=0.1).backward()
            optimizer.step()
            schedule.step()
        accuracy = score(net, valid, mean, std)
        if accuracy > best:
            best, weights = accuracy, {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(weights)
    print(f"accuracy {score(net, test, mean, std):.3f} on {len(test)} test clips")


if __name__ == "__main__":
    main()
