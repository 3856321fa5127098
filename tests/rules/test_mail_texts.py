"""docs/rules/mail_texts.md."""

import pytest

from app.rules.mail_texts import fill, html_body, html_page, one_line, problems_of
from tests.rules.tables import Row, cases, words

PORTAL = "https://portail.example.org"


@pytest.mark.parametrize("row", cases("mail_texts", "problems"))
def test_a_text_is_refused_for_what_it_cannot_mean(row: Row) -> None:
    found = problems_of(row["subject"], row["body"], {"prenom", "lien"}, ("lien",))
    assert (list(found.unknown), list(found.missing)) == (words(row["unknown"]), words(row["missing"]))


def test_values_are_put_in_once_and_empty_lines_close_up() -> None:
    assert fill("Bonjour {prenom}", {"prenom": "{lien}", "lien": "x"}) == "Bonjour {lien}"
    assert fill("Un\n\n{rien}\n\nDeux\n{inconnu}\n", {"rien": ""}) == "Un\n\nDeux\n{inconnu}"


def test_a_subject_is_one_line_whatever_it_is_given() -> None:
    assert one_line("Bonjour\r\nBcc: a@example.org\x00\u2028 Léa ") == "Bonjour Bcc: a@example.org Léa"


def test_html_says_the_same_with_one_button() -> None:
    text = (
        f"Bonjour <Léa>,\n\nOuvrez ce lien :\n{PORTAL}/activation/x?a=1&b=2\n\n- un\n- deux & trois\n\n"
        f"Voir {PORTAL}/contact.\n{PORTAL}/ma-famille\n\nÀ bientôt,\n{PORTAL}\n"
    )
    html = html_body(text, PORTAL, "Ouvrir <ici>")
    assert html.splitlines() == [
        "<p>Bonjour &lt;Léa&gt;,</p>",
        "<p>Ouvrez ce lien :</p>",
        f'<p><a class="button" href="{PORTAL}/activation/x?a=1&amp;b=2">Ouvrir &lt;ici&gt;</a></p>',
        "<ul><li>un</li><li>deux &amp; trois</li></ul>",
        f'<p>Voir <a href="{PORTAL}/contact">{PORTAL}/contact</a>.<br>'
        f'<a href="{PORTAL}/ma-famille">{PORTAL}/ma-famille</a></p>',
        f'<p>À bientôt,<br><a href="{PORTAL}">{PORTAL}</a></p>',
    ]
    assert "<title>&lt;b&gt;</title>" in html_page("<b>", html) and 'lang="fr"' in html_page("x", html)


@pytest.mark.parametrize("line", ["javascript:alert(1)", 'https://x.example.org/"onclick="a', "<img src=x>"])
def test_nothing_of_a_text_becomes_markup(line: str) -> None:
    html = html_body(line, PORTAL, "Ouvrir")
    assert "<img" not in html and 'href="javascript' not in html and '"onclick' not in html
