"""The server: who gets in, what leaves it, and when an answer is acknowledged."""

from __future__ import annotations

import asyncio
import io
import json
from collections import defaultdict

import pytest
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from review import reviewed

from picofw.errors import DiskFull
from picofw.review.access import token_of
from picofw.review.server import make_app
from picofw.subsets import RunData, edits

TOKEN = "the-token"
PAGES = ("/", "/review.css", "/review.js", "/stage.js", "/outbox.js", "/icon.svg")


@pytest.fixture
async def workspace(made, tmp_path):
    workspace = reviewed.copy(made, tmp_path)
    yield workspace
    await workspace.aclose()


@pytest.fixture
async def visit(workspace):
    """Gives clients, each with a browser's cookies of its own; those that were let in have the link's cookie."""
    clients = []

    async def make(mode="rate", *, let_in=True, size=200):
        client = TestClient(TestServer(make_app(reviewed.study(workspace, mode, size), TOKEN, "c")))
        await client.start_server()
        clients.append(client)
        if let_in:
            assert (await client.get("/", params={"token": TOKEN})).status == 200
        return client

    yield make
    for client in clients:
        await client.close()


async def tasks(client, rater="ann"):
    return await (await client.get("/tasks", params={"rater": rater})).json()


def rated(task, rater="ann", **more):
    names = ("instruction_compliance", "seamlessness", "preservation_balance", "technical_quality")
    answer = {"task": task, "rater": rater, "seconds": 2.5, "scores": dict.fromkeys(names, 0.75), "accepted": True}
    return answer | more


# --- who gets in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/tasks?rater=ann", f"/pictures/{'a' * 64}", "/nosuch"])
@pytest.mark.parametrize("token", [None, "", "the-toke", "the-tokenn", "ключ"])
async def test_without_the_token_nothing_is_shown(visit, path, token):
    client = await visit(let_in=False)
    response = await client.get(path, params=None if token is None else {"token": token})
    assert response.status == 403
    assert "Set-Cookie" not in response.headers
    assert "picofw review" in await response.text()


async def test_without_the_token_no_answer_is_taken(visit, workspace):
    client = await visit(let_in=False)
    task = reviewed.study(workspace).order[0]
    assert (await client.put("/answers", json=rated(task))).status == 403
    assert workspace.store.ratings("r") == []


async def test_the_link_leaves_a_cookie_that_no_script_and_no_other_site_can_use(visit):
    client = await visit(let_in=False)
    response = await client.get("/", params={"token": TOKEN})
    assert response.headers["Set-Cookie"] == "c=the-token; HttpOnly; Path=/; SameSite=Strict"
    for path in PAGES:
        assert (await client.get(path)).status == 200


async def test_a_browser_is_told_to_run_only_what_the_server_has(visit):
    client = await visit()
    for path in (*PAGES, "/tasks?rater=ann", "/nosuch"):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == ("no-referrer", "nosniff")
        assert headers["Cache-Control"] == "no-store"


def test_the_token_stays_so_that_open_pages_go_on_and_is_its_owners_alone(tmp_path):
    token = token_of(tmp_path / "run")
    assert token_of(tmp_path / "run") == token
    assert len(token) >= 32
    assert (tmp_path / "run" / "review-token").stat().st_mode & 0o077 == 0
    assert token_of(tmp_path / "other") != token


# --- what leaves it -----------------------------------------------------------------------------------


def words_of_judge_and_editor(workspace):
    """Whatever a response could give away: names, models, rationales, digests, ids that count attempts."""
    found = {"fake", "secret", "rationale", "threshold", "stratum", "mosaic"}
    for edit in edits(RunData(workspace, "r").samples()):
        verdict = edit.attempt.verdict
        found |= {edit.id, edit.sample.id, edit.attempt.edit.digest, verdict.call.digest, verdict.rationale}
        found |= {str(score) for score in (verdict.score, *verdict.scores.values()) if len(str(score)) > 3}
    return found


@pytest.mark.parametrize("mode", ["rate", "pairs"])
async def test_nothing_of_judge_editor_score_or_outcome_leaves_the_server(visit, workspace, mode):
    client = await visit(mode)
    asked = await tasks(client)
    paths = [*PAGES, "/tasks?rater=ann", "/nosuch", "/tasks", "/pictures/x"]
    names = {task[key] for task in asked["tasks"] for key in ("before", "after", "left", "right") if key in task}
    sent = []
    for path in [*paths, *(f"/pictures/{name}" for name in sorted(names))]:
        response = await client.get(path)
        sent += [str(response.headers).encode(), await response.read()]
    for _ in range(2):
        response = await client.put("/answers", json=rated(asked["tasks"][0]["id"]))
        sent += [str(response.headers).encode(), await response.read()]
    found = {word for word in words_of_judge_and_editor(workspace) for body in sent if word.encode() in body}
    assert found == set()


async def test_a_task_has_nothing_but_instruction_and_pictures(visit):
    asked = await tasks(await visit())
    assert asked.keys() == {"study", "mode", "questions", "tasks", "answered"}
    assert all(task.keys() == {"id", "instruction", "before", "after"} for task in asked["tasks"])
    assert all(question.keys() == {"name", "question"} for question in asked["questions"])
    assert reviewed.HOSTILE in {task["instruction"] for task in asked["tasks"]}
    pairs = await tasks(await visit("pairs"))
    assert all(task.keys() == {"id", "instruction", "before", "left", "right"} for task in pairs["tasks"])


