"""The shape of what the council offers: offices, places, seasons, activities, groups, units."""

import re
from collections.abc import Collection, Mapping
from datetime import time

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField, SelectField, TextAreaField
from wtforms import TimeField as WTFormsTimeField
from wtforms.validators import ValidationError

from app.filters import spaced
from app.forms.fields import DATE_FORMATS, DateField, Filled, Listed, TextField, at_most, strip_lines, text_field
from app.forms.tariff_fields import ticks_field, whole_field
from app.rules.capacity import LAST_PLACES, CapacityScope
from app.rules.meals import MOST_LIMITS, MOST_SPARE_PERCENT, OLDEST_LIMIT, bands_of
from app.rules.numbers import is_prefix
from app.rules.paid_bookings import LEAST_MINUTES, MOST_MINUTES, USUAL_MINUTES
from app.services.activity_copies import CopyInput, PricesOfCopy
from app.services.activity_settings import ActivityInput, ActivityRow, GroupInput, GroupRow, UnitInput, UnitRow
from app.services.catalogue import ActivityInfo
from app.services.council_settings import OfficeInput, SeasonInput, SiteInput, SiteRow
from app.services.scope_settings import ScopeInput, activities_half_covered, groups_of_season, units_of_season

OLDEST = 99
LAST_POSITION = 999
MOST_PLACES = 9_999
LONGEST_SEASON_DAYS = 800
AT_ONCE, ON_REQUEST, PAID = "directes", "demandees", "payees"
BOOKINGS = {
    AT_ONCE: "Confirmées aussitôt, tant qu’il reste des places",
    ON_REQUEST: "Décidées par le service : chaque case cochée est une demande",
    PAID: "Payées en ligne à la réservation : les places sont gardées le temps de payer",
}
PRICES_OF_COPY = {
    PricesOfCopy.DRAFT.value: "en brouillon, à relire dans les tarifs",
    PricesOfCopy.VERSION.value: "les mêmes, dès le premier jour de la saison",
    PricesOfCopy.NONE.value: "aucun",
}


class HourField(WTFormsTimeField):
    """An hour of the day; what is none is refused in French."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Raises ValueError."""
        try:
            super().process_formdata([each.strip().replace("h", ":").replace(" ", "") for each in valuelist])
        except ValueError:
            raise ValueError("Indiquez une heure, par exemple 7:30.") from None


def hour_field(label: str, required: str) -> HourField:
    """An hour of the day."""
    return HourField(label, validators=[Filled(message=required)], render_kw={"type": "time"})


def day_field(label: str, required: str) -> DateField:
    """A day."""
    return DateField(label, format=DATE_FORMATS, validators=[Filled(message=required)], render_kw={"type": "date"})


def choice_field(label: str) -> SelectField:
    """One of a list that the form fills in."""
    return SelectField(label, choices={}, validators=[Listed()], validate_choice=False)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _number(field: TextField) -> int | None:
    return int(field.data) if field.data else None


