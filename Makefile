# One word per intent. Every target sets up what it needs: a fresh clone only needs Python 3.11, git and make.
.PHONY: install quantize-env check fix test demo serve bench results audit clean
.DELETE_ON_ERROR:

BIN := .venv/bin
DEMO_USER ?= 1924
SERVE ?= --serve
REQUIREMENTS := $(addprefix requirements/,constraints.txt vllm.txt litellm.txt model-and-data.txt)

install: .venv/installed

.venv/installed: pyproject.toml scripts/install.sh scripts/environment.sh scripts/browser.sh $(REQUIREMENTS)
	@bash scripts/install.sh

quantize-env: .venv-quantize/installed

.venv-quantize/installed: scripts/install-quantize.sh scripts/environment.sh requirements/quantize.txt
	@bash scripts/install-quantize.sh

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: .venv/installed .venv-quantize/installed
	$(BIN)/pytest

demo: .venv/installed var/shop/manifest.json
	$(BIN)/llm-rerank recommend --config configs/recommend.yaml --user $(DEMO_USER)
	@LLM_RERANK__UI__USER=$(DEMO_USER) bash scripts/serve.sh $(SERVE)

serve: .venv/installed var/shop/manifest.json
	@bash scripts/serve.sh

var/shop/manifest.json: | .venv/installed
	$(BIN)/llm-rerank build --config configs/retrieval.yaml --out var/shop

var/shop-sequence/manifest.json: | .venv/installed
	$(BIN)/llm-rerank build --config configs/retrieval-sequence.yaml --out var/shop-sequence

bench: .venv/installed var/shop/manifest.json var/shop-sequence/manifest.json
	$(BIN)/python -m benchmarks.scoring --out docs/results/packed-scoring
	$(BIN)/python -m benchmarks.order --out docs/results/order
	$(BIN)/python -m benchmarks.training --out docs/results/training-speed
	$(BIN)/python -m benchmarks.retrieval --folder var/shop --out docs/results/retrieval-latency
	$(BIN)/python -m benchmarks.retrieval --folder var/shop-sequence --out docs/results/retrieval-latency-sequence
	$(BIN)/python -m benchmarks.incremental --out docs/results/incremental
	$(BIN)/python -m benchmarks.index --out docs/results/index-latency
	$(BIN)/python -m benchmarks.unmerged --adapter llm_rerank/shipped/complete-journey/adapter --out docs/results/unmerged
	$(BIN)/python -m benchmarks.blocks --out docs/results/blocks
	$(BIN)/python -m benchmarks.overhead --out docs/results/overhead
	$(BIN)/python -m benchmarks.faults --out docs/results/faults
	$(BIN)/python -m benchmarks.batch.kills --out docs/results/batch-kills
	$(BIN)/python -m benchmarks.batch.throughput --out docs/results/batch-throughput
	$(BIN)/python -m benchmarks.batch.memory --out docs/results/batch-memory
	$(BIN)/python -m benchmarks.batch.speedup --out docs/results/batch-speedup

results: .venv/installed
	$(BIN)/python -m eval.results

audit: # asks PyPI for what is known against these versions
	python3 -m venv var/audit
	var/audit/bin/pip install --quiet pip-audit
	var/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements/constraints.txt
	var/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements/quantize.txt

clean:
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
