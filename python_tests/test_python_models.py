"""What the Python models have in common: they cannot import one another, so it is a copy."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from helpers import ROOT, load_model
from threadpoolctl import threadpool_info, threadpool_limits

MODELS = sorted((ROOT / "models").glob("**/*.py"))
# Functions that are the same text in every model that has them.
SHARED = (
    *("to_frame", "to_relation", "data_path", "log_survival"),
    *("scale_of", "standardised"),
)


def functions_of(path: Path) -> dict[str, str]:
    """Return the text of every function of a module."""
    text = path.read_text()
    return {
        node.name: ast.get_source_segment(text, node) or ""
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("name", SHARED)
def test_the_copies_of_a_shared_function_are_one_text(name):
    models_of: dict[str, list[str]] = defaultdict(list)
    for path in MODELS:
        functions = functions_of(path)
        if name in functions:
            models_of[functions[name]].append(path.stem)
    most = max(models_of.values(), key=len)
    differing = [stem for stems in models_of.values() if stems is not most for stem in stems]
    assert not differing, f"{name} differs from that of {most[0]} in {differing}"


def test_no_other_function_is_in_two_models():
    models_of: dict[str, list[str]] = defaultdict(list)
    for path in MODELS:
        for name, text in functions_of(path).items():
            if name not in SHARED and text.count("\n") > 8:
                models_of[text].append(f"{path.stem}.{name}")
    copies = [stems for stems in models_of.values() if len(stems) > 1]
    assert not copies, f"the same function stands in {copies}"


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_frame_is_handed_back_in_one_way(path):
    functions = functions_of(path)
    for name, text in functions.items():
        if name != "to_relation":
            assert "createDataFrame" not in text, f"{name}: hand the frame to to_relation"


def needs_one_thread(path: Path) -> bool:
    """Tell whether a model multiplies matrices, which libraries share out among threads."""
    tree = ast.parse(path.read_text())
    return any(
        isinstance(node, ast.MatMult)
        or (isinstance(node, ast.Attribute) and node.attr in ("linalg", "dot", "einsum"))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"))
        for node in ast.walk(tree)
    )


LINEAR_MODELS = [path for path in MODELS if needs_one_thread(path)]


@pytest.mark.parametrize("path", LINEAR_MODELS, ids=lambda path: path.stem)
def test_matrices_are_multiplied_by_one_thread_for_good(path):
    """How many threads add up decides the last digits, and the limit is that of the process."""
    calls = [
        ast.unparse(node.value)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Expr)
    ]
    assert "threadpool_limits(1)" in calls
    assert path.read_text().count("threadpool_limits(") == 1, "no limit that is taken back"
    threadpool_limits(2)
    load_model.__wrapped__(str(path.relative_to(ROOT / "models")))
    assert {library["num_threads"] for library in threadpool_info()} == {1}
