"""The three doors, the capabilities of the staff, and the signed-in family with the hat that a parent of several wears.

`public` lets everybody through, `family` wants a guardian, `staff` wants a role. A family's objects are always
loaded through `current_family()`: another family's object is a 404.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, g, request, session, url_for
from flask_login import UserMixin, current_user, login_user, logout_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.database import forbid_writes, write_transaction
from app.extensions import login_manager
from app.forms.fields import id_of
from app.htmx import go_to, leave_for
from app.kept_forms import OWNER, is_worth_keeping, show_sign_in
from app.known_devices import remember_device
from app.rules.capabilities import Capability, capabilities_of
from app.rules.handed_in_files import MOST_BYTES
from app.services import child_files, links, sessions
from app.services.catalogue import ActivityInfo, catalogue
from app.services.errors import NotFound, OtherFamily
from app.services.families import FamilyRef, families_of_user
from app.services.office_documents import offices_of_document
from app.services.offices import OfficeView
from app.services.reached_things import is_reached
from app.services.second_factors import has_second_factor
from app.services.sessions import SignedInUser
from app.services.staff_scopes import StaffScope, scope_of_posts

P = ParamSpec("P")
R = TypeVar("R")

MOST_BYTES_OF_FILES = MOST_BYTES + 1_000_000  # a form with all that may be handed in at once
LONGEST_NEXT = 8_000  # a reverse proxy's limit for one line of a request
_OPEN_WITHOUT_FACTOR = ("staff.account", "staff.second_factor")
_SECOND_STEP = "second_step"  # in the browser's session: that the password was right

FAMILY_IN_QUERY = "famille"
"""The name, in a query of the staff's addresses, of the one family that a list is asked for: read by `id_of()`."""

_HAT = "hat"  # in the forms of a parent of several families: in whose name the page was shown

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

# The payment site, another site, posts here; and its payer's return by GET is the one that may write.
_FROM_PAYMENT_SITE = frozenset(
    f"public.payments.{view}" for view in ("return_by_link", "return_by_form", "note_outcome")
)


class Login(UserMixin):
    """What Flask-Login keeps: its id is the session's token, so that ending the row ends the session."""

    def __init__(self, token: str, user: SignedInUser) -> None:
        self.token = token
        self.user = user

    def get_id(self) -> str:
        """The token of the session."""
        return self.token


@login_manager.user_loader
def load_login(token: str) -> Login | None:
    """Who the cookie's token belongs to; notes now and then that the session is in use."""
    user = sessions.read_session(token)
    if user is None:
        return None
    if user.needs_touch:
        with write_transaction() as database_session:
            sessions.touch_session(database_session, user.session_id)
    return Login(token, user)


def load_current_user() -> None:
    """Load the user now, while its session's "last seen" may still be written."""
    _ = current_user.is_authenticated


def sign_in(user_id: int) -> None:
    """Start a session for the user in this browser: a new row, and a cookie that holds nothing else of before."""
    with write_transaction() as database_session:
        token = sessions.open_session(database_session, user_id, device=request.user_agent.string)
    if session.get(OWNER) != user_id:
        g.forgets_site = True
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF's, of the session before
    g.pop("families", None)
    user = sessions.read_session(token)
    assert user is not None
    remember_device(user.email)
    session.permanent = True
    session[OWNER] = user_id
    login_user(Login(token, user))


def enter(user_id: int, address: str | None = None) -> Response:
    """After the right password, or the link that stands for it: on to this page or home, signed in.

    Where the user has a second factor, its code is asked first.
    """
    if has_second_factor(user_id):
        begin_second_step(user_id)
        return go_to(url_for("public.sign_in.show_code", suite=address))
    sign_in(user_id)
    return go_to(address or home_address())


def begin_second_step(user_id: int) -> None:
    """The password was right: this browser may give the code."""
    with write_transaction() as database_session:
        secret = links.begin_second_step(database_session, user_id)
    owner = session.get(OWNER)
    session.clear()
    if owner is not None:
        session[OWNER] = owner
    g.pop("csrf_token", None)  # Flask-WTF's, of the session before
    session[_SECOND_STEP] = secret


def half_signed_in() -> str | None:
    """The secret of a sign-in that waits for its code, in this browser."""
    secret: str | None = session.get(_SECOND_STEP)
    return secret


def sign_out() -> None:
    """End the session on the server and in the browser."""
    if current_user.is_authenticated:
        with write_transaction() as database_session:
            sessions.end_session(database_session, current_user.user.session_id)
    forget_sign_in()


def forget_sign_in() -> None:
    """Nobody is signed in in this browser any more, and it keeps nothing of who was (`g.forgets_site`: the header
    Clear-Site-Data); the session's row is the caller's."""
    g.forgets_site = True
    logout_user()
    session.clear()


def current_account() -> SignedInUser:
    """The signed-in user; only behind the doors `family` and `staff`."""
    user: SignedInUser = current_user.user
    return user


def current_family() -> FamilyRef:
    """The family in whose name the signed-in parent acts; only behind the door `family`."""
    family: FamilyRef = g.family
    return family


