"""What `import arbitrio` gives, and what it says where our packages are hidden."""

import ast
import inspect
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import walk_packages
from pydoc import plain, render_doc

import msgspec
import pytest

import actors
import arbitrio
import exchanges
import supervisor

ROOT = Path(__file__).parents[1]
NAMES: set[str] = set(vars(arbitrio)["__all__"])


def seen_by_type_checkers() -> dict[str, str]:
    """The modules from which type checkers believe the names to come."""
    tree = ast.parse((ROOT / "arbitrio.py").read_text("utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert all(alias.asname == alias.name for node in imports for alias in node.names)
    return {alias.name: node.module or "" for node in imports for alias in node.names}


def python(*arguments: str, path: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run this Python with folders before all others on its path."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={"PYTHONPATH": path, "PATH": ""},
        timeout=60,
    )


def test_every_public_name_is_what_type_checkers_see() -> None:
    homes = seen_by_type_checkers()
    assert set(homes) == NAMES
    for name, home in homes.items():
        assert getattr(arbitrio, name) is getattr(import_module(home), name)


def test_public_names_can_be_listed_and_others_are_not_there() -> None:
    given: dict[str, object] = {}
    exec("from arbitrio import *", given)
    assert {*given} - {"__builtins__"} == NAMES
    assert {"open_engine", "open_exchange", "open_sandboxes", "OrderBook"} <= set(dir(arbitrio))
    with pytest.raises(AttributeError, match="module 'arbitrio' has no attribute 'open_engines'"):
        arbitrio.open_engines  # type: ignore[attr-defined]  # noqa: B018


def test_every_name_that_the_first_page_tells_is_there() -> None:
    assert arbitrio.__doc__
    _, _, table = arbitrio.__doc__.partition("What else is here:")
    table, _, _ = table.partition("`__all__`")
    told = {word.strip(",;:.") for word in table.split()}
    names = {word for word in told if word[:1].isupper() or "_" in word}
    assert names > {"Config", "load_config", "ExchangeError", "Supervisor"}
    assert names <= NAMES


def test_help_begins_with_the_first_page() -> None:
    assert arbitrio.__doc__
    title, *_ = arbitrio.__doc__.splitlines()
    text = plain(render_doc(arbitrio))
    assert text.index(title) < text.index("open_engine(config)") < text.index("class Backoff")


def test_every_struct_can_be_explained() -> None:
    """Its fields name types that are there when it runs; `help` needs them."""
    for package in (exchanges, actors, supervisor):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, msgspec.Struct):
                    inspect.signature(value)


def test_the_version_is_that_of_the_distribution() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert arbitrio.__version__ == version("arbitrio") == told


def test_an_import_alone_loads_next_to_nothing() -> None:
    code = "import arbitrio, sys; print(sorted({'trio', 'msgspec', 'httpx2'} & {*sys.modules}))"
    assert python("-c", code).stdout == "[]\n"


def test_the_module_runs_the_command_line() -> None:
    done = python("-m", "arbitrio", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: arbitrio ")


@pytest.mark.parametrize("form", ["package", "module", "folder"])
@pytest.mark.parametrize("name", ["supervisor", "actors", "exchanges"])
def test_a_package_that_hides_ours_is_named(name: str, form: str, tmp_path: Path) -> None:
    match form:
        case "package":
            other = tmp_path / name
            other.mkdir()
            (other / "__init__.py").write_text("options = 'of another distribution'\n")
        case "module":
            other = tmp_path / f"{name}.py"
            other.write_text("")
        case _:
            # A folder without `__init__.py` hides nothing: ours is found behind it.
            (tmp_path / name).mkdir()
            assert python("-c", "import arbitrio", path=f"{tmp_path}:{ROOT}").returncode == 0
            return
    for run in (["-c", "from arbitrio import open_engine"], ["-m", "arbitrio", "--help"]):
        done = python(*run, path=f"{tmp_path}:{ROOT}", cwd=tmp_path.parent)
        assert done.returncode != 0
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith(f"ImportError: arbitrio needs its own package '{name}', in {ROOT},")
        assert f"Python finds {other}" in last
        assert "Uninstall or rename that one" in last


@pytest.mark.parametrize("name", ["supervisor", "actors", "exchanges"])
@pytest.mark.parametrize("stub", ["None", "types.ModuleType({name!r})", "object()"])
def test_what_somebody_put_in_the_place_of_a_package_is_named(name: str, stub: str) -> None:
    """As test suites do that ban or replace an import."""
    there = stub.format(name=name)
    done = python("-c", f"import sys, types; sys.modules[{name!r}] = {there}; import arbitrio")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: arbitrio needs its own package '{name}', in {ROOT},")
    assert "which somebody put into sys.modules" in last
