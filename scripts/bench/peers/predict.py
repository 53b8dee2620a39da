"""Tags a file as a Python script would, with librosa and PyTorch: predict.py <file.wav>..."""

import sys

import numpy as np
import torch
from audio import LIBRARIES
from nets import SIZES, build

FRAMES = SIZES["vgg"][1]
log_mel = LIBRARIES["librosa"]()
net = build("vgg", 11).eval()
with torch.inference_mode():
    for path in sys.argv[1:]:
        features = log_mel(path)
        count = len(features) // FRAMES
        segments = torch.from_numpy(np.ascontiguousarray(features[: count * FRAMES])).reshape(count, 1, FRAMES, -1)
        probabilities = net(segments).softmax(1).mean(0)
        print(path, int(probabilities.argmax()), float(probabilities.max()))
