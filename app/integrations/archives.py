"""Archives made for one answer: written to a file that the system forgets, however large they are."""

import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import ExitStack
from typing import IO


def make_archive(texts: Iterable[tuple[str, str]], files: Iterable[tuple[str, bytes]]) -> IO[bytes]:
    """A ZIP of some texts and files, by their names in it, ready to be read from its beginning.

    Files are taken one after the other: only one need be in memory.
    """
    with ExitStack() as stack:
        archive = stack.enter_context(tempfile.TemporaryFile())
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
            for name, text in texts:
                made.writestr(name, text)
            for name, content in files:
                made.writestr(name, content, compress_type=zipfile.ZIP_STORED)
        archive.seek(0)
        stack.pop_all()  # whole: it is closed by who sends it
    return archive
