"""Log-mel of every file below a folder, written as .npy, with one process per core: extract.py torchaudio|librosa <folder> <out>."""

import os
import sys
from multiprocessing import Pool
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # the processes share the cores

import numpy as np  # noqa: E402
from audio import LIBRARIES  # noqa: E402

library, folder, out = sys.argv[1:]


def start():
    global log_mel
    log_mel = LIBRARIES[library]()


def extract(job):
    index, path = job
    np.save(f"{out}/{index}.npy", log_mel(path))


if __name__ == "__main__":
    Path(out).mkdir(parents=True, exist_ok=True)
    paths = sorted(str(path) for path in Path(folder).rglob("*") if path.suffix in (".wav", ".mp3"))
    with Pool(os.cpu_count(), start) as pool:
        for _ in pool.imap_unordered(extract, enumerate(paths), chunksize=4):
            pass
