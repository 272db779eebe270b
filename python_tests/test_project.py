"""The rules that the project keeps about itself."""

import re
import subprocess

import pytest
import yaml
from helpers import ROOT, mart_names

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


def test_every_macro_that_the_project_calls_says_what_it_does():
    """Helpers inside a macro's file, and an engine's own version of one, need no more."""
    callers = [ROOT / "dbt_project.yml", *MODELS, *(ROOT / "tests").rglob("*.sql")]
    text = "\n".join(path.read_text() for path in callers)
    called = set()
    for path in (ROOT / "macros").rglob("*.sql"):
        names = re.findall(r"{%-?\s*macro\s+(\w+)\(", path.read_text())
        called |= {name for name in names if re.search(rf"\b{name}\(", text)}
    described = {}
    for path in (ROOT / "macros").rglob("*.yml"):
        for macro in yaml.safe_load(path.read_text())["macros"]:
            described[macro["name"]] = macro.get("description", "")
    assert len(called) > 10
    assert called - set(described) == set()
    assert all(len(text.strip()) > 20 for text in described.values())


PROMISES = {
    r"^is_|^has_": {"BOOLEAN"},
    r"_date$": {"DATE"},
    r"_at$": {"TIMESTAMP"},
    r"_count$|_days$|_order$|_score$|^k$": {"BIGINT", "INTEGER"},
    r"_share$|^probability_|^expected_|_percentile$": {"DOUBLE"},
    r"revenue$|^amount$": {"DECIMAL(18,4)"},
    r"_name$|^segment$|^finding$|^model$|^as_of_role$|_reason$|_code$": {"VARCHAR"},
}
# A mean of days or counts, and the Brier score, are numbers like any other.
EXCEPTIONS = re.compile(r"^mean_|^brier_")


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
        if re.search(pattern, column) and not EXCEPTIONS.match(column) and found not in types
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
    assert len(requirements) == len(pins(lock)) > 20
    assert all("==" in entry and "--hash=sha256:" in entry for entry in requirements)
    assert "://" not in text


def test_the_test_environment_is_the_builds_and_more():
    build, dashboard, test = (pins(lock) for lock in LOCKS[:3])
    for smaller in (build, dashboard):
        assert {name: test.get(name) for name in smaller} == smaller


def test_every_var_is_explained_in_the_readme():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("no README yet")
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    text = readme.read_text()
    assert [name for name in project["vars"]["customer_value"] if f"`{name}`" not in text] == []


def test_every_exposed_mart_is_in_the_readme():
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("no README yet")
    assert [name for name in mart_names() if f"`{name}`" not in readme.read_text()] == []
