"""Two agents at the rules of one activity: the second reads what the first stored before overwriting it."""

from __future__ import annotations

from datetime import time

import pytest

from app.database import write_transaction
from app.rules.combinations import Combinations, DayCount
from app.rules.deadlines import DaysBefore, Deadline, NoticeLine, NoticeRule
from app.rules.enrolment_rules import EnrolmentRules
from app.services import combination_settings, deadline_settings, enrolment_settings
from app.services.catalogue import catalogue
from tests import factories
from tests.client import Client
from tests.factories import PlanningSetup, make_planning

SCREENS = {
    "combinations": "/gestion/reglages/combinaisons/{}",
    "deadline": "/gestion/reglages/delais/{}?pour=reservation",
    "enrolment-rules": "/gestion/reglages/inscriptions/{}",
}
STORED = {"combinations": "Au plus 2", "deadline": "3 jours", "enrolment-rules": "Les parents peuvent mettre fin"}


def store_others(planning: PlanningSetup, screen: str) -> None:
    """What a colleague stores meanwhile."""
    activity_id, units = planning.activity.id, frozenset(planning.activity.units.values())
    with write_transaction() as session:
        if screen == "combinations":
            combination_settings.save_combinations(session, activity_id, Combinations((DayCount(units, 1, 2),)))
        elif screen == "deadline":
            rule = NoticeRule((NoticeLine(DaysBefore(3, time(9))),))
            deadline_settings.save_rule(session, activity_id, Deadline.BOOK, rule)
        else:
            enrolment_settings.save_enrolment_rules(session, activity_id, EnrolmentRules(parents_may_end=True))


def stored(planning: PlanningSetup) -> tuple[object, ...]:
    activity = catalogue().activities[planning.activity.id]
    return activity.combinations, activity.notices.get(Deadline.BOOK), activity.enrolment_rules


@pytest.mark.parametrize("screen", SCREENS)
def test_what_a_colleague_stored_meanwhile_is_shown_before_it_is_overwritten(
    sqlite_client: Client, screen: str
) -> None:
    client, planning = sqlite_client, make_planning()
    before = stored(planning)
    client.sign_in(factories.make_staff()).get(SCREENS[screen].format(planning.activity.id))
    store_others(planning, screen)
    theirs = stored(planning)
    assert theirs != before
    page = client.submit(screen, status=409)
    assert "Un autre agent vient de changer ces règles." in page.text and STORED[screen] in page.text
    assert stored(planning) == theirs
    client.submit(screen)  # once more: it is meant
    assert stored(planning) == before


def test_the_same_rules_are_no_quarrel(sqlite_client: Client) -> None:
    client, planning = sqlite_client, make_planning()
    client.sign_in(factories.make_staff()).get(SCREENS["combinations"].format(planning.activity.id))
    client.submit("combinations")
    client.get(SCREENS["combinations"].format(planning.activity.id))
    client.submit("combinations", status=200, button="Ajouter une règle")
    client.submit("combinations", status=200, retirer="1")
    client.submit("combinations")


def test_the_title_of_a_publication_or_a_text_and_the_words_of_a_mail_are_not_overwritten_unseen(
    sqlite_client: Client,
) -> None:
    client, colleague = sqlite_client, Client(sqlite_client.app).sign_in(factories.make_staff())
    client.sign_in(factories.make_staff())
    for path, form, field in (
        (f"/gestion/documentation/{factories.publish()}", "publication", "name"),
        (f"/gestion/textes-a-accepter/{factories.make_text()}", "text", "name"),
        ("/gestion/reglages/courriels/enrolment_refused", "mail-text", "subject"),
    ):
        client.get(path)
        colleague.get(path)
        colleague.submit(form, **{field: "Du collègue"})
        page = client.submit(form, status=409, **{field: "Le mien"})
        assert "Un autre agent vient de changer ce réglage : « Du collègue »" in page.text
        assert page.value(field, form) == "Le mien"
        assert client.get(path).value(field, form) == "Du collègue"
        client.page = page
        client.submit(form)  # once more: it is meant
        assert client.get(path).value(field, form) == "Le mien"
