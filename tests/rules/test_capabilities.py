from app.rules.capabilities import ROLE_CAPABILITIES, Capability, Role, capabilities_of
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
