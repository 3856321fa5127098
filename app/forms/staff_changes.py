"""Deciding on a family's request: what the agent read of it, and from when on a new address holds."""

from datetime import date

from flask_wtf import FlaskForm
from wtforms import HiddenField

from app.filters import spaced
from app.forms.bases import SectionForm, in_words
from app.forms.changes import PART_FORMS
from app.forms.families import CoordinatesForm
from app.forms.fields import DATE_FORMATS, DateField, Filled
from app.rules.file_fields import ADDITIONS
from app.services.change_requests import Review


class AcceptanceForm(FlaskForm):
    """The version of the request that the agent read. Many stand on one page, each with its own ids.

    Each page's token is drawn by the template, once a form; every POST is checked by CSRFProtect, not here.
    """

    class Meta:
        """No token field: it would have the same id in every row."""

        csrf = False

    version = HiddenField()
    starts_on = DateField(
        "Nouvelle adresse à partir du",
        format=DATE_FORMATS,
        validators=[Filled(message="Indiquez depuis quand la famille vit à cette adresse.")],
        render_kw={"autocomplete": "off"},
    )

    def __init__(
        self, request_id: int, version: int, asked_on: date, *, has_address: bool, is_sent: bool = False
    ) -> None:
        """`is_sent`: this is the row whose acceptance is in the request."""
        super().__init__(
            **({} if is_sent else {"formdata": None}), data={"version": str(version), "starts_on": asked_on}
        )
        if not has_address:
            del self.starts_on
        for field in self:
            field.id = f"{field.name}-change-{request_id}"

    @property
    def version_read(self) -> int:
        """Which version the agent read; one that no request has where the field was tampered with."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0

    @property
    def begins_on(self) -> date | None:
        """From when on a new address holds; only of a valid form."""
        return self.starts_on.data if "starts_on" in self else None


class StaffCoordinatesForm(CoordinatesForm):
    """« Coordonnées » as the staff change them."""

    starts_on = DateField(
        "Nouvelle adresse à partir du",
        format=DATE_FORMATS,
        validators=[Filled(message="Indiquez depuis quand la famille vit à cette adresse.")],
        render_kw={"autocomplete": "off", "type": "date"},
    )


def review_form(review: Review) -> SectionForm:
    """The fields that the family asks to change, with what it asked for; the agent may correct them."""
    asked = {name: change.after for name, change in review.request.changes.items()}
    form = PART_FORMS[review.request.kind]()
    if not form.shown_values.raw_data:
        form.fill({**review.stored, **asked})
        form.shown_values.data = None
        form.remember(review.stored)
    if review.request.kind not in ADDITIONS:
        form.lock([name for name in review.stored if name not in asked], review.stored)
    return form


def mark_review(form: SectionForm, review: Review) -> None:
    """Say beside each field what is stored; where it moved since the family asked, three values to choose among."""
    for name, change in review.request.changes.items():
        if name not in form or review.request.kind in ADDITIONS:
            continue
        before, now, asked = (
            in_words(form[name], value) or "vide" for value in (change.before, review.stored[name], change.after)
        )
        if name in review.moved:
            form[name].pending = spaced(f"À la demande : « {before} ». Aujourd’hui : « {now} ». Demandé : « {asked} ».")
        elif change.after != review.stored[name]:
            form[name].pending = spaced(f"Aujourd’hui : « {now} ».")
