import re

import pytest

from eval import environment


def test_where_when_and_with_what() -> None:
    assert re.search(r"\d+ cores, Python 3\.", environment.device())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", environment.today())
    assert re.match(r"\d", environment.versions()["numpy"])


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_PACKAGES", ("no-such-package",))
    assert environment.versions() == {"no-such-package": "not installed"}