class OfficeForm(FlaskForm):
    """An office."""

    name = text_field(
        "Nom du service", required="Indiquez le nom du service.", longest=80, autocomplete="off",
        description="Tel que les factures le montrent.",
    )  # fmt: skip
    prefix = text_field(
        "Préfixe des numéros", required="Indiquez un préfixe.", longest=10, autocomplete="off", spellcheck="false",
        description=spaced("De 1 à 10 lettres ou chiffres : « pop » donne la facture pop-F260900001."),
    )  # fmt: skip
    payfip_number = text_field(
        "Numéro client PayFiP", longest=6, inputmode="numeric", autocomplete="off",
        description="6 chiffres, donnés par la DGFiP. Vide tant que le paiement en ligne n’est pas ouvert.",
    )  # fmt: skip

    def validate_prefix(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not is_prefix(field.data):
            raise ValidationError("Utilisez de 1 à 10 lettres sans accent ou chiffres, sans espace.")

    def validate_payfip_number(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and not re.fullmatch("[0-9]{6}", field.data):
            raise ValidationError("Un numéro client PayFiP a six chiffres.")

    def typed(self) -> OfficeInput:
        """What was typed; only of a valid form."""
        return OfficeInput(self.prefix.data, self.name.data, self.payfip_number.data or None)


class SiteForm(FlaskForm):
    """A place where children are received."""

    name = text_field(
        "Nom du lieu", required="Indiquez le nom du lieu.", longest=80, autocomplete="off",
        description=spaced("Par exemple : Accueil de loisirs Les Marronniers."),
    )  # fmt: skip
    address = text_field("Adresse", required="Indiquez l’adresse.", longest=160, autocomplete="off")
    meal_limits = text_field(
        "Repas : âges où commence une autre portion", longest=30, autocomplete="off",
        description=spaced("Par exemple : 6, 12 compte à part moins de 6 ans, 6 à 11 ans, 12 ans et plus."),
    )  # fmt: skip
    meal_spare_percent = whole_field(
        "Repas : marge (%)", 0, MOST_SPARE_PERCENT, required="Indiquez une marge, 0 pour aucune.",
        hint="Repas ajoutés au nombre attendu, en pourcentage arrondi vers le haut.",
    )  # fmt: skip

    @classmethod
    def of(cls, row: SiteRow | None) -> "SiteForm":
        """The form of a place, or of a new one."""
        shown = SiteInput("", "") if row is None else row
        return cls(
            data={
                "name": shown.name, "address": shown.address, "meal_limits": shown.meal_limits,
                "meal_spare_percent": str(shown.meal_spare_percent),
            }
        )  # fmt: skip

    def validate_meal_limits(self, field: Field) -> None:
        """Raises ValidationError."""
        parts = [part.strip() for part in (field.data or "").split(",") if part.strip()]
        try:
            bands_of([int(part) for part in parts])
        except ValueError:
            parts = [""] * (MOST_LIMITS + 1)
        if len(parts) > MOST_LIMITS:
            raise ValidationError(
                f"Écrivez des âges de 1 à {OLDEST_LIMIT}, du plus petit au plus grand, séparés par des virgules."
            )

    def typed(self) -> SiteInput:
        """What was typed; only of a valid form."""
        limits = ", ".join(part.strip() for part in (self.meal_limits.data or "").split(",") if part.strip())
        return SiteInput(self.name.data, self.address.data, limits, int(self.meal_spare_percent.data))


class SeasonForm(FlaskForm):
    """A season."""

    name = text_field(
        "Nom de la saison", required="Indiquez un nom.", longest=40, autocomplete="off",
        description=spaced("Par exemple : 2026-2027."),
    )  # fmt: skip
    starts_on = day_field("Premier jour", "Indiquez le premier jour.")
    ends_on = day_field("Dernier jour", "Indiquez le dernier jour.")

    def validate_ends_on(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data and self.starts_on.data:
            days = (field.data - self.starts_on.data).days
            if days < 0:
                raise ValidationError("Ce jour est avant le premier jour.")
            if days > LONGEST_SEASON_DAYS:
                raise ValidationError("Une saison dure deux ans au plus.")

    def typed(self) -> SeasonInput:
        """What was typed; only of a valid form."""
        assert self.starts_on.data is not None and self.ends_on.data is not None
        return SeasonInput(self.name.data, self.starts_on.data, self.ends_on.data)


class ActivityForm(FlaskForm):
    """An activity."""

    name = text_field(
        "Nom de l’activité", required="Indiquez le nom de l’activité.", longest=60, autocomplete="off",
        description=spaced("Celui que lisent les parents. Par exemple : Mercredi."),
    )  # fmt: skip
    description = TextAreaField(
        "Description", filters=[strip_lines], validators=[at_most(500)],
        description="Une ou deux phrases pour les parents qui choisissent.", render_kw={"rows": 3, "maxlength": 500},
    )  # fmt: skip
    season_id = choice_field("Saison")
    site_id = choice_field("Lieu d’accueil")
    office_id = choice_field("Service qui facture")
    position = whole_field(
        "Rang dans le planning", 1, LAST_POSITION, required="Indiquez un rang.", hint="Le plus petit vient en premier."
    )
    bookings = RadioField(
        "Réservations", choices={code: spaced(words) for code, words in BOOKINGS.items()}, default=AT_ONCE,
        validators=[Filled(message="Choisissez une réponse."), Listed()], validate_choice=False,
        description=spaced(
            "Une demande garde sa place ; sans réponse à l’heure où commence l’accueil, elle tombe et les parents en"
            " sont avertis. Un changement ne touche pas ce qui est déjà réservé ou demandé."
        ),
    )  # fmt: skip
    pay_within_minutes = whole_field(
        spaced("Paiement à la réservation : minutes pour payer"), LEAST_MINUTES, MOST_MINUTES,
        hint=spaced(
            "Seulement si les réservations sont payées en ligne : ensuite, les places sont rendues. Le service qui"
            " facture doit encaisser en ligne (PayFiP), et chaque temps d’accueil doit avoir son propre prix : ni"
            " forfait, ni cotisation, ni carnet, ni remise. La facture est émise au paiement ; les aides ne s’y"
            " déduisent pas."
        ),
    )  # fmt: skip

    waiting_hours = whole_field(
        spaced("Liste d’attente : heures pour répondre à une place proposée"), 1, 240,
        hint=spaced(
            "Par exemple 24. Vide : pas de liste d’attente. Un parent qui coche un temps complet peut alors attendre ;"
            " la place qui se libère va au premier qui peut venir, jamais après le délai de réservation. Sans effet là"
            " où le service décide des réservations, et pour ce qui se paie en réservant."
        ),
    )  # fmt: skip

    @classmethod
    def of(cls, row: ActivityRow | None, position: int) -> "ActivityForm":
        """The form of an activity; of a new one (None), in that place."""
        if row is None:
            return cls(data={"position": str(position), "pay_within_minutes": str(USUAL_MINUTES)})
        return cls(
            data={
                "name": row.name, "description": row.description, "season_id": row.season_id, "site_id": row.site_id,
                "office_id": row.office_id, "position": str(row.position),
                "bookings": ON_REQUEST if row.on_request else AT_ONCE if row.pay_within_minutes is None else PAID,
                "pay_within_minutes": str(row.pay_within_minutes or USUAL_MINUTES),
                "waiting_hours": _text(row.waiting_hours),
            }
        )  # fmt: skip

    def offer(self, seasons: Mapping[int, str], sites: Mapping[int, str], offices: Mapping[int, str]) -> "ActivityForm":
        """Fill in what there is to choose from."""
        for field, choices in ((self.season_id, seasons), (self.site_id, sites), (self.office_id, offices)):
            field.choices = {str(id_): name for id_, name in choices.items()}
        return self

    def validate_bookings(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data == PAID and not self.pay_within_minutes.data:
            raise ValidationError(spaced("Indiquez plus bas combien de minutes les places sont gardées."))

    def typed(self) -> ActivityInput:
        """What was typed; only of a valid form."""
        minutes = int(self.pay_within_minutes.data) if self.bookings.data == PAID else None
        return ActivityInput(
            self.name.data, self.description.data or "", int(self.season_id.data), int(self.site_id.data),
            int(self.office_id.data), int(self.position.data), self.bookings.data == ON_REQUEST, minutes,
            _number(self.waiting_hours),
        )  # fmt: skip


class GroupForm(FlaskForm):
    """An age group."""

    name = text_field(
        "Nom du groupe", required="Indiquez le nom du groupe.", longest=60, autocomplete="off",
        description=spaced("Par exemple : 6–8 ans."),
    )  # fmt: skip
    min_age = whole_field("À partir de quel âge", 0, OLDEST, hint=spaced("En années révolues. Vide : sans limite."))
    max_age = whole_field("Jusqu’à quel âge", 0, OLDEST, hint=spaced("Compris. Vide : sans limite."))

    @classmethod
    def of(cls, row: GroupRow | None) -> "GroupForm":
        """The form of a group; of a new one (None)."""
        if row is None:
            return cls()
        ages = {"min_age": _text(row.min_age), "max_age": _text(row.max_age)}
        return cls(data={"name": row.name, **ages})

    def validate_max_age(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data.isdigit() and self.min_age.data.isdigit() and int(field.data) < int(self.min_age.data):
            raise ValidationError("Cet âge est en dessous de l’autre.")

    def typed(self) -> GroupInput:
        """What was typed; only of a valid form."""
        return GroupInput(self.name.data, _number(self.min_age), _number(self.max_age))


class UnitForm(FlaskForm):
    """A bookable part of a day."""

    name = text_field(
        "Nom du temps d’accueil", required="Indiquez le nom du temps d’accueil.", longest=40, autocomplete="off",
        description=spaced("Par exemple : Matin, Repas, Acc soir."),
    )  # fmt: skip
    starts_at = hour_field("De", "Indiquez l’heure de début.")
    ends_at = hour_field("À", "Indiquez l’heure de fin.")
    is_meal = BooleanField("C’est un repas")
    position = whole_field(
        "Rang dans la journée", 1, LAST_POSITION, required="Indiquez un rang.", hint="Le plus petit vient en premier."
    )

    @classmethod
    def of(cls, row: UnitRow | None, position: int) -> "UnitForm":
        """The form of a unit; of a new one (None), in that place."""
        if row is None:
            return cls(data={"position": str(position)})
        hours = {"starts_at": row.starts_at, "ends_at": row.ends_at}
        return cls(data={"name": row.name, "is_meal": row.is_meal, "position": str(row.position), **hours})

    def validate_ends_at(self, field: Field) -> None:
        """Raises ValidationError."""
        if isinstance(field.data, time) and isinstance(self.starts_at.data, time) and field.data <= self.starts_at.data:
            raise ValidationError("La fin vient après le début, le même jour.")

    def typed(self) -> UnitInput:
        """What was typed; only of a valid form."""
        assert self.starts_at.data is not None and self.ends_at.data is not None
        return UnitInput(
            self.name.data, self.starts_at.data, self.ends_at.data, self.is_meal.data, int(self.position.data), None
        )


class ScopeForm(FlaskForm):
    """Places that units and groups share."""

    name = text_field(
        "Nom", required="Indiquez un nom.", longest=60, autocomplete="off",
        description=spaced("Par exemple : Mercredi matin."),
    )  # fmt: skip
    places = whole_field(
        "Places par jour", 0, MOST_PLACES, required="Indiquez un nombre de places.",
        hint=spaced("Un enfant compte une fois, même s’il vient plusieurs fois dans la journée."),
    )  # fmt: skip
    online_places = whole_field(
        "Dont réservables en ligne", 0, MOST_PLACES,
        hint=spaced("Le reste est gardé pour vos services. Vide : toutes."),
    )  # fmt: skip
    last_places = whole_field(
        "Annoncer les dernières places à partir de", 0, MOST_PLACES, required="Indiquez un nombre.",
        hint=spaced("Quand il en reste autant ou moins pour les parents. 0 : jamais."),
    )  # fmt: skip
    units = ticks_field("Temps d’accueil qui se partagent ces places", required="Cochez au moins un temps d’accueil.")
    groups = ticks_field("Groupes qui se les partagent", required="Cochez au moins un groupe.")

    @classmethod
    def of(cls, scope: CapacityScope | None, activity: ActivityInfo) -> "ScopeForm":
        """The form of a scope; of a new one (None), over all of an activity."""
        if scope is None:
            units, groups = {unit.id for unit in activity.units}, {group.id for group in activity.groups}
            form = cls(data={"last_places": str(LAST_PLACES), **_ticked(units, groups)})
        else:
            numbers = {"places": str(scope.places), "last_places": str(scope.last_places)}
            online = {"online_places": _text(scope.online_places)}
            form = cls(data={"name": scope.name, **numbers, **online, **_ticked(scope.units, scope.groups)})
        season_id = activity.season.id
        form.units.choices = {str(id_): name for id_, name in units_of_season(season_id).items()}
        form.groups.choices = {str(id_): name for id_, name in groups_of_season(season_id).items()}
        return form

    def validate_online_places(self, field: Field) -> None:
        """Raises ValidationError."""
        if field.data.isdigit() and self.places.data.isdigit() and int(field.data) > int(self.places.data):
            raise ValidationError("C’est plus que le nombre de places.")

    def validate_groups(self, field: Field) -> None:
        """Raises ValidationError."""
        for activity in activities_half_covered(_ids(self.units.data), _ids(field.data)):
            raise ValidationError(spaced(f"« {activity} » : cochez au moins un temps d’accueil et un groupe, ou rien."))

    def typed(self) -> ScopeInput:
        """What was typed; only of a valid form."""
        return ScopeInput(
            self.name.data, int(self.places.data), _number(self.online_places), int(self.last_places.data),
            _ids(self.units.data), _ids(self.groups.data),
        )  # fmt: skip


def _ticked(units: Collection[int], groups: Collection[int]) -> dict[str, list[str]]:
    return {"units": [str(id_) for id_ in units], "groups": [str(id_) for id_ in groups]}


def _ids(ticked: Collection[str] | None) -> frozenset[int]:
    return frozenset(int(each) for each in ticked or () if each.isdigit())


class CopyForm(FlaskForm):
    """The copy of an activity in another season."""

    season_id = choice_field("Vers quelle saison")
    name = text_field("Nom de la copie", required="Indiquez un nom.", longest=60, autocomplete="off")
    prices = RadioField(
        "Tarifs", choices=PRICES_OF_COPY, default=PricesOfCopy.DRAFT.value, validators=[Listed()], validate_choice=False
    )

    def offer(self, seasons: Mapping[int, str]) -> "CopyForm":
        """Fill in what there is to choose from."""
        self.season_id.choices = {str(id_): name for id_, name in seasons.items()}
        return self

    def typed(self) -> CopyInput:
        """What was typed; only of a valid form."""
        return CopyInput(int(self.season_id.data), self.name.data, PricesOfCopy(self.prices.data))
