"""The shape of openings: those that are generated, and days that are changed by hand on the year calendar."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField
from wtforms.validators import ValidationError

from app.filters import spaced, weekday_name
from app.forms.fields import Listed, text_field
from app.forms.staff_catalogue import MOST_PLACES, choice_field, day_field
from app.forms.tariff_fields import ticks_field, whole_field
from app.rules.openings import SchoolTime
from app.services.catalogue import ActivityInfo, SeasonInfo
from app.services.openings import ALL_WEEK, DaysInput, OpeningWish, days_between

OPEN, CLOSE, WITHDRAW = "ouvrir", "fermer", "retirer"
ACTIONS = {
    OPEN: "les ouvrir",
    CLOSE: "les fermer, avec un motif que les parents lisent",
    WITHDRAW: spaced("les retirer : les parents n’y voient plus rien"),
}
TIMES = {SchoolTime.SCHOOL.value: "en période scolaire", SchoolTime.HOLIDAYS.value: "pendant les vacances scolaires"}
WEEKDAYS = {str(weekday): weekday_name(weekday) for weekday in range(7)}


class SpanForm(FlaskForm):
    """Days of a season."""

    starts_on = day_field("Du", "Indiquez le premier jour.")
    ends_on = day_field("Au", "Indiquez le dernier jour.")
    season: SeasonInfo

    def validate_starts_on(self, field: Field) -> None:
        """Raises ValidationError."""
        self._check_in_season(field)

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data and field.data < self.starts_on.data:
            raise ValidationError("Ce jour est avant le premier jour.")
        self._check_in_season(field)

    def span(self) -> tuple[date, date]:
        """First and last day; only of a valid form."""
        assert self.starts_on.data is not None and self.ends_on.data is not None
        return self.starts_on.data, self.ends_on.data

    def _check_in_season(self, field: Field) -> None:
        if field.data and not self.season.starts_on <= field.data <= self.season.ends_on:
            first, last = (f"{day:%d/%m/%Y}" for day in (self.season.starts_on, self.season.ends_on))
            raise ValidationError(f"La saison va du {first} au {last}.")


class OpeningsForm(SpanForm):
    """Openings to generate."""

    weekdays = ticks_field("Quels jours de la semaine", required="Cochez au moins un jour.")
    times = ticks_field("Quand", required="Cochez au moins une période.")
    with_public_holidays = BooleanField("Les jours fériés aussi")
    units = ticks_field("Temps d’accueil", required="Cochez au moins un temps d’accueil.")
    groups = ticks_field("Groupes", required="Cochez au moins un groupe.")
    withdraws_others = BooleanField("Retirer les autres jours déjà ouverts entre ces dates, s’ils ne sont pas réservés")

    @classmethod
    def of(cls, activity: ActivityInfo) -> "OpeningsForm":
        """The form of an activity: its whole season, all its units and groups; outings have their own day."""
        form = cls(data={**_all_of(activity), **_season_of(activity)})
        _offer(form, activity)
        form.units.choices = {str(unit.id): unit.name for unit in activity.usual_units}
        form.weekdays.choices, form.times.choices = WEEKDAYS, TIMES
        return form

    def wish(self) -> OpeningWish:
        """What was typed; only of a valid form."""
        starts_on, ends_on = self.span()
        return OpeningWish(
            _ids(self.units), _ids(self.groups), _ids(self.weekdays), frozenset(map(SchoolTime, self.times.data or ())),
            self.with_public_holidays.data, starts_on, ends_on, self.withdraws_others.data,
        )  # fmt: skip


class DaysForm(SpanForm):
    """Days that are changed by hand."""

    weekdays = ticks_field("Seulement ces jours de la semaine")
    action = RadioField("Ces jours", choices=ACTIONS, default=CLOSE, validators=[Listed()], validate_choice=False)
    reason = text_field(
        "Motif de fermeture", longest=80, autocomplete="off", description=spaced("Par exemple : pont de l’Ascension.")
    )
    units = ticks_field("Temps d’accueil", required="Cochez au moins un temps d’accueil.")
    groups = ticks_field("Groupes", required="Cochez au moins un groupe.")

    @classmethod
    def of(cls, activity: ActivityInfo, day: date | None, *, is_sent: bool) -> "DaysForm":
        """The form of an activity: as it was sent, or for a day that was chosen."""
        form = cls(**_sent(is_sent), prefix="jours-", data={**_all_of(activity), "starts_on": day, "ends_on": day})
        _offer(form, activity)
        form.weekdays.choices = WEEKDAYS
        return form

    def validate_reason(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.action.data == CLOSE and not field.data:
            raise ValidationError(spaced("Dites pourquoi : les parents le lisent."))

    def days(self) -> DaysInput:
        """What was typed; only of a valid form."""
        days = days_between(*self.span(), _ids(self.weekdays) or ALL_WEEK)
        return DaysInput(_ids(self.units), _ids(self.groups), days)


class DayPlacesForm(SpanForm):
    """Places of single days."""

    scope = choice_field("Lesquelles")
    weekdays = ticks_field("Seulement ces jours de la semaine")
    places = whole_field(
        "Places ces jours-là", 0, MOST_PLACES, hint=spaced("Vide : les places habituelles, de nouveau.")
    )
    online_places = whole_field("Dont réservables en ligne", 0, MOST_PLACES, hint=spaced("Vide : toutes."))

    @classmethod
    def of(
        cls, activity: ActivityInfo, scopes: Mapping[int, str], day: date | None, *, is_sent: bool
    ) -> "DayPlacesForm":
        """The form of an activity's places: as it was sent, or for a day that was chosen."""
        form = cls(**_sent(is_sent), prefix="places-", data={"starts_on": day, "ends_on": day})
        form.season = activity.season
        form.weekdays.choices = WEEKDAYS
        form.scope.choices = {str(id_): name for id_, name in scopes.items()}
        return form

    def validate_online_places(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data.isdigit() and self.places.data.isdigit() and int(field.data) > int(self.places.data):
            raise ValidationError("C’est plus que le nombre de places.")

    def days(self) -> tuple[date, ...]:
        """Which days were typed; only of a valid form."""
        return days_between(*self.span(), _ids(self.weekdays) or ALL_WEEK)

    def numbers(self) -> tuple[int | None, int | None]:
        """The places and those online; None: the usual ones, all."""
        places, online = (int(field.data) if field.data else None for field in (self.places, self.online_places))
        return places, online


def _sent(is_sent: bool) -> dict[str, Any]:
    """What a form is made of; two stand on the page, and only one was sent."""
    return {} if is_sent else {"formdata": None}


def _all_of(activity: ActivityInfo) -> dict[str, list[str]]:
    return {
        "units": [str(unit.id) for unit in activity.units],
        "groups": [str(group.id) for group in activity.groups],
        "times": [SchoolTime.SCHOOL.value],
    }


def _season_of(activity: ActivityInfo) -> dict[str, date]:
    return {"starts_on": activity.season.starts_on, "ends_on": activity.season.ends_on}


def _offer(form: OpeningsForm | DaysForm, activity: ActivityInfo) -> None:
    form.season = activity.season
    form.units.choices = {str(unit.id): unit.name for unit in activity.units}
    form.groups.choices = {str(group.id): group.name for group in activity.groups}


def _ids(field: Field) -> frozenset[int]:
    return frozenset(int(each) for each in field.data or ())
