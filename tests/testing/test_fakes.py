"""The scripted providers do what their scripts say."""

import asyncio
import hashlib
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image
from pydantic import ValidationError

import picofw
from picofw.cost import FREE
from picofw.errors import ConfigError, Fatal, InvalidOutput, ProviderError, RateLimited, Refused, Transient
from picofw.plugins import Plugins
from picofw.testing.fakes import FakeEditor, FakeInstructor, FakeJudge, FakeTagger
from picofw.types import (
    Criterion,
    EditRequest,
    EditType,
    ImageRef,
    InstructRequest,
    JudgeRequest,
    PastTurn,
    TagRequest,
    Usage,
)

SEASON = EditType(slug="season", label="Apply seasonal transformation", category="Scene")
CRITERIA = tuple(Criterion(name=name, question="?") for name in ("compliance", "seams", "rest", "quality"))
WEIGHTS = (0.40, 0.25, 0.20, 0.15)
INPUT = b"bytes of the input, which no fake decodes"


def ref(n: int = 0, width: int = 640, height: int = 427) -> ImageRef:
    sha = hashlib.sha256(str(n).encode()).hexdigest()
    return ImageRef(sha256=sha, media_type="image/jpeg", width=width, height=height)


def edit_request(n: int = 0, **changes: Any) -> EditRequest:
    asked: dict[str, Any] = {"image": ref(n), "instruction": "Make it winter", "edit_type": SEASON}
    return EditRequest(**{**asked, "attempt": 1, "seed": 7, **changes})


def judge_request(n: int = 0, **changes: Any) -> JudgeRequest:
    asked: dict[str, Any] = {"before": ref(), "after": ref(n), "instruction": "Make it winter", "seed": 7}
    return JudgeRequest(**{**asked, "edit_type": SEASON, "criteria": CRITERIA, **changes})


class Stored:
    async def read(self, image: ImageRef) -> bytes:
        return INPUT


def made(provider_class: type[Any], **options: Any) -> Any:
    provider = provider_class(provider_class.Options(**options))
    provider.images = Stored()
    return provider


def pixels(result: Any) -> Image.Image:
    with Image.open(io.BytesIO(result.image)) as image:
        image.load()
    return image


async def outcomes(provider: FakeEditor, requests: list[EditRequest]) -> Counter[str]:
    found: Counter[str] = Counter()
    for request in requests:
        try:
            await provider.edit(request)
            found["result"] += 1
        except ProviderError as error:
            found[type(error).__name__] += 1
    return found


async def test_an_edit_depends_on_the_whole_request_and_on_nothing_else() -> None:
    base = edit_request()
    others = [{"seed": 8}, {"attempt": 2}, {"image": ref(1)}, {"instruction": "Make it spring"}]
    edits = [(await made(FakeEditor).edit(edit_request(**change))).image for change in [{}, *others]]
    assert len(set(edits)) == len(edits)
    assert (await made(FakeEditor).edit(base)).image == edits[0]


@pytest.mark.parametrize(
    ("size", "width", "expected"),
    [
        ((640, 427), 64, (64, 43)),
        ((427, 640), 100, (100, 150)),
        ((4000, 10), 64, (64, 1)),
        ((5, 5), 3, (3, 3)),
    ],
)
async def test_an_edit_has_the_width_asked_and_the_inputs_aspect(
    size: tuple[int, int], width: int, expected: tuple[int, int]
) -> None:
    image = ref(width=size[0], height=size[1])
    assert pixels(await made(FakeEditor, width=width).edit(edit_request(image=image))).size == expected


async def test_an_edit_can_be_padded_to_a_realistic_size_without_changing_its_pixels() -> None:
    small = await made(FakeEditor).edit(edit_request())
    large = await made(FakeEditor, image_bytes=1_000_000).edit(edit_request())
    assert 1_000_000 <= len(large.image) < 1_001_000
    assert pixels(large).tobytes() == pixels(small).tobytes()


