"""Every fault of each vendor, met by one call of each role: the run's outcome is the documented one.

After every fault: nothing is asked twice that was answered, nothing is lost, the spend is what the vendor
billed, and the user sees a message where there is something to do, never a traceback or a key.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from simulator import Simulator
from simulator.calls import Role, Vendor
from simulator.server import WIRES
from vendors.studio import BILLED_UNREAD, HELD_PRICE, Said, Studio

FATES = {
    # passing: the same call again
    "retried": "reset cut_body hang broken_json html_200 server_error unavailable bad_gateway gateway_timeout conflict",
    "waited for": "rate_limited rate_limited_silent",
    # the run ends, and goes on when the user has changed something
    "ends the run": "no_quota spend_limit bad_key forbidden wrong_region model_gone bad_request",
    # a decision: recorded, not asked again
    "refused": "bad_image too_long too_large prompt_blocked safety prohibited recitation image_safety "
    "image_recitation moderation policy refusal content_filter",
    # an answer that cannot be used: recorded, and another one asked for
    "asked anew": "no_candidates empty new_reason max_tokens no_image image_other text_only truncated_base64 "
    "broken_base64 not_an_image no_data null_image half_json not_json wrong_type missing_field out_of_range "
    "not_a_number empty_text length null_content no_choices cut_image",
    "used": "fenced wrong_mime urlsafe_base64 draft_first substituted",
}
FATE = {fault: fate for fate, faults in FATES.items() for fault in faults.split()}
EDITS_ONLY = set(
    "image_safety image_recitation no_image image_other text_only truncated_base64 broken_base64 not_an_image "
    "cut_image wrong_mime urlsafe_base64 draft_first no_data null_image".split()
)
TEXTS_ONLY = set(
    "half_json not_json fenced wrong_type missing_field out_of_range not_a_number empty_text refusal content_filter "
    "length null_content no_choices".split()
)
ROLES: tuple[Role, ...] = ("instructor", "editor", "judge")


def cases() -> list[tuple[Vendor, Role, str]]:
    found: list[tuple[Vendor, Role, str]] = []
    for vendor, wire in WIRES.items():
        for fault in wire.faults:
            # OpenAI's image endpoint does not say which model answered.
            texts_only = TEXTS_ONLY | ({"substituted"} if vendor == "openai" else set())
            roles = ROLES[:1] + ROLES[2:] if fault in texts_only else ROLES[1:2] if fault in EDITS_ONLY else ROLES
            found += [(vendor, role, fault) for role in roles]
    return found


def fate_of(role: Role, fault: str) -> str:
    return "used" if (role, fault) == ("instructor", "out_of_range") else FATE[fault]  # it has no number


def test_the_fate_of_every_fault_is_documented() -> None:
    assert {fault for _, _, fault in cases()} == FATE.keys()


@pytest.mark.parametrize(("vendor", "role", "fault"), cases())
def test_a_fault_has_its_documented_end_and_costs_what_is_billed(
    vendor: Vendor, role: Role, fault: str, studio: Studio, simulator: Simulator
) -> None:
    fate = fate_of(role, fault)
    simulator.fail(role, fault)

    said = run(studio, vendor, fault)
    if fate == "ends the run":
        check_message(said, role, vendor)
        said = run(studio, vendor, fault)

    assert said.code == 0, said.err
    check_outcomes(studio, said, role, fault)
    # Only OpenAI's editor, which takes no seed, is asked for another picture in the same words.
    anew = fate == "asked anew" and (vendor, role) == ("openai", "editor")
    assert list(studio.repeated().values()) == ([1] if anew or fault in BILLED_UNREAD else [])
    check_spend(studio, said, unknown=(vendor, role, fault) == ("gemini", "editor", "substituted"))
    assert studio.find_keys() == []


def run(studio: Studio, vendor: Vendor, fault: str) -> Said:
    special = ["limits.timeout_s=2"] if fault == "hang" else []
    special += ["editor.output_format=jpeg"] if vendor == "openai" else []  # quickly made
    return studio.quick_run(vendor, "chains.share=0", "limits.max_pause_s=0.05", HELD_PRICE, *special)


def check_message(said: Said, role: Role, vendor: Vendor) -> None:
    """One message, which says who failed and why."""
    assert said.code == 1
    (told,) = [line for line in said.err.splitlines() if "ended early" in line]
    assert f"{role} {vendor}: " in told
    assert said.json["singles"].get("open", 0) >= 1


def check_outcomes(studio: Studio, said: Said, role: Role, fault: str) -> None:
    """The sample that met the fault has the end that the fault asks for; the other one is accepted."""
    fate, samples = fate_of(role, fault), studio.samples()
    faults = {(one["role"], one["kind"]): one["count"] for one in said.json["faults"]}
    noted = {"retried": "transient", "waited for": "rate_limited", "ends the run": "fatal"}.get(fate)
    assert faults == ({(role, noted): 1} if noted else {})
    if fate == "refused":
        assert sorted(sample.outcome for sample in samples) == ["accepted", "refused"]
        (refused,) = [sample for sample in samples if sample.outcome == "refused"]
        assert refused.reason
        assert [a.outcome for turn in refused.turns for a in turn.attempts] == (["refused"] * (role != "instructor"))
        return
    assert [sample.outcome for sample in samples] == ["accepted"] * 2
    attempts = [[attempt.outcome for attempt in sample.turns[0].attempts] for sample in samples]
    if fate == "asked anew" and role == "editor":
        assert sorted(attempts) == [["accepted"], ["undecodable" if fault == "cut_image" else "invalid", "accepted"]]
    else:
        assert attempts == [["accepted"]] * 2


def check_spend(studio: Studio, said: Said, *, unknown: bool) -> None:
    """All that was billed and could be read is in the store, at its published price; a free refusal is there too."""
    spend = said.json["spend"]
    billed = [entry for entry in studio.simulator.billed() if entry.fault not in BILLED_UNREAD]
    free = [entry for entry in studio.simulator.log if not entry.billed and FATE.get(str(entry.fault)) == "refused"]
    assert spend["calls"] == len(billed) + len(free)
    assert spend["calls_of_unknown_cost"] == unknown
    if not unknown:
        assert Decimal(spend["usd"]) == studio.owed().quantize(Decimal("1e-9"))
