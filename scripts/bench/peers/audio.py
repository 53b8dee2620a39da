"""The log-mel of the preset gct634 with torchaudio and with librosa. Files are read with soundfile: torchaudio 2.11's own
`load` uses torchcodec, which needs FFmpeg."""

import numpy as np
import soundfile

RATE, TARGET_RATE = 44100, 22050


def torchaudio_features():
    """Returns a function from mono samples at RATE to log-mel [frames, mels]."""
    import torch

    # torchaudio 2.11 rejects a PyTorch built for a different CUDA version, which does not matter on the CPU.
    torch.version.cuda = None
    import torchaudio

    resample = torchaudio.transforms.Resample(RATE, TARGET_RATE)
    mel = torchaudio.transforms.MelSpectrogram(
        TARGET_RATE, n_fft=1024, hop_length=512, n_mels=128, power=1, norm="slaney", mel_scale="slaney", pad_mode="constant")

    def features(samples):
        with torch.inference_mode():
            return torch.log10(1 + 10 * mel(resample(samples))).T.contiguous().numpy()

    return features


def torchaudio_log_mel():
    """Returns a function from a path to log-mel [frames, mels]."""
    import torch

    features = torchaudio_features()

    def log_mel(path):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == RATE
        return features(torch.from_numpy(samples).mean(dim=1))

    return log_mel


def librosa_log_mel():
    """The same with librosa."""
    import librosa

    def log_mel(path):
        samples, rate = librosa.load(path, sr=TARGET_RATE)
        mel = librosa.feature.melspectrogram(y=samples, sr=rate, n_fft=1024, hop_length=512, n_mels=128, power=1)
        return np.log10(1 + 10 * mel).T.astype(np.float32)

    return log_mel


LIBRARIES = {"torchaudio": torchaudio_log_mel, "librosa": librosa_log_mel}
