"""Whom to believe about where a request comes from: only the reverse proxies named in TRUSTED_PROXIES."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class TrustedProxies:
    """WSGI middleware: reads X-Forwarded-For, -Proto and -Host of these addresses or networks, drops all others'."""

    def __init__(self, app: "WSGIApplication", proxies: Iterable[str]) -> None:
        """Raises ValueError for what is neither an address nor a network."""
        self._app = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._networks = tuple(ip_network(proxy, strict=False) for proxy in proxies)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer the request as the one it really is."""
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            return self._behind_proxy(environ, start_response)
        for name in _FORWARDED:
            environ.pop(name, None)
        return self._app(environ, start_response)

    def _is_trusted(self, remote: str) -> bool:
        try:
            address = ip_address(remote)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
