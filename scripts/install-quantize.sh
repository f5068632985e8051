#!/usr/bin/env bash
# Sets up .venv-quantize: torch as a CPU build and llm-compressor, which wants an older transformers than serving does. Safe to
# run again. On a machine with a GPU install its torch there first: one that is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
SCRIPT=quantize-env
source scripts/environment.sh

make_environment .venv-quantize
echo "quantize-env: torch, CPU build"
install_torch .venv-quantize
echo "quantize-env: llm-compressor"
.venv-quantize/bin/pip install --quiet --requirement requirements/quantize.txt || unreachable "llm-compressor"
touch .venv-quantize/installed
