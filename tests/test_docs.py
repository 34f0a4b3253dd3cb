"""The documentation says what is so: its commands and snippets run as written, its tables are those of the code."""

from __future__ import annotations

import inspect
import json
import re
import socket
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest
from documented.pages import ROOT, anchors, blocks, codes, links, script, table
from documented.place import Place, simulator
from export.made import CRITERIA, small

from picofw import hookspecs
from picofw.commands.common import BAD_USAGE, DONE, ENDED_EARLY, INTERRUPTED
from picofw.config import compose_settings, compose_tree, conf_dir
from picofw.export import write
from picofw.export.columns import columns
from picofw.export.pico import Pico
from picofw.plugins import Plugins
from picofw.prepare import prepare
from picofw.records import AttemptOutcome, SampleOutcome
from picofw.settings import validate_options
from picofw.status import status
from picofw.store import Store

README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md"))]
PROSE = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("plugins/*/README.md"))]
WITH_VENDORS = {
    "README.md",
    "ablations.md",
    "cost.md",
    "published-pipeline.md",
    "quickstart.md",
    "stress.md",
}  # their commands call Gemini and OpenAI; here the simulator answers

_BENCHMARK = "takes minutes; its options are compared with the script's"
_SERVES = "serves until it is interrupted; tests/review does both"
NOT_RUN = {
    "make demo": "sets up .venv from the network, and `make test` depends on it",
    "make test": "would run this test again",
    "picofw review reviewed": _SERVES,
    "picofw review reviewed --pairs --sample 50": _SERVES,
    "python tests/benchmarks/scale.py --tasks 2000 --in-flight 128 512": _BENCHMARK,
    "python tests/benchmarks/scale.py --growth 1000 10000 100000": _BENCHMARK,
    "PYTHONPATH=tests python -m simulator.benchmark --samples 200 --in-flight 32 --megabytes 1": _BENCHMARK,
    "PYTHONPATH=tests python tests/benchmarks/hosted.py --samples 2000 --in-flight 128 --megabytes 1": _BENCHMARK,
    "python tests/benchmarks/offline_judge.py": _BENCHMARK,
    "python tests/benchmarks/open_images.py": _BENCHMARK,
    "python tests/benchmarks/report.py --samples 1000 10000 100000": _BENCHMARK,
    "python tests/benchmarks/export.py --samples 1000 10000": _BENCHMARK,
    "python tests/benchmarks/ablate.py --attempts 1000 10000 100000": _BENCHMARK,
    "python tests/benchmarks/near_duplicates.py --photos 10000 100000": _BENCHMARK,
    "tensorboard --logdir picofw-data/runs": "a server of another project; test_hooks.py reads what it would show",
}
_GPU = "needs a GPU, a hub or a server; its settings are composed below"
NOT_RUN |= {
    "picofw run editor=instruct_pix2pix preset=pico_banana source=demo samples=8": _GPU,
    "vllm serve Qwen/Qwen2.5-VL-7B-Instruct --port 8000": _GPU,
    "pip install picofw picofw-diffusers picofw-offline": "they are installed",
    "pip install picofw-ray": "it is installed",
    "python tests/benchmarks/gpu_editor.py --model sd15 --batch 1 8 32": _BENCHMARK,
    "python tests/benchmarks/gpu_editor.py --model tiny --device cpu --steps 4 --edits 48": _BENCHMARK,
    "python tests/benchmarks/ray_pool.py --megabytes 0 1": _BENCHMARK,
}
_TRAINS = "another project's training, which needs a GPU; what it names is looked for in the exports"
NOT_RUN |= dict.fromkeys(
    (
        "accelerate launch train_instruct_pix2pix.py --dataset_name export/instruct_pix2pix ...",
        "accelerate launch examples/qwen_image/model_training/train.py --dataset_base_path export/diffsynth "
        "--dataset_metadata_path export/diffsynth/train.jsonl "
        '--data_file_keys "image,edit_image" --extra_inputs "edit_image" ...',
        "python src/musubi_tuner/flux_kontext_cache_latents.py --dataset_config musubi.toml ...",
        "accelerate launch src/musubi_tuner/flux_kontext_train_network.py --dataset_config musubi.toml ...",
        "python run.py ai-toolkit.yaml",
        "bash train_examples/edit_dpo/train.sh",
        "deepspeed EditReward/train_qwen2_5_edit.py --config editreward.yaml",
        "accelerate launch examples/scripts/sft_vlm.py --dataset_name export/trl/judge ...",
        "accelerate launch examples/scripts/dpo_vlm.py --dataset_name export/trl/preference ...",
        "llamafactory-cli train llamafactory.yaml",
    ),
    _TRAINS,
)
_BUCKET = "needs a bucket; tests/export/test_remote.py has one"
NOT_RUN |= {
    "pip install 'picofw[s3]'": _BUCKET,
    "picofw export --format hf --out s3://my-bucket/exports/hf": _BUCKET,
    "picofw export --format hf --out hf://datasets/me/my-edits": "needs a repository; tests/export/test_hub.py has one",
}
NOT_RUN |= {
    "nice -n 10 python tests/benchmarks/full_size.py": "takes hours; its options are compared with the script's",
    "python tests/benchmarks/full_size.py --tasks 4000": _BENCHMARK,
}
NEEDS = {"local-gpus.md": ("torch", "ray")}
SAID = {  # what the commands of a page print when they have done what the page says
    "README.md": ["no problem found", "8 of them done before"],
    "ablations.md": [r"agreement of \d judges", "calls 0 paid, 40 stored", "panel/ablate/ablate.html"],
    "calibration.md": [r"run votes: [1-9]\d* singles", r"prefers what people prefer in .* of [1-9]\d* pairs"],
    "stress.md": ["side by side", r"gpt_4o: accepts \d"],
    "quickstart.md": ["no problem found", r"accepted \w+ \|"],
    "formats.md": ["no problem found"],
    "importing.md": ["no problem found", r"[1-9]\d* singles, [1-9]\d* chains, [1-9]\d* of them new"],
    "write-a-plugin.md": [r"\d+ passed", r"subsets: [1-9]\d* single-turn"],
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- what pages tell to do -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """One for all pages: what one has paid for, in seconds of image processing, the next one finds."""
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def vendors() -> Iterator[dict[str, str]]:
    with simulator() as urls:
        yield urls


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=named)
def test_the_commands_and_snippets_of_a_page_run_in_their_order(page, request, tmp_path, bundled_photos, workspace):
    if missing := [name for name in NEEDS.get(page.name, ()) if find_spec(name) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed; `make test-torch` runs this page")
    place = Place(tmp_path, bundled_photos, workspace)
    if page.name in WITH_VENDORS:
        place.simulate(request.getfixturevalue("vendors"))
    for port in re.findall(r"--port (\d+)", page.read_text()):
        refuse_if_taken(int(port))
    (tmp_path / "blocks").mkdir()
    written = tmp_path / "script"
    written.write_text(script(page, tmp_path / "blocks", NOT_RUN))

    done = place.run(written)

    assert done.returncode == 0, done.stdout
    assert all(re.search(words, done.stdout) for words in SAID.get(page.name, [])), done.stdout
    assert [path for path in read_by_trainers(page) if not (place.folder / path).exists()] == []


def read_by_trainers(page: Path) -> list[str]:
    """The files and folders that a page's trainings, which are not run, would read."""
    kept = [block.text for block in blocks(page) if block.file and block.language in ("toml", "yaml")]
    told = [command for block in blocks(page) for command in block.commands if NOT_RUN.get(command) == _TRAINS]
    configs = re.findall(r"(?<= )[\w-]+\.(?:toml|yaml)", " ".join(told))
    return [*configs, *re.findall(r"\bexport/[\w./-]+", " ".join([*kept, *told]))]


def refuse_if_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            pytest.skip(f"the page uses port {port}, which is taken")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_is_run_or_is_a_file(page):
    odd = [block for block in blocks(page) if block.file is None and block.language not in ("bash", "python")]
    assert not odd


def test_what_is_not_run_is_still_in_the_pages():
    found = {command for page in PAGES for block in blocks(page) for command in block.commands}
    assert found >= NOT_RUN.keys()


@pytest.mark.parametrize("command", [command for command, why in NOT_RUN.items() if why == _BENCHMARK])
def test_a_benchmark_that_is_not_run_has_the_options_of_its_command(command):
    words = command.replace("-m simulator.benchmark", "tests/simulator/benchmark.py").split()
    (path,) = (word for word in words if word.endswith(".py"))
    text = (ROOT / path).read_text()
    assert all(f'"{word}"' in text for word in words if word.startswith("--"))


@pytest.mark.parametrize(
    "command", [command for command, why in NOT_RUN.items() if why == _GPU and "picofw" in command]
)
def test_a_run_that_needs_a_gpu_could_start(command):
    pytest.importorskip("picofw_diffusers")
    assert prepare(compose_settings(command.split()[2:], FOLDERS), PLUGINS).edit_types


@pytest.mark.parametrize("page", PROSE, ids=named)
def test_links_lead_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads to nothing"
        assert not anchor or anchor in anchors(target), f"{link}: {path} has no such heading"


# --- concepts ------------------------------------------------------------------------------------------


def test_the_outcomes_of_attempts_and_samples_are_all_explained():
    attempts, samples = (
        re.findall(r"^\| `(\w+)` \|", part, re.M)
        for part in (DOCS / "concepts.md").read_text().split("## What becomes of a")[1:]
    )
    assert tuple(attempts) == get_args(AttemptOutcome)
    assert tuple(samples) == get_args(SampleOutcome)


def test_the_exit_codes_are_those_of_the_commands():
    codes = [int(row[0]) for row in table(DOCS / "concepts.md", "exit code")]
    assert codes == [DONE, ENDED_EARLY, BAD_USAGE, INTERRUPTED]


def test_the_slots_are_those_of_the_settings():
    (row,) = (row for row in table(DOCS / "concepts.md", "word") if row[0] == "slot")
    assert codes(row[1]) == list(compose_settings(["preset=fake"], []).choices())


# --- providers and their configs -----------------------------------------------------------------------

PLUGINS = Plugins()
FOLDERS = PLUGINS.config_dirs()
PROVIDERS = ("instructor", "editor", "judge", "tagger")
REQUIRED = {  # options without which a choice is not complete
    "diffusers": ["model=owner/name"],
    "ensemble": ["members.a=fake", "members.b=offline"],
    "folder": ["path=photos"],
    "huggingface": ["path=photos"],
    "open_images": ["index=index.csv"],
    "ray": ["inner=fake"],
    "webdataset": ["shards=photos.tar"],
}


def choices(folders: Iterable[Path]) -> dict[str, list[str]]:
    """The names in the groups of config folders."""
    files = [file for folder in folders for file in folder.glob("*/*.yaml")]
    return {group: sorted(f.stem for f in files if f.parent.name == group) for group in {f.parent.name for f in files}}


CHOICES = choices([conf_dir(), *FOLDERS])  # of what is installed
SLOTS = {"instructor": [f"instructor@instructors.{slot}" for slot in ("long", "short", "followup")]}


def menus() -> Iterator[list[str]]:
    """Choices of every group at once, until each was chosen: composing is slow, and groups do not depend on others."""
    groups = {group: names for group, names in CHOICES.items() if group not in ("export", "preset", "prompts")}
    for number in range(max(map(len, groups.values()))):
        chosen = {group: names[number % len(names)] for group, names in sorted(groups.items())}
        slots = [(slot, name) for group, name in chosen.items() for slot in SLOTS.get(group, [group])]
        more = [
            f"{slot.partition('@')[2] or slot}.{option}" for slot, name in slots for option in REQUIRED.get(name, [])
        ]
        yield [*(f"{slot}={name}" for slot, name in slots), *more]


@pytest.mark.parametrize("overrides", [*menus(), *([f"preset={name}"] for name in CHOICES["preset"])], ids=" ".join)
def test_every_choice_makes_a_run_that_could_start(overrides):
    assert prepare(compose_settings(overrides, FOLDERS), PLUGINS).edit_types


@pytest.mark.parametrize("name", CHOICES["export"])
def test_every_export_config_fits_its_format(name):
    options = compose_tree(f"export/{name}", [], FOLDERS)
    exporter = PLUGINS.find("exporter", options.pop("provider"))
    assert validate_options(exporter.Options, options, name) == exporter.Options()


def test_the_choices_listed_are_all_there_are():
    rows, known = table(DOCS / "swap-providers.md", "plugin"), choices([conf_dir(), *ROOT.glob("plugins/*/*/conf")])
    for column, group in enumerate(PROVIDERS, 1):
        assert sorted(name for row in rows for name in codes(row[column])) == known[group]


def test_the_presets_listed_are_all_there_are():
    (sentence,) = re.findall(r"The presets are ([^.]*)\.", (DOCS / "swap-providers.md").read_text())
    assert codes(sentence) == CHOICES["preset"]


@pytest.mark.parametrize("row", table(DOCS / "swap-providers.md", "slot"), ids=lambda row: row[0])
def test_a_choice_and_an_option_of_it_can_be_overridden_as_listed(row):
    overrides = [code for cell in row[1:] for code in codes(cell)[:1]]
    assert prepare(compose_settings(["preset=fake", *overrides], FOLDERS), PLUGINS).edit_types


def test_the_hooks_are_documented_with_their_exact_arguments():
    documented = [codes(row[0])[0] for row in table(DOCS / "hooks.md", "hook")]
    hooks = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "picofw_spec")}
    assert documented == [f"{name}{inspect.signature(hook)}".replace("'", "") for name, hook in hooks.items()]


