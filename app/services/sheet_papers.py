"""The teams' sheets on paper and for spreadsheets."""

from collections.abc import Sequence
from datetime import date

from app import clock
from app.filters import NBSP, day_long, day_plain, day_short, hour_table
from app.integrations.pdf import DayPaper, DayPaperRow, DayPaperTable, SafetyPaper, SafetyPaperChild
from app.labels import label
from app.meal_labels import NOT_SAID, diets_words
from app.rules.calendars import week_of
from app.rules.sheets import SheetKind
from app.rules.spreadsheets import Cell, Table
from app.services.catalogue import catalogue
from app.services.day_planning import ChildLine, DayPlanning, WeekPlanning
from app.services.occupancy import OccupancyRow
from app.services.safety_sheets import SafetyLine
from app.sheet_labels import called_words, doctor_words, health_words, leaving_words, permissions_words


def safety_paper(kind: SheetKind, day: date, about: str, lines: Sequence[SafetyLine], asked_by: str) -> SafetyPaper:
    """What the PDF of a sheet says."""
    council = catalogue().council
    return SafetyPaper(
        council_name=council.name,
        council_phone=council.phone,
        title=", ".join(filter(None, (label(kind), about, day_long(day)))),
        asked_by=asked_by,
        made_at=clock.now(),
        children=tuple(_child(line) for line in lines),
    )


def _child(line: SafetyLine) -> SafetyPaperChild:
    child = line.expected
    units = ", ".join(f"{unit.name} {hour_table(unit.starts_at)}–{hour_table(unit.ends_at)}" for unit in child.units)
    return SafetyPaperChild(
        name=child.name,
        about=f"{line.age}{NBSP}ans, né(e) le {day_plain(child.birth_date)} – {child.group_name} – {units}",
        cautions=tuple(label(each) for each in line.cautions),
        parents=tuple(called_words(each) for each in line.parents),
        others=tuple(called_words(each) for each in line.others),
        collectors=tuple(f"{each.name} ({each.link})" for each in line.collectors),
        leaving=leaving_words(line.leaves_alone),
        doctor=doctor_words(line),
        health=health_words(line),
        diets=diets_words(line.diets) if line.diets else NOT_SAID,
        permissions=permissions_words(line.permissions),
    )


def day_table(planning: DayPlanning) -> Table:
    """One row for each child and activity."""
    headings = (
        "Lieu", "Activité", "Groupe", "Enfant", "Âge", "Temps d’accueil", "Présence spéciale", "Départ", "Repris par",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = []
    for activity in planning.activities:
        for group in activity.groups:
            for child in group.children:
                units = zip(activity.columns, child.present, strict=True)
                around = child.around
                rows.append(
                    [
                        activity.site_name, activity.name, group.name, child.name, child.age,
                        ", ".join(column.unit.name for column, is_there in units if is_there),
                        ", ".join(f"{unit}{NBSP}: {note}" for unit, note in child.notes),
                        "" if around is None else leaving_words(around.leaves_alone),
                        "" if around is None else ", ".join(called_words(each) for each in around.collectors),
                    ]
                )  # fmt: skip
    return Table(headings, rows)


def week_table(planning: WeekPlanning) -> Table:
    """One row for each child and activity, the days in columns."""
    headings = ("Lieu", "Activité", "Groupe", "Enfant", "Âge", *(day_plain(day) for day in planning.days))
    rows: list[Sequence[Cell]] = []
    for activity in planning.activities:
        for group, children in activity.groups:
            for child in children:
                units = dict(zip(activity.days, child.units, strict=True))
                days = [", ".join(units.get(day, ())) for day in planning.days]
                rows.append([activity.site_name, activity.name, group, child.name, child.age, *days])
    return Table(headings, rows)


def occupancy_table(found: Sequence[OccupancyRow]) -> Table:
    """One row for each unit and group."""
    headings = (
        "Lieu", "Activité", "Temps d’accueil", "Groupe", "Jours", "Réservés", "Prises", "Places", "En attente",
        "Taux (%)", "État", "Jours dépassés", "Places partagées",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = []
    for row in found:
        filling = row.filling
        numbers = (filling.days, row.held, filling.taken, filling.places, row.waiting)
        rows.append(
            [
                row.activity.site_name, row.activity.name, row.unit.name, row.group.name, *numbers,
                "" if filling.percent is None else filling.percent, label(filling.level), filling.days_over,
                ", ".join(row.scope_names),
            ]
        )  # fmt: skip
    return Table(headings, rows)


def day_paper(planning: DayPlanning) -> DayPaper:
    """What the PDF of a day says."""
    tables = []
    for activity in planning.activities:
        columns = tuple(f"{column.unit.name} ({column.count})" for column in activity.columns)
        groups = tuple(
            (
                group.name,
                tuple(
                    DayPaperRow(child.name, _about(child), tuple("X" if is_there else "" for is_there in child.present))
                    for child in group.children
                ),
            )
            for group in activity.groups
        )
        tables.append(DayPaperTable(_head(activity.name, activity.site_name, activity.children), columns, groups))
    return _paper("Qui vient", planning.scope.title, day_long(planning.day), tables)


def week_paper(day: date, planning: WeekPlanning) -> DayPaper:
    """What the PDF of a week says."""
    tables = []
    for activity in planning.activities:
        columns = tuple(
            f"{day_short(each)} ({count})" for each, count in zip(activity.days, activity.counts, strict=True)
        )
        groups = tuple(
            (
                name,
                tuple(
                    DayPaperRow(child.name, _age(child.age), tuple(", ".join(units) for units in child.units))
                    for child in children
                ),
            )
            for name, children in activity.groups
        )
        tables.append(DayPaperTable(_head(activity.name, activity.site_name, activity.children), columns, groups))
    monday = day_long(week_of(day)[0])
    return _paper("Qui vient", planning.scope.title, f"semaine du {monday}", tables)


def _paper(what: str, about: str, when: str, tables: Sequence[DayPaperTable]) -> DayPaper:
    return DayPaper(
        council_name=catalogue().council.name,
        title=", ".join(filter(None, (what, about, when))),
        made_at=clock.now(),
        tables=tuple(tables),
    )


def _head(name: str, site_name: str, children: int) -> str:
    return f"{name}, {site_name}{NBSP}: {children} enfant{'s' if children > 1 else ''}"


def _age(age: int) -> str:
    return f"{age}{NBSP}an{'s' if age > 1 else ''}"


def _about(child: ChildLine) -> str:
    parts = [_age(child.age)]
    if child.around is not None:
        parts.append(leaving_words(child.around.leaves_alone))
        if child.around.collectors:
            parts.append("repris par " + ", ".join(called_words(each) for each in child.around.collectors))
    parts += [f"{unit}{NBSP}: {note}" for unit, note in child.notes]
    return " – ".join(parts)
