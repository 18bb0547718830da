"""Which package may import what, and what no shared module may know."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from exchanges import VENUES

ROOT = Path(__file__).parents[1]
OURS = {"exchanges", "actors", "supervisor"}

# What each package may import beside the standard library and itself.
ALLOWED = {
    "exchanges": {"msgspec", "google", "sortedcontainers"},
    "actors": {
        "exchanges",
        "msgspec",
        "trio",
        "h11",
        "wsproto",
        "httpcore2",
        "httpx2",
        "trio_websocket",
        "websockets",
        "python_socks",
        "zstandard",
    },
    "supervisor": {
        "exchanges",
        "actors",
        "msgspec",
        "trio",
        "rich",
        "pyarrow",
        "tomli_w",
        "sortedcontainers",
        "trio_websocket",
        "pytest",
    },
}
# Pure code has no clock, no chance, no sockets, no files and no log of its own.
IMPURE = {
    "time",
    "random",
    "socket",
    "ssl",
    "logging",
    "threading",
    "asyncio",
    "os",
    "io",
    "pathlib",
}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if not path.stem.endswith("_pb2"):
                yield path


def imports_of(path: Path) -> set[str]:
    """The top-level packages that a module imports anywhere."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(OURS))
def test_imports_run_one_way(package: str) -> None:
    for path in python_files(package):
        foreign = imports_of(path) - set(sys.stdlib_module_names) - {package}
        assert foreign <= ALLOWED[package], path


def test_only_the_plugin_imports_pytest() -> None:
    """It is the one module that pytest loads; nobody else may need pytest to be installed."""
    needing = [path for path in python_files(*OURS) if "pytest" in imports_of(path)]
    assert needing == [ROOT / "supervisor" / "testing" / "plugin.py"]


def test_exchanges_stay_pure() -> None:
    for path in python_files("exchanges"):
        assert not imports_of(path) & IMPURE, path


def test_supervision_knows_neither_venues_nor_actors() -> None:
    for path in python_files("supervisor/supervision"):
        assert not imports_of(path) & {"exchanges", "actors"}, path


# The rooms of each package: one may import those that stand before it. A room is a folder, or a
# module beside the folders. Venues stand side by side.
ROOMS = {
    "exchanges": (
        *("chance", "errors", "limits", "pauses", "market", "replies", "rest", "stream"),
        *("sandbox", "dialects", "venue", "<venue>", "dialogue"),
    ),
    "actors": (*("edges", "network", "books", "venue", "detection", "recording", "sandbox"),),
    "supervisor": (
        *("supervision", "settings", "system", "verify", "bench", "terminal", "testing"),
    ),
}
# What a folder may hold before it is more than one subject.
MOST_FILES = 15


def rooms_imported(path: Path) -> set[str]:
    """The rooms of its own package that a module imports when it runs."""
    package = path.relative_to(ROOT).parts[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            top, _, rest = node.module.partition(".")
            if top == package and rest:
                names.add(rest.partition(".")[0])
    return {"<venue>" if package == "exchanges" and name in VENUES else name for name in names}


@pytest.mark.parametrize("package", sorted(OURS))
def test_rooms_import_one_way(package: str) -> None:
    rooms = ROOMS[package]
    for path in python_files(package):
        _, room, *_ = path.relative_to(ROOT).with_suffix("").parts
        if room == "__init__":
            continue
        room = "<venue>" if package == "exchanges" and room in VENUES else room
        before = rooms[: rooms.index(room) + 1]
        assert rooms_imported(path) <= set(before), path


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def modules_imported(path: Path) -> set[str]:
    """Our modules that a module imports when it runs, wherever in it; commands are by name."""
    names: set[str] = set()
    tree = ast.parse(path.read_text("utf-8"))
    tree.body = [node for node in tree.body if not _is_for_types(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    if path == ROOT / "supervisor" / "terminal" / "cli.py":
        names |= {name for name in MODULES if name.startswith("supervisor.terminal.commands.")}
    return names & set(MODULES)


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in python_files(*OURS)
    if path.name != "__init__.py"
}


def test_no_modules_import_each_other() -> None:
    """Whoever reads a module meets none of those that need it, however far he follows."""
    sorter = TopologicalSorter({name: modules_imported(path) for name, path in MODULES.items()})
    sorter.prepare()  # raises CycleError, which names them


def test_a_folder_is_one_subject() -> None:
    for folder in {path.parent for path in python_files(*OURS)}:
        files = list(folder.glob("*.py"))
        assert len(files) <= MOST_FILES, folder


def test_the_policy_of_restarts_is_pure() -> None:
    assert not imports_of(ROOT / "supervisor" / "supervision" / "policy.py") & (IMPURE | {"trio"})


def test_a_venue_imports_no_other_venue() -> None:
    """What two of them share is in a package that is named after neither."""
    for venue in VENUES:
        text = "\n".join(path.read_text("utf-8") for path in python_files(f"exchanges/{venue}"))
        for other in set(VENUES) - {venue}:
            assert not re.search(rf"from exchanges\.{other}\b", text), (venue, other)


def test_no_shared_module_names_a_venue() -> None:
    """The registry lists them; examples of configuration and the benchmarks may use one."""
    settings = {f"supervisor/settings/{name}.py" for name in ("assets", "checking")}
    may_name = {"exchanges/__init__.py", *settings}
    pattern = re.compile(rf"\b({'|'.join(VENUES)})\b", re.IGNORECASE)
    for path in python_files(*OURS):
        name = path.relative_to(ROOT).as_posix()
        is_venue = name.startswith("exchanges/") and path.parent != ROOT / "exchanges"
        is_venue = is_venue and path.parent.name in VENUES
        if is_venue or name in may_name or name.startswith("supervisor/bench/"):
            continue
        assert not pattern.search(path.read_text("utf-8")), name
