"""MP3 to log-mel in one thread, decoded by torchcodec and by soundfile; torchaudio computes the features. Prints one JSON object
with the median times [ms]: mp3.py <file.mp3> <runs>. With --write it makes an MP3 of a WAV: mp3.py --write <in.wav> <out.mp3>."""

import json
import statistics
import sys
import time

import soundfile


def write(source, target):
    with soundfile.SoundFile(source) as wav:
        mp3 = soundfile.SoundFile(target, "w", wav.samplerate, wav.channels, "MPEG_LAYER_III", format="MP3")
        with mp3:
            for block in wav.blocks(blocksize=2**20, dtype="float32"):
                mp3.write(block)


def measure(path, runs):
    import torch
    from audio import RATE, torchaudio_features

    torch.set_num_threads(1)
    features = torchaudio_features()

    def with_soundfile():
        return features(torch.from_numpy(soundfile.read(path, dtype="float32", always_2d=True)[0]).mean(dim=1))

    def with_torchcodec():
        return features(AudioDecoder(path).get_all_samples().data.mean(dim=0))

    ways = {"torchaudio, decoded by soundfile": with_soundfile}
    try:
        from torchcodec.decoders import AudioDecoder

        assert AudioDecoder(path).metadata.sample_rate == RATE
        ways["torchaudio, decoded by torchcodec"] = with_torchcodec
    except RuntimeError:
        pass  # torchcodec is there, but FFmpeg's libraries are not
    ms = {}
    for name, run in ways.items():
        times = []
        for _ in range(runs + 5):
            start = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - start))
        ms[name] = statistics.median(times[5:])
    print(json.dumps({"version": f"PyTorch {torch.__version__}", "ms": ms}))


if sys.argv[1] == "--write":
    write(*sys.argv[2:])
else:
    measure(sys.argv[1], int(sys.argv[2]))
