"""Every route of the portal, who may use it, and a small world in which each can be tried.

The access tests, the tests of accessibility and those of weight go through this one table; a route that is not in it
fails `test_every_route_is_classified`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from flask import Flask
from sqlalchemy import select

from app.database import db, write_transaction
from app.models.accounts import TokenPurpose
from app.models.mails import MailStatus, OutboxMail
from app.rules.capabilities import Capability, Role
from app.rules.states import EnrolmentStatus
from app.services import accounts
from app.services.mails import queue_mail
from tests import factories


class Door(Enum):
    """Who passes."""

    PUBLIC = auto()
    FAMILY = auto()
    STAFF = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """How one view is classified."""

    door: Door
    method: str = "GET"
    capabilities: frozenset[Capability] = frozenset()  # the staff need one of them
    argument: str | None = None  # the name of its argument in the address
    of_family: bool = False  # the argument names an object of a family: another family's is a 404
    sends: Mapping[str, str] = field(default_factory=dict)  # something that its form could send
    answers: int = 200  # to a GET of someone who may
    is_page: bool = True  # a whole page in HTML


def _family(method: str = "GET", argument: str | None = None, **values: object) -> Route:
    return Route(Door.FAMILY, method, argument=argument, of_family=argument is not None, **values)  # type: ignore[arg-type]


def _staff(*capabilities: Capability, method: str = "GET", argument: str | None = None, **values: object) -> Route:
    return Route(Door.STAFF, method, frozenset(capabilities), argument, **values)  # type: ignore[arg-type]


_CHILD = {"last_name": "TEST", "first_name": "Changé", "birth_date": "2019-05-14"}
_REASON = {"reason": "Dossier incomplet"}
_PLANNING = {"shown": "1", "t": "1", "key": "access-matrix-access"}

ROUTES: Mapping[str, Route] = {
    # --- public
    "assets.send_asset": Route(Door.PUBLIC, argument="hashed_name", is_page=False),
    "public.home.show": Route(Door.PUBLIC, answers=302),
    "public.health.show": Route(Door.PUBLIC, is_page=False, answers=503),  # no worker runs in tests
    "public.communes.suggest": Route(Door.PUBLIC, is_page=False),
    "public.legal.notices": Route(Door.PUBLIC),
    "public.legal.accessibility": Route(Door.PUBLIC),
    "public.legal.contact": Route(Door.PUBLIC),
    "public.sign_in.show": Route(Door.PUBLIC),
    "public.sign_in.sign_in_user": Route(Door.PUBLIC, "POST", sends={"email": "x@example.org", "password": "x"}),
    "public.sign_in.sign_out_user": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.show": Route(Door.PUBLIC),
    "public.sign_ups.save_family": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.show_guardian": Route(Door.PUBLIC, answers=302),  # step 1 comes first
    "public.sign_ups.save_guardian": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.show_check": Route(Door.PUBLIC, answers=302),
    "public.sign_ups.send": Route(Door.PUBLIC, "POST"),
    "public.sign_ups.thank": Route(Door.PUBLIC),
    "public.activations.show": Route(Door.PUBLIC, argument="secret"),
    "public.activations.confirm": Route(Door.PUBLIC, "POST", argument="secret", sends={"password": "x"}),
    "public.activations.ask_link": Route(Door.PUBLIC),
    "public.activations.send_link": Route(Door.PUBLIC, "POST", sends={"email": "x@example.org"}),
    "public.activations.show_sent": Route(Door.PUBLIC),
    "public.passwords.ask_link": Route(Door.PUBLIC),
    "public.passwords.send_link": Route(Door.PUBLIC, "POST", sends={"email": "x@example.org"}),
    "public.passwords.show_sent": Route(Door.PUBLIC),
    "public.passwords.show": Route(Door.PUBLIC, argument="secret"),
    "public.passwords.reset": Route(Door.PUBLIC, "POST", argument="secret", sends={"password": "x"}),
    # --- families
    "family.dashboard.show": _family(),
    "family.members.show": _family(),
    "family.members.show_family": _family(),
    "family.members.show_guardians": _family(),
    "family.members.show_coordinates": _family(),
    "family.members.save_coordinates": _family("POST"),
    "family.members.new_child": _family(),
    "family.members.add_child": _family("POST", sends=_CHILD),
    "family.members.show_child": _family(argument="child_id"),
    "family.members.edit_child": _family(argument="child_id"),
    "family.members.save_child": _family("POST", "child_id", sends=_CHILD),
    "family.enrolments.show": _family(),
    "family.enrolments.new_request": _family(argument="child_id"),
    "family.enrolments.request_enrolment": _family("POST", "child_id", sends={"activity_id": "1"}),
    "family.bookings.show_children": _family(),
    "family.bookings.show_week": _family(argument="child_id"),
    "family.bookings.check_week": _family("POST", "child_id", sends=_PLANNING),
    "family.bookings.save_week": _family("POST", "child_id", sends=_PLANNING),
    # --- staff
    "staff.home.show": _staff(*Capability, answers=303),
    "staff.queue.show": _staff(Capability.REVIEW_SIGN_UPS, Capability.REVIEW_ENROLMENTS),
    "staff.queue.accept_sign_up": _staff(Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id"),
    "staff.queue.refuse_sign_up": _staff(
        Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id", sends=_REASON
    ),
    "staff.queue.accept_enrolment": _staff(Capability.REVIEW_ENROLMENTS, method="POST", argument="enrolment_id"),
    "staff.queue.refuse_enrolment": _staff(
        Capability.REVIEW_ENROLMENTS, method="POST", argument="enrolment_id", sends=_REASON
    ),
    "staff.families.search": _staff(Capability.VIEW_FAMILIES),
    "staff.families.show": _staff(Capability.VIEW_FAMILIES, argument="family_id"),
    "staff.families.correct_email": _staff(
        Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id", sends={"email": "nouvelle@example.org"}
    ),
    "staff.families.resend_invitation": _staff(Capability.REVIEW_SIGN_UPS, method="POST", argument="family_id"),
    "staff.day.show": _staff(Capability.VIEW_DAY_PLANNING),
    "staff.mails.show": _staff(Capability.VIEW_MAILS),
    "staff.mails.show_mail": _staff(Capability.VIEW_MAILS, argument="mail_id"),
    "staff.mails.retry": _staff(Capability.VIEW_MAILS, method="POST", argument="mail_id"),
}


@dataclass(frozen=True, slots=True)
class World:
    """Something of everything: one family that looks, another that is looked for, and all that waits for the staff."""

    app: Flask
    planning: factories.PlanningSetup
    free_child_id: int  # of the family, without enrolment: its identity may still be corrected
    stranger: factories.FamilySetup
    strangers_child_id: int
    pending_family_id: int
    requested_enrolment_id: int
    mail_id: int
    secrets: Mapping[TokenPurpose, str]
    staff: Mapping[Role, int]  # user ids

    @property
    def parent_id(self) -> int:
        """The user who signs in as a parent."""
        return self.planning.family.user_id

    def address(self, endpoint: str, **arguments: object) -> str:
        """The address of a route, with the family's own objects unless told otherwise."""
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        values: dict[str, object] = {}
        for name in rule.arguments:
            values[name] = arguments.get(name, self._own(endpoint, name))
        with self.app.test_request_context():
            return self.app.url_for(endpoint, **values)

    def _own(self, endpoint: str, name: str) -> object:
        if name == "secret":
            is_activation = endpoint.startswith("public.activations")
            return self.secrets[TokenPurpose.ACTIVATION if is_activation else TokenPurpose.PASSWORD_RESET]
        if name == "family_id" and endpoint.startswith("staff.queue"):
            return self.pending_family_id
        if name == "child_id" and endpoint in ("family.members.edit_child", "family.members.save_child"):
            return self.free_child_id
        return {
            "child_id": self.planning.child_id,
            "family_id": self.planning.family.family_id,
            "enrolment_id": self.requested_enrolment_id,
            "mail_id": self.mail_id,
            "hashed_name": self.app.jinja_env.globals["asset"]("css/site.css").removeprefix("/static/"),  # type: ignore[operator]
        }[name]


