"""The rules that the project keeps about itself."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from helpers import ROOT

MODELS = sorted(path for path in (ROOT / "models").rglob("*") if path.suffix in (".sql", ".py"))
# Spelt in pieces, so that this file passes its own test.
MACHINE_PATHS = [f"/{name}/" for name in ("work", "tmp", "root", "home", "Users", "opt")]
REGISTRIES = ["pypi" + ".org", "files.python" + "hosted", "index" + "-url", "artifact" + "ory"]
JUNK = (".duckdb", ".wal", ".log", ".pyc", ".pkl", ".joblib", ".parquet", ".msgpack", ".html")
LOCKS = (
    "requirements.txt",
    "requirements-dashboard.txt",
    "requirements-dev.txt",
    "requirements-engines.txt",
    "requirements-previous.txt",
    "requirements-next.txt",
    "requirements-dbt2.txt",
    "requirements-lake.txt",
)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files under version control."""
    try:
        result = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [name for name in result.stdout.splitlines() if (ROOT / name).is_file()]


def test_property_files_use_only_known_keys(monkeypatch, tmp_path):
    """Dbt validates yml on other warehouses; on DuckDB a mistyped key passes in silence."""
    jsonschemas = pytest.importorskip("dbt.jsonschemas.jsonschemas")
    if not hasattr(jsonschemas, "_JSONSCHEMA_SUPPORTED_ADAPTERS"):
        pytest.skip("this dbt-core has moved the list of validated adapters")
    from dbt.cli.main import dbtRunner

    adapters = jsonschemas._JSONSCHEMA_SUPPORTED_ADAPTERS
    monkeypatch.setattr(jsonschemas, "_JSONSCHEMA_SUPPORTED_ADAPTERS", {*adapters, "duckdb"})
    monkeypatch.setenv("CUSTOMER_VALUE_DB", str(tmp_path / "parse.duckdb"))
    seen = []

    def keep(event):
        if event.info.name.endswith("Deprecation"):
            seen.append(event.info.msg)

    result = dbtRunner(callbacks=[keep]).invoke(
        [
            *("parse", "--no-partial-parse", "--show-all-deprecations", "--quiet"),
            *("--project-dir", str(ROOT), "--profiles-dir", str(ROOT)),
            *("--target-path", str(tmp_path), "--log-path", str(tmp_path)),
        ]
    )
    assert result.success, result.exception
    assert not seen, "\n".join(seen)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_every_model_has_a_yml_of_its_own(model):
    properties = model.with_suffix(".yml")
    assert properties.exists()
    described = yaml.safe_load(properties.read_text())["models"]
    assert [entry["name"] for entry in described] == [model.stem]


ENGINES = re.compile(r"^(default|bigquery|duckdb|postgres|redshift|snowflake|spark)__")
MACRO = re.compile(r"{%-?\s*macro\s+(\w+)\(([^)]*)\)")


def macro_signatures() -> dict[Path, dict[str, list[str]]]:
    """Return file -> macro -> names of its arguments, without the engines' own versions."""
    return {
        path: {
            name: [part.split("=")[0].strip() for part in arguments.split(",") if part.strip()]
            for name, arguments in MACRO.findall(path.read_text())
            if not ENGINES.match(name)
        }
        for path in sorted((ROOT / "macros").rglob("*.sql"))
    }


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted((ROOT / "models").glob("**/*.sql"))
        if path.read_text().count("\n") > 200
    ],
    ids=lambda path: path.stem,
)
def test_a_long_model_says_why(path):
    (model,) = yaml.safe_load(path.with_suffix(".yml").read_text())["models"]
    assert "is long because" in " ".join(model["description"].split())


def test_every_macro_is_described_in_its_folder_with_the_arguments_that_it_has():
    from dbt.parser.schemas import is_valid_type

    described: dict[Path, dict[str, dict]] = {}
    for path in (ROOT / "macros").rglob("*.yml"):
        entries = yaml.safe_load(path.read_text())["macros"]
        described.setdefault(path.parent, {}).update({entry["name"]: entry for entry in entries})
        assert all(len(entry.get("description", "").strip()) > 20 for entry in entries), path
    signatures = macro_signatures()
    assert sum(len(macros) for macros in signatures.values()) > 50
    for path, macros in signatures.items():
        for name, arguments in macros.items():
            assert name in described[path.parent], (path, name)
            documented = described[path.parent][name].get("arguments", [])
            assert [argument["name"] for argument in documented] == arguments, name
            assert all(is_valid_type(argument["type"]) for argument in documented), name


