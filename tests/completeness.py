"""Under CI=true nothing may be skipped: a skipped test fails, with what it needs (a pytest plugin)."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest


def is_ci() -> bool:
    """Whether the run must be complete."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure; an expected failure (xfail) stays what it is."""
    report = yield
    if is_ci() and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and under CI=true nothing may be: {reason}"
    return report