async def test_a_picture_is_pixels_alone(visit, workspace):
    edit = next(edits(RunData(workspace, "r").samples()))
    response = await (await visit()).get(f"/pictures/{edit.attempt.image.sha256}")
    assert response.content_type == "image/png"
    assert "immutable" in response.headers["Cache-Control"]
    picture = Image.open(io.BytesIO(await response.read()))
    assert picture.size == (edit.attempt.image.width, edit.attempt.image.height)
    assert picture.info == {}


async def test_a_picture_that_is_lost_or_of_no_edit_is_not_found(visit, workspace):
    client = await visit()
    lost = next(edits(RunData(workspace, "r").samples())).attempt.image.sha256
    (workspace.root / "blobs" / lost[:2] / lost).write_bytes(b"damaged")
    for name in (lost, "a" * 64, "..%2F..%2Fpicofw.sqlite"):
        assert (await client.get(f"/pictures/{name}")).status == 404


# --- answers ------------------------------------------------------------------------------------------


async def test_an_answer_is_on_disk_when_it_is_acknowledged(visit, workspace):
    client = await visit()
    asked = await tasks(client)
    first, second = (task["id"] for task in asked["tasks"][:2])
    assert await (await client.put("/answers", json=rated(first))).json() == {"kept": True}
    await client.put("/answers", json=rated(second, scores={}, accepted=None))
    kept = {row.skipped: row for row in await asyncio.to_thread(reviewed.ratings, workspace.root)}
    assert (kept[False].rater, kept[False].accepted, kept[False].seconds) == ("ann", True, 2.5)
    assert set(kept[False].scores.values()) == {0.75}
    assert kept[True].scores == {}
    made = {edit.id for edit in edits(RunData(workspace, "r").samples())}
    assert {row.edit for row in kept.values()} < made


async def test_what_one_answered_comes_back_to_that_person_alone(visit):
    client = await visit()
    task = (await tasks(client))["tasks"][0]["id"]
    await client.put("/answers", json=rated(task))
    await client.put("/answers", json=rated(task, accepted=False))
    answered = (await tasks(client))["answered"]
    assert answered.keys() == {task}
    assert answered[task]["accepted"] is False
    assert (await tasks(client, "bob"))["answered"] == {}


async def test_raters_at_once_do_not_collide(visit, workspace):
    client = await visit()
    ids = [task["id"] for task in (await tasks(client))["tasks"]]
    raters = ("ann", "bob", "ånna 安")
    sent = [client.put("/answers", json=rated(task, rater)) for task in ids for rater in raters]
    assert {response.status for response in await asyncio.gather(*sent)} == {200}
    kept = defaultdict(set)
    for row in workspace.store.ratings("r"):
        kept[row.rater].add(row.edit)
    assert {rater: len(found) for rater, found in kept.items()} == dict.fromkeys(raters, len(ids))


async def test_a_choice_names_the_edits_by_the_side_they_were_shown_on(visit, workspace):
    client = await visit("pairs")
    task = (await tasks(client))["tasks"][0]
    await client.put("/answers", json={"task": task["id"], "rater": "ann", "seconds": 1, "choice": "left"})
    (row,) = workspace.store.choices("r")
    images = {edit.id: edit.attempt.image.sha256 for edit in edits(RunData(workspace, "r").samples())}
    assert (images[row.left], images[row.right], row.choice) == (task["left"], task["right"], "left")
    assert (await tasks(client))["answered"] == {task["id"]: {"choice": "left"}}


async def test_a_larger_or_other_sample_keeps_what_was_answered_before(visit):
    small = await visit(size=3)
    answered = [task["id"] for task in (await tasks(small))["tasks"]]
    for task in answered:
        await small.put("/answers", json=rated(task))
    whole = await tasks(await visit())
    assert set(answered) == whole["answered"].keys() < {task["id"] for task in whole["tasks"]}
    unasked = next(task["id"] for task in whole["tasks"] if task["id"] not in answered)
    assert (await small.put("/answers", json=rated(unasked))).status == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "nosuch"}, "no edit of this review"),
        ({"scores": {"seamlessness": 0.5}}, "instruction_compliance"),
        ({"accepted": None}, "a skipped one has none"),
        ({"rater": ""}, "rater"),
        ({"rater": " ann"}, "rater"),
        ({"rater": "a\nb"}, "rater"),
        ({"rater": "a" * 61}, "rater"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": float("inf")}, "seconds"),
        ({"scores": {"seamlessness": 1.5}}, "scores.seamlessness"),
        ({"extra": 1}, "unknown key"),
    ],
)
async def test_what_is_no_answer_is_refused_and_not_kept(visit, workspace, change, said):
    client = await visit()
    task = (await tasks(client))["tasks"][0]["id"]
    response = await client.put("/answers", data=json.dumps(rated(task) | change))
    assert response.status == 422
    assert said in (await response.json())["error"]
    assert workspace.store.ratings("r") == []


async def test_what_is_no_json_or_far_too_long_is_refused(visit):
    client = await visit()
    assert (await client.put("/answers", data=b"{")).status == 422
    assert (await client.put("/answers", data=b" " * 100_000)).status == 413


async def test_an_answer_that_cannot_be_written_is_not_acknowledged(visit, workspace, monkeypatch):
    client = await visit()
    task = (await tasks(client))["tasks"][0]["id"]

    async def full(*answers):
        raise DiskFull("the disk is full")

    monkeypatch.setattr(workspace.store, "add_answers", full)
    response = await client.put("/answers", json=rated(task))
    assert (response.status, (await response.json())["error"]) == (503, "the disk is full")
