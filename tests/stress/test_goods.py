"""Good edits of the bundled photos: made once, at full strength, by the offline editor."""

from __future__ import annotations

from picofw.opening import open_slots
from picofw.pixels import decode
from picofw.plugins import Plugins
from picofw.stress import goods
from picofw.stress.goods import ACCOUNT, demo_goods
from picofw.workspace import Workspace


async def test_edits_are_made_once_at_full_strength_and_found_again(tmp_path, monkeypatch):
    strengths = []

    def noted(workspace, prepared, *more):
        strengths.append(prepared.providers["editor"][2].options.weakest)
        return open_slots(workspace, prepared, *more)

    monkeypatch.setattr(goods, "open_slots", noted)
    workspace = Workspace(tmp_path)
    first = await demo_goods(workspace, Plugins(), 3, print)
    spent = workspace.store.spend(ACCOUNT)
    assert 1 <= len(first) <= 3
    assert all(decode(workspace.blobs.read_now(good.after)) for good in first)
    assert all(good.before != good.after and good.instruction for good in first)
    assert await demo_goods(workspace, Plugins(), 3, print) == first
    assert workspace.store.spend(ACCOUNT) == spent
    assert strengths == [1.0, 1.0]
    await workspace.aclose()
