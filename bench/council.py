"""A demo council for the benches and the drill, in a folder of its own; larger than the demo where asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.served import ROOT, DemoCopy, build_demo, environment


def demo_council(folder: Path, families: int = 0, database_url: str | None = None) -> DemoCopy:
    """Build a demo with so many more families. Raises CalledProcessError when the command fails."""
    instance = folder / "instance"
    instance.mkdir(parents=True, exist_ok=True)
    if families:
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "build", "--families", str(families)],
            cwd=ROOT, env=environment(instance, database_url, DEMO="1"), check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    else:
        build_demo(instance, database_url)
    return DemoCopy(instance, database_url)