async def test_botched_edits_come_at_their_rates_and_are_what_they_say() -> None:
    rates = {"unchanged": 0.25, "blank": 0.25, "truncated": 0.25, "frame_changed": 0.25}
    editor, found = made(FakeEditor, botched=rates), Counter[str]()
    for n in range(200):
        data = (await editor.edit(edit_request(n))).image
        if data == INPUT:
            found["unchanged"] += 1
            continue
        try:
            with Image.open(io.BytesIO(data)) as image:
                flat = all(low == high for low, high in image.convert("RGB").getextrema())
                found["blank" if flat else "frame_changed" if image.size == (64, 86) else "good"] += 1
        except OSError:
            found["truncated"] += 1
    assert set(found) == set(rates)
    assert all(30 <= count <= 70 for count in found.values()), found


def test_shares_of_botched_edits_cannot_exceed_all() -> None:
    with pytest.raises(ValidationError, match="sum to more than 1"):
        FakeEditor.Options.model_validate({"botched": {"blank": 0.6, "unchanged": 0.6}})


@pytest.mark.parametrize("success", [0.0, 0.3, 0.9, 1.0])
async def test_the_judge_passes_the_share_asked(success: float) -> None:
    judge, passed = made(FakeJudge, success=success), 0
    for n in range(300):
        scores = (await judge.judge(judge_request(n))).scores
        assert list(scores) == [criterion.name for criterion in CRITERIA]
        assert all(0 <= score <= 1 for score in scores.values())
        passed += sum(w * s for w, s in zip(WEIGHTS, scores.values(), strict=True)) >= 0.7
    assert passed == pytest.approx(300 * success, abs=30 if 0 < success < 1 else 0)


async def test_success_can_differ_by_edit_type() -> None:
    judge = made(FakeJudge, success={"season": 0.0, "default": 1.0})
    weather = SEASON.model_copy(update={"slug": "weather"})
    assert max((await judge.judge(judge_request())).scores.values()) <= 0.65
    assert min((await judge.judge(judge_request(edit_type=weather))).scores.values()) >= 0.75


async def test_a_verdict_depends_on_the_edit_and_the_seed() -> None:
    judge = made(FakeJudge)
    first = await judge.judge(judge_request(1))
    assert await judge.judge(judge_request(1)) == first
    for other in (judge_request(2), judge_request(1, seed=8), judge_request(1, repeat=1)):
        assert (await judge.judge(other)).scores != first.scores


async def test_an_instruction_names_its_type_and_a_followup_refers_back() -> None:
    instructor = made(FakeInstructor)
    ask: dict[str, Any] = {"image": ref(), "edit_type": SEASON, "seed": 7}
    long = await instructor.instruct(InstructRequest(kind="long", **ask))
    short = await instructor.instruct(InstructRequest(kind="short", long_instruction=long.text, **ask))
    history = (PastTurn(edit_type="weather", instruction="Make it rain"),)
    followup = await instructor.instruct(InstructRequest(kind="followup", history=history, **ask))
    assert all(SEASON.label in result.text for result in (long, short, followup))
    assert len(short.text) < len(long.text)
    assert long.state.refers_to == short.state.refers_to == ""
    assert followup.state.refers_to == "the weather edit"
    assert followup.state.refers_to in followup.text
    assert await made(FakeInstructor).instruct(InstructRequest(kind="long", **ask)) == long


async def test_the_tagger_answers_only_what_was_asked() -> None:
    request = TagRequest(image=ref(), tags=("person", "text"), seed=7)
    assert (await made(FakeTagger, share=1.0).tag(request)).tags == {"person", "text"}
    assert (await made(FakeTagger, share=0.0).tag(request)).tags == frozenset()


async def test_passing_faults_come_at_their_rate_and_a_retry_can_succeed() -> None:
    editor = made(FakeEditor, faults={"transient": {"rate": 0.3}})
    requests = [edit_request(n) for n in range(200)]
    first = await outcomes(editor, requests)
    assert first["Transient"] == pytest.approx(60, abs=25)
    for request in requests:
        assert (await outcomes(editor, [request] * 20))["result"] > 0, "it would fail for ever"


async def test_faults_come_at_the_calls_named() -> None:
    faults = {
        "transient": {"calls": [1]},
        "rate_limited": {"calls": [2]},
        "retry_after_s": 2.5,
        "fatal": {"calls": [4]},
    }
    editor = made(FakeEditor, faults=faults)
    with pytest.raises(Transient):
        await editor.edit(edit_request())
    with pytest.raises(RateLimited) as limited:
        await editor.edit(edit_request())
    assert limited.value.retry_after == 2.5
    await editor.edit(edit_request())
    with pytest.raises(Fatal):
        await editor.edit(edit_request())


