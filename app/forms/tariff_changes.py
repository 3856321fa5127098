"""The shape of what changes prices: reductions and supplements, and what a lateness or an absence costs."""

from fractions import Fraction

from wtforms import Field
from wtforms.validators import ValidationError

from app.filters import NBSP, spaced
from app.forms.fields import amount_typed, read_cents, strip, text_field
from app.forms.tariff_fields import (
    ADD,
    FULL,
    LESS,
    LOWER,
    MORE,
    PERCENT,
    REPLACE,
    PartForm,
    amount_field,
    cents_of,
    check_span,
    list_field,
    one_of_field,
    span_of,
    ticks_field,
    typed_span,
    whole_field,
)
from app.forms.tariff_rates import RateEditor, price_typed, read_percent
from app.labels import choices_of
from app.price_labels import percent_text, residence_label, word_code, word_text
from app.rules.tariff_grids import (
    AddCents,
    AddRate,
    ChangePercent,
    Condition,
    Criterion,
    Effect,
    FullPrice,
    LowerBracket,
    Modifier,
    ModifierKind,
    Nature,
    Rate,
    ReplaceRate,
    Span,
    Standing,
    Surcharge,
    SurchargeCause,
)
from app.services.price_facts import residence_words

MOST_PERCENT = 1_000


class _EffectForm(PartForm):
    """What a change of price does."""

    direction = one_of_field("Le montant ou le pourcentage est", {LESS: "En moins", MORE: "En plus"}, LESS)
    percent = text_field(
        "Pourcentage", longest=12, inputmode="decimal", autocomplete="off", description="Par exemple 20 ou 12,5."
    )

    def _read_percent(self) -> ChangePercent:
        percent = read_percent(self.percent.data)
        assert percent is not None
        return ChangePercent(-percent if self.direction.data == LESS else percent)

    def _check_percent(self, text: str) -> None:
        percent = read_percent(text)
        if percent is None:
            raise ValidationError("Écrivez un pourcentage, par exemple 20.")
        if self.direction.data == LESS and percent > 100:
            raise ValidationError("On ne peut pas ôter plus de 100 %.".replace(" %", f"{NBSP}%"))
        if percent > MOST_PERCENT:
            raise ValidationError("C’est trop.")

    def _show_percent(self, effect: ChangePercent) -> None:
        self.direction.data = LESS if effect.percent < 0 else MORE
        self.percent.data = percent_text(abs(Fraction(effect.percent)))


