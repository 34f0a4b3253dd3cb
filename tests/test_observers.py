"""Observers are told beside the run, in order; none that is slow, fails or hangs holds it up."""

from __future__ import annotations

import threading

import pytest
from rehearsal import make_plugin

from picofw.hookspecs import hookimpl
from picofw.observers import Observers
from picofw.plugins import Plugins


@pytest.fixture
def observed(monkeypatch):
    """Makes plugins whose one observer calls what it is given with each run's name."""

    def make(observe) -> Plugins:
        @hookimpl
        def picofw_run_started(run):
            observe(run)

        return Plugins([make_plugin(monkeypatch, "keen", picofw_run_started=picofw_run_started)])

    return make


def tell(observers: Observers, *names: str) -> None:
    for name in names:
        observers.tell("picofw_run_started", run=name, settings={})


def test_all_is_told_in_order_in_one_other_thread_before_it_closes(observed):
    told = []
    observers = Observers(observed(lambda run: told.append((run, threading.current_thread()))))
    tell(observers, "a", "b", "c")
    observers.close()
    assert [run for run, _ in told] == ["a", "b", "c"]
    assert len({thread for _, thread in told}) == 1
    assert told[0][1] is not threading.current_thread()


def test_one_that_fails_is_told_what_comes_after(observed, caplog):
    told = []

    def observe(run):
        told.append(run)
        raise SystemExit("no room")

    observers = Observers(observed(observe))
    tell(observers, "a", "b")
    observers.close()
    assert told == ["a", "b"]
    assert caplog.text.count("plugin keen of keen failed in picofw_run_started") == 2


def test_one_that_hangs_holds_up_neither_the_run_nor_its_end_and_is_told_so(observed, caplog):
    free = threading.Event()
    observers = Observers(observed(lambda run: free.wait()), patience_s=0.05)
    tell(observers, "a", "b")
    observers.close()
    assert "an observer was not done 0.05 s after the run: it is left alone" in caplog.text
    free.set()


def test_one_that_is_too_far_behind_is_told_no_more(observed, caplog):
    free, told = threading.Event(), []
    observers = Observers(observed(lambda run: (free.wait(), told.append(run))), most_behind=3)
    tell(observers, *map(str, range(20)))
    free.set()
    observers.close()  # does not wait for who was given up
    observers._thread.join()
    assert told in (["0", "1", "2"], ["0", "1", "2", "3"])  # the first may have been taken before the fourth came
    assert caplog.text.count("the observers are 3 reports behind: they are told no more") == 1
