"""A broken seed gets a sentence, and stops what rests on it before it is built."""

import pytest
from helpers import ROOT, copy_project

SEEDS = ("build", "--exclude-resource-type", "unit_test", "test")


@pytest.fixture
def run_with(dbt, tmp_path):
    """Return a function that builds a model on a copy of the project with other seeds."""

    def run(model: str, seeds: dict[str, str], **options):
        project = copy_project(tmp_path / "project")
        for name, text in seeds.items():
            (project / "seeds" / f"{name}.csv").write_text(text)
        return dbt(
            *(*SEEDS, "--select", model), project=project, target=tmp_path / "target", **options
        )

    return run


def shipped(name: str, *rows: str, without: str = " ") -> str:
    """Return a shipped seed with more rows, and without those that begin in a certain way."""
    lines = (ROOT / "seeds" / f"{name}.csv").read_text().splitlines()
    return "\n".join([*(line for line in lines if not line.startswith(without)), *rows]) + "\n"


def assert_refused(result, *parts: str) -> None:
    assert result.exit_code != 0, result.output
    assert "Traceback" not in result.output
    lines = [line for line in result.output.splitlines() if all(part in line for part in parts)]
    assert lines, result.output


RULE = ",*,act,goal,channel,offer,3,message"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (shipped("action_playbook", f"Champion,*{RULE}"), ["segment Champion,", "there is none"]),
        (shipped("action_playbook", f"*,Gold{RULE}"), ["value tier Gold,", "VIP, High, Medium"]),
        (
            shipped("action_playbook", "*,*,Whales,act,goal,channel,offer,3,message"),
            ["cluster Whales,", "cluster_labels"],
        ),
        (
            shipped("action_playbook", f"Lost,*{RULE}"),
            ["more than one row for the segment Lost, the value tier *"],
        ),
        (
            shipped("action_playbook", without="*,*,*"),
            [],
        ),
        (
            shipped("action_playbook", without="Champions,*").replace("*,*,*", "Lost,Low,*"),
            ["no action for customers of the segment Champions", "add a row"],
        ),
        (
            shipped("action_playbook", "Lost,High,*,act,goal,channel,offer,0,message"),
            ["without a priority of at least 1", "Lost"],
        ),
    ],
)
def test_every_customer_has_one_rule_or_the_build_stops(run_with, text, sentence):
    result = run_with("+int_playbook_actions", {"action_playbook": text})
    if sentence:
        assert_refused(result, "The seed action_playbook", *sentence)
    else:
        assert result.exit_code == 0, result.output


OWN_SEGMENTS = "segment,segment_order,meaning\nRegulars,1,come often\nOthers,2,the rest\n"


def test_segments_of_ones_own_need_a_playbook_of_ones_own(run_with):
    result = run_with("+int_playbook_actions", {"segments": OWN_SEGMENTS})
    assert_refused(result, "action_playbook names the segment", "ship this seed of your own too")


def test_a_wildcard_covers_segments_of_ones_own(run_with):
    header = shipped("action_playbook").splitlines()[0]
    result = run_with(
        "+int_playbook_actions",
        {"segments": OWN_SEGMENTS, "action_playbook": f"{header}\n*,*{RULE}\n"},
    )
    assert result.exit_code == 0, result.output
    assert result.row("select count(*), min(action) from main_internal.int_playbook_actions") == (
        8,
        "act",
    )
