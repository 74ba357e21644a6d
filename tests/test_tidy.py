"""The house rules as a test: sizes, docstrings, what must never stand under models, names, and one file per rule."""

from __future__ import annotations

import ast
import importlib
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("models", "streams", "tables", "agents")
FUNCTION_LINES_MAX = 40
FILE_LINES_MAX = 300
MEDIAN_LINES_MAX = 10
MEDIAN_LINES_AIM = 8
VAGUE_NAMES = {"utils", "helpers", "manager", "base", "common", "core"}
FORBIDDEN_CALLS = {"float", "round", "open", "uuid4", "uuid.uuid4", "datetime.now", "datetime.utcnow", "date.today", "time.time"}
FORBIDDEN_MODULES = {"random", "secrets", "time", "uuid"}
# Written in two parts, so that this file does not break the rule that it enforces.
FORBIDDEN_TEXTS = [
    "/wor" + "k/",
    "/roo" + "t/",
    "../sha" + "red",
    "pypi" + ".org",
    "python" + "hosted.org",
    "crates" + ".io",
    "proxy.golang" + ".org",
    "npmjs" + ".org",
    "maven" + ".apache.org",
    "repo1.maven" + ".org",
    "deb" + ".debian.org",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def product_files() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def python_files() -> list[Path]:
    """The product and its tests; an empty file (a package marker of the tests) has nothing to keep."""
    return product_files() + sorted(path for path in (ROOT / "tests").rglob("*.py") if path.stat().st_size)


def repository_files() -> list[Path]:
    """Every file git tracks, or would: what a reader of the repository sees."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def long_functions(tree: ast.Module) -> list[str]:
    return [f"{f.name}: {lines_of(f)} lines" for f in functions(tree) if lines_of(f) > FUNCTION_LINES_MAX]


def unannotated(tree: ast.Module) -> list[str]:
    """Functions that lack a return type or the type of a parameter other than self and cls."""
    found = []
    for function in functions(tree):
        given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [a.arg for a in given if a.annotation is None and a.arg not in ("self", "cls")]
        if bare or function.returns is None:
            found.append(f"line {function.lineno}: {function.name}({', '.join(bare)})")
    return found


def impurities(tree: ast.Module) -> list[str]:
    """What must not stand under models: floats, rounding, clocks, chance, files."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"line {node.lineno}: float literal {node.value}")
        if isinstance(node, ast.Call) and called(node) in FORBIDDEN_CALLS:
            found.append(f"line {node.lineno}: {called(node)}()")
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [f"line {node.lineno}: import of {name}" for name in imported(node) if name in FORBIDDEN_MODULES]
    return found


def called(node: ast.Call) -> str:
    """The name a call is made by, at most its last two parts: `datetime.now`, `open`."""
    return ".".join(ast.unparse(node.func).split(".")[-2:])


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    return [name.split(".")[0] for name in names]


def swallowed(tree: ast.Module) -> list[str]:
    """Handlers that catch everything by a bare except, or catch Exception and do nothing."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        idle = all(
            isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)) for line in node.body
        )
        broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
        if node.type is None or (broad and idle):
            found.append(f"line {node.lineno}")
    return found


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_a_file_keeps_the_house_rules(path: Path) -> None:
    tree = tree_of(path)

    assert len(path.read_text("utf-8").splitlines()) <= FILE_LINES_MAX
    assert long_functions(tree) == []
    assert unannotated(tree) == []
    assert swallowed(tree) == []
    assert ast.get_docstring(tree), "every module says in its first line what it is for"
    assert path.stem not in VAGUE_NAMES


def test_the_median_function_is_short() -> None:
    lengths = sorted(lines_of(f) for path in product_files() for f in functions(tree_of(path)))
    median = statistics.median(lengths)

    print(f"median function: {median} lines (aim: at most {MEDIAN_LINES_AIM}), longest: {lengths[-1]}, functions: {len(lengths)}")
    assert median <= MEDIAN_LINES_MAX


@pytest.mark.parametrize("path", sorted((ROOT / "models").rglob("*.py")), ids=relative)
def test_models_are_pure(path: Path) -> None:
    assert impurities(tree_of(path)) == []


@pytest.mark.parametrize("text", FORBIDDEN_TEXTS)
def test_no_file_names_this_machine_or_a_registry(text: str) -> None:
    naming = [relative(path) for path in repository_files() if text.encode() in path.read_bytes()]

    assert naming == []


def test_no_folder_has_a_vague_name() -> None:
    folders = {part for path in repository_files() for part in path.relative_to(ROOT).parts[:-1] if path.suffix == ".py"}

    assert folders & VAGUE_NAMES == set()


def rule_files() -> list[Path]:
    return sorted(path for path in (ROOT / "models" / "rules").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("path", rule_files(), ids=lambda path: path.stem)
def test_a_rule_is_named_by_its_file(path: Path) -> None:
    rule = importlib.import_module(f"models.rules.{path.stem}")

    assert path.stem == rule.CODE
    assert rule.SEVERITY
    assert rule.__doc__ and callable(rule.check)


def test_the_loader_finds_every_rule_file() -> None:
    """While models/rules has no loader there may be no rule in it either."""
    if not (ROOT / "models" / "rules" / "__init__.py").exists():
        assert rule_files() == []
        return
    loader = importlib.import_module("models.rules")

    assert sorted(loader.rules()) == [path.stem for path in rule_files()]


def test_the_loader_finds_every_source_file() -> None:
    sources = importlib.import_module("streams.sources")
    files = sorted(path.stem for path in (ROOT / "streams" / "sources").glob("*.py") if path.stem != "__init__")

    assert sorted(sources.translators()) == files


# These show that each check above can fail.
BREACHES = [
    (impurities, "x = 1.5"),
    (impurities, "x = float('1')"),
    (impurities, "x = round(y)"),
    (impurities, "import datetime\nx = datetime.datetime.now()"),
    (impurities, "x = date.today()"),
    (impurities, "import time"),
    (impurities, "from random import choice"),
    (impurities, "with open('f') as f: pass"),
    (impurities, "x = uuid4()"),
    (swallowed, "try:\n    f()\nexcept:\n    g()"),
    (swallowed, "try:\n    f()\nexcept Exception:\n    pass"),
    (unannotated, "def f(a) -> None: ..."),
    (unannotated, "def f(a: int): ..."),
    (long_functions, "def f() -> None:\n" + "    g()\n" * FUNCTION_LINES_MAX),
]


@pytest.mark.parametrize(("check", "code"), BREACHES)
def test_a_breach_is_found(check: object, code: str) -> None:
    assert callable(check) and check(ast.parse(code))


def test_forbidden_texts_are_whole() -> None:
    assert all(re.fullmatch(r"[a-z0-9./]+", text) for text in FORBIDDEN_TEXTS)
