"""The draft of a grid: each part on its form, what is wrong said beside it, and nothing paid by it before its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from urllib.parse import quote

import pytest
from sqlalchemy import select

from app.blueprints.staff.tariff_drafts import SECTIONS
from app.database import db, write_transaction
from app.models.activities import NO_DAY_YET, TariffVersion
from app.models.bookings import Booking
from app.rules.capabilities import Role
from app.rules.grid_parts import Section
from app.rules.tariff_grids import (
    AddCents,
    Combination,
    Condition,
    CountedSiblings,
    CreditBook,
    DaysDeduction,
    Grid,
    Item,
    Modifier,
    ModifierKind,
    Nature,
    Package,
    Period,
    Rounding,
    YearlyFee,
    flat,
    unit_code,
)
from app.services import tariff_drafts, tariffs
from app.services.errors import DraftMoved
from app.services.tariffs import TariffInput
from tests import factories
from tests.client import Answer, Client, form_fields

TARIFFS = "/gestion/tarifs"


@pytest.fixture
def regie(sqlite_client: Client) -> Client:
    return sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))


@pytest.fixture
def activity() -> factories.ActivitySetup:
    return factories.make_activity(prices=((0, None, 300),))


@pytest.fixture
def draft(regie: Client, activity: factories.ActivitySetup) -> str:
    """The address of a draft with three prices, one of which has a name of its own."""
    prices = grid_of(activity)
    with write_transaction() as session:
        draft_id, _ = tariff_drafts.open_draft(session, activity.id, prices)
    return f"{TARIFFS}/brouillons/{draft_id}"


def grid_of(activity: factories.ActivitySetup) -> Grid:
    items = [Item(unit_code(id_), flat(300)) for id_ in activity.units.values()]
    deduction = DaysDeduction("Trois jours", Period.WEEK, frozenset({items[0].code}), ((3, 100),))
    return Grid((*items, Item("semaine", flat(4000), label="Forfait semaine")), deductions=(deduction,))


def stored() -> Grid:
    """The grid of the only draft."""
    db.session.rollback()
    return db.session.scalars(select(TariffVersion.grid).where(TariffVersion.starts_on == NO_DAY_YET)).one()


def refuse(regie: Client, draft: str, section: str, said: dict[str, str], **typed: object) -> Answer:
    """Send a part that is wrong: each field says why, and keeps what was typed."""
    before = stored()
    regie.get(f"{draft}/regle?partie={section}")
    page = regie.submit("part", status=422, **typed)
    for field, words in said.items():
        error = "".join(page.by_id(f"{field}-error").itertext()).replace("\xa0", " ")
        assert words in error, f"{field}: {error}"
        holder = page.by_id(field)
        assert holder.tag == "fieldset" or holder.get("aria-invalid") == "true"
    for name, value in typed.items():
        if isinstance(value, str) and value:
            assert page.value(name, "part") == value
    assert stored() == before
    return page


def test_draft_begins_with_a_version_and_goes_on(regie: Client, activity: factories.ActivitySetup) -> None:
    version_id = db.session.scalars(select(TariffVersion.id)).one()
    regie.get(f"{TARIFFS}/{version_id}")
    page = regie.submit(f"{TARIFFS}/activites/{activity.id}/brouillon")
    draft = page.path.split("#")[0]
    assert "Matin Prix selon le quotient familial, garde." in page.text
    page = regie.get(draft)
    assert len(page.queries) <= 12
    assert "Continuer le brouillon" in regie.get(TARIFFS).text
    regie.get(f"{TARIFFS}/{version_id}")
    page = regie.submit(f"{TARIFFS}/activites/{activity.id}/brouillon")
    assert page.path.split("#")[0] == draft and "a déjà un brouillon" in page.text
    draft_id = int(draft.rsplit("/", 1)[1])
    regie.get(f"{TARIFFS}/{draft_id}", status=404)
    regie.get(f"{TARIFFS}/brouillons/{version_id}", status=404)
    regie.get(f"{draft}/regle?partie=inconnue", status=404)
    regie.get(draft)
    page = regie.submit(f"{draft}/supprimer")
    assert "Le brouillon est supprimé" in page.text and "Continuer" not in page.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"unit": ""}, {"unit": "Choisissez ce qui a ce prix"}),
        ({"name": ""}, {"name": "Donnez un nom"}),
        ({"name": "forfait SEMAINE"}, {"name": "porte ce nom"}),
        ({"value-0-0-0": ""}, {"value-0-0-0": "Indiquez un montant"}),
        ({"value-0-0-0": "-3"}, {"value-0-0-0": "jamais négatif"}),
        ({"value-0-0-0": "cher"}, {"value-0-0-0": "par exemple 3,20"}),
        ({"nature": "meal", "meal": "1"}, {"meal": "Seul un prix de garde"}),
        ({"step": "15"}, {"per": "les deux durées"}),
        ({"step": "15", "per": "60", "least": "90", "most": "30"}, {"most": "atteindre 90"}),
        ({"step": "0"}, {"step": "de 1 à 1440"}),
        ({"floor": "5", "ceiling": "2"}, {"ceiling": "au-dessous du minimum"}),
        ({"rate-kind": "share", "value-0-0-0": "120"}, {"value-0-0-0": "de 0 à 100"}),
        ({"rate-kind": "effort"}, {"piece-percent-0": "par exemple 0,36"}),
        ({"rate-kind": "effort", "piece-percent-0": "101", "rate-ceiling": "4"}, {"piece-percent-0": "par exemple 0,36"}),
        ({"rate-kind": "effort", "piece-percent-0": "0,36"}, {"rate-ceiling": "une famille sans quotient"}),
        ({"rate-kind": "effort", "piece-percent-0": "0,36", "piece-low-0": "100", "rate-ceiling": "4"},
         {"piece-low-0": "Rien n’est prévu de 0 à moins de 100"}),
        ({"rate-kind": "effort", "piece-percent-0": "0,36", "rate-floor": "5", "rate-ceiling": "4"},
         {"rate-ceiling": "atteindre le minimum"}),
    ],
)  # fmt: skip
def test_wrong_price_is_refused_beside_its_field(
    regie: Client, draft: str, typed: dict[str, str], said: dict[str, str]
) -> None:
    refuse(regie, draft, "prix", said, **{"unit": "named", "name": "Journée", "value-0-0-0": "9", **typed})


def test_table_is_drawn_by_buttons_and_says_where_it_is_wrong(regie: Client, draft: str) -> None:
    regie.get(f"{draft}/regle?partie=prix")
    show = "Afficher le tableau"
    typed: dict[str, object] = {"unit": "named", "name": "Journée", "axis-0": "quotient", "axis-1": "rank"}
    page = regie.submit("part", status=200, button=show, **typed)
    assert page.value("low-1-2", "part") == "3" and page.value("name", "part") == "Journée"
    regie.submit("part", status=200, button="Retirer la ligne 3 : Rang de l’enfant")
    page = regie.submit("part", status=200, button="Retirer la ligne 2 : Rang de l’enfant")
    assert page.value("low-1-1", "part") is None
    amounts: dict[str, object] = {f"value-{row}-0-0": "5,00" for row in range(2)}
    page = regie.submit("part", status=422, **{"last-0-0": "601", "low-0-1": "650", "last-0-1": "900"}, **amounts)
    for field, words in (
        ("low-0-1", "Rien n’est prévu de 601 à moins de 650 pour le quotient familial"),
        ("last-0-1", "Rien n’est prévu à partir de 900"),
        ("last-1-0", "Rien n’est prévu à partir de 2 pour le rang de l’enfant"),
    ):
        assert words in "".join(page.by_id(f"{field}-error").itertext()), field
    page = regie.submit("part", status=422, **{"low-0-1": "500", "last-0-1": "", "last-1-0": ""})
    assert "Deux tranches se recouvrent de 500 à moins de 601" in page.text
    page = regie.submit("part", status=422, **{"low-0-1": "601", "last-0-1": "600"})
    assert "Cette limite doit dépasser 601,00 €" in page.text
    regie.submit("part", **{"last-0-1": ""})
    regie.get(draft)
    page = regie.get(f"{draft}/regle?partie=prix&regle={tariff_drafts.part_stamp(stored().items[-1])}")
    assert page.value("low-0-1", "part") == "601" and page.value("value-1-0-0", "part") == "5,00"
    # A criterion that is taken away leaves the amounts of its first line.
    page = regie.submit("part", status=200, button=show, **{"axis-0": ""})
    assert page.value("low-0-0", "part") == "1" and page.value("value-0-0-0", "part") == "5,00"
    page = regie.submit("part", status=200, button=show, **{"axis-0": "residence"})
    assert page.value("low-0-1", "part") == "extérieur", "another criterion begins with its own lines"
    page = regie.submit("part", status=422, **{"low-0-1": "Résident", "value-1-0-0": "6"})
    assert "déjà pris" in "".join(page.by_id("low-0-1-error").itertext())


@pytest.mark.parametrize(
    ("section", "typed", "said"),
    [
        ("reductions", {"percent": "10"}, {"kind": "Choisissez la raison"}),
        ("reductions", {"kind": "sibling"}, {"percent": "Écrivez un pourcentage"}),
        ("reductions", {"kind": "sibling", "percent": "101"}, {"percent": "plus de 100"}),
        ("reductions", {"kind": "sibling", "direction": "more", "percent": "1001"}, {"percent": "trop"}),
        ("reductions", {"kind": "sibling", "effect": "add"}, {"cents": "Indiquez le montant"}),
        ("reductions", {"kind": "sibling", "effect": "lower", "places": "0"}, {"places": "de 1 à 20"}),
        ("reductions", {"kind": "social", "effect": "replace"}, {"value-0-0-0": "Indiquez un montant"}),
        ("reductions", {"kind": "sibling", "percent": "9", "rank_low": "3", "rank_last": "2"}, {"rank_last": "atteindre 3"}),
        ("reductions", {"kind": "sibling", "percent": "9", "children_last": "2"}, {"children_last": "le début"}),
        ("reductions", {"kind": "fund", "percent": "9", "quotient_low": "9", "quotient_below": "9"}, {"quotient_below": "dépasser"}),
        ("forfaits", {}, {"item": "Choisissez le prix", "units": "Cochez au moins un"}),
        ("forfaits", {"item": "semaine", "cancelled": "refund"}, {"refund": "Indiquez le montant rendu"}),
        ("forfaits", {"least_days": "0"}, {"least_days": "de 1 à 31"}),
        ("journee", {"item": "semaine"}, {"units": "au moins deux"}),
        ("jours", {}, {"name": "Donnez un nom", "units": "Cochez", "days_0": "au moins un nombre de jours"}),
        ("jours", {"name": "TROIS jours"}, {"name": "porte ce nom"}),
        ("jours", {"days_0": "3"}, {"days_0": "un nombre de jours et un montant"}),
        ("jours", {"days_0": "3", "cents_0": "2", "days_1": "3", "cents_1": "4"}, {"days_0": "deux fois"}),
        ("frais", {"item": "semaine"}, {"first_month": "Choisissez le mois"}),
        ("carnets", {"entries": "0"}, {"entries": "de 1 à 200", "item": "Choisissez"}),
        ("penalites", {"cause": "late_pickup", "effect": "percent", "percent": "5"}, {"effect": "un montant en plus"}),
        ("penalites", {"cause": "late_payment", "value-0-0-0": "5"}, {"effect": "un pourcentage", "reminders": "relances"}),
        ("penalites", {"cause": "unbooked"}, {"value-0-0-0": "Indiquez un montant"}),
    ],
)  # fmt: skip
def test_wrong_part_is_refused_beside_its_field(
    regie: Client, draft: str, section: str, typed: dict[str, str], said: dict[str, str]
) -> None:
    refuse(regie, draft, section, said, **typed)


def test_parts_are_added_changed_moved_and_taken_away(
    regie: Client, draft: str, activity: factories.ActivitySetup
) -> None:
    morning, meal, afternoon = (unit_code(activity.units[name]) for name in ("Matin", "Repas", "Après-midi"))
    for section, typed in (
        ("forfaits", {"item": "semaine", "units": [morning, afternoon], "least_days": "5", "when": "cheaper"}),
        ("journee", {"item": "semaine", "units": [morning, meal]}),
        ("carnets", {"item": "semaine", "units": [meal], "entries": "10", "valid_months": "6"}),
        ("frais", {"item": "semaine", "first_month": "9"}),
        ("reductions", {"kind": "sibling", "effect": "add", "cents": "0,50", "rank_low": "2", "residences": "résident"}),
        ("reductions", {"kind": "staff", "percent": "10", "standings": ["staff"], "natures": ["meal"]}),
    ):  # fmt: skip
        regie.get(f"{draft}/regle?partie={section}")
        regie.submit("part", follow=False, **typed)
    grid = stored()
    both = frozenset({morning, afternoon})
    assert grid.packages == (Package("semaine", Period.WEEK, both, 5, only_if_cheaper=True),)
    assert grid.combinations == (Combination(frozenset({morning, meal}), "semaine"),)
    assert grid.credit_books == (CreditBook("semaine", frozenset({meal}), 10, 6),)
    assert grid.fees == (YearlyFee("semaine", 9, is_per_child=False),)
    page = regie.get(draft)
    for words in (
        "Forfait semaine Par semaine pour Matin et Après-midi, à partir de 5 jours, s’il est moins cher que les prix",
        "Forfait semaine Pour Matin et Repas du même jour.",
        "Forfait semaine 10 entrées pour Repas, valable 6 mois à partir de l’achat.",
        "Forfait semaine Une fois par an par famille, l’année commence en septembre.",
        "Fratrie −0,50 €, si la famille est résident, pour 2e enfant et suivants.",
        "Agent de la collectivité −10 %, sur ce qui est repas, si : agent de la collectivité.",
    ):
        assert words in page.text, words
    regie.submit("reductions-0", button="Descendre Réductions et majorations, dans l’ordre, 1 : Fratrie")
    assert [modifier.kind for modifier in stored().modifiers] == [ModifierKind.STAFF, ModifierKind.SIBLING]
    regie.submit("reductions-0")
    assert [modifier.kind for modifier in stored().modifiers] == [ModifierKind.SIBLING]
    page = regie.submit("prix-3")
    assert "Une autre règle de la grille utilise ce prix" in page.text
    assert "semaine" in stored().by_code
    page = regie.get(f"{draft}/regle?partie=reductions&regle={tariff_drafts.part_stamp(stored().modifiers[0])}")
    assert page.value("residences", "part") == "résident" and page.value("rank_low", "part") == "2"
    regie.submit("part", direction="more", rank_last="2")
    (modifier,) = stored().modifiers
    assert modifier.effect == AddCents(50) and modifier.when.ranks is not None and modifier.when.ranks.below == 3
    page = regie.get(f"{draft}/regle?partie=prix&regle={tariff_drafts.part_stamp(stored().items[3])}")
    regie.submit("part", name="Semaine entière")
    item = stored().by_code["semaine"]
    assert item.label == "Semaine entière", "a price keeps its code under a new name"
    regie.get(f"{draft}/fratrie")
    regie.submit("rules", counted="enrolled", rounding="five_cents")
    assert (stored().counted_siblings, stored().rounding) == (CountedSiblings.ENROLLED, Rounding.FIVE_CENTS)


@pytest.mark.parametrize("nasty", ["9" * 30, "é" * 5_000, "-1", "²", "1e309"])
def test_whatever_is_typed_in_a_part_is_answered_clearly(regie: Client, draft: str, nasty: str) -> None:
    before = stored()
    for section in SECTIONS:
        address = f"{draft}/regle?partie={section}"
        page = regie.get(address)
        sent = dict(form_fields(page.form("part")))
        names = {e.get("name") for e in page.form("part").iter() if e.get("name")} - {"csrf_token", "do"}
        for pressed in ({}, {"do": nasty}, {"do": "rows-0-99"}):
            answer = regie.post_any(address, {**sent, **dict.fromkeys(names, nasty), **pressed})
            assert answer.status == (400 if pressed else 422), (section, pressed, answer.status)
        axes = {"axis-0": "quotient", "was-0": "quotient", "low-0-0": nasty, "last-0-0": nasty, "value-0-0-0": nasty}
        for more in (
            axes,
            {"axis-0": "rank", "was-0": "rank", "low-0-0": nasty, "last-0-0": nasty},
            {"rate-kind": "effort"},
        ):
            assert regie.post_any(address, {**sent, **more}).status == 422, (section, more)
    for query in (f"partie={quote(nasty)}", f"regle={quote(nasty)}", f"temps={quote(nasty)}"):
        assert regie.get_any(f"{draft}/regle?{query}").status in (200, 404, 409), query
    assert stored() == before


def test_what_another_agent_changed_is_not_overwritten(regie: Client, draft: str) -> None:
    first = stored().items[0]
    address = f"{draft}/regle?partie=prix&regle={tariff_drafts.part_stamp(first)}"
    regie.get(address)
    with write_transaction() as session:
        row = session.scalars(select(TariffVersion).where(TariffVersion.starts_on == NO_DAY_YET)).one()
        row.grid = replace(row.grid, items=(replace(first, rate=flat(999)), *row.grid.items[1:]))
    page = regie.submit("part", status=422, **{"value-0-0-0": "4,50"})
    assert "a changé ou a été retirée entre-temps" in page.text and page.value("value-0-0-0", "part") == "4,50"
    assert stored().items[0].rate == flat(999)
    regie.get(address, status=409)


def test_price_that_other_rules_name_stays_what_it_is(
    regie: Client, draft: str, activity: factories.ActivitySetup
) -> None:
    morning, meal, afternoon = (unit_code(activity.units[name]) for name in ("Matin", "Repas", "Après-midi"))
    grid = stored()
    day = replace(
        grid,
        items=tuple(item for item in grid.items if item.code != afternoon),
        combinations=(Combination(frozenset({morning, meal}), "semaine"),),
    )
    with write_transaction() as session:
        tariff_drafts.replace_draft(session, int(draft.rsplit("/", 1)[1]), day)
    regie.get(f"{draft}/regle?partie=prix&regle={tariff_drafts.part_stamp(day.by_code['semaine'])}")
    page = regie.submit("part", status=422, unit=afternoon, name="")
    assert "utilise ce prix" in "".join(page.by_id("unit-error").itertext())
    # Two tabs: what the one takes away the other cannot name, nor add what the other has added.
    package = Package("carnet", Period.WEEK, frozenset({meal}))
    for part, section in ((package, Section.PACKAGES), (day.by_code["semaine"], Section.ITEMS)):
        with pytest.raises(DraftMoved), write_transaction() as session:
            tariff_drafts.put_part(session, int(draft.rsplit("/", 1)[1]), section, part, None)
    assert stored() == day


def test_rules_that_a_colleague_changed_are_not_overwritten(regie: Client, draft: str) -> None:
    regie.get(f"{draft}/fratrie")
    with write_transaction() as session:
        other = replace(stored(), counted_siblings=CountedSiblings.ENROLLED)
        tariff_drafts.replace_draft(session, int(draft.rsplit("/", 1)[1]), other)
    regie.submit("rules", status=409, rounding="five_cents")
    assert stored() == other


def test_draft_with_problems_is_not_published(regie: Client, draft: str, activity: factories.ActivitySetup) -> None:
    morning, meal, afternoon = (unit_code(activity.units[name]) for name in ("Matin", "Repas", "Après-midi"))
    token = {"csrf_token": regie.get(draft).value("csrf_token", "publish"), "starts_on": "2027-01-01"}
    holey = Grid(
        (Item(morning, flat(100)), Item("day", flat(900), label="Journée")),
        combinations=(Combination(frozenset({morning, meal}), "day"),),
    )
    with write_transaction() as session:
        tariff_drafts.replace_draft(session, int(draft.rsplit("/", 1)[1]), holey)
    page = regie.get(draft)
    assert "« Après-midi » n’a pas de prix" in page.text
    assert "Prix de la journée, Journée : « Repas » n’a pas de prix dans cette grille." in page.text
    regie.post(f"{draft}/publier", token, status=422)
    page = regie.get(f"{draft}/regle?partie=prix&temps={activity.units['Repas']}")
    assert page.value("unit", "part") == meal and page.value("nature", "part") == Nature.MEAL
    assert afternoon not in stored().by_code


def test_publishing_says_what_it_changes_and_replaces_a_version_to_come(
    regie: Client, activity: factories.ActivitySetup, draft: str
) -> None:
    with write_transaction() as session:
        version_id = tariffs.add_version(session, activity.id, TariffInput(date(2027, 1, 1), grid_of(activity)))
    for day, words in (
        ("", "premier jour"),
        ("31/02/2027", "premier jour"),
        ("2026-11-22", "à venir"),
        ("2026-09-01", "à venir"),
    ):
        regie.get(draft)
        page = regie.submit("publish", status=422, starts_on=day)
        assert words in "".join(page.by_id("starts_on-error").itertext()), day
    regie.get(draft)
    page = regie.submit("publish", status=200, starts_on="2027-01-01")
    assert "ce brouillon la remplace" in page.text
    page = regie.submit("publish")
    assert page.path == f"{TARIFFS}/{version_id}" and "sont enregistrés" in page.text
    assert tariff_drafts.draft_ids() == {}


def test_what_a_colleague_changed_is_not_published_unread(regie: Client, draft: str) -> None:
    regie.get(draft)
    with write_transaction() as session:
        tariff_drafts.replace_draft(session, int(draft.rsplit("/", 1)[1]), replace(stored(), deductions=()))
    page = regie.submit("publish", status=409, starts_on="2027-01-01")
    assert "a changé entre-temps" in page.text and tariff_drafts.draft_ids()
    regie.get(draft)
    assert "sont enregistrés" in regie.submit("publish", starts_on="2027-01-01").text


def test_effect_on_bookings_is_told_before_publishing(regie: Client) -> None:
    planning = factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
    grid = factories.make_grid(planning.activity.units.values(), [(0, None, 900)])
    with write_transaction() as session:
        draft_id, _ = tariff_drafts.open_draft(session, planning.activity.id, grid)
    assert list(db.session.scalars(select(Booking.price_cents))) == [420], "nobody pays by a draft"
    regie.get(f"{TARIFFS}/brouillons/{draft_id}")
    page = regie.submit("publish", status=200, starts_on="2026-12-01")
    assert "1 réservation pas encore facturée change de prix" in page.text
    regie.submit("publish")
    db.session.rollback()
    assert list(db.session.scalars(select(Booking.price_cents))) == [900]


def test_quick_table_and_draft_lead_to_each_other(regie: Client, activity: factories.ActivitySetup) -> None:
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    typed = {f"price-0-{unit_id}": "5,50" for unit_id in activity.units.values()}
    page = regie.submit("tariffs", button="Garder en brouillon", status=422, **{**typed, "low-0": "abc"})
    assert "par exemple 3,20" in page.text
    page = regie.submit("tariffs", button="Garder en brouillon", **{"low-0": "0"})
    draft = page.path.split("#")[0]
    assert stored().by_code[unit_code(activity.units["Matin"])].rate == flat(550)
    modifier = Modifier(ModifierKind.STAFF, Condition(), AddCents(-10))
    with write_transaction() as session:
        draft_id = int(draft.rsplit("/", 1)[1])
        tariff_drafts.replace_draft(session, draft_id, replace(stored(), modifiers=(modifier,)))
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle?copie={draft_id}")
    page = regie.submit("tariffs", button="Garder en brouillon", **{f"price-0-{activity.units['Matin']}": "6"})
    assert page.path.split("#")[0] == draft
    assert stored().by_code[unit_code(activity.units["Matin"])].rate == flat(600)
    assert stored().modifiers == (modifier,)
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    page = regie.submit("tariffs", button="Garder en brouillon", status=422)
    assert "a déjà un brouillon" in page.text


def test_published_rules_are_compared_copied_and_shown(regie: Client) -> None:
    planning = factories.make_planning()
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    units = {name: unit_code(id_) for name, id_ in planning.activity.units.items()}
    grid = Grid(
        (*(Item(code, flat(500)) for code in units.values()), Item("card", flat(1500), Nature.OTHER, label="Carte")),
        fees=(YearlyFee("card", 9, is_per_child=False),),
        modifiers=(Modifier(ModifierKind.RESIDENCE, Condition(), AddCents(-100)),),
    )
    with write_transaction() as session:
        draft_id, _ = tariff_drafts.open_draft(session, planning.activity.id, grid)
    regie.get(f"{TARIFFS}/brouillons/{draft_id}")
    page = regie.submit("publish", starts_on="2027-01-01")
    version = page.path
    for words in ("Carte Une fois par an par famille", "Lieu de résidence −1,00 €", "Fratrie et arrondi"):
        assert words in page.text, words
    assert len(regie.get(version).queries) <= 12
    page = regie.get(f"{version}/comparer")
    assert "Avec cette version" in page.text and "Familles qui paieraient plus" in page.text
    regie.get(f"{TARIFFS}/activites/{planning.activity.id}/nouvelle?copie={version.rsplit('/', 1)[1]}")
    regie.submit("tariffs", starts_on="01/02/2027")
    db.session.rollback()
    copies = db.session.scalars(select(TariffVersion.grid).where(TariffVersion.starts_on >= date(2027, 1, 1))).all()
    assert copies == [grid, grid]
