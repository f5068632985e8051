from pathlib import Path

import pytest

from llm_rerank.config import EngineConfig, RecommendConfig
from llm_rerank.service.config import ServeConfig
from retrieval.errors import ConfigError


def test_what_is_secret_is_not_shown() -> None:
    arguments = {"hf_token": "hf_S3cret", "tokenizer": "smol", "max_num_batched_tokens": 8192}
    engine = EngineConfig(kind="vllm", arguments=arguments)
    config = ServeConfig(recommend=RecommendConfig(engine=engine), database="postgresql+psycopg://a:S3cret@db/shop")
    shown = config.shown()
    assert "S3cret" not in str(shown)
    assert shown["recommend"]["engine"]["arguments"] == arguments | {"hf_token": "***"}
    assert config.recommend.engine.arguments == arguments


@pytest.mark.parametrize("secret", ["", "S3cret"])
def test_a_secret_that_could_be_guessed_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str, tmp_path: Path
) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text(f'cache_secret: "{secret}"')
    with pytest.raises(ConfigError, match="16 characters at least") as refused:
        ServeConfig.read(file)
    monkeypatch.setenv("LLM_RERANK__CACHE_SECRET", secret)
    with pytest.raises(ConfigError, match="16 characters at least") as too:
        ServeConfig.read(None)
    assert "S3cret" not in f"{refused.value} {too.value}"


def test_origins_come_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_RERANK__CORS_ORIGINS", '["http://localhost:3000"]')
    assert ServeConfig.read(None).cors_origins == ("http://localhost:3000",)