def test_every_file_of_macros_is_named_after_what_is_in_it():
    """After one of its macros, or, where a family fills it, after the beginning of their names."""
    misnamed = [
        path.name
        for path, macros in macro_signatures().items()
        if path.stem not in macros and not all(name.startswith(path.stem) for name in macros)
    ]
    assert misnamed == []


PROMISES = {
    r"^is_|^has_": {"BOOLEAN"},
    r"_date$": {"DATE"},
    r"_at$": {"TIMESTAMP"},
    r"_count$|_days$|_order$|_score$|^k$": {"BIGINT", "INTEGER"},
    r"_share$|^probability_|^expected_|_percentile$": {"DOUBLE"},
    r"revenue$|^amount$": {"DECIMAL(28,4)"},
    r"_name$|^segment$|^finding$|^model$|^as_of_role$|_reason$|_code$": {"VARCHAR"},
}
# A mean of days or counts and the Brier score are numbers like any other; a rank and a median of
# counts are whole.
EXCEPTIONS = re.compile(r"^mean_|^brier_|_rank$|_median$")


def test_every_engine_reads_a_pattern_alike():
    """A bracket inside a class is one of its characters to DuckDB, and opens another to Java."""
    ambiguous = ("[[]", "[]]", "[^]")
    unequal = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("macros", "models")
        for path in sorted((ROOT / folder).glob("**/*.sql"))
        for line in path.read_text().splitlines()
        for pattern in re.findall(r'"(?:[^"]|\\")*"', line)
        if any(part in pattern for part in ambiguous)
    ]
    assert not unequal, unequal


def test_column_names_say_their_types(demo):
    columns = demo.rows(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'main' and not internal"
    )
    assert columns
    wrong = [
        (table, column, found)
        for table, column, found in columns
        for pattern, types in PROMISES.items()
        if re.search(pattern, column) and not EXCEPTIONS.search(column) and found not in types
    ]
    assert wrong == []


def test_every_public_column_is_described_in_the_database_too(demo):
    undescribed = demo.rows(
        "select table_name, column_name from duckdb_columns() "
        "where schema_name = 'main' and not internal and coalesce(comment, '') = ''"
    )
    assert undescribed == []


def test_no_tracked_file_knows_a_machine_or_a_registry(tracked):
    texts = {name: (ROOT / name).read_text(errors="ignore") for name in tracked}
    found = [
        (name, word)
        for name, text in texts.items()
        for word in (*MACHINE_PATHS, *REGISTRIES)
        if word in text and (name, word) not in ALLOWED
    ]
    assert found == []


# The option that keeps addresses out of the locks.
ALLOWED = {("Makefile", REGISTRIES[2]), ("README.md", REGISTRIES[2])}


def test_nothing_that_was_built_is_tracked(tracked):
    folders = ("target/", "logs/", "dbt_packages/", ".venv/")
    assert [name for name in tracked if name.endswith(JUNK) or name.startswith(folders)] == []


def pins(lock: str) -> dict[str, str]:
    """Return requirement (with its marker) -> pinned version."""
    lines = re.findall(r"^([\w.\-\[\], ]+)==([^\s;\\]+)([^\\\n]*)", (ROOT / lock).read_text(), re.M)
    return {f"{name}{marker.strip()}": version for name, version, marker in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock):
    text = (ROOT / lock).read_text()
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) == len(pins(lock)) >= (1 if "dbt2" in lock else 20)
    assert all("==" in entry and "--hash=sha256:" in entry for entry in requirements)
    assert "://" not in text


def test_a_warehouse_can_install_what_the_python_models_import():
    """Apart from those that read a demo or publish a DuckDB file, which never run there."""
    lines = (ROOT / "requirements-warehouse.txt").read_text().splitlines()
    named = {re.split(r"[<>=]", line)[0] for line in lines if not line.startswith("#")}
    asked = {
        package
        for path in (ROOT / "models").glob("*/predictions/*.py")
        for packages in re.findall(r"packages=\[([^\]]*)\]", path.read_text())
        for package in re.findall(r'"([^"]+)"', packages)
    }
    assert asked == named


def test_the_test_environment_is_the_builds_and_more():
    build, dashboard, test = (pins(lock) for lock in LOCKS[:3])
    for smaller in (build, dashboard):
        assert {name: test.get(name) for name in smaller} == smaller
