"""What the forms of a family's file share: nothing typed is lost, and nobody overwrites what they have not seen."""

import json
from collections.abc import Mapping
from typing import Any

from flask import g
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField

from app.crypto import WrongDataKey, cipher
from app.rules.changes import Conflict
from app.services.errors import ForgedForm


class KeptForm(FlaskForm):
    """A form that comes back filled after a session that ended (`services.form_drafts`)."""

    class Meta(FlaskForm.Meta):
        """How WTForms finds what was typed."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """What was posted; else, on the page shown again after signing in, what was typed before."""
            posted = super().wrap_formdata(form, formdata)
            draft: MultiDict[str, str] | None = g.get("form_draft")
            return draft if posted is None and draft is not None else posted


class SectionForm(KeptForm):
    """A part of a file, which knows the values that it was shown with: see `rules.changes.merge`."""

    shown_values = HiddenField()

    def remember(self, stored: Mapping[str, str]) -> None:
        """Keep what is stored while the form is being filled; not where the form came back with its own."""
        if not self.shown_values.data:
            self.shown_values.data = cipher.encrypt(json.dumps(dict(stored), ensure_ascii=False))

    def shown(self) -> Mapping[str, str]:
        """What was stored when the form was opened. Raises ForgedForm."""
        try:
            found: dict[str, str] = json.loads(cipher.decrypt(self.shown_values.data or ""))
        except (WrongDataKey, UnicodeEncodeError):
            raise ForgedForm from None
        return found

    def add_conflicts(self, conflicts: Mapping[str, Conflict], stored: Mapping[str, str]) -> None:
        """Say beside each field what somebody else stored; what was typed stays, and saving again means it."""
        for name, conflict in conflicts.items():
            value = conflict.stored or "vide"
            self[name].errors = [
                *self[name].errors,
                f"Quelqu’un d’autre vient de changer ce champ : « {value} ». Si votre réponse est la bonne, enregistrez"
                " encore une fois.",
            ]
        self.shown_values.data = None
        self.remember(stored)
