"""Static files under names that carry their content's hash, compressed once, cached by browsers for a year."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, abort, request

mimetypes.add_type("text/javascript", ".js")

_COMPRESSIBLE = {".css", ".js", ".svg", ".txt", ".webmanifest"}


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    gzipped: bytes | None
    content_type: str


class Assets:
    """All files of the static folder, read once at start-up."""

    def __init__(self, folder: Path) -> None:
        self._by_hashed_name: dict[str, _Asset] = {}
        self._hashed_names: dict[str, str] = {}
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:10]
            hashed = f"{name.removesuffix(path.suffix)}.{digest}{path.suffix}"
            content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            if content_type.startswith("text/"):
                content_type += "; charset=utf-8"
            gzipped = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSIBLE else None
            self._hashed_names[name] = hashed
            self._by_hashed_name[hashed] = _Asset(body, gzipped, content_type)

    def url(self, name: str) -> str:
        """The address of a static file, such as `asset('css/site.css')`. Raises KeyError for an unknown file."""
        return f"/static/{self._hashed_names[name]}"

    def response(self, hashed_name: str) -> Response:
        """The file under its hashed name, or 404."""
        asset = self._by_hashed_name.get(hashed_name)
        if asset is None:
            abort(404)
        use_gzip = asset.gzipped is not None and request.accept_encodings["gzip"] > 0
        response = Response(asset.gzipped if use_gzip else asset.body, content_type=asset.content_type)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Vary"] = "Accept-Encoding"
        if use_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response


def make_blueprint(assets: Assets) -> Blueprint:
    """The one route that serves static files."""
    blueprint = Blueprint("assets", __name__)

    @blueprint.get("/static/<path:hashed_name>")
    def send_asset(hashed_name: str) -> Response:
        return assets.response(hashed_name)

    return blueprint
