import subprocess
import sys

from benchmarks.forms import Forms
from benchmarks.gpu.scoring import equality_promise
from benchmarks.gpu.users import UsersResult, measure_users, users_table
from benchmarks.world import Cell


def test_a_bare_machine_can_import_it() -> None:
    absent = ("rich", "matplotlib", "pandas", "faiss", "lenskit", "typer", "pydantic_settings")
    code = f"import sys; sys.modules.update(dict.fromkeys({absent})); import benchmarks.gpu.scoring"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_items_per_second_count_every_user() -> None:
    result = UsersResult(users=4, k=100, taken=(1.0, 2.0, 9.0), peak_bytes=0)
    assert result.items_per_second == 200


def test_users_are_measured_a_row_each(forms: Forms) -> None:
    results = measure_users(forms, Cell(k=3, history=2), (1, 2), repeats=2)
    assert [len(result.taken) for result in results] == [2, 2]
    assert [row[:2] for row in users_table(results).rows] == [("1", "3"), ("2", "3")]


def test_equality_is_a_target(forms: Forms) -> None:
    assert equality_promise(forms, [Cell(k=5, history=2)]).verdict == "met"
