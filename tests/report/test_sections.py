"""What the report says: each figure beside its like, text as text, and nothing where nothing is known."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from documented.pages import ROOT, table
from export.made import chain, settings, single, small

from picofw.pages import environment
from picofw.records import Sample
from picofw.report.collect import Tally
from picofw.report.sections import Facts, dollars, sections

SPEND = {"usd": "0.000000000", "calls": 0, "calls_of_unknown_cost": 0, "by": []}


def facts(*samples: Sample, **changes: Any) -> Facts:
    tally = Tally()
    for sample in samples:
        tally.add(sample)
    counts = tally.outcomes
    status = {
        "singles": dict(counts["single"]),
        "chains": dict(counts["chain"]),
        "subsets": dict(tally.figures.records),
        "spend": SPEND,
        "faults": [],
        "lost_calls": {"count": 0, "usd_at_most": None},
    }
    values = {"settings": settings(), "status": status | changes.pop("status", {}), "reused": {}} | changes
    return Facts(templates=environment("picofw.report"), run="r", tally=tally, **values)


def said(of: Facts) -> dict[str, str]:
    """What each section says, without markup."""
    bodies = {section.id: re.sub(r"<style.*?</style>", "", str(section.body), flags=re.S) for section in sections(of)}
    return {id_: " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split()) for id_, body in bodies.items()}


def test_sections_have_ids_and_titles_of_their_own():
    found = list(sections(facts(*small().samples())))
    assert len({section.id for section in found}) == len({section.title for section in found}) == len(found)


def test_the_documentation_explains_every_section():
    explained = [row[0] for row in table(ROOT / "docs" / "report.md", "section")]
    assert explained == ["Overview", "Gallery", *(section.title for section in sections(facts()))]


def test_of_edits_that_were_imported_it_is_not_known_who_made_them():
    known = {name: settings()[name] for name in ("taxonomy", "rubric")} | {"imported": {"format": "pico"}}
    imported = facts(single("a"), settings=known, status={"plan": {"photos": 1}})
    assert "imported from <bdi>pico</bdi>" in imported.fill("overview.html")
    assert all(said(imported).values())


def test_a_run_with_nothing_finished_says_so():
    found = said(facts())
    assert "Nothing is planned yet" in found["funnel"]
    assert found["success"] == found["composition"] == "No edit has an instruction yet."
    assert found["scores"] == "Nothing was judged yet."
    assert "$0.00" in found["cost"]


def test_the_success_of_a_type_stands_beside_its_interval_and_the_published_rate():
    made = [single(f"a{n}", ["accepted" if n < 3 else "rejected"], edit_type="season") for n in range(4)]
    assert "season 3 of 4 75% 30% to 95% 80% 1.00 0.90" in said(facts(*made))["success"]


def test_a_type_without_a_published_rate_has_none():
    assert "color tone 1 of 1 100% 21% to 100% 1.00 0.90" in said(facts(single("a")))["success"]


def test_the_funnel_counts_singles_and_chains_apart():
    base = single("a", ["rejected", "accepted"])
    found = said(facts(base, single("b", ["blank"]), chain("c", base, ["rejected"])))["funnel"]
    assert "Single edits" in found
    assert "2 (100%)" in found
    assert "1 (50%)" in found
    assert "Not accepted: discarded 1." in found
    assert "Rejected edits that came before an accepted one: 1." in found


def test_failures_are_counted_by_reason():
    found = said(facts(*small().samples(), status={"faults": [{"role": "editor", "kind": "rate_limited", "count": 7}]}))
    assert "rejected 7" in found["failures"]
    assert "What the 7 rejected edits failed by threshold 7" in found["failures"]
    assert "editor: rate limited 7" in found["failures"]


def test_what_was_paid_and_what_was_saved_is_said():
    rows = [("editor", "m-1", "season", "1.5"), ("judge", "m-2", "season", "0.25"), ("tagger", "m-2", "", None)]
    by = [{"role": r, "model": m, "edit_type": t, "calls": 1, "usd": u, "unknown": u is None} for r, m, t, u in rows]
    spend = {"usd": "1.75", "calls": 3, "calls_of_unknown_cost": 1, "by": by}
    lost = {"count": 2, "usd_at_most": "0.0312"}
    reused = {"editor": (5, Decimal("2.5")), "judge": (5, None)}
    found = said(facts(status={"spend": spend, "lost_calls": lost}, reused=reused))["cost"]
    assert "paid $1.75 for 3 calls" in found
    assert "1 of them have no known price" in found
    assert "2 calls were lost on the way; they may have been billed, up to $0.0312" in found
    assert "editor 5 $2.50 judge 5 not known" in found
    for words in ("m-1 $1.50".split(), "season $1.75".split()):
        assert all(word in found for word in words)


def test_what_users_wrote_is_text():
    hostile = "<script>alert(1)</script>"
    changed = settings() | {"rubric": settings()["rubric"] | {"name": hostile}}
    changed["taxonomy"] = {"name": "t", "types": {"color_tone": {"label": hostile, "category": hostile}}}
    found = facts(single("a"), settings=changed)
    bodies = "".join(str(section.body) for section in sections(found))
    assert "<script>" not in bodies
    assert "&lt;script&gt;" in bodies


@pytest.mark.parametrize(
    ("usd", "read"),
    [(None, "not known"), ("0", "$0.00"), ("0.00123", "$0.0012"), ("12.345", "$12.34"), ("1e5", "$100,000.00")],
)
def test_amounts_are_read_as_money(usd, read):
    assert dollars(usd) == read


def test_how_many_follow_ups_refer_back_is_told_with_the_composition():
    base = single("a")
    found = said(facts(base, chain("c", base, ["accepted"])))["composition"]
    assert "Of the accepted chains, 100% of 1 follow-ups refer back by what their instructor says, 0% by" in found
    assert "refer back" not in said(facts(base))["composition"]


def test_what_accepted_edits_are_about_is_told_with_the_composition():
    made = [
        single("a", instruction="Put a hat on the dog."),
        single("b", instruction="Make the two dogs larger."),
        single("c", ["rejected"], instruction="Remove the car."),
    ]
    found = said(facts(*made))["composition"]
    assert "animals 2 (100%), clothing 1 (50%), people 0 (0%)" in svg_labels(facts(*made))
    assert "What they are about" in found
    assert "2 (100%)" in found
    assert "What they are about" not in said(facts(made[-1]))["composition"]


def svg_labels(of: Facts) -> str:
    return html.unescape(" ".join(re.findall(r'aria-label="([^"]*)"', "".join(str(s.body) for s in sections(of)))))