def current_capabilities() -> frozenset[Capability]:
    """What the signed-in staff may do."""
    return capabilities_of(current_account().roles)


def reach(capability: Capability) -> StaffScope:
    """Where the signed-in staff have a capability: a role may be for some offices and sites alone."""
    return scope_of_posts(current_account().posts, capability)


def reached_activities(capability: Capability) -> tuple[ActivityInfo, ...]:
    """The activities for which the signed-in staff have a capability: a role may be for one place or office alone."""
    reached: dict[Capability, tuple[ActivityInfo, ...]] = g.setdefault("reached_activities", {})
    if capability not in reached:
        reached[capability] = tuple(reach(capability).activities())
    return reached[capability]


def reached_offices(capability: Capability) -> tuple[OfficeView, ...]:
    """The offices for which the signed-in staff have a capability, by name."""
    reached: dict[Capability, tuple[OfficeView, ...]] = g.setdefault("reached_offices", {})
    if capability not in reached:
        reached[capability] = reach(capability).offices()
    return reached[capability]


def reached_office(capability: Capability, wanted: int | None) -> OfficeView:
    """The one of them that is asked for, else the first. Raises NotFound for any other, and where there is none."""
    office = next((each for each in reached_offices(capability) if wanted in (None, each.id)), None)
    if office is None:
        raise NotFound("office")
    return office


def reached_office_ids(capability: Capability) -> frozenset[int]:
    """The same, for what lists their documents."""
    return frozenset(office.id for office in reached_offices(capability))


def reaches_family(capability: Capability, family_id: int) -> bool:
    """Whether the signed-in staff have a capability, and for this family. No query where they have it everywhere."""
    scope = reach(capability)
    return scope.is_everywhere or is_reached(scope, "family_id", family_id)


def guard_reach() -> None:
    """Before all views of the staff: a family, a child or an activity that the agent's role does not reach is a 404,
    whether the path of the address names it or its query.

    Who lacks the view's capability altogether is let through to its 403. Raises NotFound.
    """
    if request.blueprint == "staff.attendances":  # a child that nobody announced is on the list of the day: see there
        return
    scopes = [reach(capability) for capability in _capabilities_asked()]
    if not scopes or any(scope.is_everywhere for scope in scopes):
        return
    family_id = id_of(request.args.get(FAMILY_IN_QUERY))
    named = [*(request.view_args or {}).items(), *([("family_id", family_id)] if family_id else [])]
    for argument, id_ in named:
        if not any(is_reached(scope, argument, id_) for scope in scopes):
            raise NotFound(argument)


def _capabilities_asked() -> frozenset[Capability]:
    """Those of the signed-in staff that let them into the view."""
    view = current_app.view_functions[request.endpoint or ""]
    asked: frozenset[Capability] = getattr(view, "capabilities", frozenset())
    return asked & current_capabilities()


def guard_offices() -> None:
    """Before the views of money: a document of an office that the agent's role does not reach is a 404.

    Who lacks the view's capability altogether is let through to its 403. Raises NotFound.
    """
    wanted = _capabilities_asked()
    if not wanted:
        return
    for argument, id_ in (request.view_args or {}).items():
        offices = offices_of_document(argument, id_)
        if offices is not None and not any(offices <= reached_office_ids(capability) for capability in wanted):
            raise NotFound(argument)


def guard_family() -> Response | None:
    """The door of the parents: anonymous → sign-in; signed in, but guardian of no family → 403.

    Raises OtherFamily for what a page of another of the parent's families sends: its hat was changed in another tab.
    """
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    families = own_families()
    if not families:
        abort(403)
    # Asked anew at each request: who was taken out of a family acts for it no more.
    chosen = current_account().family_id
    g.family = next((family for family in families if family.id == chosen), families[0])
    is_of_user = request.blueprint == "family.account"  # their own account, and the change of the hat itself
    must_match = len(families) > 1 and request.method not in _SAFE_METHODS and not is_of_user
    if must_match and request.form.get(_HAT) != str(g.family.id):
        raise OtherFamily
    return None


def hat_field() -> Markup:
    """In every form behind the parents' door: in whose name it is shown. Nothing for who has one family."""
    if "family" not in g or len(own_families()) < 2:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(_HAT, current_family().id)


def enter_family_door() -> bool:
    """At an address that is open to all: whether the user passes the door of the parents; then `current_family()` is
    there, and the page may be the family's own."""
    return current_user.is_authenticated and bool(own_families()) and guard_family() is None


def own_families() -> tuple[FamilyRef, ...]:
    """The families of the signed-in user, asked for once in a request."""
    if "families" not in g:
        account = current_account()
        g.families = families_of_user(account.user_id) if account.is_guardian else ()
    families: tuple[FamilyRef, ...] = g.families
    return families


def guard_staff() -> Response | None:
    """The door of the council: anonymous → sign-in; no role → 403."""
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    account = current_account()
    if not account.is_staff:
        abort(403)
    lacks_factor = catalogue().council.requires_second_factor and not account.has_second_factor
    if lacks_factor and request.blueprint not in _OPEN_WITHOUT_FACTOR:
        return leave_for(url_for("staff.second_factor.show"))
    return None


