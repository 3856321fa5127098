"""Plain text with three signs: « # » begins a heading, « - » an item of a list, an empty line a new paragraph.

Source: docs/rules/light_texts.md. What is shown is drawn by a template, so that nothing that is typed is ever HTML.
"""

from dataclasses import dataclass
from enum import StrEnum, auto


class BlockKind(StrEnum):
    """What a block of text is."""

    HEADING = auto()
    ITEMS = auto()
    PARAGRAPH = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """A heading (one line), a list (an item a line) or a paragraph (its lines)."""

    kind: BlockKind
    lines: tuple[str, ...]


_SIGNS = {"# ": BlockKind.HEADING, "- ": BlockKind.ITEMS}


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a text, in their order. Lines of the same kind that follow each other are one, headings never."""
    found: list[Block] = []
    may_go_on = False
    for line in (line.strip() for line in text.splitlines()):
        kind = _SIGNS.get(line[:2], BlockKind.PARAGRAPH)
        words = line[2:].strip() if kind is not BlockKind.PARAGRAPH else line
        if not words:
            may_go_on = False
        elif may_go_on and found[-1].kind is kind is not BlockKind.HEADING:
            found[-1] = Block(kind, (*found[-1].lines, words))
        else:
            found.append(Block(kind, (words,)))
            may_go_on = True
    return tuple(found)
