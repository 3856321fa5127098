"""Long tests come first, those of PostgreSQL's demo at one end and the browser's at the other (a pytest plugin).

Two processes begin with one half each and take from each other at the end, when only short tests are left to take. So
no process waits for the other's last long test, and only one of them builds the demo on PostgreSQL and starts Chromium.
"""

from __future__ import annotations

import pytest

_SERVED = {"sqlite_demo", "sqlite_demo_copy", "postgres_demo", "postgres_demo_copy", "demo_copy", "serve", "browser"}
_LONG = ("tests/guarantees/", "tests/demo/", "tests/test_start.py", "tests/test_cli.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort in place; the same in every process."""
    long = [item for item in items if not _SERVED.isdisjoint(_fixtures(item)) or item.nodeid.startswith(_LONG)]
    by_postgres = [item for item in long if _uses_postgres_demo(item)]
    in_browser = [item for item in long if "browser" in _fixtures(item) and not _uses_postgres_demo(item)]
    taken = {*by_postgres, *in_browser}
    others = [item for item in long if item not in taken]
    third = len(others) // 3  # the browser's are the longest: fewer of the others go with them
    first, second = by_postgres + others[third:], in_browser + others[:third]
    taken = {*first, *second}
    short = [item for item in items if item not in taken]
    room = max(0, len(items) // 2 - len(first))
    items[:] = [*first, *short[:room], *second, *short[room:]]


def _fixtures(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


def _uses_postgres_demo(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return "postgres_demo" in _fixtures(item) or (
        callspec is not None and callspec.params.get("demo_copy") == "postgresql"
    )
