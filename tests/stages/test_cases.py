"""Cases pass as they are."""

from asid.pipeline.testing import process
from asid.stages.cases import Cases
from tests.kits.casekit import case


def test_a_case_passes_unchanged_with_and_without_a_caption():
    for one in (case("a", question="?"), case("b", caption="", groups={"set": "s"})):
        assert process(Cases, one) == one


def test_it_takes_and_gives_cases():
    assert Cases.types()[0] is Cases.types()[1] is type(case("a"))
