"""Visits as an iCalendar file (RFC 5545), which telephones follow. The library is imported at the first one (0,2 s)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from app.clock import PARIS
from app.rules.agendas import Visit

MIMETYPE = "text/calendar; charset=utf-8"
_ASK_AGAIN_AFTER = timedelta(hours=6)


def write_calendar(name: str, visits: Iterable[Visit], host: str, written_at: datetime) -> bytes:
    """The calendar; `host` makes the names of its events unique in the world. Moments are in UTC, so that no zone is
    to be told."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Espace famille//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _ASK_AGAIN_AFTER, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    for visit in visits:
        event = Event()
        event.add("uid", f"{visit.first_booking_id}@{host}")
        event.add("dtstamp", written_at.astimezone(UTC))
        event.add("dtstart", _utc(visit.day, visit.starts_at))
        event.add("dtend", _utc(visit.day, visit.ends_at))
        event.add("summary", f"{visit.child_name}, {visit.activity_name}")
        event.add("description", ", ".join(visit.unit_names))
        event.add("location", visit.place)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _utc(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, PARIS).astimezone(UTC)
