#!/usr/bin/env bash
# Creates the Python virtual environment .venv with timbrel's peers: librosa, PyTorch, torchaudio, scikit-learn.
# Opt-in: only the benchmarks and the fixture scripts use it. Needs Python 3.11 or newer and about 6 GB of disk.
#
#   scripts/peers.sh             all peers
#   PYTHON=python3.12 scripts/peers.sh
set -euo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "scripts/peers.sh: $python must be Python 3.11 or newer; set PYTHON to one" >&2
  exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  echo "scripts/peers.sh: $python must have the venv module; on Debian: apt-get install python3-venv" >&2
  exit 1
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement scripts/peers-requirements.txt
# TensorFlow.js, for the bench
npm install --prefix .venv/tfjs --silent --no-fund --no-audit \
  @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 \
  @tensorflow/tfjs-backend-cpu@4.22.0
.venv/bin/python - <<'PYTHON'
import librosa, sklearn, torch
from importlib.metadata import version
print(f"peers ready in .venv: torch {torch.__version__}, torchaudio {version('torchaudio')}, "
      f"librosa {librosa.__version__}, scikit-learn {sklearn.__version__}")
PYTHON
