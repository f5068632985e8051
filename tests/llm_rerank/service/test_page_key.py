"""`llm-rerank serve --page` prints the page's address, whose key is good while it runs."""

import os
import re
import signal
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import httpx2

from llm_rerank.service.config import DrainConfig, ServeConfig
from retrieval.store.database import Database
from retrieval.store.keys import KeyStore

ROOT = Path(__file__).parents[3]


def test_the_address_that_is_printed_opens_the_page_until_the_end(config: ServeConfig, tmp_path: Path) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text(config.model_copy(update={"port": 0, "drain": DrainConfig(notice_seconds=0)}).model_dump_json())
    command = [sys.executable, "-c", "from llm_rerank.cli.app import main; main()"]
    with (
        (tmp_path / "log").open("wb") as log,
        Popen([*command, "serve", "--config", file, "--page"], stdout=PIPE, stderr=log, cwd=ROOT, env=os.environ) as it,
    ):
        assert it.stdout is not None
        assert next(it.stdout).strip() == b""
        found = re.fullmatch(r"The page, until Ctrl-C: (http://127.0.0.1:\d+)/#key=(\S+)\n", next(it.stdout).decode())
        assert found is not None
        url, key = found.groups()
        assert httpx2.get(f"{url}/").status_code == 200
        asked = {"url": f"{url}/v1/recommend", "json": {"user_id": "anna"}}
        assert httpx2.post(**asked, headers={"Authorization": f"Bearer {key}"}).status_code == 200
        it.send_signal(signal.SIGINT)
        assert it.wait(60) == 0
    database = Database.open(config.database)
    assert KeyStore(database).find(key) is None
    database.close()
    assert key not in (tmp_path / "log").read_text()
