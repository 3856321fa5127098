"""Every published grid, typed part by part on the staff's screens: what is stored is the grid.

One that is published with a hole or an overlap is refused where it is wrong, in words; its mended twin is kept. Names of
columns are nobody's to type: they are left out of the comparison, and prices are called as people would call them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, time
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select

from app.database import db
from app.forms.fields import amount_typed
from app.forms.tariff_rates import price_typed
from app.models.activities import TariffVersion
from app.price_labels import grid_problem_words, percent_text
from app.rules.capabilities import Role
from app.rules.grid_checks import GridProblem, grid_problems
from app.rules.tariff_grids import (
    AddCents,
    AddRate,
    ChangePercent,
    CostShare,
    Criterion,
    EffortPiece,
    EffortRate,
    Grid,
    Item,
    LowerBracket,
    NumberAxis,
    Rate,
    ReplaceRate,
    Span,
    Table,
    WordAxis,
    is_unit_code,
    unit_code,
)
from tests import factories
from tests.client import Answer, Client
from tests.rules.published_grids import GRIDS

TARIFFS = "/gestion/tarifs"
OPEN_ENDED = (Criterion.QUOTIENT, Criterion.RANK, Criterion.CHILDREN)
ADD_ROW = ("Ajouter 5 lignes", "Ajouter une colonne", "Ajouter un tableau")


def mended(value: Any) -> Any:
    """With each bracket up to the next, and the last one open."""
    if isinstance(value, NumberAxis) and value.criterion in OPEN_ENDED:
        return NumberAxis(value.criterion, _joined(value.spans))
    if isinstance(value, EffortRate):
        spans = _joined(tuple(piece.span for piece in value.pieces))
        return replace(
            value, pieces=tuple(replace(piece, span=each) for piece, each in zip(value.pieces, spans, strict=True))
        )
    return _each(value, mended)


def _joined(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    lows = [span.low for span in spans]
    return tuple(Span(span.code, span.low, below) for span, below in zip(spans, [*lows[1:], None], strict=True))


def plain(value: Any, names: dict[str, str]) -> Any:
    """With columns named by their bounds, prices by their codes alone."""
    match value:
        case Item(label=label) if label:
            return plain(replace(value, label=""), names)
        case Span():
            return Span(f"{value.low}-{value.below}", value.low, value.below)
        case Table():
            axes = tuple(axis if isinstance(axis, WordAxis) else plain(axis, {}) for axis in value.axes)
            codes = [dict(zip(old.codes, new.codes, strict=True)) for old, new in zip(value.axes, axes, strict=True)]
            return Table(
                axes,
                {tuple(by[c] for by, c in zip(codes, key, strict=True)): cents for key, cents in value.values.items()},
            )
        case str() if not isinstance(value, StrEnum):
            return names.get(value, value)
        case _:
            return _each(value, lambda each: plain(each, names))


def _each(value: Any, change: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: change(getattr(value, f.name)) for f in fields(value) if f.init})
    if isinstance(value, tuple | frozenset):
        return type(value)(change(each) for each in value)
    return value


@dataclass
class Typist:
    """Somebody at the keyboard, with the published grid in hand."""

    client: Client
    draft: str  # the address of the draft
    codes: dict[str, str]  # of units and of prices with a name, by what the grid calls them
    refused: int = 0

    @property
    def page(self) -> Answer:
        assert self.client.page is not None
        return self.client.page

    def code(self, name: str) -> str:
        return self.codes.get(name, name)

    def all(self, names: frozenset[str]) -> list[str]:
        return [self.code(name) for name in sorted(names)]

    def save(self, section: str, rate: Rate | None = None, **typed: object) -> None:
        """Open the form of a new part, type everything in, send it; as published first, where that is wrong."""
        self.client.get(f"{self.draft}/regle?partie={section}")
        if rate is None:
            self.client.submit("part", follow=False, **typed)
            return
        problems = grid_problems(Grid((Item("rate", rate),)))
        if problems:
            self.submit_rate(rate, typed, 422)
            self.check_refusal(problems)
        self.submit_rate(mended(rate), typed, None)

    def check_refusal(self, problems: tuple[GridProblem, ...]) -> None:
        self.refused += 1
        told = [grid_problem_words(problem).replace("\xa0", " ") for problem in problems]
        assert not [words for words in told if words not in self.page.text]

    def submit_rate(self, rate: Rate, typed: dict[str, object], status: int | None) -> None:
        if isinstance(rate, EffortRate):
            self.submit_effort(rate, typed, status)
            return
        table = rate.percents if isinstance(rate, CostShare) else rate
        kind = "share" if isinstance(rate, CostShare) else "table"
        typed = {**typed, "rate-kind": kind}
        names = self.page.form("part")
        if table.axes and f"low-{len(table.axes) - 1}-0" not in {e.get("name") for e in names.iter()}:
            chosen = {f"axis-{place}": axis.criterion.value for place, axis in enumerate(table.axes)}
            self.client.submit("part", status=200, button="Afficher le tableau", **typed, **chosen)
        for place, axis in enumerate(table.axes):
            while self.page.value(f"low-{place}-{len(axis.codes) - 1}", "part") is None:
                self.client.submit("part", status=200, button=ADD_ROW[place], **typed)
            row = len(axis.codes)
            while self.page.value(f"low-{place}-{row}", "part") is not None:
                typed[f"low-{place}-{row}"] = ""
                if isinstance(axis, NumberAxis):
                    typed[f"last-{place}-{row}"] = ""
                row += 1
            typed |= self.rows(place, axis)
        for key, value in table.values.items():
            places = [axis.codes.index(code) for axis, code in zip(table.axes, key, strict=True)]
            row, column, slab = [*places, 0, 0, 0][:3]
            typed[f"value-{row}-{column}-{slab}"] = str(value) if kind == "share" else price_typed(value)
        self.client.submit("part", status=status, follow=False, **typed)

    def rows(self, place: int, axis: NumberAxis | WordAxis) -> dict[str, object]:
        if isinstance(axis, WordAxis):
            return {f"low-{place}-{row}": word for row, word in enumerate(axis.words)}
        typed: dict[str, object] = {}
        for row, each in enumerate(axis.spans):
            is_money = axis.criterion is Criterion.QUOTIENT
            last = "" if each.below is None else amount_typed(each.below) if is_money else each.below - 1
            typed[f"low-{place}-{row}"] = amount_typed(each.low) if is_money else each.low
            typed[f"last-{place}-{row}"] = last
        return typed

    def submit_effort(self, rate: EffortRate, typed: dict[str, object], status: int | None) -> None:
        typed = {**typed, "rate-kind": "effort"}
        while self.page.value(f"piece-low-{len(rate.pieces) - 1}", "part") is None:
            self.client.submit("part", status=200, button="Ajouter une tranche", **typed)
        for row, piece in enumerate(rate.pieces):
            typed |= self.piece(row, piece)
        for name, cents in (("rate-floor", rate.floor_cents), ("rate-ceiling", rate.ceiling_cents)):
            typed[name] = "" if cents is None else price_typed(cents)
        self.client.submit("part", status=status, follow=False, **typed)

    def piece(self, row: int, piece: EffortPiece) -> dict[str, object]:
        return {
            f"piece-low-{row}": amount_typed(piece.span.low),
            f"piece-last-{row}": "" if piece.span.below is None else amount_typed(piece.span.below),
            f"piece-percent-{row}": percent_text(Fraction(piece.percent)) if piece.percent else "",
            f"piece-times-{row}": piece.times,
            f"piece-plus-{row}": price_typed(piece.plus_cents) if piece.plus_cents else "",
        }

    def type_grid(self, grid: Grid) -> None:
        """Part by part, in the order of the page."""
        for item in grid.items:
            code = self.code(item.code)
            typed: dict[str, object] = {"nature": item.nature.value}
            typed |= {"unit": code} if is_unit_code(code) else {"unit": "named", "name": said(item.code)}
            if item.duration is not None:
                typed |= {"step": item.duration.step_minutes, "per": item.duration.per_minutes}
            if item.meal_cents:
                typed["meal"] = price_typed(item.meal_cents)
            self.save("prix", item.rate, **typed)
        for modifier in grid.modifiers:
            when = modifier.when
            typed = {
                "kind": modifier.kind.value, "items": self.all(when.items), "natures": sorted(when.natures),
                "residences": ", ".join(sorted(when.residences)), "standings": sorted(when.standings),
            }  # fmt: skip
            for name, each in (("rank", when.ranks), ("children", when.children)):
                if each is not None:
                    typed |= {f"{name}_low": each.low, f"{name}_last": "" if each.below is None else each.below - 1}
            if when.quotients is not None:
                assert when.quotients.below is not None
                typed |= {"quotient_low": amount_typed(when.quotients.low)}
                typed |= {"quotient_below": amount_typed(when.quotients.below)}
            self.save_effect("reductions", modifier.effect, typed)
        for package in grid.packages:
            self.save(
                "forfaits", item=self.code(package.item), period=package.period.value, units=self.all(package.units),
                least_days=package.least_days, cancelled=package.when_partly_cancelled.value,
                refund=price_typed(package.refund_cents) if package.refund_cents else "",
                when="only" if package.is_the_only_price else "cheaper" if package.only_if_cheaper else "always",
            )  # fmt: skip
        for deduction in grid.deductions:
            steps: dict[str, object] = {}
            for row, (days, cents) in enumerate(deduction.steps):
                steps |= {f"days_{row}": days, f"cents_{row}": price_typed(cents)}
            self.save(
                "jours", name=deduction.code, period=deduction.period.value, units=self.all(deduction.units), **steps
            )
        for fee in grid.fees:
            who = "child" if fee.is_per_child else "family"
            self.save("frais", item=self.code(fee.item), first_month=fee.first_month, who=who)
        for surcharge in grid.surcharges:
            typed = {"cause": surcharge.cause.value, "items": self.all(surcharge.items)}
            self.save_effect("penalites", surcharge.effect, typed | {"reminders": surcharge.reminders or ""})
        self.client.get(f"{self.draft}/fratrie")
        self.client.submit(
            "rules", counted=grid.counted_siblings.value, order=grid.sibling_order.value,
            rounding=grid.rounding.value, follow=False,
        )  # fmt: skip

    def save_effect(self, section: str, effect: object, typed: dict[str, object]) -> None:
        match effect:
            case AddCents():
                sign = "less" if effect.cents < 0 else "more"
                self.save(section, **typed, effect="add", direction=sign, cents=price_typed(abs(effect.cents)))
            case ChangePercent():
                sign = "less" if effect.percent < 0 else "more"
                percent = percent_text(abs(Fraction(effect.percent)))
                self.save(section, **typed, effect="percent", direction=sign, percent=percent)
            case ReplaceRate():
                self.save(section, effect.rate, **typed, effect="replace")
            case AddRate():
                self.save(section, effect.rate, **typed, effect="add")
            case LowerBracket():
                self.save(section, **typed, effect="lower", places=effect.places)
            case _:
                self.save(section, **typed, effect="full")


def said(code: str) -> str:
    """What people would call it."""
    return code.replace("_", " ").capitalize()


def units_of(grid: Grid) -> list[str]:
    """What a council would offer as units: all but what has a name of its own."""
    named = {part.item for part in (*grid.packages, *grid.fees)}
    events = {item.code for item in grid.items if isinstance(item.rate, CostShare)}
    in_packages = [unit for package in grid.packages for unit in sorted(package.units)]
    return [*(item.code for item in grid.items if item.code not in named | events), *in_packages]


@pytest.mark.parametrize("name", GRIDS)
def test_regie_types_a_published_grid(sqlite_client: Client, name: str) -> None:
    grid = GRIDS[name]
    units = units_of(grid)
    hours = {said(unit): (time(8), time(9)) for unit in units}
    activity = factories.make_activity(units=hours, needs={}, prices=())
    regie = sqlite_client.sign_in(factories.make_staff(Role.REGISSEUR))
    codes = {unit: unit_code(activity.units[said(unit)]) for unit in units}
    codes |= {item.code: item.code.replace("_", "-") for item in grid.items if item.code not in codes}
    regie.get(f"{TARIFFS}/{db.session.scalars(select(TariffVersion.id)).one()}")
    draft = regie.submit(f"{TARIFFS}/activites/{activity.id}/brouillon").path.split("#")[0]
    typist = Typist(regie, draft, codes)
    typist.type_grid(grid)
    assert bool(typist.refused) is bool(grid_problems(grid))
    regie.get(draft)
    regie.submit("publish", starts_on="2027-01-01")
    db.session.rollback()
    stored = db.session.scalars(select(TariffVersion.grid).where(TariffVersion.starts_on == date(2027, 1, 1))).one()
    assert plain(stored, {}) == plain(mended(grid), codes)
