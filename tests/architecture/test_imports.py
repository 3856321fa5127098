"""Who may import whom: the contracts of pyproject.toml, and what import-linter cannot say."""

import ast
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"

# What a rule may use besides Python's own library: pure functions on values, nothing that reads a file of ours, the
# network or the time.
ALLOWED_IN_RULES = {"app.rules", "phonenumbers", "zxcvbn"}


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, also inside functions; relative imports are refused by name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def modules_under(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (APP / folder).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_import_contracts_are_kept(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", modules_under("rules"), ids=named)
def test_rule_uses_only_values(path):
    foreign = {
        name
        for name in imports_of(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == allowed or name.startswith(allowed + ".") for allowed in ALLOWED_IN_RULES)
    }
    assert not foreign


@pytest.mark.parametrize("path", modules_under("rules", "models", "services"), ids=named)
def test_time_is_read_only_from_the_clock(path):
    """Rules get `now` as a parameter; services ask app.clock."""
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr)
        in {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    }
    assert not calls


def test_nothing_commits_but_write_transaction():
    """One place ends a transaction: app/database.py. Services flush."""
    committing = [
        f"{named(path)}:{node.lineno}"
        for path in sorted(APP.rglob("*.py"))
        if path != APP / "database.py" and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert not committing
