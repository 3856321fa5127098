"""« Tarifs »: versions, a grid that refuses gaps and overlaps, and what a new one changes told before."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import select

from app import clock
from app.database import db, write_transaction
from app.models.activities import TariffVersion
from app.models.bookings import Booking
from app.models.mails import OutboxMail
from app.rules.capabilities import Role
from app.rules.tariff_grids import (
    ChangePercent,
    Combination,
    Condition,
    CountedSiblings,
    Criterion,
    Duration,
    EffortPiece,
    EffortRate,
    Grid,
    Item,
    Modifier,
    ModifierKind,
    Nature,
    NumberAxis,
    Package,
    Period,
    Span,
    Table,
    WordAxis,
    YearlyFee,
    flat,
    unit_code,
)
from app.services import tariffs
from app.services.tariffs import TariffInput
from tests import factories
from tests.client import Answer, Client

TARIFFS = "/gestion/tarifs"


@pytest.fixture
def regie(client: Client) -> Client:
    return client.sign_in(factories.make_staff(Role.REGISSEUR))


def grid(version_id: int) -> list[tuple[int, int, int | None, int]]:
    """The amounts of a version: unit, quotient from, below, amount."""
    db.session.rollback()
    found = []
    for item in db.session.get_one(TariffVersion, version_id).grid.items:
        assert isinstance(item.rate, Table)
        spans = [
            (span.code, span.low, span.below)
            for axis in item.rate.axes
            if isinstance(axis, NumberAxis)
            for span in axis.spans
        ]
        unit_id = int(item.code.removeprefix("unit-"))
        if not spans:
            found.append((unit_id, 0, None, item.rate.values[()]))
        found += [(unit_id, low, below, item.rate.values[code,]) for code, low, below in spans]
    return found


def versions() -> list[tuple[int, date]]:
    db.session.rollback()
    rows = db.session.execute(select(TariffVersion.id, TariffVersion.starts_on).order_by(TariffVersion.starts_on))
    return [(id_, day) for id_, day in rows]


def fill(regie: Client, activity: factories.ActivitySetup, starts_on: str = "01/01/2027", **fields: object) -> Answer:
    """Send the form of the page with these fields; all prices of a row at once as `row0`."""
    for name in [name for name in fields if name.startswith("row")]:
        value = fields.pop(name)
        fields |= {f"price-{name.removeprefix('row')}-{unit_id}": value for unit_id in activity.units.values()}
    return regie.submit("tariffs", status=fields.pop("status", None), starts_on=starts_on, **fields)  # type: ignore[arg-type]


def test_regie_sees_each_activity_with_its_versions(regie: Client) -> None:
    activity = factories.make_activity()
    page = regie.get(TARIFFS)
    for words in (
        "Mercredi",
        "À partir du mardi 1er septembre 2026 En vigueur",
        "Moins de 600,00 €",
        "2,10 €",
        "4,20 €",
    ):
        assert words in page.text, words
    ((version_id, _),) = versions()
    page = regie.get(f"{TARIFFS}/{version_id}")
    assert "Copier vers une nouvelle version" in page.text
    assert "Modifier" not in page.text
    assert activity.id


def test_version_in_force_is_copied_never_edited(regie: Client) -> None:
    activity = factories.make_activity()
    ((version_id, _),) = versions()
    assert "déjà en vigueur" in regie.get(f"{TARIFFS}/{version_id}/modifier", status=409).text
    token = {"csrf_token": regie.get(TARIFFS).value("csrf_token", "/deconnexion")}
    regie.post(f"{TARIFFS}/{version_id}/modifier", token, status=409)
    regie.post(f"{TARIFFS}/{version_id}/supprimer", token, status=409)
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle?copie={version_id}")
    page = fill(regie, activity, row0="2,30", row1="4,50")
    assert "Les tarifs de « Mercredi » sont enregistrés." in page.text
    (_, (new_id, day)) = versions()
    assert day == date(2027, 1, 1)
    unit_id = activity.units["Matin"]
    assert grid(new_id)[:2] == [(unit_id, 0, 60_000, 230), (unit_id, 60_000, None, 450)]
    assert grid(version_id)[0] == (unit_id, 0, 60_000, 210)
    regie.get(f"{TARIFFS}/{new_id}/modifier")
    page = fill(regie, activity, "01/02/2027", row1="5")
    assert versions()[1] == (new_id, date(2027, 2, 1))
    assert (unit_id, 60_000, None, 500) in grid(new_id)
    page = regie.submit(f"{TARIFFS}/{new_id}/supprimer")
    assert "est supprimée" in page.text
    assert versions() == [(version_id, date(2026, 9, 1))]


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"low-1": "700"}, "low-1", "Il manque les quotients de 600,00 € à 700,00 €"),
        ({"low-0": "100"}, "low-0", "Il manque les quotients de 0,00 € à 100,00 €"),
        ({"low-1": "500"}, "low-1", "recouvre"),
        ({"below-1": "900"}, "below-1", "laissez cette case vide"),
        ({"below-0": ""}, "low-1", "recouvre"),
        ({"below-0": "0"}, "below-0", "dépasser"),
        ({"low-1": ""}, "low-1", "Indiquez un quotient"),
        ({"low-1": "six cents"}, "low-1", "en euros"),
        ({"row1": "-1"}, "price-1", "jamais négatif"),
        ({"row1": "gratuit"}, "price-1", "par exemple 3,20"),
        ({"row1": "1,234"}, "price-1", "par exemple 3,20"),
        ({"row0": ""}, "price-0", "Indiquez un montant"),
        ({"row0": "99999"}, "price-0", "C’est trop"),
        ({"starts_on": ""}, "starts_on", "premier jour"),
        ({"starts_on": "31/02/2027"}, "starts_on", "premier jour"),
        ({"starts_on": "01/09/2026"}, "starts_on", "à venir"),
        ({"starts_on": "22/11/2026"}, "starts_on", "à venir"),
    ],
)
def test_wrong_grid_is_refused_beside_its_field_and_nothing_is_lost(
    sqlite_client: Client, fields: dict[str, str], field: str, said: str
) -> None:
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    activity = factories.make_activity()
    unit_id = activity.units["Repas"]
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    page = fill(regie, activity, **{f"price-1-{unit_id}": "9,99", **fields, "status": 422})
    if field.startswith("price"):
        field = f"{field}-{activity.units['Matin']}"
    assert page.by_id(field).get("aria-invalid") == "true"
    error = page.by_id(f"{field}-error")
    assert said in "".join(error.itertext()).replace("\xa0", " "), page.text
    if "row1" not in fields:
        assert page.value(f"price-1-{unit_id}", "tariffs") == "9,99"
    assert len(versions()) == 1


def test_brackets_are_added_and_removed_without_script(regie: Client) -> None:
    activity = factories.make_activity(prices=((0, None, 300),))
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    page = regie.submit(
        "tariffs", status=200, button="Ajouter une tranche", starts_on="01/01/2027", **{"below-0": "450"}
    )
    assert page.value("below-0", "tariffs") == "450"
    page = regie.submit("tariffs", status=200, button="Ajouter une tranche")
    page = regie.submit("tariffs", status=200, button="Retirer la tranche 3")
    assert page.value("low-2", "tariffs") is None
    fill(regie, activity, **{"low-1": "450", "row1": "3,40"})
    (_, (new_id, _)) = versions()
    assert [row[1:] for row in grid(new_id)[:2]] == [(0, 45_000, 300), (45_000, None, 340)]


def test_same_price_for_all_is_one_line(regie: Client) -> None:
    activity = factories.make_activity()
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    fill(regie, activity, row0="3", row1="3,00")
    (_, (new_id, _)) = versions()
    assert [row[1:] for row in grid(new_id)] == [(0, None, 300)] * 3
    assert "Pour tous" in regie.get(f"{TARIFFS}/{new_id}").text


def test_rate_of_effort_and_price_by_the_hour_are_entered_and_shown(regie: Client) -> None:
    activity = factories.make_activity()
    morning, meal = activity.units["Matin"], activity.units["Repas"]
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    prices = {f"price-{place}-{meal}": "" for place in (0, 1)}
    effort = {f"mode-{meal}": "effort", f"percent-{meal}": "0,36", f"floor-{meal}": "2,60", f"ceiling-{meal}": "4,50"}
    fill(regie, activity, **prices, **effort, **{f"step-{morning}": "30", "rounding": "five_cents"})
    (_, (new_id, _)) = versions()
    page = regie.get(f"{TARIFFS}/{new_id}")
    assert "Repas : 0,36 % du quotient, 2,60 € au moins, 4,50 € au plus" in page.text
    assert "Matin : prix par heure, toute demi-heure commencée est due" in page.text
    assert "arrondi à 5 centimes" in page.text
    assert "sans tarif" not in page.text
    page = regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle?copie={new_id}")
    assert page.value(f"percent-{meal}", "tariffs") == "0,36" and page.value(f"step-{morning}", "tariffs") == "30"
    db.session.rollback()
    kept = db.session.get_one(TariffVersion, new_id).grid
    item = kept.by_code[unit_code(meal)]
    assert item.rate == EffortRate((EffortPiece(Span("all", 0, None), Fraction("0.36")),), 260, 450)
    assert kept.by_code[unit_code(morning)].duration == Duration(30, 60)


def test_copy_keeps_what_the_form_does_not_show(sqlite_client: Client) -> None:
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    activity = factories.make_activity()
    morning, meal, afternoon = (unit_code(activity.units[name]) for name in ("Matin", "Repas", "Après-midi"))
    residences = WordAxis(Criterion.RESIDENCE, ("resident", "outside"))
    brackets = NumberAxis(Criterion.QUOTIENT, (Span("low", 0, 60_000), Span("high", 60_000, None)))
    rich = Grid(
        items=(
            Item(morning, Table((brackets,), {("low",): 210, ("high",): 420}), meal_cents=50, floor_cents=100),
            Item(meal, Table((residences,), {("resident",): 300, ("outside",): 500}), Nature.MEAL),
            Item("day", flat(900)),
            Item("card", flat(1500), Nature.OTHER),
        ),
        combinations=(Combination(frozenset({morning, meal}), "day"),),
        packages=(Package("day", Period.WEEK, frozenset({afternoon}), is_the_only_price=True),),
        fees=(YearlyFee("card", 9, is_per_child=False),),
        modifiers=(Modifier(ModifierKind.SIBLING, Condition(ranks=Span("2", 2, 3)), ChangePercent(-20)),),
        counted_siblings=CountedSiblings.ENROLLED,
    )
    with write_transaction() as session:
        version_id = tariffs.add_version(session, activity.id, TariffInput(date(2026, 12, 1), rich))
    page = regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle?copie={version_id}")
    assert "Gardés tels quels, car leur prix ne tient pas dans ce tableau : Repas, Après-midi." in page.text
    assert "autres règles de cette version sont gardés tels quels" in page.text
    regie.submit("tariffs", starts_on="01/01/2027")
    ((_, _), (_, _), (copy_id, _)) = versions()
    assert db.session.get_one(TariffVersion, copy_id).grid == rich
    regie.get(f"{TARIFFS}/{copy_id}/modifier")
    regie.submit("tariffs", **{f"price-1-{activity.units['Matin']}": "4,50"})
    db.session.rollback()
    changed = db.session.get_one(TariffVersion, copy_id).grid
    item = changed.by_code[morning]
    assert isinstance(item.rate, Table) and sorted(item.rate.values.values()) == [210, 450]
    assert (item.meal_cents, item.floor_cents) == (50, 100)
    assert replace(changed, items=rich.items) == rich
    assert changed.items[1:] == rich.items[1:]


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"percent": ""}, "percent", "par exemple 0,36"),
        ({"percent": "0"}, "percent", "par exemple 0,36"),
        ({"percent": "101"}, "percent", "par exemple 0,36"),
        ({"ceiling": ""}, "ceiling", "une famille sans quotient"),
        ({"ceiling": "2"}, "ceiling", "atteindre le minimum"),
        ({"floor": "peu"}, "floor", "par exemple 3,20"),
    ],
)
def test_wrong_rate_of_effort_is_refused_beside_its_field(
    sqlite_client: Client, fields: dict[str, str], field: str, said: str
) -> None:
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    activity = factories.make_activity()
    meal = activity.units["Repas"]
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    typed = {"mode": "effort", "percent": "0,36", "floor": "2,60", "ceiling": "4,50"} | fields
    page = fill(regie, activity, **{f"{name}-{meal}": value for name, value in typed.items()}, status=422)
    assert said in "".join(page.by_id(f"{field}-{meal}-error").itertext()).replace("\xa0", " ")
    assert len(versions()) == 1


def test_version_to_come_is_compared_on_last_years_bookings(sqlite_client: Client) -> None:
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    planning = factories.make_planning()
    factories.book_past(planning.family, planning.child_id, planning.activity, [date(2026, 10, 7)])
    regie.get(f"{TARIFFS}/activites/{planning.activity.id}/nouvelle")
    fill(regie, planning.activity, row1="5,20")
    (_, (new_id, _)) = versions()
    page = regie.get(f"{TARIFFS}/{new_id}")
    assert "Comparer avec les tarifs en vigueur" in page.text
    page = regie.get(f"{TARIFFS}/{new_id}/comparer")
    assert "Différence +1,00 €" in page.text
    assert "jusqu’à 5,00 € de plus 1" in page.text
    assert len(page.queries) <= 12


def test_what_a_new_version_changes_is_told_confirmed_and_done(regie: Client) -> None:
    planning = factories.make_planning()
    other, child_id = factories.add_family(planning)
    for family, child in ((planning.family, planning.child_id), (other, child_id)):
        factories.save(family, child, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
    regie.get(f"{TARIFFS}/activites/{planning.activity.id}/nouvelle")
    page = fill(regie, planning.activity, "01/12/2026", row1="4,50", status=200)
    assert "2 réservations pas encore facturées changent de prix, dans 2 familles : +0,60 € en tout" in page.text
    assert len(versions()) == 1
    page = fill(regie, planning.activity, "01/12/2026", row1="4,70", status=200)
    assert "+1,00 € en tout" in page.text, "another effect than the confirmed one is shown again"
    page = regie.submit("tariffs")
    assert "2 réservations changent de prix (1,00 € en tout)" in page.text
    assert "Prix à mettre à jour" not in page.text
    assert list(db.session.scalars(select(Booking.price_cents))) == [470, 470]
    assert list(db.session.scalars(select(OutboxMail.template))) == ["prices_changed"] * 2
    (_, (new_id, _)) = versions()
    assert "−1,00 € en tout" in regie.get(f"{TARIFFS}/{new_id}").text
    regie.submit(f"{TARIFFS}/{new_id}/supprimer")
    db.session.rollback()
    assert list(db.session.scalars(select(Booking.price_cents))) == [420, 420]


def test_repricing_that_stopped_is_taken_up(regie: Client) -> None:
    planning = factories.make_planning()
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
    activity = tariffs.read_activity(planning.activity.id)
    grid = factories.make_grid([unit.id for unit in activity.units], [(0, None, 500)])
    with write_transaction() as session:
        version_id = tariffs.add_version(session, activity.id, tariffs.TariffInput(date(2026, 12, 1), grid))
    page = regie.get(f"{TARIFFS}/{version_id}")
    assert "Prix à mettre à jour : 1 réservation" in page.text
    page = regie.submit(f"{TARIFFS}/activites/{activity.id}/prix")
    assert page.path == f"{TARIFFS}/{version_id}"
    assert "Prix mis à jour." in page.text
    assert list(db.session.scalars(select(Booking.price_cents))) == [500]


def test_activity_without_prices_gets_its_first_version_from_any_day(regie: Client) -> None:
    activity = factories.make_activity(prices=())
    with write_transaction() as session:
        for row in session.scalars(select(TariffVersion)):
            session.delete(row)
    assert "personne ne peut réserver" in regie.get(TARIFFS).text
    regie.get(f"{TARIFFS}/activites/{activity.id}/nouvelle")
    fill(regie, activity, "01/09/2026", row0="2")
    assert [day for _, day in versions()] == [date(2026, 9, 1)]


def test_pages_cost_the_same_whatever_the_bookings(regie: Client) -> None:
    planning = factories.make_planning(weeks=4)
    factories.save(planning.family, planning.child_id, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
    ((version_id, _),) = versions()
    regie.get(TARIFFS)
    few = len(regie.get(TARIFFS).queries), len(regie.get(f"{TARIFFS}/{version_id}").queries)
    for number in range(3):
        family, child_id = factories.add_family(planning, f"FAMILLE{number}")
        factories.save(family, child_id, book=[planning.opening(factories.NEXT_WEDNESDAY, "Matin")])
        factories.make_activity(f"Autre {number}")
    regie.get(TARIFFS)
    many = len(regie.get(TARIFFS).queries), len(regie.get(f"{TARIFFS}/{version_id}").queries)
    assert many[0] == few[0] <= 12
    assert many[1] == few[1] <= 12
    assert clock.today() == factories.MONDAY
