"""« Agents »: who works with the portal, with which roles, and the log of what administrators did."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import current_account, requires, resumed_at
from app.database import write_transaction
from app.filters import of, spaced
from app.forms.staff_agents import AgentForm, RolesForm
from app.htmx import go_to, render_page
from app.rules.capabilities import Capability
from app.services import staff_accounts
from app.services.catalogue import catalogue
from app.services.errors import EmailTaken, OwnAccount
from app.services.staff_accounts import Agent
from app.step_up import ask_to_confirm, confirmed_lately

blueprint = Blueprint("agents", __name__)


@blueprint.get("")
@requires(Capability.MANAGE_USERS)
def show() -> Response:
    """All agents, and the log."""
    return _list_page()


def _list_address() -> str:
    return url_for("staff.agents.show")


def _agent_address(agent_id: int) -> str:
    return url_for("staff.agents.show_agent", agent_id=agent_id)


@blueprint.post("")
@requires(Capability.MANAGE_USERS)
@resumed_at(_list_address)
@confirmed_lately
def require_second_factor() -> BaseResponse:
    """Ask the second factor of all agents, or leave it to each."""
    wanted = request.form.get("double_verification")
    if wanted not in ("exigee", "au-choix"):
        return _list_page(status=422)
    with write_transaction() as session:
        staff_accounts.require_second_factor(session, current_account().user_id, wanted == "exigee")
    flash("Le réglage est enregistré.", "success")
    return go_to(url_for("staff.agents.show"))


@blueprint.get("/nouveau")
@requires(Capability.MANAGE_USERS)
def new_agent() -> BaseResponse:
    """Add an agent."""
    return ask_to_confirm() or _new_page(AgentForm())


@blueprint.post("/nouveau")
@requires(Capability.MANAGE_USERS)
@confirmed_lately
def add_agent() -> BaseResponse:
    """Give somebody roles; the link to choose a password goes to the address."""
    form = AgentForm()
    if not form.validate():
        return _new_page(form, status=422)
    try:
        with write_transaction() as session:
            staff_accounts.add_agent(session, current_account().user_id, form.email.data, form.name.data, form.chosen())
    except (EmailTaken, OwnAccount):
        form.email.errors = ["Cette adresse est déjà celle d’un agent."]
        return _new_page(form, status=422)
    flash(f"L’agent est ajouté. Un courriel part vers {form.email.data}.", "success")
    return go_to(url_for("staff.agents.show"))


@blueprint.get("/<int:agent_id>")
@requires(Capability.MANAGE_USERS)
def show_agent(agent_id: int) -> BaseResponse:
    """An agent, with what an administrator may do."""
    agent = staff_accounts.agent(agent_id)
    return _agent_page(agent, RolesForm(agent.posts))


@blueprint.post("/<int:agent_id>")
@requires(Capability.MANAGE_USERS)
@confirmed_lately
def change_roles(agent_id: int) -> BaseResponse:
    """Give an agent other roles; their sessions end."""
    agent = staff_accounts.agent(agent_id)
    form = RolesForm(agent.posts)
    if not form.validate():
        return _agent_page(agent, form, status=422)
    with write_transaction() as session:
        changed = staff_accounts.change_roles(session, current_account().user_id, agent_id, form.chosen(), form.shown())
    flash(
        f"Les rôles {of(agent.name)} sont changés. Ses sessions sont fermées." if changed else "Rien n’a changé.",
        "success" if changed else "info",
    )
    return go_to(url_for("staff.agents.show"))


@blueprint.post("/<int:agent_id>/desactiver")
@requires(Capability.MANAGE_USERS)
@resumed_at(_agent_address)
@confirmed_lately
def deactivate(agent_id: int) -> BaseResponse:
    """Take all roles away."""
    with write_transaction() as session:
        staff_accounts.deactivate(session, current_account().user_id, agent_id)
    flash("Le compte d’agent est désactivé. Ses sessions sont fermées.", "success")
    return go_to(url_for("staff.agents.show"))


@blueprint.post("/<int:agent_id>/double-verification")
@requires(Capability.MANAGE_USERS)
@resumed_at(_agent_address)
@confirmed_lately
def reset_second_factor(agent_id: int) -> BaseResponse:
    """For an agent who lost the app and the codes."""
    with write_transaction() as session:
        staff_accounts.reset_second_factor(session, current_account().user_id, agent_id)
    flash("La double vérification de cet agent est remise à zéro. Un courriel le lui dit.", "success")
    return go_to(_agent_address(agent_id))


@blueprint.post("/<int:agent_id>/invitation")
@requires(Capability.MANAGE_USERS)
@resumed_at(_agent_address)
@confirmed_lately
def invite_again(agent_id: int) -> BaseResponse:
    """Send the link to choose a password again."""
    with write_transaction() as session:
        email = staff_accounts.invite_agent_again(session, agent_id)
    flash(spaced(f"Un nouveau lien part vers {email}. Les précédents ne fonctionnent plus."), "success")
    return go_to(_agent_address(agent_id))


def _list_page(status: int = 200) -> Response:
    return render_page(
        "staff/agents/list.html", layout="staff", status=status, agents=staff_accounts.agents(),
        log=staff_accounts.staff_log(request.args.get("page", 1, type=int)),
        is_required=catalogue().council.requires_second_factor, own_id=current_account().user_id,
    )  # fmt: skip


def _new_page(form: AgentForm, status: int = 200) -> Response:
    return render_page("staff/agents/new.html", layout="staff", status=status, form=form)


def _agent_page(agent: Agent, form: RolesForm, status: int = 200) -> Response:
    return render_page(
        "staff/agents/agent.html", layout="staff", status=status, agent=agent, form=form,
        is_own=agent.id == current_account().user_id,
    )  # fmt: skip
