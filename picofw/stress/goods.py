"""Good edits of the bundled photos, for those who have no run yet: made by the offline editor, judged by nobody."""

from __future__ import annotations

import asyncio

from picofw.calls import Door, Stopped
from picofw.config import compose_settings
from picofw.opening import Note, open_slots
from picofw.pixels import upright
from picofw.plan import Task, make_plan
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.providers import Source
from picofw.scan import find
from picofw.slots import Slot
from picofw.stress.cases import Good
from picofw.types import EditRequest, EditResult, EditType, ImageRef, InstructRequest, InstructResult, Photo
from picofw.workspace import Workspace

ACCOUNT = "stress-demo"
_DEMO = ("preset=demo", "editor.weakest=1")  # at full strength: a faint edit is not known to be good


async def demo_goods(workspace: Workspace, plugins: Plugins, count: int, note: Note) -> list[Good]:
    """Make edits of the bundled photos, or find them in the store.

    Args:
        workspace: Where they are kept.
        plugins: The installed plugins; picofw-offline must be among them.
        count: How many to plan; the offline editor refuses some.
        note: Is told what the user should know.

    Raises:
        ConfigError: picofw-offline is not installed.
        PicofwError: The workspace cannot be written, or the user stopped it.
    """
    settings = compose_settings([*_DEMO, f"samples={count}"], plugins.config_dirs())
    prepared = prepare(settings, plugins)
    photos = find(prepared.source, plugins, settings.photos).photos
    plan = make_plan(
        photos.tags(),
        list(prepared.edit_types.values()),
        prepared.weights,
        count,
        settings.per_photo,
        settings.seed,
    )
    keys = ("instructors.long", "editor")
    async with open_slots(workspace, prepared, keys, ACCOUNT, note) as (door, slots):
        writer, editor = (slots[key] for key in keys)

        async def one(task: Task) -> Good | None:
            photo = photos[task.photo_id]
            image = await _stored(door, prepared.source, photo)
            return await _good(door, writer, editor, task, image, prepared.edit_types[task.edit_type])

        try:
            made = await asyncio.gather(*(one(task) for task in plan.tasks))
        except Stopped as stopped:
            raise door.stopping or stopped from stopped
    return [good for good in made if good is not None]


async def _stored(door: Door, source: Source, photo: Photo) -> ImageRef:
    return await door.ledger.blobs.put(await asyncio.to_thread(upright, await source.fetch(photo)))


async def _good(
    door: Door, writer: Slot, editor: Slot, task: Task, image: ImageRef, edit_type: EditType
) -> Good | None:
    """Return one edit; None where the instructor or the editor refuses."""
    seed = writer.seed("long", image.sha256, edit_type.slug)
    instruction = await door.call(
        writer, InstructRequest(kind="long", image=image, edit_type=edit_type, seed=seed), InstructResult
    )
    if instruction.result is None:
        return None
    text = instruction.result.text
    request = EditRequest(
        image=image, instruction=text, edit_type=edit_type, attempt=1, seed=editor.seed(task.id, 1, 1)
    )
    edit = await door.call(editor, request, EditResult)
    if edit.result is None:
        return None
    assert isinstance(edit.result.image, ImageRef)
    return Good(task.id, task.photo_id, edit_type, text, image, edit.result.image)