def record_health_access(*child_ids: int) -> None:
    """Note, before the health data of a child, or of several, is shown to the staff, who reads it: the one thing that a
    GET may write.

    In its own short transaction. When it fails the view fails with it, and nothing is shown.
    """
    forbid_writes(False)
    try:
        with write_transaction() as database_session:
            child_files.record_health_access(database_session, child_ids, current_account().user_id)
    finally:
        forbid_writes(request.method in _SAFE_METHODS)


def record_health_readings(child_ids: Collection[int]) -> None:
    """The same of the children of a day's list, who are looked after all day: each is noted once in some hours."""
    if not child_files.unread_health(child_ids, current_account().user_id):
        return
    forbid_writes(False)
    try:
        with write_transaction() as database_session:
            child_files.record_health_readings(database_session, child_ids, current_account().user_id)
    finally:
        forbid_writes(request.method in _SAFE_METHODS)


def requires(*capabilities: Capability) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A staff view that needs one of these capabilities: without, 403. The access matrix reads them off the view."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if current_capabilities().isdisjoint(capabilities):
                abort(403)
            return view(*args, **kwargs)

        guarded.capabilities = frozenset(capabilities)  # type: ignore[attr-defined]
        return guarded

    return decorate


def takes_files(view: Callable[P, R]) -> Callable[P, R]:
    """A posting view to which the signed-in send files: their request may be larger than others.

    Who is not signed in is led to sign-in, and no byte of a file is read. What was typed beside files comes back where
    it came without any (`app.kept_forms`), unless the view is `resumed_at`.
    """
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def let_files_in() -> Response | None:
    """Before anything reads the request: how large it may be."""
    view = current_app.view_functions[request.endpoint] if request.endpoint else None
    if request.method != "POST" or not getattr(view, "takes_files", False):
        return None
    forbid_writes(False)
    load_current_user()
    if not current_user.is_authenticated:
        is_small = (request.content_length or MOST_BYTES_OF_FILES) <= current_app.config["MAX_CONTENT_LENGTH"]
        if is_small and resume_address() is None:
            return None  # the door keeps what was typed
        return leave_for(url_for("public.sign_in.show", suite=resume_address() or _page_of_form()))
    request.max_content_length = MOST_BYTES_OF_FILES
    return None


def _page_of_form() -> str | None:
    """The page of ours that sent this request, as far as the browser tells."""
    here, came_from = request.host_url, request.referrer or ""
    return safe_next(f"/{came_from.removeprefix(here)}") if came_from.startswith(here) else None


def resumed_at(make_address: Callable[..., str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A posting view whose choices survive a session that ended: after sign-in the parent lands on this address.

    `make_address` gets the view's arguments and reads the posted form.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        view.make_resume_address = make_address  # type: ignore[attr-defined]
        return view

    return decorate


def home_address() -> str:
    """Where a signed-in user starts: the staff at their queue, parents at their dashboard."""
    wears_staff_hat = current_user.user.is_staff and current_user.user.family_id is None
    return url_for("staff.home.show" if wears_staff_hat else "family.dashboard.show")


def safe_next(address: str | None) -> str | None:
    """A local address to return to after sign-in, or None: never another site."""
    if not address or len(address) > LONGEST_NEXT or not address.startswith("/") or address.startswith("//"):
        return None
    # Browsers drop control characters (« /<tab>/example.org » leads away) and read a backslash as a slash.
    if "\\" in address or any(ord(char) < 0x20 or 0x7F <= ord(char) <= 0x9F for char in address):
        return None
    return address


def _ask_to_sign_in() -> Response:
    """Lead to sign-in, and back: to the page, to the choices that were made, or with what was typed in the form."""
    if is_worth_keeping() and resume_address() is None:
        return show_sign_in()
    return leave_for(url_for("public.sign_in.show", suite=wanted_address()))


def wanted_address() -> str | None:
    """Where this request should be taken up again; None where nothing says."""
    return safe_next(request.full_path.rstrip("?")) if request.method in _SAFE_METHODS else resume_address()


def resume_address() -> str | None:
    """The page that shows again, not saved, what this request posted; None where its view has none (`resumed_at`)."""
    view = current_app.view_functions[request.endpoint] if request.endpoint else None
    make_address: Callable[..., str] | None = getattr(view, "make_resume_address", None)
    return safe_next(make_address(**(request.view_args or {}))) if make_address else None


def init_app(app: Flask) -> None:
    """Plug in sign-in, and the hook that refuses changes by GET and posts from other sites."""
    login_manager.init_app(app)
    login_manager.session_protection = None  # the session row is the protection

    @app.before_request
    def refuse_changes_by_get() -> None:
        forbid_writes(False)
        if request.blueprint == "assets":
            return
        load_current_user()
        if request.endpoint in _FROM_PAYMENT_SITE:
            return
        is_safe = request.method in _SAFE_METHODS
        forbid_writes(is_safe)
        if not is_safe and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            abort(403)

    @app.teardown_request
    def allow_writes_again(_error: BaseException | None) -> None:
        forbid_writes(False)
