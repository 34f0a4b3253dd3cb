"""`picofw review`: mistakes are told in one message, and nothing is served."""

from __future__ import annotations

import socket
import sys

import pytest
from rehearsal import Rehearsal

from picofw.cli import main


@pytest.fixture
def review(made, capsys):
    def call(*arguments, workspace=made):
        with pytest.raises(SystemExit) as ended:
            main(["review", *arguments, "--workspace", str(workspace)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert said.out == ""
        return ended.value.code, said.err

    return call


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "there is no run 'nosuch'"),
        (["r", "--sample", "0"], "--sample 0: ask about 1 at least"),
        (["r", "--sample", "many"], "invalid int value: 'many'"),
        (["r", "--port", "70000"], "127.0.0.1:70000 cannot be listened on"),
        (["r", "--host", "203.0.113.1"], "203.0.113.1:8470 cannot be listened on"),
    ],
)
def test_a_mistake_is_one_message(review, arguments, said):
    code, err = review(*arguments)
    assert code == 2
    assert said in err


def test_a_port_that_is_taken_is_named(review):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, err = review("r", "--port", str(port))
    assert code == 2
    assert f"127.0.0.1:{port} cannot be listened on" in err
    assert "--port" in err


@pytest.mark.parametrize(
    ("arguments", "said"), [([], "no edit that came to the judge"), (["--pairs"], "no instruction")]
)
def test_a_run_without_anything_to_review_says_so(review, tmp_path, arguments, said):
    rehearsal = Rehearsal(tmp_path)
    rehearsal.run("editor.refused=1", "samples=2")
    code, err = review("r", *arguments, workspace=rehearsal.workspace)
    assert code == 2
    assert f"run 'r' has {said}" in err


def test_without_aiohttp_the_message_says_what_to_install(review, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "picofw.review.serve", raising=False)
    monkeypatch.delitem(sys.modules, "picofw.review.access", raising=False)
    code, err = review("r")
    assert code == 2
    assert "pip install 'picofw[review]'" in err
