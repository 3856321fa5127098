"""Archives made for one answer: written to a file that the system forgets, however large they are."""

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO


def make_archive(texts: Mapping[str, str], files: Mapping[str, Path]) -> IO[bytes]:
    """A ZIP of some texts and files, by their names in it, ready to be read from its beginning.

    A file that is no longer there is left out.
    """
    archive = tempfile.TemporaryFile()  # noqa: SIM115  (closed by who sends it)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in texts.items():
            made.writestr(name, text)
        for name, path in files.items():
            if path.is_file():
                made.write(path, name, compress_type=zipfile.ZIP_STORED)
    archive.seek(0)
    return archive
