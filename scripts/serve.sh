#!/usr/bin/env bash
# The demo shop's service, and the page on which people see it. `--no-serve`, as `make demo SERVE=--no-serve` has it, serves nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --no-serve ] && exit

cat <<'END'

serve: in half a minute the page's address stands here. The key in it is for programs too, as long as this runs:

    curl -s localhost:8080/v1/recommend -H "Authorization: Bearer KEY" -H "Content-Type: application/json" \
        -d '{"user_id": "1924", "top_n": 5, "explained": 2, "deadline_ms": 20000}'

serve: one that lasts: .venv/bin/llm-rerank keys create --config configs/serve.yaml
END
exec .venv/bin/llm-rerank serve --config configs/serve.yaml --page