def make_world(app: Flask) -> World:
    """The world of the tests that go through all routes. The clock must stand at `factories.NOW`."""
    planning = factories.make_planning(quotient_cents=50_000)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.WEDNESDAY, "Matin")])
    free_child_id = factories.make_child(planning.family, "Hugo")
    stranger, strangers_child_id = factories.add_family(planning, "AUTRE")
    # Ids of children and families must not be the same by chance, or a mix-up would go unseen.
    other_child_id = factories.make_child(stranger, "Noé", last_name="AUTRE")
    pending_family_id = factories.make_pending_family()
    requested_enrolment_id = factories.enrol(
        other_child_id, stranger, factories.make_activity("Musique"), EnrolmentStatus.REQUESTED
    )
    with write_transaction() as session:
        mail = queue_mail(session, "sign_up_known", "refusee@example.org")
        mail.status = MailStatus.FAILED
        session.flush()
        mail_id = mail.id
    unconfirmed_id = factories.make_user("attend@example.org", "Alix ATTEND", confirmed=False)
    factories.make_family("ATTEND", "Alix", email="attend@example.org", user_id=unconfirmed_id)
    with write_transaction() as session:
        accounts.request_activation(session, "attend@example.org")
        accounts.request_password_reset(session, planning.family.email)
    secrets = {
        TokenPurpose.ACTIVATION: _secret_for("attend@example.org"),
        TokenPurpose.PASSWORD_RESET: _secret_for(planning.family.email),
    }
    staff = {role: factories.make_staff(role) for role in Role}
    return World(
        app, planning, free_child_id, stranger, strangers_child_id, pending_family_id, requested_enrolment_id, mail_id,
        secrets, staff,
    )  # fmt: skip


def _secret_for(email: str) -> str:
    secret = db.session.scalars(
        select(OutboxMail.secret)
        .where(OutboxMail.recipient == email, OutboxMail.secret.is_not(None))
        .order_by(OutboxMail.id.desc())
        .limit(1)
    ).one()
    assert secret is not None
    return secret
