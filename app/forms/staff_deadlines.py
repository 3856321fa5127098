"""The shape of a notice rule: one block of fields per line, as the staff type it.

    form = read_deadline_form(request.form, deadline, units)
    rule = form.rule()          # None: each line's fields say why

Which fields count depends on the kind of the line; the others are kept as they were typed, and ignored.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from wtforms import BooleanField, Field, Form, SelectField, SelectMultipleField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput

from app.filters import spaced, weekday_name
from app.forms.fields import DATE_FORMATS, DateField, Listed, text_field
from app.forms.lines import LineList, Typed, prefix_of, read_lines
from app.labels import label
from app.notice_labels import COUNTED_FROM_WORDS, COUNTED_WORDS, END_OF_DAY, LAST_SECOND, NOT_ORDERED, WHEN_WORDS
from app.rules.audiences import Audience
from app.rules.deadlines import (
    LONGEST_NOTICE,
    MONTHS_OF_A_YEAR,
    Counted,
    CountedFrom,
    Days,
    DaysBefore,
    Deadline,
    FixedMoment,
    HoursBefore,
    MonthDayBefore,
    MonthsBefore,
    Never,
    NoNotice,
    Notice,
    NoticeLine,
    NoticeRule,
    WeekdayBefore,
    When,
)
from app.services.catalogue import UnitInfo

UNTIL, BEFORE = "until", "before"
PUBLIC_HOLIDAYS = "holidays"
_MOST = {"days": LONGEST_NOTICE.days, "hours": LONGEST_NOTICE.days * 24, "weekday": 52}
_HOUR = re.compile(r"([0-9]{1,2})(?:[h:]([0-9]{2})?(?::([0-9]{2}))?)?")
_ONE_SECOND = timedelta(seconds=1)

KINDS = {
    "days": "des jours avant",
    "hours": "des heures avant",
    "weekday": "un jour de la semaine",
    "month_day": "un jour du mois",
    "months": "des mois avant, jour pour jour",
    "fixed": "une date fixe",
    "none": "sans délai",
    "never": spaced("jamais en ligne : seul le service le fait"),
}
_WEEKDAYS = {str(each): weekday_name(each) for each in range(7)}


def _list(label: str, choices: Mapping[str, str], **attributes: object) -> SelectField:
    return SelectField(label, choices=dict(choices), validators=[Listed()], validate_choice=False, render_kw=attributes)


def _boxes(label: str, choices: Mapping[str, str]) -> SelectMultipleField:
    return SelectMultipleField(
        label, choices=dict(choices), option_widget=CheckboxInput(), validators=[Listed()],
        validate_choice=False,
    )  # fmt: skip


def _day(label: str) -> DateField:
    return DateField(label, format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"})


def _number(label: str) -> Field:
    return text_field(label, longest=4, inputmode="numeric", autocomplete="off")


class LineForm(Form):
    """A line as typed. Raises nothing: `line()` is None where a field has an error."""

    weekdays = _boxes("Jours réservés", _WEEKDAYS)
    when = _list("Période", {each.value: words for each, words in WHEN_WORDS.items()})
    units = _boxes("Temps d’accueil", {})
    starts_on = _day("Du")
    ends_on = _day("au")
    audiences = _boxes("Seulement pour", {each.value: label(each) for each in Audience})
    kind = _list("La limite est", KINDS)
    count = _number("Combien")
    counted = _list("On compte", {each.value: words for each, words in COUNTED_WORDS.items()})
    clear = BooleanField("Jours ou mois francs")
    counted_from = _list("On part de", {each.value: words for each, words in COUNTED_FROM_WORDS.items()})
    weekday = _list("Quel jour de la semaine", _WEEKDAYS)
    month_day = _number("Quel jour du mois")
    on = _day("Quelle date")
    bound = _list("Cette heure", {UNTIL: "est encore permise", BEFORE: "est déjà trop tard"})
    at = text_field("À quelle heure", longest=12, autocomplete="off", placeholder="9:00")
    without = _boxes(
        "Heures qui ne comptent pas",
        {each: f"le {words}" for each, words in _WEEKDAYS.items()} | {PUBLIC_HOLIDAYS: "les jours fériés"},
    )

    def __init__(
        self, formdata: Typed | None, prefix: str, deadline: Deadline, units: Sequence[UnitInfo],
        data: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        self.deadline = deadline
        super().__init__(formdata, prefix=prefix, data=data, meta={"locales": ["fr"]})
        self.units.choices = {str(unit.id): unit.name for unit in units}
        if deadline is Deadline.OPENING:
            self.kind.label.text = "Elles ouvrent"
            del self.bound
        if deadline is Deadline.MEAL:
            self.weekdays.label.text, self.units.label.text = "Jours de repas", "Repas"
            self.kind.choices = {**KINDS, "never": spaced(f"jamais : {NOT_ORDERED}")}
            words = {each.value: words for each, words in COUNTED_FROM_WORDS.items()}
            self.counted_from.choices = {**words, CountedFrom.DAY.value: "le jour du repas"}
        if deadline not in (Deadline.OPENING, Deadline.BOOK):
            del self.audiences

    def line(self) -> NoticeLine | None:
        """What was typed, or None with errors beside the fields."""
        self.validate()
        days, notice = self._days(), self._notice()
        if days is None or notice is None or self.errors:
            return None
        keeps_start = isinstance(notice, NoNotice | Never | FixedMoment)
        counted_from = CountedFrom.DAY if keeps_start else CountedFrom(self.counted_from.data)
        named = frozenset(Audience(each) for each in self.audiences.data or ()) if "audiences" in self else frozenset()
        return NoticeLine(notice, days, counted_from, named)

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("Cette date est avant la première.")

    def _days(self) -> Days | None:
        if any(field.errors for field in (self.weekdays, self.when, self.units, self.starts_on, self.ends_on)):
            return None
        return Days(
            frozenset(int(each) for each in self.weekdays.data or ()), When(self.when.data), self.starts_on.data,
            self.ends_on.data, frozenset(int(each) for each in self.units.data or ()),
        )  # fmt: skip

    def _notice(self) -> Notice | None:
        made = _MAKERS.get(self.kind.data or "")
        notice = made(self) if made is not None else None
        return None if self.errors else notice

    def number(self, field: Field, least: int, most: int) -> int:
        """A number as typed; an error beside its field where it is none from `least` to `most`."""
        if field.data.isdigit() and least <= int(field.data) <= most:
            return int(field.data)
        field.errors = [*field.errors, f"Indiquez un nombre de {least} à {most}."]
        return least

    def hour(self) -> time:
        """The last second that is allowed (or, for an opening, the first)."""
        is_opening = self.deadline is Deadline.OPENING
        is_before = not is_opening and self.bound.data == BEFORE
        found = read_hour(self.at.data, is_before=is_before, ends=not is_opening)
        if found is not None:
            return found
        message = "Indiquez une heure, par exemple 9:00" + ("." if is_opening else " (24:00 : toute la journée).")
        self.at.errors = [*self.at.errors, spaced(message)]
        return END_OF_DAY


def read_hour(text: str, *, is_before: bool, ends: bool) -> time | None:
    """« 9:00 », « 9 h 30 » or « 24:00 » as the last second allowed; None for what is no hour.

    `is_before`: the hour itself is too late. `ends`: 24:00 and 23:59 are the last second of the day.
    """
    match = _HOUR.fullmatch(re.sub(r"\s", "", text.lower()))
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if ends and not seconds and ((hours, minutes) == (24, 0) or ((hours, minutes) == (23, 59) and not is_before)):
        return END_OF_DAY
    if hours > 23 or minutes > 59 or seconds > 59 or (is_before and not hours + minutes + seconds):
        return None
    at = time(hours, minutes, seconds)
    return (datetime.combine(date(2000, 1, 1), at) - _ONE_SECOND).time() if is_before else at


def write_hour(at: time) -> tuple[str, str]:
    """The opposite: the hour as typed, and whether it is itself allowed."""
    if at == END_OF_DAY:
        return "24:00", UNTIL
    if at.second == LAST_SECOND:
        return f"{datetime.combine(date(2000, 1, 1), at) + _ONE_SECOND:%H:%M}", BEFORE
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}", UNTIL


def _days_before(form: LineForm) -> Notice:
    count, at = form.number(form.count, 0, _MOST["days"]), form.hour()
    return DaysBefore(count, at, Counted(form.counted.data), form.clear.data) if not form.errors else Never()


def _hours_before(form: LineForm) -> Notice:
    count = form.number(form.count, 0, _MOST["hours"])
    weekdays = frozenset(int(each) for each in form.without.data or () if each.isdigit())
    if len(weekdays) == len(_WEEKDAYS):
        form.without.errors = ["Il doit rester un jour qui compte."]
    anchor = read_hour(form.at.data, is_before=False, ends=False) if form.at.data else None
    if form.at.data and anchor is None:
        form.at.errors = [spaced("Indiquez une heure, par exemple 0:00, ou rien : le début du temps d’accueil.")]
    if form.errors:
        return Never()
    return HoursBefore(count, anchor, weekdays, PUBLIC_HOLIDAYS in (form.without.data or ()))


def _weekday_before(form: LineForm) -> Notice:
    weeks, at = form.number(form.count, 0, _MOST["weekday"]), form.hour()
    return WeekdayBefore(weeks, int(form.weekday.data), at) if not form.weekday.errors else Never()


def _month_day_before(form: LineForm) -> Notice:
    months = form.number(form.count, 0, MONTHS_OF_A_YEAR)
    return MonthDayBefore(months, form.number(form.month_day, 1, 31), form.hour())


def _months_before(form: LineForm) -> Notice:
    return MonthsBefore(form.number(form.count, 0, MONTHS_OF_A_YEAR), form.hour(), form.clear.data)


def _fixed_moment(form: LineForm) -> Notice:
    at = form.hour()
    if form.on.data is None:
        form.on.errors = [*form.on.errors, "Indiquez la date."]
        return Never()
    return FixedMoment(form.on.data, at)


MakeLine = Callable[[Typed | None, str], LineForm]
_MAKERS: Mapping[str, Callable[[LineForm], Notice]] = {
    "days": _days_before,
    "hours": _hours_before,
    "weekday": _weekday_before,
    "month_day": _month_day_before,
    "months": _months_before,
    "fixed": _fixed_moment,
    "none": lambda form: NoNotice(),
    "never": lambda form: Never(),
}


class DeadlineForm(LineList[LineForm]):
    """The lines of a rule as typed."""

    def __init__(self, deadline: Deadline, lines: Sequence[LineForm], make: MakeLine) -> None:
        super().__init__(lines, make)
        self.deadline = deadline

    def rule(self) -> NoticeRule | None:
        """What was typed, or None with `errors`. Without lines: the rule that sets no notice."""
        lines = [line.line() for line in self.lines]
        complete = tuple(line for line in lines if line is not None)
        return NoticeRule(complete) if len(complete) == len(lines) else None


def read_deadline_form(formdata: Typed, deadline: Deadline, units: Sequence[UnitInfo]) -> DeadlineForm:
    """The rule that was sent. Raises ForgedForm for more lines than our pages have."""
    make = _maker(deadline, units)
    return DeadlineForm(deadline, read_lines(formdata, make), make)


def deadline_form(deadline: Deadline, rule: NoticeRule | None, units: Sequence[UnitInfo]) -> DeadlineForm:
    """The form of a rule that exists, or one without lines."""
    lines = () if rule is None else rule.lines
    made = [LineForm(None, prefix_of(place), deadline, units, _typed(line)) for place, line in enumerate(lines)]
    return DeadlineForm(deadline, made, _maker(deadline, units))


def _maker(deadline: Deadline, units: Sequence[UnitInfo]) -> MakeLine:
    return lambda formdata, prefix: LineForm(formdata, prefix, deadline, units)


def _typed(line: NoticeLine) -> dict[str, object]:
    days, notice = line.days, line.notice
    typed: dict[str, object] = {
        "weekdays": [str(each) for each in sorted(days.weekdays)],
        "when": days.when.value,
        "units": [str(each) for each in sorted(days.units)],
        "starts_on": days.starts_on,
        "ends_on": days.ends_on,
        "counted_from": line.counted_from.value,
        "audiences": [each.value for each in sorted(line.audiences)],
    }
    match notice:
        case DaysBefore():
            typed |= {
                "kind": "days",
                "count": str(notice.count),
                "counted": notice.counted.value,
                "clear": notice.clear,
            }
        case HoursBefore():
            without = [str(each) for each in sorted(notice.without)]
            without += [PUBLIC_HOLIDAYS] if notice.without_public_holidays else []
            anchor = "" if notice.anchor is None else write_hour(notice.anchor)[0]
            return typed | {"kind": "hours", "count": str(notice.hours), "at": anchor, "without": without}
        case WeekdayBefore():
            typed |= {"kind": "weekday", "count": str(notice.weeks), "weekday": str(notice.weekday)}
        case MonthDayBefore():
            typed |= {"kind": "month_day", "count": str(notice.months), "month_day": str(notice.day)}
        case MonthsBefore():
            typed |= {"kind": "months", "count": str(notice.months), "clear": notice.clear}
        case FixedMoment():
            typed |= {"kind": "fixed", "on": notice.on}
        case NoNotice():
            return typed | {"kind": "none"}
        case _:
            return typed | {"kind": "never"}
    at, bound = write_hour(notice.at)
    return typed | {"at": at, "bound": bound}
