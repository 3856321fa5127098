"""Notices as the tables of cases write them: « DaysBefore 2 working clear 10:00 »."""

from datetime import date, time

from app.rules.deadlines import (
    Counted,
    DatedNotice,
    DaysAfter,
    DaysBefore,
    FixedMoment,
    HoursBefore,
    MonthDayBefore,
    MonthsBefore,
    WeekdayBefore,
)


def read_notice_words(text: str) -> DatedNotice:
    """The notice of a cell of a table."""
    match text.split():
        case ["DaysBefore", count, *words, at]:
            counted = [Counted(word) for word in words if word != "clear"] or [Counted.CALENDAR]
            return DaysBefore(int(count), time.fromisoformat(at), counted[0], clear="clear" in words)
        case ["HoursBefore", hours, *words]:
            anchor = time.fromisoformat(words[words.index("anchor") + 1]) if "anchor" in words else None
            without = frozenset(int(word) for word in words if word.isdigit())
            return HoursBefore(int(hours), anchor, without, "holidays" in words)
        case ["WeekdayBefore", weeks, weekday, at]:
            return WeekdayBefore(int(weeks), int(weekday), time.fromisoformat(at))
        case ["MonthDayBefore", months, day, at]:
            return MonthDayBefore(int(months), int(day), time.fromisoformat(at))
        case ["MonthsBefore", months, *words, at]:
            return MonthsBefore(int(months), time.fromisoformat(at), clear="clear" in words)
        case ["FixedMoment", day, at]:
            return FixedMoment(date.fromisoformat(day), time.fromisoformat(at))
        case ["DaysAfter", count, at]:
            return DaysAfter(int(count), time.fromisoformat(at))
    raise AssertionError(f"no notice: {text}")
