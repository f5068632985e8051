from pathlib import Path

import pytest
from pydantic import BaseModel

from retrieval.config import RetrievalConfig, read_config
from retrieval.embedders.base import HashingConfig
from retrieval.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "configs"


def models() -> dict[str, type[BaseModel]]:
    """Which model reads which file of configs/."""
    known: dict[str, type[BaseModel]] = {"retrieval.yaml": RetrievalConfig, "retrieval-sequence.yaml": RetrievalConfig}
    if (CONFIGS / "recommend.yaml").exists():
        from llm_rerank.config import RecommendConfig

        known["recommend.yaml"] = RecommendConfig
    from benchmarks.ablations import AblationsConfig
    from benchmarks.rankers import RankersConfig
    from eval.config import EvalConfig
    from eval.lift.config import LiftConfig
    from finetune.examples_config import ExamplesConfig
    from finetune.fusion_config import FusionConfig
    from finetune.prune_config import PruneConfig
    from finetune.quantization.config import QuantizationConfig
    from finetune.teach_config import TeachConfig
    from finetune.training.config import TrainingConfig
    from finetune.writer.config import WriterConfig
    from llm_rerank.batch.config import BatchConfig
    from llm_rerank.service.config import ServeConfig

    known["batch.yaml"] = BatchConfig
    known["serve.yaml"] = known["serve-gpu.yaml"] = ServeConfig
    folders: dict[str, type[BaseModel]] = {
        "ablations/*.yaml": AblationsConfig,
        "eval/*.yaml": EvalConfig,
        "finetune/*.yaml": TrainingConfig,
        "finetune/*-examples.yaml": ExamplesConfig,
        "finetune/*-fusion.yaml": FusionConfig,
        "finetune/*-prune.yaml": PruneConfig,
        "finetune/*-teach.yaml": TeachConfig,
        "finetune/*-writer.yaml": WriterConfig,
        "finetune/quantize-*.yaml": QuantizationConfig,
        "lift/*.yaml": LiftConfig,
        "rankers/*.yaml": RankersConfig,
    }
    return known | {
        path.relative_to(CONFIGS).as_posix(): model for files, model in folders.items() for path in CONFIGS.glob(files)
    }


@pytest.fixture
def yaml(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


@pytest.mark.parametrize(
    "path",
    sorted(
        path for path in CONFIGS.rglob("*.yaml") if path.parent.name not in {"accelerate", "ray"}
    ),  # others read those
    ids=lambda path: path.name,
)
def test_every_file_in_configs_is_read_by_its_model(path: Path) -> None:
    name = path.relative_to(CONFIGS).as_posix()
    assert isinstance(read_config(path, models()[name]), models()[name])


def test_what_is_not_written_keeps_its_default(yaml: Path) -> None:
    yaml.write_text("embedder: {kind: hashing, dimension: 64}")
    config = read_config(yaml, RetrievalConfig)
    assert config.embedder == HashingConfig(dimension=64)
    assert config.hybrid.rank_constant == 15
    yaml.write_text("")
    assert read_config(yaml, RetrievalConfig) == RetrievalConfig()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("embeder: {kind: hashing}", "Did you mean `embedder`?"),
        ("hybrid: {rank_constnat: 3}", "Did you mean `rank_constant`?"),
        ("retrievers: [{kind: popularity, half_life_dais: 3}]", "Did you mean `half_life_days`?"),
        ("zzz: 1", "Remove it"),
        ("dataset: {kind: files, interaction: {}, items: {path: x, columns: {}}}", "Did you mean `interactions`?"),
        ("hybrid: {depth: 0}", "hybrid.depth=0"),
        ("blend: {depth: 1000}", "blend.depth=1000"),
        ("embedder: {kind: word2vec}", "embedder"),
        ("- a list", "config="),
        ("dataset: {kind: files, items: {columns: {}}}", "lacks this key"),
        ("seed: [", "no readable YAML"),
        ("retrievers: []", "retrievers"),
        ("retrievers: [{kind: text}]", "popularity"),
        ("retrievers: [{kind: popularity}, {kind: popularity}]", "twice"),
    ],
)
def test_a_mistake_is_named_with_file_or_key_and_remedy(yaml: Path, text: str, message: str) -> None:
    yaml.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(yaml, RetrievalConfig)
    assert message in str(caught.value)
    assert "shop.yaml" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_is_absent_or_no_text_is_a_config_error(yaml: Path, content: bytes | None) -> None:
    if content is not None:
        yaml.write_bytes(content)
    with pytest.raises(ConfigError, match=r"shop\.yaml"):
        read_config(yaml, RetrievalConfig)
