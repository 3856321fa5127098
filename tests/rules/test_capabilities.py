import pytest

from app.rules.capabilities import (
    ROLE_CAPABILITIES,
    ROLE_PLACES,
    Capability,
    Post,
    Role,
    capabilities_of,
    is_said_twice,
    read_post,
)
from tests.rules.tables import rows, words


def test_the_table_is_that_of_the_page() -> None:
    told = {row["role"]: set(words(row["capabilities"])) for row in rows("capabilities", "capabilities")}
    assert told == {role: set(capabilities) for role, capabilities in ROLE_CAPABILITIES.items()}
    assert set(ROLE_CAPABILITIES) == set(Role)


def test_only_the_administrator_sees_the_secrets_of_mails() -> None:
    holders = [role for role in Role if Capability.VIEW_MAIL_SECRETS in ROLE_CAPABILITIES[role]]
    assert holders == [Role.ADMINISTRATOR]


def test_several_roles_add_up_and_none_gives_nothing() -> None:
    both = capabilities_of([Role.KITCHEN, Role.REGISSEUR])
    assert both == ROLE_CAPABILITIES[Role.KITCHEN] | ROLE_CAPABILITIES[Role.REGISSEUR]
    assert len(both) > len(ROLE_CAPABILITIES[Role.REGISSEUR])


def test_money_is_for_the_regisseur_and_the_administrator() -> None:
    money = {Capability.EDIT_TARIFFS, Capability.ISSUE_INVOICES, Capability.VIEW_PAYMENTS, Capability.RECORD_PAYMENTS}
    assert {role for role in Role if ROLE_CAPABILITIES[role] & money} == {Role.ADMINISTRATOR, Role.REGISSEUR}


def test_nothing_without_a_role() -> None:
    assert capabilities_of([]) == frozenset()


def test_who_decides_on_documents_may_read_those_about_health() -> None:
    for capabilities in ROLE_CAPABILITIES.values():
        assert Capability.REVIEW_DOCUMENTS not in capabilities or Capability.VIEW_HEALTH in capabilities


def test_where_a_role_may_be_is_the_table_of_the_page() -> None:
    told = {row["role"]: set(words(row["places"])) for row in rows("capabilities", "role_places")}
    assert told == {role: set(places) for role, places in ROLE_PLACES.items()}


@pytest.mark.parametrize(
    ("post", "code"),
    [
        (Post(Role.KITCHEN), "kitchen"),
        (Post(Role.REGISSEUR, office_id=2), "regisseur:office-2"),
        (Post(Role.YOUTH_WORKER, site_id=3), "youth_worker:site-3"),
        (Post(Role.YOUTH_WORKER, 2, 3), "youth_worker:office-2:site-3"),
    ],
)
def test_a_post_is_read_as_it_was_written(post: Post, code: str) -> None:
    assert post.code == code and read_post(code) == post


@pytest.mark.parametrize("code", ["", "chef", "kitchen:", "kitchen:site-", "kitchen:site-x", "kitchen:site-1:office-2"])
def test_what_is_no_post_is_none(code: str) -> None:
    assert read_post(code) is None


def test_everywhere_and_somewhere_exclude_each_other() -> None:
    sites = [Post(Role.YOUTH_WORKER, site_id=1), Post(Role.YOUTH_WORKER, site_id=2), Post(Role.KITCHEN)]
    assert not is_said_twice(sites, Role.YOUTH_WORKER) and not is_said_twice(sites, Role.KITCHEN)
    assert is_said_twice([*sites, Post(Role.YOUTH_WORKER)], Role.YOUTH_WORKER)
