"""Whether tests run in their long version: the drill asks for it, every run of the tests does without."""

from __future__ import annotations

import os

IS_LONG = "LONG" in os.environ
"""Set by `script/drill`."""
