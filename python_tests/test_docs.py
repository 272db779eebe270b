"""What the documentation names exists, and lists of tables are those of the folders."""

import itertools
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from helpers import PACKAGE, ROOT, load_model, mart_names

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "models" / "overview.md",
    ]
)
# A changelog, and reasons for what is no more, name what is no more.
OF_THE_PAST = {"CHANGELOG.md", "decisions_taken.md"}
# What other tools call theirs.
NAMES_OF_OTHERS = {
    *("access_mode", "customer__cohort", "customer_value_published", "metric_time"),
    "require_ref_searches_node_package_before_root",
}
CAPABILITIES = (
    "history",
    "validation",
    "decisions",
    "propensity",
    "experiments",
    "subscriptions",
    "audiences",
    "portraits",
    "events",
)


def section(page: str, heading: str) -> str:
    """Return the text under a heading, up to the next of its level."""
    text = (ROOT / page).read_text()
    level = heading.split(" ")[0]
    return text.split(f"\n{heading}\n")[1].split(f"\n{level} ")[0]


def table_rows(text: str) -> list[list[str]]:
    """Return the cells of the first table of a text, without its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def in_backticks(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


@cache
def models() -> dict[str, Path]:
    """Return the file of each model, by the name of its table."""
    return {
        path.stem.replace(PACKAGE, ""): path
        for path in (ROOT / "models").rglob("*")
        if path.suffix in (".sql", ".py")
    }


@cache
def words_of_the_project() -> set[str]:
    """Return every identifier that the code, its configuration or its data contain."""
    folders = ["models", "macros", "seeds", "tests", "charts", "python_tests", "benchmarks"]
    folders += ["handover"]
    suffixes = {".sql", ".py", ".yml", ".csv"}
    paths = [
        *(path for folder in folders for path in (ROOT / folder).rglob("*")),
        *(ROOT / name for name in ("dbt_project.yml", "profiles.yml", "Makefile")),
        *(ROOT / name for name in ("pyproject.toml", "requirements.txt")),
    ]
    return {
        word
        for path in paths
        if path.suffix in suffixes or path.parent == ROOT
        if path != Path(__file__)
        for text in (path.read_text(), path.read_text().replace(PACKAGE, ""))
        for word in re.findall(r"\w+", text)
    }


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 250


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name
)
def test_a_page_has_each_heading_once(page):
    headings = re.findall(r"^#+ .*", re.sub(r"```.*?```", "", page.read_text(), flags=re.S), re.M)
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md", "AGENTS.md"])
def test_every_path_that_a_page_names_exists(page):
    named = [name for name in in_backticks((ROOT / page).read_text()) if "/" in name]
    paths = [name for name in named if re.fullmatch(r"[\w.]+(/[\w.]+)*/?", name)]
    assert [name for name in paths if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name not in OF_THE_PAST], ids=lambda page: page.name
)
def test_every_name_in_the_documentation_is_one_of_the_project(page):
    """Tables, columns, vars and macros that were renamed do not stay behind in a page."""
    names = {
        name
        for code in in_backticks(page.read_text())
        for name in re.findall(r"(?<![\w./<>-])[a-z]\w*_\w+(?![\w./<>-])", code)
    }
    assert sorted(names - words_of_the_project() - NAMES_OF_OTHERS) == []


@pytest.mark.parametrize("page", ["README.md", "models/overview.md"])
def test_the_marts_by_question_are_all_marts(page):
    text = section(page, "## What you get") if page == "README.md" else (ROOT / page).read_text()
    rows = table_rows(text)
    assert sorted(name for row in rows for name in in_backticks(row[1])) == mart_names()
    for _, tables, module in rows:
        assert set(in_backticks(tables)) <= set(mart_names(module))


def test_the_marts_are_listed_once_in_the_code():
    """The list from which the publication is made is that of the folders."""
    text = (ROOT / "macros" / "engine" / "capabilities.sql").read_text()
    listed = text.split("macro public_marts()")[1].split("endmacro")[0]
    found = {
        folder: re.findall(r'"(\w+)"', names)
        for folder, names in re.findall(r'"(\w+)": \[([^\]]*)\]', listed)
    }
    assert sorted(found["core"] + found["inputs"]) == mart_names("core")
    for capability in CAPABILITIES:
        assert sorted(found[capability]) == mart_names(capability)


def test_a_model_is_enabled_by_its_capability_and_by_what_that_needs():
    """Model properties cannot call the macro that knows, so each says it once more."""
    text = (ROOT / "macros" / "engine" / "capabilities.sql").read_text()
    listed = re.findall(r'"(\w+)": \{"needs": \[([^\]]*)\]\}', text)
    needs = {name: {name, *re.findall(r'"(\w+)"', needed)} for name, needed in listed}
    assert set(needs) == set(CAPABILITIES)
    for capability, needed in needs.items():
        for path in (ROOT / "models" / capability).rglob("*.yml"):
            (model,) = yaml.safe_load(path.read_text())["models"]
            enabled = re.findall(r"'(\w+)' in var\('modules'\)", model["config"]["enabled"])
            # A target of one capability may be about another.
            assert needed <= set(enabled) <= set(CAPABILITIES), path


def test_agents_know_the_key_of_every_table():
    found = {
        in_backticks(table)[0]: in_backticks(key)
        for table, _, key in table_rows(section("AGENTS.md", "## Tables"))
    }
    assert sorted(found) == mart_names()
    for name, key in found.items():
        properties = yaml.safe_load(models()[name].with_suffix(".yml").read_text())
        (model,) = properties["models"]
        keys = [
            arguments["arguments"].get("combination_of_columns", arguments["arguments"].get("key"))
            for test in model.get("data_tests", [])
            if isinstance(test, dict)
            for kind, arguments in test.items()
            if kind in ("unique_combination_of_columns", "sound_rows")
        ]
        keys += [[column["name"]] for column in model["columns"] if is_unique(column)]
        assert key in keys, name


def is_unique(column: dict) -> bool:
    return any("unique" in test for test in column.get("data_tests", []))


def test_agents_and_readers_know_which_module_a_table_belongs_to():
    for table, module, _ in table_rows(section("AGENTS.md", "## Tables")):
        assert in_backticks(table)[0] in mart_names(module.split(",")[0])


def test_the_way_of_a_line_reads_what_it_says():
    """Of each floor: whether it is a table, and that it reads what the page says it reads."""
    rows = table_rows(section("docs/architecture.md", "## The way of a line"))
    assert len(rows) > 20
    for _, tables, _, _, reads in rows:
        for name, kind in re.findall(r"`(\w+)` ([TV])", tables):
            path = models()[name]
            is_view = path.parent.name in ("staging", "intermediate")
            text = path.read_text()
            assert (kind == "V") == (is_view and 'materialized="table"' not in text), name
            read = {ref.replace(PACKAGE, "") for ref in re.findall(rf"\w*{PACKAGE}\w+", text)}
            assert {read_name for read_name in in_backticks(reads) if read_name in models()} <= (
                read | set(re.findall(r"`(\w+)` [TV]", tables))
            ), name


def test_the_picture_of_the_lineage_shows_ways_that_there_are():
    ways = re.search(r"flowchart LR\n(.*?)```", (ROOT / "docs/architecture.md").read_text(), re.S)
    assert ways
    read = {
        name: {
            ref.replace(PACKAGE, "") for ref in re.findall(rf"\w*{PACKAGE}\w+", path.read_text())
        }
        for name, path in models().items()
    }

    def above(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for parent in read.get(name, set()) - seen - {name}:
            seen = above(parent, seen | {parent})
        return seen

    nodes = set()
    for line in ways[1].splitlines():
        names = line.strip().split(" --> ")
        nodes |= set(names)
        for upper, lower in itertools.pairwise(names):
            assert upper in above(lower), (upper, lower)
    assert 18 <= len(nodes) <= 24 and nodes <= set(models())


def test_capabilities_read_of_each_other_what_the_architecture_says():
    page = section("docs/architecture.md", "## Capabilities")
    for name, path in models().items():
        capability = path.relative_to(ROOT / "models").parts[0]
        for ref in re.findall(rf"\w*{PACKAGE}\w+", path.read_text()):
            other = models().get(ref.replace(PACKAGE, ""))
            if other is None or other == path:
                continue
            owner = other.relative_to(ROOT / "models").parts[0]
            if owner != capability and owner in CAPABILITIES and capability != "publication":
                assert f"`{ref.replace(PACKAGE, '')}`" in page, (name, ref)


def test_the_pages_name_all_that_is_kept_and_all_that_is_off():
    kept = [path.stem for path in models().values() if "full_refresh=false" in path.read_text()]
    assert len(kept) >= 3
    forgetting = section("docs/activation.md", "## Who asks to be forgotten")
    heading = "## 0.2: one way through the house (November 2026)"
    decisions = section("docs/decisions_taken.md", heading)
    for name in kept:
        table = name.replace("customer_value__", "")
        assert f"`{table}`" in forgetting and f"`{table}`" in decisions, table
    default = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["customer_value"]
    (sentence,) = re.findall(r"All but ([^.]*?)\s+are on by default", decisions)
    assert set(in_backticks(sentence)) == set(CAPABILITIES) - set(default["modules"])


def test_the_glossary_has_each_word_once_in_order_in_a_sentence():
    lines = (ROOT / "docs" / "glossary.md").read_text().split("\n- ")[1:]
    words = [re.match(r"\*\*(.+?)\*\*: ", line) for line in lines]
    assert len(lines) > 60 and all(words)
    order = [re.sub(r"\W|_", " ", word[1]).casefold() for word in words if word]
    assert order == sorted(set(order))
    assert all(line.strip().endswith(".") and ". " not in line for line in lines)


def test_no_other_project_can_describe_our_columns():
    """A doc block without its package is looked for in the root project first.

    For the description of a seed that is meant so: who replaces a seed describes it.
    """
    for path in [*(ROOT / "models").rglob("*.yml"), *(ROOT / "seeds").rglob("*.yml")]:
        for inside in re.findall(r"doc\(([^)]*)\)", path.read_text()):
            parts = re.findall(r"\w+", inside)
            assert parts[0] == "customer_value" or parts == [path.stem], f"{path}: doc({inside})"


def test_every_var_is_explained():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    text = (ROOT / "docs" / "vars.md").read_text()
    assert [name for name in project["vars"]["customer_value"] if f"`{name}`" not in text] == []


def text_of(value: float | None, pattern: str) -> str:
    """Return a number as the tables write it: no zero before the point, an en dash for none."""
    if value is None:
        return "\N{EN DASH}"
    return re.sub(r"^([-+]?)0\.", r"\1.", pattern.format(value))


def test_the_holdout_of_the_sample_is_as_documented(cdnow_sample):
    names = {
        "BG/NBD": "bg_nbd",
        "MBG/NBD": "mbg_nbd",
        "Pareto/NBD": "pareto_nbd",
        "own rate x/T": "own_rate",
        "past spend": "past_spend",
        "population mean": "population_mean",
    }
    patterns = ["{:,.1f}", "{:+.1%}", "{:.4f}", "{:.4f}", "{:.3f}", "{:.4f}", "{:.2f}", "{:.3f}"]
    found = {
        model: [text_of(value, pattern) for value, pattern in zip(values, patterns, strict=True)]
        for model, *values in cdnow_sample.rows(
            "select model, predicted_purchases, bias_share, mae, rmse, spearman, "
            "gini_normalised, top_decile_lift, revenue_gini_normalised from model_evaluation"
        )
    }
    rows = table_rows(section("docs/validation.md", "## Purchases and revenue"))
    assert len(rows) == len(names)
    for name, *cells in rows:
        written = [cell.strip("*").replace(" %", "%") for cell in cells]
        assert written == found[names[name]], name


def test_who_comes_back_is_as_documented(cdnow_sample):
    found = cdnow_sample.rows(
        "select auc, average_precision from probability_evaluation where target = 'active' "
        "and (model = 'bg_nbd' or predictor = 'recency_days') "
        "order by auc desc"
    )
    rows = table_rows(section("docs/validation.md", "## Will they come back?"))
    assert [row[1:] for row in rows] == [
        [text_of(auc, "{:.3f}"), text_of(precision, "{:.3f}")] for auc, precision in found
    ]


def test_propensities_on_cdnow_are_as_documented(demo):
    found = {
        model: [text_of(value, "{:.4f}") for value in values[:-1]] + [f"{values[-1]:.2f}"]
        for model, *values in demo.rows(
            "select model, auc, average_precision, log_loss, brier_score, top_decile_lift "
            "from probability_evaluation where target = 'purchase'"
        )
    }
    rows = table_rows(section("docs/propensity.md", "## On real data"))[:5]
    assert {model for _, model, *_ in rows} == set(found)
    for _, model, *cells in rows:
        # Trees may split otherwise on another machine.
        if model not in ("gradient_boosting", "random_forest"):
            assert cells == found[model], model


def test_values_on_cdnow_are_as_documented(demo):
    names = {
        "BG/NBD + Gamma-Gamma": "bg_nbd",
        "Pareto/NBD + Gamma-Gamma": "pareto_nbd",
        "past spend": "past_spend",
        "own rate": "own_rate",
        "ridge": "ridge",
    }
    patterns = ["{:+.1%}", "{:.2f}", "{:.2f}", "{:.3f}", "{:.2f}"]
    found = {
        model: [text_of(value, pattern) for value, pattern in zip(values, patterns, strict=True)]
        for model, *values in demo.rows(
            "select model, revenue_bias_share, revenue_mae, revenue_rmse, "
            "revenue_gini_normalised, revenue_top_decile_lift from model_evaluation"
        )
    }
    rows = table_rows(section("docs/value_models.md", "## On real data"))[:8]
    assert set(names) <= {name for _, name, *_ in rows}
    for _, name, *cells in rows:
        if name in names:
            written = [cell.strip("*").replace(" %", "%") for cell in cells]
            assert written == found[names[name]], name


def test_the_queries_for_agents_run(demo):
    (block,) = re.findall(r"```sql\n(.*?)```", (ROOT / "AGENTS.md").read_text(), re.S)
    queries = block.split("\n\n")
    assert len(queries) == 3
    for query in queries:
        assert len(demo.frame(query)) > 0, query


def test_the_architecture_names_every_model_of_the_core():
    page = (ROOT / "docs" / "architecture.md").read_text()
    core = {
        name
        for name, path in models().items()
        if path.relative_to(ROOT / "models").parts[0] == "core" and path.parent.name != "demo"
    }
    assert [name for name in sorted(core) if f"`{name}`" not in page] == []


def test_a_guest_is_told_how_many_nodes_the_package_adds():
    """Within a few, so that not every new model changes the page."""
    rows = table_rows(section("docs/as_a_package.md", "## What a build adds"))
    (whole,) = (int(row[1]) for row in rows if row[0].startswith("all"))
    files = [*models().values(), *(ROOT / "seeds").rglob("*.csv")]
    off = {"demo", "subscriptions", "audiences", "portraits", "events"}
    built = [path for path in files if not off & set(path.relative_to(ROOT).parts)]
    assert abs(len(built) - whole) <= 5


def test_the_page_of_troubles_has_what_the_engine_says(tmp_path):
    """What DuckDB says of a database that cannot be opened or written is what dbt prints."""
    written = tmp_path / "shop.duckdb"
    duckdb.connect(str(written)).close()
    other = tmp_path / "orders.txt"
    other.write_text("customer_id,transacted_at,amount\n" * 100)
    with duckdb.connect(str(written), read_only=True) as reader:
        held = subprocess.run(
            [sys.executable, "-c", f"import duckdb; duckdb.connect({str(written)!r})"],
            capture_output=True,
            text=True,
            check=False,
        ).stderr
        with pytest.raises(duckdb.Error) as refused:
            reader.execute("create table a as select 1")
    found = [held, str(refused.value)]
    rates = tmp_path / "rates.csv"
    rates.write_text('currency,rate\nUSD,"0,92"\n')
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as refused:
        connection.execute("create table rates (currency varchar, rate decimal(18, 8))")
        connection.execute(f"copy rates from '{rates}' (format csv, header true, delimiter ',')")
    found.append(str(refused.value))
    for path in (tmp_path / "nowhere" / "x.duckdb", tmp_path, other, Path("/dev/full")):
        with pytest.raises(duckdb.Error) as refused:
            duckdb.connect(str(path))
        found.append(str(refused.value))
    found.append(refusal_to_publish(other / "published"))
    phrases = [
        "Conflicting lock is held in",
        "attached in read-only mode",
        'Could not convert string "0,92" to',
        "No such file or directory",
        "Is a directory",
        "it is not a valid DuckDB database file",
        "No space left on device",
        "cannot be written (",
    ]
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    for phrase, said in zip(phrases, found, strict=True):
        assert phrase in said
        assert phrase in page


def refusal_to_publish(folder: Path) -> str:
    """Return what a build says of a published folder that it cannot make."""
    publication = load_model("publication/customer_value__publication.py")
    with duckdb.connect() as connection:
        connection.execute("create table customers as select date '2026-01-31' as as_of_date")
        marts = pd.DataFrame({"table_name": ["customers"], "relation_name": ["customers"]})
        with pytest.raises(ValueError, match="published_path") as refused:
            publication.publish(connection, marts, folder)
    return str(refused.value)
