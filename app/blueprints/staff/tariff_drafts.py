"""A grid that is being written: its parts, each on a form of its own, until it is given its first day."""

from flask import Blueprint, Response, abort, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.access import requires
from app.blueprints.staff.tariffs import done_sentence, names_of, reprice_for_a_while, signature_of
from app.database import write_transaction
from app.forms.staff_tariffs import FirstDayForm
from app.forms.tariff_fields import PartForm
from app.forms.tariff_parts import RulesForm, part_form
from app.forms.tariff_prices import ItemForm
from app.grid_labels import PART_TITLES, SECTION_TITLES, family_words, sections_of
from app.htmx import go_to, render_page
from app.labels import choices_of
from app.rules.capabilities import Capability
from app.rules.grid_parts import ORDERED, PartInUse, SameUnits, Section
from app.rules.tariff_grids import CountedSiblings, Criterion, Grid, Rounding, SiblingOrder, unit_code
from app.services import tariff_drafts, tariffs
from app.services.errors import DayTaken, DraftMoved
from app.services.tariff_drafts import DraftView
from app.services.tariffs import Effect, TariffInput

blueprint = Blueprint("tariff_drafts", __name__)

SECTIONS = {
    "prix": Section.ITEMS,
    "reductions": Section.MODIFIERS,
    "forfaits": Section.PACKAGES,
    "journee": Section.COMBINATIONS,
    "jours": Section.DEDUCTIONS,
    "frais": Section.FEES,
    "carnets": Section.CREDIT_BOOKS,
    "penalites": Section.SURCHARGES,
}
WORDS = {section: word for word, section in SECTIONS.items()}
"""What a section is called in addresses."""


@blueprint.post("/activites/<int:activity_id>/brouillon")
@requires(Capability.EDIT_TARIFFS)
def open_draft(activity_id: int) -> BaseResponse:
    """Begin a draft with the grid of a version, or go on with the one that there is."""
    activity = tariffs.read_activity(activity_id)
    model = tariffs.version_to_copy(activity, request.args.get("copie", type=int))
    with write_transaction() as session:
        draft_id, is_new = tariff_drafts.open_draft(session, activity_id, Grid(()) if model is None else model.prices)
    if not is_new:
        flash("Cette activité a déjà un brouillon : terminez-le, ou supprimez-le pour repartir d’une version.", "info")
    return go_to(url_for("staff.tariff_drafts.show", draft_id=draft_id))


@blueprint.get("/brouillons/<int:draft_id>")
@requires(Capability.EDIT_TARIFFS)
def show(draft_id: int) -> Response:
    """A draft, section by section."""
    return _draft_page(tariff_drafts.read_draft(draft_id), FirstDayForm(formdata=None))


@blueprint.post("/brouillons/<int:draft_id>/publier")
@requires(Capability.EDIT_TARIFFS)
def publish(draft_id: int) -> BaseResponse:
    """Give a draft its first day, once its effect is confirmed."""
    draft = tariff_drafts.read_draft(draft_id)
    form = FirstDayForm()
    starts_on = form.day()
    if starts_on is None or not draft.is_complete:
        return _draft_page(draft, form, status=422)
    if request.form.get("etat") != draft.stamp:
        raise DraftMoved  # what would be published is not what was read
    replaced = tariff_drafts.version_replaced(draft.activity, starts_on)
    effect = tariffs.effect_of_input(draft.activity, TariffInput(starts_on, draft.grid), replaced)
    signature = f"{draft.stamp}:{starts_on}:{signature_of(effect)}"
    if (effect.count or replaced) and request.form.get("confirmer") != signature:
        return _draft_page(draft, form, effect=effect, signature=signature, replaces=replaced is not None)
    try:
        with write_transaction() as session:
            version_id = tariff_drafts.publish_draft(session, draft_id, draft.stamp, starts_on)
    except DayTaken:
        form.refuse()
        return _draft_page(draft, form, status=422)
    left = reprice_for_a_while(draft.activity.id)
    flash(f"Les tarifs de « {draft.activity.name} » sont enregistrés.{done_sentence(effect, left)}", "success")
    return go_to(url_for("staff.tariffs.show_version", version_id=version_id))


@blueprint.post("/brouillons/<int:draft_id>/supprimer")
@requires(Capability.EDIT_TARIFFS)
def delete_draft(draft_id: int) -> BaseResponse:
    """Throw a draft away."""
    with write_transaction() as session:
        tariff_drafts.delete_draft(session, draft_id)
    flash("Le brouillon est supprimé.", "success")
    return go_to(url_for("staff.tariffs.show"))


@blueprint.get("/brouillons/<int:draft_id>/regle")
@requires(Capability.EDIT_TARIFFS)
def edit_part(draft_id: int) -> Response:
    """The form of a part: of one that there is, or of a new one."""
    draft, section, seen = _asked(draft_id)
    form = part_form(section, draft.grid, names_of(draft.activity, draft.grid))
    if seen is not None:
        part = tariff_drafts.find_part(draft, section, seen)
        form.change(part)
        form.show(part)
    elif isinstance(form, ItemForm):
        unit = next(
            (unit for unit in draft.units_without_price if unit.id == request.args.get("temps", type=int)), None
        )
        if unit is not None:
            form.suggest(unit_code(unit.id), is_meal=unit.is_meal)
    return _part_page(draft, section, form, seen)


