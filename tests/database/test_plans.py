"""How SQLite finds what the busiest pages ask for: through an index, since bookings grow by millions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from app import clock
from app.database import db
from app.services import day_planning, families, figures, next_days, outbox, planning
from app.services.catalogue import catalogue
from app.services.sheet_scopes import Asked, sheet_scope
from tests.factories import WEDNESDAY, PlanningSetup, make_planning, save

LARGE_TABLES = (
    "booking",
    "booking_event",
    "opening",
    "capacity_counter",
    "enrolment",
    "child",
    "outbox_mail",
    "attendance",
    "invoiced_booking",
)


def plan_of(ask: Callable[[], object]) -> list[str]:
    """What SQLite says of every query that `ask` sends."""
    sent: list[tuple[str, object]] = []

    def note(_connection: Connection, _cursor: object, sql: str, parameters: object, *_others: object) -> None:
        if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            sent.append((sql, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    db.session.rollback()
    with db.engine.connect() as connection:
        return [
            row[3]
            for sql, parameters in sent
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)  # type: ignore[arg-type]
        ]


def show_week(setup: PlanningSetup) -> object:
    family = setup.family
    return planning.build_week(family.ref, families.child_of(family.family_id, setup.child_id), WEDNESDAY)


def save_a_cell(setup: PlanningSetup) -> object:
    return save(setup.family, setup.child_id, book=[setup.opening(WEDNESDAY, "Matin")])


def figures_of_a_month() -> object:
    first, last = WEDNESDAY.replace(day=1), WEDNESDAY.replace(day=30)
    scope = sheet_scope(tuple(catalogue().activities.values()), Asked(), first, last)
    return figures.read_figures(scope, first, last)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(show_week, id="the week of a child"),
        pytest.param(save_a_cell, id="a save"),
        pytest.param(lambda setup: next_days.children_with_next_days(setup.family.family_id), id="Mes réservations"),
        pytest.param(
            lambda setup: planning.next_open_day(setup.family.ref, setup.child_id, clock.today()), id="next open day"
        ),
        pytest.param(lambda _setup: day_planning.read_day_planning(WEDNESDAY), id="the planning of the day"),
        pytest.param(lambda _setup: figures_of_a_month(), id="Chiffres"),
        pytest.param(lambda _setup: outbox.list_mails(outbox.MailFilter(), 1), id="Courriels"),
    ],
)
def test_no_page_reads_a_large_table_from_end_to_end(sqlite_app: Flask, ask: Callable[[PlanningSetup], object]) -> None:
    setup = make_planning()
    plan = plan_of(lambda: ask(setup))
    assert plan
    assert [step for step in plan if step in {f"SCAN {table}" for table in LARGE_TABLES}] == []
