"""Everything that knows an HX-* header: which layout a page takes, fragments, redirects that htmx follows."""

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse


def is_htmx() -> bool:
    """Whether htmx asks and will swap the answer in; a history restore wants the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def wants_fragment() -> bool:
    """Whether a part of the page asks for itself alone. A boosted button wants a page, as it does without htmx."""
    return is_htmx() and "HX-Boosted" not in request.headers


def render_page(template: str, *, layout: str, status: int = 200, **context: object) -> Response:
    """A page: in its full layout, or as the section alone when htmx swaps it in. An invalid form answers 422.

    A form that answers a page (a mistake, a preview) leaves the address what it was: its own may know no GET.
    """
    chosen = "layouts/section.html" if is_htmx() else f"layouts/{layout}.html"
    response = make_response(render_template(template, layout=chosen, full_layout=layout, **context), status)
    response.vary.add("HX-Request")
    if is_htmx() and request.method == "POST":
        response.headers["HX-Push-Url"] = "false"
    return response


def render_fragment(template: str, *, status: int = 200, **context: object) -> Response:
    """A fragment alone, for htmx."""
    response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


def go_to(address: str) -> BaseResponse:
    """After a form: the browser goes to another page (303). htmx follows it and swaps that page in."""
    return redirect(address, 303)


def leave_for(address: str) -> BaseResponse:
    """Like `go_to`, but a whole page load even under htmx: for pages with another layout (sign-in)."""
    if is_htmx():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, 303)
