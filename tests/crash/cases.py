"""Runs slow cases side by side: most of their time they wait for something.

    class Matrix(cases.Cases):
        def case_a(self, rig): ...          # becomes test_a
        case_a.rig = {"count": 1}           # options of its Rig

Each case gets a fresh rig; what it returns is printed at the end, one line a case.
"""
import concurrent.futures
import os
import sys
import unittest

import rig as rigs


class Cases(unittest.TestCase):
    #: what a case runs in, and the options of every one of the class
    kind = rigs.Rig
    rig = {}
    at_once = 4

    @classmethod
    def names(cls):
        return [name for name in dir(cls) if name.startswith("case_")]

    @classmethod
    def setUpClass(cls):
        rigs.require()
        wanted = os.environ.get("TELEPHONY_CASES", "").split()
        cls._pool = concurrent.futures.ThreadPoolExecutor(cls.at_once)
        cls.addClassCleanup(cls._pool.shutdown, cancel_futures=True)
        cls._results = {name: cls._pool.submit(cls._run, name) for name in cls.names()
                        if not wanted or name.removeprefix("case_") in wanted}

    @classmethod
    def _run(cls, name):
        case = cls(f"test_{name.removeprefix('case_')}")
        method = getattr(case, name)
        options = {**cls.rig, **getattr(method, "rig", {})}
        if callable(options.get("preload")):
            options["preload"] = options["preload"]()   # built after the cases were written down
        with cls.kind(**options) as rig:
            return method(rig)

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.__name__}:", file=sys.stderr)
        for name, result in cls._results.items():
            if not result.cancelled() and result.done() and result.exception() is None:
                print(f"  {name.removeprefix('case_'):44} {result.result() or ''}", file=sys.stderr)
        sys.stderr.flush()

    def _await(self, name):
        if name not in self._results:
            self.skipTest("not in TELEPHONY_CASES")
        self._results[name].result()


def tests_of(cls):
    """Class decorator: a test for each case."""
    for name in cls.names():
        def test(self, name=name):
            self._await(name)
        setattr(cls, f"test_{name.removeprefix('case_')}", test)
    return cls