async def test_refusals_and_unusable_answers_are_billed_and_stay_what_they_are() -> None:
    editor = made(FakeEditor, refused=0.3, invalid=0.3, usage=Usage(input_tokens=5))
    requests = [edit_request(n) for n in range(200)]
    found = await outcomes(editor, requests)
    assert found["Refused"] == pytest.approx(60, abs=25)
    assert found["InvalidOutput"] == pytest.approx(42, abs=25)
    assert await outcomes(editor, requests) == found
    with pytest.raises(Refused) as refused:
        await made(FakeEditor, refused=1.0, usage=Usage(input_tokens=5)).edit(edit_request())
    assert refused.value.usage == Usage(input_tokens=5)


async def test_asking_again_after_an_unusable_answer_can_succeed() -> None:
    editor = made(FakeEditor, invalid=0.5)
    for repeat in range(20):
        try:
            await editor.edit(edit_request(repeat=repeat))
            return
        except InvalidOutput:
            pass
    pytest.fail("no repeat was answered")


async def test_the_estimate_is_what_an_answer_consumes() -> None:
    editor = made(FakeEditor, usage=Usage(image_output_tokens=1290))
    result = await editor.edit(edit_request())
    assert result.usage == editor.estimate(edit_request()) == Usage(image_output_tokens=1290)


async def test_calls_wait_for_the_latency_give_or_take_the_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    editor = made(FakeEditor, latency_s=10.0, jitter=0.5)
    for n in range(50):
        await editor.edit(edit_request(n))
    assert all(5 <= wait <= 15 for wait in waits)
    assert max(waits) - min(waits) > 5
    assert sum(waits) / len(waits) == pytest.approx(10, abs=1.5)


async def test_the_call_log_witnesses_every_answer_and_no_passing_fault(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    faults = {"transient": {"calls": [1]}}
    for width in (64, 65):
        editor = made(FakeEditor, call_log=log, faults=faults, refused=0.5, width=width)
        await editor.aopen(Stored())
        with pytest.raises(Transient):
            await editor.edit(edit_request())
        await outcomes(editor, [edit_request(n) for n in range(10)] * 2)
        await editor.aclose()
        await editor.aclose()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == 40
    assert {line["outcome"] for line in lines} == {"result", "refused"}
    assert {line["role"] for line in lines} == {"editor"}
    assert set(Counter(line["call"] for line in lines).values()) == {2}, "an equal call has an equal name"


async def test_options_that_change_no_answer_do_not_rename_a_call(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    for latency in (0.0, 0.001):
        judge = made(FakeJudge, call_log=log, latency_s=latency)
        await judge.aopen(Stored())
        await judge.judge(judge_request())
        await judge.aclose()
    names = {json.loads(line)["call"] for line in log.read_text().splitlines()}
    assert len(names) == 1


async def test_a_call_log_that_cannot_be_written_is_a_config_error(tmp_path: Path) -> None:
    editor = made(FakeEditor, call_log=tmp_path / "missing" / "calls.jsonl")
    with pytest.raises(ConfigError, match="call_log"):
        await editor.aopen(Stored())


def test_the_fakes_are_registered_and_free() -> None:
    plugins = Plugins([])
    assert plugins.prices()["fake"] == FREE
    for kind, fake in zip(
        ("instructor", "editor", "judge", "tagger"),
        (FakeInstructor, FakeEditor, FakeJudge, FakeTagger),
        strict=True,
    ):
        assert plugins.find(kind, "fake") is fake  # type: ignore[arg-type]  # a Kind each


@pytest.mark.parametrize("fake", [FakeInstructor, FakeEditor, FakeJudge, FakeTagger])
def test_the_config_shows_every_option_with_its_default(fake: type[Any]) -> None:
    path = Path(picofw.__file__).parents[1] / "conf" / fake.role / "fake.yaml"
    config = yaml.safe_load(path.read_text())
    assert config.pop("provider") == "fake"
    assert set(config) == set(fake.Options.model_fields)
    assert fake.Options(**config) == fake.Options()
