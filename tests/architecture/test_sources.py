"""What must hold for every file of the repository: names, places, nothing of this machine, money as integers."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Folders of this machine, and hosts from which packages come: a clone works elsewhere, with its own index.
MACHINE_PATHS = re.compile(r"(?<![\w./*-])/(?:work|home|root|Users|mnt|srv|var/folders|opt)/[\w.-]+")
REGISTRY_HOSTS = re.compile(
    r"\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|deb\.debian\.org|proxy\.golang\.org)"
    r"|--(?:extra-)?index-url|--trusted-host|PIP_INDEX_URL"
)
# The names of registries may stand here only.
MAY_NAME_THEM = {"tests/architecture/test_sources.py"}

# example.org and its like are reserved; the rest is what parents and staff are sent to, or sources of a rule.
MAIL_ADDRESS = re.compile(r"\b[\w.+-]+@(?P<domain>[\w-]+(?:\.[\w-]+)+)")
RESERVED_DOMAINS = re.compile(r"(?:^|\.)(?:example\.(?:org|com|net)|example|invalid|test|localhost)$")

NOT_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "stuff"}


def tracked_files() -> list[Path]:
    """The files of the repository (what git knows, and what it would take)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def text_of(path: Path) -> str | None:
    """The text of a file, or None when it is binary."""
    content = path.read_bytes()
    return None if b"\0" in content else content.decode("utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


TRACKED = tracked_files()
PYTHON = [path for path in TRACKED if path.suffix == ".py"]
APP_PYTHON = [path for path in PYTHON if named(path).startswith("app/") and "migrations" not in path.parts]


def findings(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{named(path)}: {found[0]}"
        for path in TRACKED
        if named(path) not in MAY_NAME_THEM and (text := text_of(path)) is not None
        for found in pattern.finditer(text)
    ]


def test_no_file_names_a_folder_of_this_machine():
    assert findings(MACHINE_PATHS) == []


def test_no_file_names_a_package_registry():
    assert findings(REGISTRY_HOSTS) == []


def test_patterns_find_what_they_look_for():
    assert MACHINE_PATHS.search('open("/home/me/x")') and not MACHINE_PATHS.search("https://example.org/home/me")
    assert REGISTRY_HOSTS.search("pip install --index-url x") and not REGISTRY_HOSTS.search("index-urls")


def test_mail_addresses_are_invented():
    foreign = [
        f"{named(path)}: {found[0]}"
        for path in TRACKED
        if path.suffix in {".py", ".html", ".txt", ".md", ".yaml", ".toml", ".sh"} and path.name != "LICENSE"
        for found in MAIL_ADDRESS.finditer(text_of(path) or "")
        if not RESERVED_DOMAINS.search(found["domain"].lower()) and not re.match(r"\d", found["domain"])
    ]
    assert foreign == []


def test_every_module_has_a_name_that_says_what_is_in_it():
    assert [named(path) for path in PYTHON if path.stem in NOT_NAMES] == []
    assert [named(path) for path in PYTHON if not re.fullmatch(r"[a-z0-9_]+", path.stem)] == []


def test_every_folder_of_the_application_is_a_package():
    folders = {path.parent for path in APP_PYTHON}
    assert [named(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_every_module_says_what_it_is_for():
    silent = [
        named(path)
        for path in APP_PYTHON
        if (tree := ast.parse(text_of(path) or "")).body and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_no_unfinished_work_is_left():
    assert findings(re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\W*\|)")) == []


@pytest.mark.parametrize("path", APP_PYTHON, ids=named)
def test_money_is_never_a_float(path):
    """Names end in `_cents` and are int; nothing in a file that handles them is a float, `round()` or `/ 100`."""
    source = text_of(path) or ""
    if "_cents" not in source:
        return
    floats = []
    for node in ast.walk(ast.parse(source)):
        # The demo council draws lots: its chances are no money.
        is_float_literal = isinstance(node, ast.Constant) and isinstance(node.value, float) and "demo" not in path.parts
        is_float_call = (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("float", "round")
        )
        is_float_type = isinstance(node, ast.Name) and node.id == "Float"
        is_division_of_money = (
            isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and "_cents" in ast.unparse(node)
        )
        if is_float_literal or is_float_call or is_float_type or is_division_of_money:
            floats.append(f"line {node.lineno}: {ast.unparse(node)}")
    assert floats == []


def test_scripts_can_be_run():
    scripts = [path for path in TRACKED if named(path).startswith(("script/", ".ci/")) and path.suffix == ""]
    assert {"script/server", "script/test", ".ci/run"} <= {named(path) for path in scripts}
    for path in scripts:
        assert path.stat().st_mode & 0o111, f"{named(path)} is not executable"
        assert (text_of(path) or "").startswith("#!/usr/bin/env "), named(path)


def test_every_package_is_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
        loose = [
            line
            for line in lines
            if line
            and not line.startswith("-r ")
            and not re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+(; python_version .*)?", line)
        ]
        assert loose == [], name


FAMILY_LOCKS = re.compile(
    r"(?:select\(Family(?:\.\w+)?\)|\.get(?:_one)?\(\s*Family,)(?:(?!\n\n|session\.).)*?with_for_update(?:\(([^)]*)\)|=([^,)\n]*))",
    re.DOTALL,
)


def test_family_rows_are_locked_without_their_key() -> None:
    """FOR UPDATE would also stop those who only name the family, such as an invoice run: a deadlock with a payment."""
    locks = [
        (path.name, found[1] or found[2])
        for path in sorted((ROOT / "app" / "services").glob("*.py"))
        for found in FAMILY_LOCKS.finditer(path.read_text())
    ]
    assert len(locks) >= 10, "the pattern no longer finds them"
    assert [lock for lock in locks if "key_share" not in lock[1] and lock[1] != "read=True"] == []


def test_every_form_of_the_parents_says_in_whose_name_it_is_shown() -> None:
    for path in sorted((ROOT / "app/templates/family").rglob("*.html")):
        text = path.read_text(encoding="utf-8")  # the macro `hidden` draws both
        assert text.count("{{ csrf_token() }}") == text.count('{{ csrf_token() }}">{{ hat_field() }}'), path
