"""Times torchaudio from 30 s of 44.1 kHz stereo WAV to the log-mel of the preset gct634, and prints one line of JSON.

Run in the peers' environment (scripts/peers.sh): .venv/bin/python scripts/bench/front-end-peer.py [file.wav]
Without a file it makes one. Files are read with soundfile: torchaudio 2.11's own `load` uses torchcodec, which needs FFmpeg.
"""

import json
import os
import statistics
import sys
import tempfile
import time

import numpy as np
import soundfile
import torch

# torchaudio 2.11 rejects a PyTorch built for a different CUDA version, which does not matter on the CPU.
torch.version.cuda = None
import torchaudio  # noqa: E402

N_THREADS = 2
N_WARM = 5
N_RUNS = 30
RATE, TARGET_RATE = 44100, 22050


def make_wav(path):
    rng = np.random.default_rng(0)
    t = np.arange(30 * RATE) / RATE
    left = 0.4 * np.sin(2 * np.pi * (200 + 50 * t) * t) + 0.05 * rng.standard_normal(len(t))
    right = 0.3 * np.sin(2 * np.pi * 330 * t) + 0.05 * rng.standard_normal(len(t))
    soundfile.write(path, np.stack([left, right], axis=1), RATE, subtype="PCM_16")


def main():
    torch.set_num_threads(N_THREADS)
    resample = torchaudio.transforms.Resample(RATE, TARGET_RATE)
    mel = torchaudio.transforms.MelSpectrogram(
        TARGET_RATE, n_fft=1024, hop_length=512, n_mels=128, power=1, norm="slaney", mel_scale="slaney", pad_mode="constant")

    def log_mel(path):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == RATE
        waveform = torch.from_numpy(samples).mean(dim=1)
        return torch.log10(1 + 10 * mel(resample(waveform)))

    def seconds(work):
        start = time.perf_counter()
        result = work()
        return time.perf_counter() - start, result

    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(tempfile.mkdtemp(), "clip.wav")
    if len(sys.argv) < 2:
        make_wav(path)
    with torch.inference_mode():
        for _ in range(N_WARM):
            log_mel(path)
        runs = [seconds(lambda: log_mel(path)) for _ in range(N_RUNS)]
        waveform = resample(torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0]).mean(dim=1))
        mel_runs = [seconds(lambda: torch.log10(1 + 10 * mel(waveform)))[0] for _ in range(N_RUNS)]
    times = [1000 * run[0] for run in runs]
    print(json.dumps({
        "name": "torchaudio: WAV to log-mel",
        "medianMs": round(statistics.median(times), 2),
        "minMs": round(min(times), 2),
        "melOnlyMedianMs": round(1000 * statistics.median(mel_runs), 2),
        "nRuns": N_RUNS,
        "nThreads": N_THREADS,
        "shape": list(runs[0][1].T.shape),
        "versions": {"torch": torch.__version__, "torchaudio": torchaudio.__version__, "soundfile": soundfile.__version__},
    }))
    if len(sys.argv) < 2:
        os.remove(path)


main()
