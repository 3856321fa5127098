"""Processes that serve together: replaced when one dies, gone when their parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.config import MOST_PROCESSES, BadSetting, Config
from app.jobs.worker import _Pulse

ROOT = Path(__file__).resolve().parent.parent

SERVING = r"""
import importlib.util, sys, time

spec = importlib.util.spec_from_file_location("processes", "app/processes.py")  # without all of the portal
processes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(processes)
processes.BEGUN_AFTER_SECONDS = {begun_after}


def serve(index):
    if {fails}:
        raise ValueError("cannot serve")
    try:
        sys.stdout.write(f"{{index}}\n")  # at once: lines of two processes do not mix
        sys.stdout.flush()
        time.sleep(60)
    except SystemExit:
        time.sleep(0.2)
        sys.stdout.write(f"finished {{index}}\n")
        sys.stdout.flush()


processes.run(2, serve)
"""


@contextmanager
def serving(begun_after: float = 0.0, *, fails: bool = False) -> Iterator[subprocess.Popen[str]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", SERVING.format(begun_after=begun_after, fails=fails)], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield parent
    finally:
        parent.kill()
        parent.wait()
        assert parent.stdout is not None
        parent.stdout.close()


def said(parent: subprocess.Popen[str], lines: int) -> list[str]:
    assert parent.stdout is not None
    return sorted(parent.stdout.readline().strip() for _ in range(lines))


def children_of(parent: subprocess.Popen[str]) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_all_finish_what_runs_when_the_parent_is_told_to_end():
    with serving() as parent:
        assert said(parent, 2) == ["0", "1"]
        parent.send_signal(signal.SIGTERM)
        assert said(parent, 2) == ["finished 0", "finished 1"]
        assert parent.wait(timeout=10) == 0


def test_one_that_dies_is_replaced_under_its_index():
    with serving() as parent:
        assert said(parent, 2) == ["0", "1"]
        first, second = children_of(parent)
        os.kill(second, signal.SIGKILL)
        assert said(parent, 1) == ["1"]
        assert first in children_of(parent) and second not in children_of(parent)


def test_when_the_parent_is_killed_its_children_end():
    with serving() as parent:
        said(parent, 2)
        children = children_of(parent)
        parent.kill()
        parent.wait()
        assert len(children) == 2 and all(is_gone(child) for child in children)


def test_what_fails_as_soon_as_it_begins_is_not_tried_for_ever():
    with serving(begun_after=60.0, fails=True) as parent:
        assert parent.wait(timeout=30) == 1


def test_the_worker_s_pulse_is_felt_in_the_other_processes():
    pulse = _Pulse()
    assert not pulse.was_felt_within(60)
    child = os.fork()
    if child == 0:
        pulse.beat()
        os._exit(0)
    os.waitpid(child, 0)
    assert pulse.was_felt_within(60)


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("3", 3), (str(MOST_PROCESSES), MOST_PROCESSES)])
def test_as_many_processes_as_are_asked_for(tmp_path, text, count):
    assert Config.from_environment({"INSTANCE_PATH": str(tmp_path), "PROCESSES": text}).processes == count


def test_one_process_for_each_core_where_nothing_is_said(tmp_path):
    assert 1 <= Config.from_environment({"INSTANCE_PATH": str(tmp_path)}).processes <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize("text", ["0", "-1", "deux", "1.5", str(MOST_PROCESSES + 1)])
def test_a_number_of_processes_that_makes_no_sense_is_refused(tmp_path, text):
    with pytest.raises(BadSetting, match="PROCESSES"):
        Config.from_environment({"INSTANCE_PATH": str(tmp_path), "PROCESSES": text})