def test_the_kinds_are_documented():
    assert [row[0] for row in table(DOCS / "write-a-plugin.md", "kind")] == list(hookspecs.KINDS)


# --- figures and formats -------------------------------------------------------------------------------


def documented_keys(page: str, head: str) -> set[str]:
    return {code for row in table(DOCS / page, head) for code in codes(row[0])}


async def test_the_keys_of_status_are_all_explained(tmp_path):
    store = Store(tmp_path / "picofw.sqlite")
    await store.add_run("r", "{}", "0", "2026-01-01")
    assert status(store, "r").keys() == documented_keys("ablations.md", "key")
    await store.aclose()


def test_the_keys_of_pico_records_are_all_explained(tmp_path):
    write(small(), Pico(Pico.Options()), tmp_path / "out")

    def keys(name: str) -> set[str]:
        return set().union(*(json.loads(line) for line in (tmp_path / "out" / name).read_text().splitlines()))

    assert keys("preference.jsonl") == documented_keys("formats.md", "key of a single")
    assert keys("multi-turn.jsonl") == documented_keys("formats.md", "key of a chain")
    assert keys("provenance.jsonl") == documented_keys("formats.md", "key of `provenance.jsonl`")
    (line, *_) = (tmp_path / "out" / "provenance.jsonl").read_text().splitlines()
    (turn,) = json.loads(line)["turns"]
    assert turn.keys() | turn["attempts"][0].keys() == documented_keys("formats.md", "key")


@pytest.mark.parametrize("subset", columns(CRITERIA))
def test_the_columns_of_hf_are_all_explained(subset):
    turn = columns(CRITERIA)["multi_turn"]["turns"][0].keys()
    assert turn <= documented_keys("formats.md", "key")

    rows = [row for row in table(DOCS / "formats.md", "column") if row[1] == "all" or subset in codes(row[1])]
    documented = {code for row in rows for code in codes(row[0])}
    documented |= turn if subset != "multi_turn" else set()
    assert columns(CRITERIA, masks=True)[subset].keys() == documented
