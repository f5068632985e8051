#!/usr/bin/env bash
# The demo shop's service. Where there is no key yet it makes one, and says how to ask with it.
set -euo pipefail
cd "$(dirname "$0")/.."
CONFIG=configs/serve.yaml

if .venv/bin/llm-rerank keys list --config $CONFIG --json | grep --quiet '"revoked": null'; then
    key=YOUR_KEY
    echo "serve: the key that was made before opens it; another one: .venv/bin/llm-rerank keys create --config $CONFIG"
else
    key=$(.venv/bin/llm-rerank keys create --config $CONFIG --json | sed -n 's/.*"key": "\(.*\)".*/\1/p')
    echo "serve: a new key, which is not shown again: $key"
fi
cat <<END
serve: once localhost:8080/readyz says 200 (half a minute), ask in another terminal:

    curl -s localhost:8080/v1/recommend -H "Authorization: Bearer $key" -H "Content-Type: application/json" \\
        -d '{"user_id": "1924", "top_n": 5, "explained": 2, "deadline_ms": 20000}'

END
exec .venv/bin/llm-rerank serve --config $CONFIG
