"""What must hold for every page and fragment that the portal sends: valid HTML, accessible structure, correct French.

`check_page` is called by the tests' client on everything it fetches, and `check_text` on mails. Both return sentences;
an empty list means that nothing is wrong. Text that a family typed, or that is not French, is left out of the
typography where its element says so: `translate="no"`, `lang` other than French, `aria-hidden="true"`, `code`, `kbd`,
`pre`, `samp`, and the contents of `textarea`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E as PARSE_ERRORS

SITE_NAME = "Espace famille"
TITLE_SEPARATOR = f" – {SITE_NAME}"
NO_BREAK = "\u00a0\u202f"

# --- French text ------------------------------------------------------------------------------------------------------

_ADDRESSES = re.compile(
    r"https?://\S+|mailto:\S+|tel:\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+\.(?:pdf|csv|xlsx|zip|json|ics)\b"
)

# Words that do not exist without their accent, in small letters or capitals.
_ACCENTLESS = re.compile(
    r"\b(?:accessibilite|activites?|adherents?|annees?|aout|apres|confidentialite|creer|decembre|deconnecter|"
    r"deconnexion|deja|demarches?|depots?|desactiver|desole|details?|donnees|echeances?|ecoles?|ecrire|eleves?|"
    r"enregistree?s|enregistree|equipes?|etablissements?|etait|etapes?|etats?|ete|etes|etudes?|evenements?|federation|"
    r"feries?|fevrier|generaux|identite|journees?|medecins?|meme|metiers?|numeros?|periodes?|periscolaire|"
    r"precedente?s?|prelevements?|prenoms?|presences?|presentes?|prevenance|previsions?|problemes?|qualite|quantite|"
    r"recapitulatif|reels?|references?|regie|regime|regles?|reglements?|requete|reserver|reservee?s?|reservations?|"
    r"reussie?|securite|selectionne|selectionner|supprimee?s?|telecharger|telephones?|tres|validee|vehicules?|"
    r"verifier)\b",
    re.IGNORECASE,
)

_CODES = re.compile(
    r"\b(?:requested|confirmed|waiting|offered|cancelled|refused|expired|pending|accepted|ended|closed|unknown|"
    r"awaiting|available|impossible_\w+|staff|administrator|guardian|booking|enrolment|undefined|Undefined|NaN|"
    r"None|True|False|null)\b|\b[a-z]+(?:_[a-z]+)+\b|\b[A-Z]{2,}(?:_[A-Z]+)+\b|"
    r"\b[A-Z][a-z]+[A-Z]\w*\.[A-Z_]+\b|object at 0x"
)

_TEXT_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[^\W\d_]'[^\W\d_]"), "straight apostrophe, write ’"),
    (re.compile(r'"'), "straight quotation mark, write « »"),
    (re.compile(rf"[^\s{NO_BREAK}(?!…][?!]|[^\s{NO_BREAK}][;»]"), "no-break space missing before ; ? ! or »"),
    (re.compile(rf"[^\s{NO_BREAK}\d]:|\d:(?!\d)"), "no-break space missing before a colon"),
    (re.compile(r"\S[ \t\n]+[:;?!»]"), "breakable space before : ; ? ! or »"),
    (re.compile(rf"«(?![{NO_BREAK}])"), "no-break space missing after «"),
    (re.compile(r"\.\.\."), "three dots, write …"),
    (re.compile(rf"\b(?:Melles?|Mlles?|Mr|M(?=[ {NO_BREAK}][A-ZÉÈ][a-zé])|Mme\.)(?!\w)"), "the titles are M. and Mme"),
    (re.compile(r"(?:^|[.!?…] )A (?=[a-zà-ÿ])"), "accent missing, write À"),
    (re.compile(rf"\d(?:[ \t\n]+|(?![{NO_BREAK}]))€"), "no-break space missing before €"),
    (re.compile(rf"\d\.\d\d?[{NO_BREAK} ]?€"), "decimal comma in an amount"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "date not written in French"),
    (re.compile(r"\b(?:Not a valid|This field|Invalid [a-z]+|must be|N'est pas)\b"), "a library's own sentence"),
    (re.compile(r"\{\{|\}\}|\{%|%\}|\{#"), "template code"),
    (re.compile(r"&(?:amp|lt|gt|nbsp|quot|#\d+|#x[0-9a-f]+);", re.IGNORECASE), "escaped twice"),
)


def check_text(text: str) -> list[str]:
    """The problems of one stretch of French text as a reader sees it (spaces other than no-break ones may be runs)."""
    text = _ADDRESSES.sub("…", text)
    problems = [f"{said}: {_around(text, found)}" for rule, said in _TEXT_RULES for found in rule.finditer(text)]
    problems += [f"accent missing: {_around(text, found)}" for found in _ACCENTLESS.finditer(text)]
    problems += [f"code instead of a French word: {_around(text, found)}" for found in _CODES.finditer(text)]
    return problems


def _around(text: str, found: re.Match[str]) -> str:
    """The place of a match, with what stands around it and the no-break spaces made visible."""
    excerpt = text[max(0, found.start() - 25) : found.end() + 25]
    return "“" + re.sub(f"[{NO_BREAK}]", "⍽", re.sub(r"[ \t\n]+", " ", excerpt)).strip() + "”"


# --- Pages ------------------------------------------------------------------------------------------------------------

_TEMPLATE = re.compile(r"<template\b([^>]*)>(.*?)</template\s*>", re.DOTALL | re.IGNORECASE)
_FIRST_TAG = re.compile(r"\s*(?:<!--.*?-->\s*)*<([a-z0-9]+)", re.DOTALL | re.IGNORECASE)
_PARENT_OF = {
    "td": "tr", "th": "tr", "tr": "tbody", "tbody": "table", "thead": "table", "tfoot": "table", "caption": "table",
    "option": "select", "optgroup": "select",
}  # fmt: skip
_UNREAD = frozenset({"script", "style", "template", "code", "kbd", "pre", "samp", "textarea", "svg", "math"})
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "data", "dfn", "del", "em", "i", "ins", "mark", "q", "s", "small", "span",
    "strong", "sub", "sup", "time", "u", "var", "wbr",
})  # fmt: skip
_REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-details", "aria-errormessage",
               "aria-owns", "headers", "form", "list")  # fmt: skip
_READ_ATTRIBUTES = ("alt", "title", "placeholder", "aria-label", "aria-description", "aria-roledescription")
_LINKS = ("href", "src", "action", "formaction")
_NOT_FILLED_IN = frozenset({"hidden", "submit", "button", "image", "reset"})
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def check_page(html_text: str, url: str, is_fragment: bool = False) -> list[str]:
    """The problems of a page, or (`is_fragment`) of the part of a page that htmx receives; each begins with `url`.

    A fragment with a `<title>` is a whole section: its title and h1 are held to the same rule as those of a page. What
    a fragment refers to may be in the page that receives it, so its references are not followed.
    """
    return Document(html_text, is_fragment).problems(url)


class Document:
    """A page or fragment, parsed once (html5lib takes its time): `root`, and what is wrong with it.

    html5lib does not know `<template>`: each has a tree of its own, and is empty in that of the page.
    """

    def __init__(self, html_text: str, is_fragment: bool) -> None:
        self.is_fragment = is_fragment
        self.parse_problems: list[str] = []
        inner: list[str] = []

        def take(found: re.Match[str]) -> str:
            inner.append(found[2])
            return f"<template{found[1]}></template>"

        outer = _TEMPLATE.sub(take, html_text)
        self.trees = [self._parse(outer, is_fragment), *(self._parse(text, True) for text in inner)]
        self.root: Element = self.trees[0]
        self.parents = {child: parent for tree in self.trees for parent in tree.iter() for child in parent}
        self.elements = [e for tree in self.trees for e in tree.iter() if isinstance(e.tag, str)]
        self.by_id = {e.get("id"): e for e in self.elements if e.get("id")}

    def _parse(self, text: str, is_fragment: bool) -> Element:
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
        if is_fragment:
            first = _FIRST_TAG.match(text)
            tree = parser.parseFragment(text, container=_PARENT_OF.get(first[1].lower(), "div") if first else "div")
        else:
            tree = parser.parse(text)
        self.parse_problems += [
            f"not valid HTML, line {line}: {PARSE_ERRORS[code] % values}" for (line, _), code, values in parser.errors
        ]
        return tree

    def problems(self, url: str) -> list[str]:
        """See `check_page`."""
        return [f"{url}: {problem}" for problem in self._problems()]

    def _problems(self) -> Iterator[str]:
        yield from self.parse_problems
        yield from self._identities()
        yield from self._head()
        yield from self._headings()
        yield from self._forms()
        yield from self._names()
        yield from self._tables()
        yield from self._policy()
        yield from self._french()

    # What elements are called and refer to

    def _all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def _ancestors(self, element: Element) -> Iterator[Element]:
        while (parent := self.parents.get(element)) is not None:
            element = parent
            yield element

    def _identities(self) -> Iterator[str]:
        counted = Counter(element.get("id") for element in self.elements if element.get("id") is not None)
        for name, times in counted.items():
            if times > 1:
                yield f"id “{name}” is used {times} times"
            if not name or re.search(r"\s", name):
                yield f"id “{name}” is empty or holds a space"
        for element in self.elements:
            if element.tag == "a" and element.get("href") in ("", "#"):
                yield f"link that leads nowhere: {_show(element)}"
            if self.is_fragment:
                continue
            for attribute in _REFERENCES:
                for name in (element.get(attribute) or "").split():
                    if name not in self.by_id:
                        yield f"{attribute}=“{name}” points to nothing: {_show(element)}"
            target = element.get("href", "")
            if element.tag == "a" and len(target) > 1 and target.startswith("#") and target[1:] not in self.by_id:
                yield f"href=“{target}” points to nothing: {_show(element)}"

    def _head(self) -> Iterator[str]:
        titles = [_text(element) for element in self._all("title")]
        h1s = [_text(element) for element in self._all("h1")]
        if titles or not self.is_fragment:
            if len(titles) != 1:
                yield f"{len(titles)} titles"
            if len(h1s) != 1:
                yield f"{len(h1s)} h1: {h1s}"
            if len(titles) == len(h1s) == 1:
                first, separator, rest = titles[0].rpartition(TITLE_SEPARATOR)
                first = re.sub(rf"^Erreur[{NO_BREAK}]: ", "", first)
                if not separator or rest or first != h1s[0]:
                    yield f"title “{titles[0]}” is not “{h1s[0]}{TITLE_SEPARATOR}”"
        if self.is_fragment:
            return
        if [element.get("lang") for element in self._all("html")] != ["fr"]:
            yield "html without lang=fr"
        if len(self._all("main")) != 1:
            yield f"{len(self._all('main'))} main"
        if not any(element.get("charset", "").lower() == "utf-8" for element in self._all("meta")):
            yield "no meta charset=utf-8"
        viewports = [element.get("content", "") for element in self._all("meta") if element.get("name") == "viewport"]
        if len(viewports) != 1 or re.search(r"user-scalable|maximum-scale", viewports[0]):
            yield f"the viewport must be set once, and let people zoom: {viewports}"

    def _headings(self) -> Iterator[str]:
        level = 1
        for element in self._all(*_HEADINGS):
            following = int(element.tag[1])
            # The first heading of a fragment continues the page around it.
            if following > level + 1 and not (self.is_fragment and level == 1):
                yield f"heading jumps from h{level} to {_show(element)}"
            if not _text(element):
                yield f"heading without text: {_show(element)}"
            level = following

    # Forms, and the names that assistive technologies read

    def _forms(self) -> Iterator[str]:
        labelled = {element.get("for") for element in self._all("label") if _text(element)}
        for element in self._all("input", "select", "textarea"):
            kind = element.get("type", "text").lower() if element.tag == "input" else element.tag
            if kind in _NOT_FILLED_IN:
                continue
            in_label = any(ancestor.tag == "label" and _text(ancestor) for ancestor in self._ancestors(element))
            if not (in_label or (element.get("id") and element.get("id") in labelled) or self._aria_name(element)):
                yield f"field without label: {_show(element)}"
        for form in self._all("form"):
            fields = list(form.iter("input"))
            if form.get("id"):
                fields += [element for element in self._all("input") if element.get("form") == form.get("id")]
            posts = [form.get("method", "get"), *(element.get("formmethod", "") for element in form.iter())]
            has_token = any(field.get("name") == "csrf_token" and field.get("value") for field in fields)
            if "post" in [method.lower() for method in posts] and not has_token:
                yield f"POST form without csrf_token: {_show(form)}"
            if form.get("method", "get").lower() != "post" and any(f.get("name") == "csrf_token" for f in fields):
                yield f"csrf_token in a form that puts it into the address: {_show(form)}"

    def _names(self) -> Iterator[str]:
        for element in self._all("button", "a"):
            if not self._name(element) and (element.tag == "button" or element.get("href") is not None):
                yield f"{element.tag} without a name: {_show(element)}"
        for element in self._all("button"):
            in_form = element.get("form") or any(ancestor.tag == "form" for ancestor in self._ancestors(element))
            if not in_form and element.get("type") != "button" and not self.is_fragment:
                yield f"button that submits no form: {_show(element)}"
        for element in self._all("input"):
            if element.get("type") in ("submit", "button", "reset") and not element.get("value", "").strip():
                yield f"button without a name: {_show(element)}"
        for element in self._all("img"):
            if element.get("alt") is None:
                yield f"image without alt: {_show(element)}"

    def _aria_name(self, element: Element) -> str:
        by_reference = " ".join(
            _text(self.by_id[name]) for name in (element.get("aria-labelledby") or "").split() if name in self.by_id
        )
        if self.is_fragment and element.get("aria-labelledby"):
            return "the text of an element of the page"
        return (element.get("aria-label") or "").strip() or by_reference.strip()

    def _name(self, element: Element) -> str:
        inner = [e.get("alt") or e.get("aria-label") or "" for e in element.iter() if isinstance(e.tag, str)]
        return self._aria_name(element) or _text(element) or "".join(inner).strip()

    def _tables(self) -> Iterator[str]:
        for table in self._all("table"):
            if table.get("role") in ("presentation", "none"):
                continue
            caption = table.find("caption")
            if caption is None or not _text(caption):
                yield f"table without caption: {_show(table)}"
            if next(table.iter("th"), None) is None:
                yield f"table without any th: {_show(table)}"
        for header in self._all("th"):
            if header.get("scope") not in ("row", "col", "rowgroup", "colgroup"):
                yield f"th without scope: {_show(header)}"

    # What the content security policy would refuse

    def _policy(self) -> Iterator[str]:
        for element in self.elements:
            if element.tag == "script" and not element.get("src"):
                yield f"inline script: {_show(element)}"
            if element.tag == "style":
                yield "inline style sheet"
            for name, value in element.attrib.items():
                if name == "style":
                    yield f"style attribute: {_show(element)}"
                elif re.fullmatch(r"on[a-z]+", name) or name.startswith(("hx-on", "data-hx-on")):
                    yield f"inline script in {name}: {_show(element)}"
                elif name.startswith("hx-"):
                    yield f"{name} is not valid HTML, write data-{name}: {_show(element)}"
                elif name in _LINKS and value.strip().lower().startswith("javascript:"):
                    yield f"inline script in {name}: {_show(element)}"

    # French

    def _french(self) -> Iterator[str]:
        for tree in self.trees:
            for text in _stretches(tree):
                yield from check_text(text)


def _stretches(tree: Element) -> Iterator[str]:
    """The French text of a tree as its reader meets it: one piece per block, and each attribute that is read out."""
    pieces: list[str] = []
    attributes: list[str] = []

    def flush() -> Iterator[str]:
        if "".join(pieces).strip(" \t\n\r\f"):
            yield "".join(pieces).strip(" \t\n\r\f")
        pieces.clear()

    def walk(element: Element) -> Iterator[str]:
        is_read = isinstance(element.tag, str) and not _is_left_out(element)
        is_inline = element.tag in _INLINE or not is_read
        if not is_inline:
            yield from flush()
        if is_read:
            attributes.extend(element.get(name, "") for name in _READ_ATTRIBUTES)
            if element.tag == "input" and element.get("type") in ("submit", "button", "reset"):
                attributes.append(element.get("value", ""))
            if element.tag == "meta" and element.get("name") == "description":
                attributes.append(element.get("content", ""))
            pieces.append(element.text or "")
            for child in element:
                yield from walk(child)
                pieces.append(child.tail or "")
        elif isinstance(element.tag, str):
            pieces.append("…")  # something stands here, so that what follows is not the beginning of a sentence
        if not is_inline:
            yield from flush()

    yield from walk(tree)
    yield from flush()
    yield from (text for text in attributes if text)


def _is_left_out(element: Element) -> bool:
    """Whether the text of this element is not ours, not French or not read."""
    language = element.get("lang", "fr")
    return (
        element.tag in _UNREAD
        or element.tag.startswith("{")
        or element.get("translate") == "no"
        or element.get("aria-hidden") == "true"
        or not (language == "fr" or language.startswith("fr-"))
    )


def _text(element: Element) -> str:
    """The text that an element shows, with single spaces (no-break ones are kept); what is aria-hidden is not read."""

    def parts(part: Element) -> Iterator[str]:
        if isinstance(part.tag, str) and part.get("aria-hidden") != "true" and part.tag not in ("script", "style"):
            yield part.text or ""
            for child in part:
                yield from parts(child)
                yield child.tail or ""

    return re.sub(r"[ \t\n\r\f]+", " ", "".join(parts(element))).strip(" ")


def _show(element: Element) -> str:
    """The start tag, short enough for a message."""
    attributes = " ".join(f'{name}="{value}"' for name, value in element.attrib.items())
    return f"<{element.tag} {attributes}".strip()[:120] + f"> {_text(element)[:40]}".rstrip()
