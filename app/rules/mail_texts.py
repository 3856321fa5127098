"""The texts of mails: what their named variables mean, and the light HTML that goes beside the text.

Source: docs/rules/mail_texts.md. A text of the staff is data: `{prenom}` is replaced, nothing in it is ever run.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from html import escape
from itertools import groupby

_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_BRACES = re.compile(r"\{[^{}\n]*\}|[{}]")
_EMPTY_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_ENDS_A_LINE = frozenset({"Cc", "Zl", "Zp"})  # categories of characters: controls, separators of lines
_ADDRESS = re.compile(r"https?://[^\s<>\"«»]+[^\s<>\"«».,;:!?)]")

# Read by mail programs of which nothing else is known: plain, and readable without it.
_STYLE = (
    ":root{color-scheme:light dark}body{margin:0;padding:16px;font:16px/1.5 system-ui,sans-serif}"
    "main{max-width:600px;margin:0 auto}"
    "a.button{display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4e8c;color:#fff;"
    "font-weight:bold;text-decoration:none}"
)


class MailTopic(StrEnum):
    """Under which heading « Textes des courriels » lists a kind of mail."""

    ACCOUNTS = auto()
    FILES = auto()
    ENROLMENTS = auto()
    BOOKINGS = auto()
    MONEY = auto()
    ALL = auto()


@dataclass(frozen=True, slots=True)
class TextProblems:
    """What keeps a text from being sent."""

    unknown: tuple[str, ...] = ()  # what stands between braces and means nothing, as it was typed
    missing: tuple[str, ...] = ()  # compulsory variables that stand nowhere


def variables_in(text: str) -> frozenset[str]:
    """The names of the variables of a text."""
    return frozenset(_VARIABLE.findall(text))


def unknown_in(text: str, known: Collection[str]) -> tuple[str, ...]:
    """What stands between braces and names no variable, and braces that are alone; each once, as it was typed."""
    found = _BRACES.findall(text)
    return tuple(dict.fromkeys(each for each in found if each[1:-1] not in known or len(each) < 3))


def problems_of(subject: str, body: str, known: Collection[str], compulsory: Collection[str]) -> TextProblems:
    """What is wrong with a text; a compulsory variable stands in the body, where it can be read whole."""
    missing = tuple(name for name in compulsory if name not in variables_in(body))
    return TextProblems(unknown_in(subject + "\n" + body, known), missing)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, once: what a value holds is never read as a variable.

    Lines that a variable without value leaves empty are closed up.
    """
    filled = _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)
    return _EMPTY_LINES.sub("\n\n", filled).strip()


def one_line(text: str) -> str:
    """A text for a mail's heading: no line end, no other character that could begin another heading."""
    visible = "".join(" " if unicodedata.category(char) in _ENDS_A_LINE else char for char in text)
    return re.sub(" +", " ", visible).strip(" ")


def html_body(text: str, portal: str, button: str) -> str:
    """The same text as light HTML: paragraphs, lists, links, and one button for the first address of the portal.

    Everything is escaped. `portal`: its address; `button`: what the button says.
    """
    pieces: list[str] = []
    has_button = False
    for block in re.split(r"\n\s*\n", text.strip()):
        for is_item, group in groupby(block.splitlines(), key=lambda line: line.startswith("- ")):
            lines = list(group)
            if is_item:
                pieces.append("<ul>" + "".join(f"<li>{_linked(line[2:])}</li>" for line in lines) + "</ul>")
                continue
            said: list[str] = []
            for line in lines:
                address = line.strip()
                if not has_button and address.startswith(f"{portal}/") and _ADDRESS.fullmatch(address):
                    has_button = True
                    pieces += _paragraph(said)
                    said = []
                    pieces.append(f'<p><a class="button" href="{escape(address)}">{escape(button)}</a></p>')
                else:
                    said.append(line)
            pieces += _paragraph(said)
    return "\n".join(pieces)


def html_page(subject: str, body: str) -> str:
    """The whole HTML part of a mail: nothing in it is fetched from anywhere."""
    return (
        f'<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(subject)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _paragraph(lines: list[str]) -> list[str]:
    return [f"<p>{'<br>'.join(_linked(line) for line in lines)}</p>"] if lines else []


def _linked(line: str) -> str:
    parts: list[str] = []
    place = 0
    for found in _ADDRESS.finditer(line):
        address = escape(found[0])
        parts += [escape(line[place : found.start()]), f'<a href="{address}">{address}</a>']
        place = found.end()
    return "".join([*parts, escape(line[place:])])
