"""The shape of a request for an enrolment."""

from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.validators import InputRequired


class EnrolmentForm(FlaskForm):
    """The activity asked for: each card of the page sends its own."""

    activity_id = IntegerField(validators=[InputRequired()])