@blueprint.post("/brouillons/<int:draft_id>/regle")
@requires(Capability.EDIT_TARIFFS)
def save_part(draft_id: int) -> BaseResponse:
    """Keep a part; or draw its table anew, with the lines that a button asks for."""
    draft, section, seen = _asked(draft_id)
    form = part_form(section, draft.grid, names_of(draft.activity, draft.grid), request.form)
    moved = False
    if seen is not None:
        try:
            form.change(tariff_drafts.find_part(draft, section, seen))
        except DraftMoved:
            moved = True
    if "do" in request.form:
        form.editor.press(request.form["do"])
        return _part_page(draft, section, form, seen)
    part = form.part()
    if part is None or moved:
        return _part_page(draft, section, form, None if moved else seen, moved=moved, status=422)
    try:
        with write_transaction() as session:
            tariff_drafts.put_part(session, draft_id, section, part, seen)
    except (DraftMoved, SameUnits):
        return _part_page(draft, section, form, None, moved=True, status=422)
    flash("Enregistré dans le brouillon.", "success")
    return _back_to(draft_id, section)


@blueprint.post("/brouillons/<int:draft_id>/retirer")
@requires(Capability.EDIT_TARIFFS)
def remove_part(draft_id: int) -> BaseResponse:
    """Take a part away."""
    _, section, seen = _asked(draft_id)
    try:
        with write_transaction() as session:
            tariff_drafts.remove_part(session, draft_id, section, seen or "")
    except PartInUse:
        flash("Une autre règle de la grille utilise ce prix : retirez-la d’abord.", "error")
    else:
        flash("Retiré du brouillon.", "success")
    return _back_to(draft_id, section)


@blueprint.post("/brouillons/<int:draft_id>/deplacer")
@requires(Capability.EDIT_TARIFFS)
def move_part(draft_id: int) -> BaseResponse:
    """Move a part up or down in its section."""
    _, section, seen = _asked(draft_id)
    with write_transaction() as session:
        tariff_drafts.move_part(session, draft_id, section, seen or "", 1 if request.args.get("sens") == "bas" else -1)
    return _back_to(draft_id, section)


@blueprint.get("/brouillons/<int:draft_id>/fratrie")
@requires(Capability.EDIT_TARIFFS)
def edit_rules(draft_id: int) -> Response:
    """How siblings count, and how prices are rounded."""
    draft = tariff_drafts.read_draft(draft_id)
    form = RulesForm()
    form.counted.data = draft.grid.counted_siblings.value
    form.order.data = draft.grid.sibling_order.value
    form.rounding.data = draft.grid.rounding.value
    seen = tariff_drafts.rules_stamp(draft.grid)
    return render_page("staff/tariffs/rules.html", layout="staff", draft=draft, form=form, seen=seen)


@blueprint.post("/brouillons/<int:draft_id>/fratrie")
@requires(Capability.EDIT_TARIFFS)
def save_rules(draft_id: int) -> BaseResponse:
    """Keep them."""
    draft = tariff_drafts.read_draft(draft_id)
    form, seen = RulesForm(), request.form.get("etat", "")
    if not form.validate():
        return render_page("staff/tariffs/rules.html", layout="staff", status=422, draft=draft, form=form, seen=seen)
    with write_transaction() as session:
        tariff_drafts.set_rules(
            session, draft_id, CountedSiblings(form.counted.data), SiblingOrder(form.order.data),
            Rounding(form.rounding.data), seen,
        )  # fmt: skip
    flash("Enregistré dans le brouillon.", "success")
    return go_to(url_for("staff.tariff_drafts.show", draft_id=draft_id, _anchor="fratrie"))


def _asked(draft_id: int) -> tuple[DraftView, Section, str | None]:
    """The draft, the section, and the part that was seen, of the address."""
    section = SECTIONS.get(request.args.get("partie", "prix"))
    if section is None:
        abort(404)
    return tariff_drafts.read_draft(draft_id), section, request.args.get("regle")


def _back_to(draft_id: int, section: Section) -> BaseResponse:
    return go_to(url_for("staff.tariff_drafts.show", draft_id=draft_id, _anchor=WORDS[section]))


def _draft_page(
    draft: DraftView, form: FirstDayForm, *, effect: Effect | None = None, signature: str = "", replaces: bool = False,
    status: int = 200,
) -> Response:  # fmt: skip
    names = names_of(draft.activity, draft.grid)
    return render_page(
        "staff/tariffs/draft.html", layout="staff", status=status, draft=draft, form=form, effect=effect,
        signature=signature, replaces=replaces, sections=sections_of(draft.grid, names, draft.problems), words=WORDS,
        ordered=ORDERED, stamps=tariff_drafts.part_stamps(draft), rules=family_words(draft.grid),
    )  # fmt: skip


def _part_page(
    draft: DraftView, section: Section, form: PartForm, seen: str | None, *, moved: bool = False, status: int = 200
) -> Response:
    return render_page(
        "staff/tariffs/part.html", layout="staff", status=status, draft=draft, section=section,
        title=SECTION_TITLES[section], what=PART_TITLES[section], word=WORDS[section], form=form, seen=seen,
        moved=moved, criteria=choices_of(Criterion),
    )  # fmt: skip
