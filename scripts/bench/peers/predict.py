"""Tags files as a Python script would, with librosa and PyTorch: predict.py <file.wav or folder>..."""

import sys
from pathlib import Path

import numpy as np
import torch
from audio import LIBRARIES
from nets import SIZES, build

FRAMES = SIZES["vgg"][1]
log_mel = LIBRARIES["librosa"]()
net = build("vgg", 11).eval()
paths = [file for path in map(Path, sys.argv[1:]) for file in (sorted(path.rglob("*.wav")) if path.is_dir() else [path])]
with torch.inference_mode():
    for path in paths:
        features = log_mel(path)
        count = len(features) // FRAMES
        segments = torch.from_numpy(np.ascontiguousarray(features[: count * FRAMES])).reshape(count, 1, FRAMES, -1)
        probabilities = net(segments).softmax(1).mean(0)
        print(path, int(probabilities.argmax()), float(probabilities.max()))
