"""The meals of a place on paper and for spreadsheets."""

from collections.abc import Sequence

from app import clock
from app.filters import NBSP, day_medium, moment_plain
from app.integrations.pdf import MealPaper, MealPaperRow, MealPaperService, NamedMealPaper
from app.meal_labels import ages_words, change_words, diets_words, kind_words, served_by_kind, served_words, table_of
from app.rules.meals import Eater
from app.rules.spreadsheets import Cell, Table
from app.services.catalogue import catalogue
from app.services.meals import MealService, MealSheet, NamedMeal


def meals_table(sheet: MealSheet) -> Table:
    """One row for each kind of meal, also for those that were ordered and are wanted no more."""
    rows: list[Sequence[Cell]] = []
    for service in sheet.services:
        ordered = service.order.counts if service.order else {}
        for meal in sorted({*service.counts, *ordered}, key=lambda meal: meal.order):
            number, before = service.counts.get(meal, 0), ordered.get(meal, 0)
            eaten: Cell = "" if service.served is None else service.served.counts.get(meal, 0)
            ages = ages_words(meal.from_age, meal.to_age) if meal.eater is Eater.CHILD else ""
            rows.append(
                [
                    service.day, service.activity_name, service.unit.name, kind_words(meal), ages,
                    number, before if service.order else "", number - before if service.order else "",
                    eaten,
                ]
            )  # fmt: skip
    return Table(("Jour", "Activité", "Repas", "Régime", "Âge", "Nombre", "Commandé", "Écart", "Servi"), rows)


def meal_paper(sheet: MealSheet, named: Sequence[NamedMeal] | None) -> MealPaper:
    """What the PDF says; with the names where they are asked for."""
    when = day_medium(sheet.first)
    if sheet.last != sheet.first:
        when = f"du {when} au {day_medium(sheet.last)}"
    return MealPaper(
        council_name=catalogue().council.name,
        title=f"Repas, {sheet.site.name}, {when}",
        made_at=clock.now(),
        services=tuple(_service(service) for service in sheet.services if service.counts or service.order),
        named=None
        if named is None
        else tuple(
            NamedMealPaper(
                each.day, each.name, f"{each.age}{NBSP}ans, {each.group_name}, {each.unit_name}",
                diets_words(each.diets), each.food_allergies, each.remarks,
            )
            for each in named
        ),
    )  # fmt: skip


def _service(service: MealService) -> MealPaperService:
    columns, rows = table_of(service.counts)
    eaten = None if service.served is None else served_by_kind(service.served)
    return MealPaperService(
        service.day, f"{service.unit.name} ({service.activity_name})", columns,
        tuple(MealPaperRow(*row, None if eaten is None else eaten.get(row[0], 0)) for row in rows), service.total,
        service.served_total, (*_order_remarks(service), *_served_remarks(service)),
    )  # fmt: skip


def _served_remarks(service: MealService) -> tuple[str, ...]:
    ordered = service.order.total if service.order else None
    return () if service.served is None else (served_words(service.served, ordered),)


def _order_remarks(service: MealService) -> tuple[str, ...]:
    order = service.order
    if order is None:
        return ("Pas encore commandé.",)
    at = f"{moment_plain(order.ordered_at)}, {order.ordered_by}"
    said = f"Commande n°{NBSP}{order.version} du {at}{NBSP}: {order.total} repas."
    since = ", ".join(change_words(change) for change in service.changes)
    return said, f"Depuis{NBSP}: {since}." if since else "Rien n’a changé depuis."
