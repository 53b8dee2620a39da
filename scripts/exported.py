"""Runs an exported model on WAV files with ONNX Runtime alone and prints its probabilities as JSON, one line for each file:
exported.py <model.onnx> <file.wav>..."""

import json
import sys

import onnxruntime
import soundfile

model, *paths = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
record = json.loads(session.get_modelmeta().custom_metadata_map["timbrel.waveform"])
for path in paths:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == record["sampleRate"], f"{path} is at {rate} Hz, the model reads {record['sampleRate']}"
    probabilities, = session.run(["probabilities"], {"waveform": samples.mean(axis=1)[None]})
    print(json.dumps(dict(zip(record["labels"], probabilities[0].tolist()))))