class ModifierForm(_EffectForm):
    """A reduction or supplement, and for whom."""

    has_rate = True

    kind = list_field("Pour quelle raison", choices_of(ModifierKind), required="Choisissez la raison.")
    effect = one_of_field(
        "Ce qui change",
        {
            PERCENT: "Un pourcentage en plus ou en moins",
            ADD: "Un montant en plus ou en moins",
            REPLACE: "Un autre prix",
            LOWER: "La tranche de quotient du dessous",
            FULL: "Le prix maximum, quel que soit le quotient",
        },
        PERCENT,
    )
    cents = amount_field("Montant")
    places = whole_field("Combien de tranches plus bas", 1, 20)
    items = ticks_field("Sur quels prix", hint=spaced("Aucune case cochée : tous."))
    natures = ticks_field("Sur quelle sorte de prix", hint=spaced("Aucune case cochée : toutes."))
    residences = text_field(
        "Lieu de résidence", autocomplete="off",
    )  # fmt: skip
    rank_low = whole_field("Rang de l’enfant, du", 1, 20, hint="2 pour le deuxième enfant.")
    rank_last = whole_field("jusqu’au", 1, 20, hint=spaced("Vide : et les suivants."))
    children_low = whole_field("Nombre d’enfants, de", 1, 20)
    children_last = whole_field("jusqu’à", 1, 20, hint=spaced("Vide : et plus."))
    quotient_low = amount_field("Quotient, à partir de", most=10_000_000)
    quotient_below = amount_field(
        "à moins de",
        most=10_000_000,
        hint=spaced("Une condition sur le quotient ne vaut que pour un quotient vérifié."),
    )
    standings = ticks_field("Seulement si la famille ou l’enfant est")

    def set_choices(self) -> None:
        """All prices, natures and standings."""
        present = self.present.when.items if isinstance(self.present, Modifier) else ()
        self._codes(self.items, present, only_units=False)
        self.natures.choices, self.standings.choices = choices_of(Nature), choices_of(Standing)
        known = ", ".join(residence_label(word) for word in residence_words())
        self.residences.description = spaced(f"Plusieurs avec des virgules. Mots connus : {known}.")

    @property
    def asks_rate(self) -> bool:
        """Whether another price is typed."""
        return bool(self.effect.data == REPLACE)

    def show(self, part: Modifier) -> None:
        """Fill in."""
        self.kind.data, when = part.kind.value, part.when
        match part.effect:
            case AddCents():
                self.effect.data, self.cents.data = ADD, price_typed(abs(part.effect.cents))
                self.direction.data = LESS if part.effect.cents < 0 else MORE
            case ChangePercent():
                self.effect.data = PERCENT
                self._show_percent(part.effect)
            case ReplaceRate():
                self.effect.data, self.editor = REPLACE, RateEditor.of(part.effect.rate)
            case LowerBracket():
                self.effect.data, self.places.data = LOWER, str(part.effect.places)
            case FullPrice():
                self.effect.data = FULL
        self.items.data, self.natures.data = sorted(when.items), sorted(when.natures)
        self.residences.data = ", ".join(word_text(Criterion.RESIDENCE, word) for word in sorted(when.residences))
        self.rank_low.data, self.rank_last.data = typed_span(when.ranks)
        self.children_low.data, self.children_last.data = typed_span(when.children)
        if when.quotients is not None:
            self.quotient_low.data = amount_typed(when.quotients.low)
            below = when.quotients.below
            self.quotient_below.data = "" if below is None else amount_typed(below)
        self.standings.data = sorted(when.standings)

    def validate_percent(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.effect.data == PERCENT:
            self._check_percent(field.data)

    def validate_cents(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.effect.data == ADD and not field.data:
            raise ValidationError("Indiquez le montant.")

    def validate_rank_last(self, field: Field) -> None:
        """Raises ValidationError."""
        check_span(self.rank_low.data, field.data)

    def validate_children_last(self, field: Field) -> None:
        """Raises ValidationError."""
        check_span(self.children_low.data, field.data)

    def validate_quotient_below(self, field: Field) -> None:
        """Raises ValidationError."""
        low, below = read_cents(self.quotient_low.data or "0"), read_cents(field.data or "")
        if low is not None and below is not None and below <= low:
            raise ValidationError("Cette limite doit dépasser l’autre.")

    def build(self, rate: Rate | None) -> Modifier:
        """The modifier of a valid form."""
        words = (word_code(Criterion.RESIDENCE, strip(word)) for word in self.residences.data.split(","))
        when = Condition(
            items=frozenset(self.items.data or ()),
            natures=frozenset(Nature(each) for each in self.natures.data or ()),
            residences=frozenset(word for word in words if word),
            ranks=span_of(self.rank_low.data, self.rank_last.data),
            children=span_of(self.children_low.data, self.children_last.data),
            quotients=self._quotients(),
            standings=frozenset(Standing(each) for each in self.standings.data or ()),
        )
        return Modifier(ModifierKind(self.kind.data), when, self._effect(rate))

    def _effect(self, rate: Rate | None) -> Effect:
        match self.effect.data:
            case "add":
                cents = cents_of(self.cents) or 0
                return AddCents(-cents if self.direction.data == LESS else cents)
            case "replace":
                assert rate is not None
                return ReplaceRate(rate)
            case "lower":
                return LowerBracket(int(self.places.data or 1))
            case "full":
                return FullPrice()
            case _:
                return self._read_percent()

    def _quotients(self) -> Span | None:
        if not self.quotient_low.data and not self.quotient_below.data:
            return None
        return Span("quotients", cents_of(self.quotient_low) or 0, cents_of(self.quotient_below))


class SurchargeForm(_EffectForm):
    """What a cause costs."""

    has_rate = True

    cause = list_field("Quand", choices_of(SurchargeCause), required="Choisissez ce qui coûte plus.")
    effect = one_of_field(
        "Ce que cela coûte",
        {
            ADD: "Un montant en plus, sur une ligne à part",
            PERCENT: "Un pourcentage en plus ou en moins",
            REPLACE: "Un autre prix à la place",
        },
        ADD,
    )
    reminders = whole_field("Après combien de relances", 1, 9, hint="Pour un retard de paiement.")
    items = ticks_field("Pour quels prix", hint=spaced("Aucune case cochée : tous."))

    def set_choices(self) -> None:
        """All prices."""
        present = self.present.items if isinstance(self.present, Surcharge) else ()
        self._codes(self.items, present, only_units=False)

    @property
    def asks_rate(self) -> bool:
        """Whether a price is typed."""
        return bool(self.effect.data != PERCENT)

    def show(self, part: Surcharge) -> None:
        """Fill in."""
        self.cause.data, self.items.data = part.cause.value, sorted(part.items)
        self.reminders.data = str(part.reminders or "")
        if isinstance(part.effect, ChangePercent):
            self.effect.data = PERCENT
            self._show_percent(part.effect)
        else:
            self.effect.data = ADD if isinstance(part.effect, AddRate) else REPLACE
            self.editor = RateEditor.of(part.effect.rate)

    def validate_effect(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.cause.data == SurchargeCause.LATE_PICKUP and field.data != ADD:
            raise ValidationError("Un retard le soir est un montant en plus.")
        if self.cause.data == SurchargeCause.LATE_PAYMENT and field.data != PERCENT:
            raise ValidationError("Un retard de paiement coûte un pourcentage de la facture.")

    def validate_percent(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.effect.data == PERCENT:
            self._check_percent(field.data)

    def validate_reminders(self, field: Field) -> None:
        """Raises ValidationError."""
        if self.cause.data == SurchargeCause.LATE_PAYMENT and not field.data:
            raise ValidationError("Indiquez après combien de relances.")

    def build(self, rate: Rate | None) -> Surcharge:
        """The surcharge of a valid form."""
        effect: AddRate | ChangePercent | ReplaceRate
        if rate is None:
            effect = self._read_percent()
        else:
            effect = AddRate(rate) if self.effect.data == ADD else ReplaceRate(rate)
        is_late_payment = self.cause.data == SurchargeCause.LATE_PAYMENT
        return Surcharge(
            SurchargeCause(self.cause.data), effect, frozenset(self.items.data or ()),
            int(self.reminders.data) if is_late_payment else 0,
        )  # fmt: skip
