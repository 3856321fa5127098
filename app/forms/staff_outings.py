"""The shape of an outing."""

from datetime import date, datetime, time

from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import Optional, ValidationError

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, amount_typed, read_cents, text_field
from app.forms.staff_catalogue import MOST_PLACES, HourField, choice_field, day_field, hour_field
from app.forms.tariff_fields import amount_field, ticks_field, whole_field
from app.notice_labels import END_OF_DAY
from app.rules.tariff_grids import version_on
from app.services.catalogue import ActivityInfo
from app.services.outings import OutingInput, OutingRow, price_units

FIXED, KEPT = "fixed", "kept"


class OutingForm(FlaskForm):
    """An outing of an activity."""

    name = text_field(
        "Nom de la sortie", required="Indiquez le nom de la sortie.", longest=40, autocomplete="off",
        description=spaced("Celui que lisent les parents. Par exemple : Sortie à la mer."),
    )  # fmt: skip
    day = day_field("Jour", "Indiquez le jour.")
    starts_at = hour_field("De", "Indiquez l’heure de début.")
    ends_at = hour_field("À", "Indiquez l’heure de fin.")
    groups = ticks_field("Pour quels groupes", required="Cochez au moins un groupe.")
    places = whole_field("Places", 0, MOST_PLACES, required="Indiquez un nombre de places.")
    online_places = whole_field(
        "Dont réservables en ligne", 0, MOST_PLACES, hint=spaced("Le reste est gardé pour vos services. Vide : toutes.")
    )
    price = choice_field("Prix")
    amount = amount_field("Montant", hint=spaced("Pour un seul montant : en euros, le même pour toutes les familles."))
    replaced = ticks_field(
        "Remplace", hint="Un enfant qui fait la sortie ne réserve pas ces temps d’accueil le même jour."
    )
    deadline_on = DateField(
        "Réserver et annuler jusqu’au", format=DATE_FORMATS, validators=[Optional()], render_kw={"type": "date"},
        description=spaced("Vide : les délais de l’activité."),
    )  # fmt: skip
    deadline_at = HourField(
        "À quelle heure",
        validators=[Optional()],
        render_kw={"type": "time"},
        description=spaced("Vide : toute la journée."),
    )
    activity: ActivityInfo

    @classmethod
    def of(cls, row: OutingRow | None, activity: ActivityInfo) -> "OutingForm":
        """The form of an outing; of a new one (None), for all groups."""
        form = cls(data=_new(activity) if row is None else _shown(row))
        form.activity = activity
        form.groups.choices = {str(group.id): group.name for group in activity.groups}
        form.replaced.choices = {str(unit.id): unit.name for unit in activity.usual_units}
        likes = {str(unit.id): f"comme «\u00a0{unit.name}\u00a0»" for unit in activity.usual_units}
        form.price.choices = {FIXED: "un seul montant", **likes}
        if row is not None and row.cents is None and row.like_unit_id is None:
            form.price.choices = {KEPT: "celui des tarifs de l’activité", **form.price.choices}
        return form

    def validate_day(self, field: Field) -> None:
        """Raises ValidationError."""
        season = self.activity.season
        if field.data and not season.starts_on <= field.data <= season.ends_on:
            raise ValidationError(f"La saison va du {season.starts_on:%d/%m/%Y} au {season.ends_on:%d/%m/%Y}.")
        if field.data and version_on(self.activity.tariffs, field.data) is None:
            raise ValidationError("L’activité n’a pas encore de tarif ce jour-là\u00a0: ajoutez-le d’abord.")

    def validate_ends_at(self, field: Field) -> None:
        """Raises ValidationError."""
        if isinstance(field.data, time) and isinstance(self.starts_at.data, time) and field.data <= self.starts_at.data:
            raise ValidationError("La fin vient après le début, le même jour.")

    def validate_online_places(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data.isdigit() and self.places.data.isdigit() and int(field.data) > int(self.places.data):
            raise ValidationError("C’est plus que le nombre de places.")

    def validate_price(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data in (FIXED, KEPT) or not isinstance(self.day.data, date):
            return
        if field.data not in {str(unit.id) for unit in price_units(self.activity, self.day.data)}:
            raise ValidationError("Ce temps d’accueil n’a pas de prix à lui ce jour-là.")

    def validate_amount(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.price.data == FIXED and not field.data:
            raise ValidationError("Indiquez le montant.")

    def validate_deadline_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and isinstance(self.day.data, date) and field.data > self.day.data:
            raise ValidationError("Ce jour est après la sortie.")

    def validate_deadline_at(self, field: Field) -> None:
        """Raises ValidationError."""
        if isinstance(field.data, time) and not self.deadline_on.data:
            raise ValidationError("Indiquez aussi le jour.")

    def typed(self) -> OutingInput:
        """What was typed; only of a valid form."""
        assert self.day.data is not None and self.starts_at.data is not None and self.ends_at.data is not None
        price = self.price.data
        deadline = None
        if self.deadline_on.data:
            deadline = datetime.combine(self.deadline_on.data, self.deadline_at.data or END_OF_DAY)
        return OutingInput(
            self.name.data, self.day.data, self.starts_at.data, self.ends_at.data, _ids(self.groups),
            int(self.places.data), int(self.online_places.data) if self.online_places.data else None,
            read_cents(self.amount.data) if price == FIXED else None,
            int(price) if price not in (FIXED, KEPT) else None, _ids(self.replaced), deadline,
        )  # fmt: skip


def _ids(field: Field) -> frozenset[int]:
    return frozenset(int(each) for each in field.data or ())


def _new(activity: ActivityInfo) -> dict[str, object]:
    return {"groups": [str(group.id) for group in activity.groups], "price": FIXED}


def _shown(row: OutingRow) -> dict[str, object]:
    price = KEPT if row.like_unit_id is None else str(row.like_unit_id)
    deadline = row.deadline
    return {
        "name": row.name, "day": row.day, "starts_at": row.starts_at, "ends_at": row.ends_at,
        "groups": [str(id_) for id_ in row.group_ids], "places": str(row.places),
        "online_places": "" if row.online_places is None else str(row.online_places),
        "price": price if row.cents is None else FIXED,
        "amount": "" if row.cents is None else amount_typed(row.cents),
        "replaced": [str(id_) for id_ in row.replaced_ids],
        "deadline_on": None if deadline is None else deadline.date(),
        "deadline_at": None if deadline is None or deadline.time() == END_OF_DAY else deadline.time(),
    }  # fmt: skip
