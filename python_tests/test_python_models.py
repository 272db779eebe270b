"""What the Python models have in common: they cannot import one another, so it is a copy."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from helpers import ROOT

MODELS = sorted((ROOT / "models").glob("**/*.py"))
# Functions that are the same text in every model that has them.
SHARED = ("to_frame", "to_relation", "data_path")


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
