"""The checker of tests/html.py accepts what is right and names each fault: one good sample, and one bad for each rule."""

import pytest

from tests.html import check_page, check_text

GOOD = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<title>Mes réservations – Espace famille</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<script src="/static/site.js" defer></script>
</head>
<body>
<a href="#main">Aller au contenu</a>
<nav aria-label="Rubriques"><a href="/x"><svg aria-hidden="true" viewBox="0 0 1 1"><path d="M0 0"/></svg> Menu</a></nav>
<main id="main" tabindex="-1" data-hx-boost="true">
<h1>Mes réservations</h1>
<h2 id="week">Semaine du 30 novembre</h2>
<p>Léa vient de 07:30 à 11:45\u00a0: c’est noté. Est-ce juste\u00a0? Oui\u00a0! «\u00a0Repas\u00a0»\u00a0; 4,20\u00a0€…</p>
<p translate="no">L'Haye d'ailleurs "None" reservation_id</p>
<p><code>DATA_KEY</code> <span lang="en">Don't worry!</span> <b>Démonstration</b>\u00a0: tout est inventé.</p>
<form method="post" action="/save" aria-labelledby="week">
<input type="hidden" name="csrf_token" value="abc">
<p id="hint">Le prénom d’usage.</p>
<label for="name">Prénom</label> <input id="name" name="name" aria-describedby="hint" value="L'enfant">
<label><input type="checkbox" name="t" value="1"> Matin</label>
<select name="zone" aria-label="Zone"><option value="a">Zone A</option></select>
<table>
<caption>Semaine</caption>
<thead><tr><th scope="col">Unité</th><th scope="col">mer. 2</th></tr></thead>
<tbody><tr><th scope="row">Repas</th><td id="c1">Présence</td></tr></tbody>
</table>
<button>Enregistrer</button>
</form>
<form method="get" action="/search"><label>Date <input type="date" name="jour"></label><input type="submit" value="Aller"></form>
<button type="button" aria-label="Fermer"><img src="/static/x.svg" alt=""></button>
<h2>Légende</h2><h3>États</h3>
<p>Écrivez à <a href="mailto:mairie@example.org">mairie@example.org</a>, voir https://example.org/a?b=c:d.</p>
</main>
</body>
</html>
"""


def test_good_page_has_no_problem():
    assert check_page(GOOD, "/mes-reservations") == []


def test_problem_names_the_page():
    assert all(problem.startswith("/ici: ") for problem in check_page("<p>", "/ici"))


PAGE_FAULTS = [
    pytest.param("<h2>Légende</h2>", "<h2>Légende</p></h2>", "not valid HTML, line", id="stray end tag"),
    pytest.param("<!doctype html>\n", "", "not valid HTML", id="no doctype"),
    pytest.param("<caption>", "<div>x</div><caption>", "not valid HTML", id="text inside a table"),
    pytest.param('name="name" ', 'name="name" name="nom" ', "not valid HTML", id="attribute twice"),
    pytest.param(
        "<h1>Mes réservations</h1>", "<h1>Réservations</h1>", "title “Mes réservations", id="h1 not the title"
    ),
    pytest.param("<h1>Mes réservations</h1>", "<p>rien</p>", "0 h1", id="no h1"),
    pytest.param("<h2>Légende</h2>", "<h1>Légende</h1>", "2 h1", id="two h1"),
    pytest.param(" – Espace famille", "", "title “Mes réservations” is not", id="title without the site"),
    pytest.param('id="c1"', 'id="hint"', "id “hint” is used 2 times", id="id twice"),
    pytest.param('id="c1"', 'id="c 1"', "holds a space", id="id with a space"),
    pytest.param('for="name"', 'for="nam"', "for=“nam” points to nothing", id="label for nothing"),
    pytest.param('for="name"', 'for="nam"', "field without label", id="field without label"),
    pytest.param('describedby="hint"', 'describedby="hint tip"', "aria-describedby=“tip” points", id="no description"),
    pytest.param('labelledby="week"', 'labelledby="day"', "aria-labelledby=“day” points", id="no name by reference"),
    pytest.param('href="#main"', 'href="#content"', "href=“#content” points to nothing", id="anchor to nothing"),
    pytest.param('href="/x"', 'href="#"', "link that leads nowhere", id="empty link"),
    pytest.param("> Matin<", "><", "field without label", id="label without text"),
    pytest.param(' aria-label="Zone"', "", "field without label: <select", id="select without label"),
    pytest.param('value="abc"', 'value=""', "POST form without csrf_token", id="empty token"),
    pytest.param('<input type="hidden" name="csrf_token" value="abc">', "", "POST form without", id="no token"),
    pytest.param('method="get"', 'method="POST"', "POST form without csrf_token", id="second form without token"),
    pytest.param(
        'type="date" name="jour"', 'type="hidden" name="csrf_token" value="a"', "into the address", id="token in GET"
    ),
    pytest.param('src="/static/site.js" defer', "", "inline script", id="inline script"),
    pytest.param("</head>", "<style>p{}</style></head>", "inline style sheet", id="inline style sheet"),
    pytest.param('<p id="hint"', '<p style="color:red" id="hint"', "style attribute", id="style attribute"),
    pytest.param("<button>Enr", '<button onclick="x()">Enr', "inline script in onclick", id="event attribute"),
    pytest.param("<button>Enr", '<button data-hx-on:click="x()">Enr', "inline script in data-hx-on", id="htmx event"),
    pytest.param("<button>Enr", '<button hx-post="/x">Enr', "write data-hx-post", id="htmx attribute without data"),
    pytest.param('href="/x"', 'href="JavaScript:x()"', "inline script in href", id="script address"),
    pytest.param(' alt=""', "", "image without alt", id="image without alt"),
    pytest.param('lang="fr"', 'lang="en"', "html without lang=fr", id="other language"),
    pytest.param('<main id="main" tabindex="-1" data-hx-boost="true">', '<div id="main">', "0 main", id="no main"),
    pytest.param('<meta charset="utf-8">\n', "", "no meta charset", id="no charset"),
    pytest.param("initial-scale=1", "maximum-scale=1", "let people zoom", id="no zoom"),
    pytest.param("<h2>Légende</h2>", "", "", id="(heading order stays right)"),
    pytest.param("<h3>États</h3>", "<h4>États</h4>", "heading jumps from h2", id="heading jumps"),
    pytest.param("<h3>États</h3>", "<h3></h3>", "heading without text", id="empty heading"),
    pytest.param("<caption>Semaine</caption>\n", "", "table without caption", id="no caption"),
    pytest.param('<th scope="row">', "<th>", "th without scope", id="no scope"),
    pytest.param(' aria-label="Fermer"', "", "button without a name", id="button without name"),
    pytest.param('<button type="button"', "<button", "button that submits no form", id="button outside a form"),
    pytest.param('value="Aller"', 'value=""', "button without a name: <input", id="submit without name"),
    pytest.param("</svg> Menu", "</svg>", "a without a name", id="link without name"),
    pytest.param(
        "<b>Démonstration</b>\u00a0:", "<b>Démonstration</b> :", "breakable space", id="French across elements"
    ),
    pytest.param(
        'aria-label="Fermer"', 'aria-label="Fermer l\'aide"', "straight apostrophe", id="French in attributes"
    ),
    pytest.param('value="Aller"', 'value="Aller !"', "breakable space", id="French on buttons"),
    pytest.param("> Matin<", "> None<", "code instead of a French word", id="None on screen"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), PAGE_FAULTS)
def test_fault_in_a_page_is_named(right, wrong, said):
    assert GOOD.count(right) == 1, "the sample must hold the text exactly once"
    problems = check_page(GOOD.replace(right, wrong), "/page")
    assert any(said in problem for problem in problems) if said else problems == [], problems


def test_page_of_a_refused_form_may_begin_its_title_with_the_error():
    page = GOOD.replace("<title>Mes", "<title>Erreur\u00a0: Mes")
    assert check_page(page, "/page") == []


def test_fragment_may_refer_to_the_page_around_it():
    fragment = '<p id="a" aria-describedby="elsewhere">Enregistré.</p><h3>Suite</h3><label for="x">Nom</label>'
    assert check_page(fragment, "/check", is_fragment=True) == []
    assert len(check_page(fragment.replace("<h3>", '<h3 id="a">'), "/check", is_fragment=True)) == 1


def test_cells_in_templates_are_read_as_cells():
    fragment = (
        '<div id="sum" data-hx-swap-oob="true">1 ajout</div>'
        '<template><td id="c1" data-hx-swap-oob="true"><label><input type="checkbox" name="t"> {}</label></td></template>'
        "<template><tr><td>Repas</td></tr></template>"
    )
    assert check_page(fragment.format("Présence"), "/check", is_fragment=True) == []
    assert any("accent missing" in p for p in check_page(fragment.format("Presence"), "/check", is_fragment=True))
    assert any(
        "used 2 times" in p for p in check_page(fragment.format("A").replace("c1", "sum"), "/x", is_fragment=True)
    )


def test_section_with_a_title_is_held_to_the_rule_of_titles():
    section = "<title>Ma famille – Espace famille</title><h1>{}</h1>"
    assert check_page(section.format("Ma famille"), "/ma-famille", is_fragment=True) == []
    assert len(check_page(section.format("Famille"), "/ma-famille", is_fragment=True)) == 1


GOOD_TEXTS = [
    "Réservé jusqu’au lundi 30 novembre à 12 h\u00a0: «\u00a0Repas\u00a0», 07:30–11:45\u00a0!",
    "Êtes-vous sûr\u00a0? Oui\u00a0; non…",
    "Vraiment\u00a0?! M. Martin et Mme Martin, 1 234,50\u00a0€",
    "À demain, Zone A et Zone B",
    "Une réserve, il enregistre, les mentions légales",
    "parent_un@example.org, http://127.0.0.1:8000/connexion?jeton=a_b et liste_des_repas.csv",
    "L’accès à l’école est réservé aux élèves",
    "2 décembre 2026",
]
BAD_TEXTS = [
    ("L'école", "straight apostrophe"),
    ('Le "repas"', "straight quotation mark"),
    ("Bonjour!", "missing before ;"),
    ("Repas; goûter", "missing before ;"),
    ("«\u00a0Repas»", "missing before ;"),
    ("Total: 4", "missing before a colon"),
    ("Le 2: repas", "missing before a colon"),
    ("Bonjour !", "breakable space"),
    ("Total\n: 4", "breakable space"),
    ("« Repas\u00a0»", "missing after «"),
    ("«Repas\u00a0»", "missing after «"),
    ("Attendez...", "write …"),
    ("Melle Martin", "M. and Mme"),
    ("Mlle Martin", "M. and Mme"),
    ("Mr Martin", "M. and Mme"),
    ("M Martin", "M. and Mme"),
    ("A demain", "write À"),
    ("Fini. A demain", "write À"),
    ("ETAPE SUIVANTE", "accent missing"),
    ("Etes-vous là", "accent missing"),
    ("ma reservation", "accent missing"),
    ("4,20 €", "before €"),
    ("4,20€", "before €"),
    ("4.20\u00a0€", "decimal comma"),
    ("le 2026-12-02", "not written in French"),
    ("{{ name }}", "template code"),
    ("Tom &amp; Léa", "escaped twice"),
    ("None", "code instead"),
    ("undefined", "code instead"),
    ("awaiting_payment", "code instead"),
    ("requested", "code instead"),
    ("TOO_LATE", "code instead"),
    ("BookingStatus.CONFIRMED", "code instead"),
    ("<Child object at 0x7f>", "code instead"),
]


@pytest.mark.parametrize("text", GOOD_TEXTS)
def test_right_french_is_accepted(text):
    assert check_text(text) == []


@pytest.mark.parametrize(("text", "said"), BAD_TEXTS)
def test_wrong_french_is_named(text, said):
    assert any(said in problem for problem in check_text(text)), check_text(text)
