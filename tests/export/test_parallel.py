from __future__ import annotations

from picofw.export.parallel import in_parallel


def test_parallel_work_keeps_its_order_and_stays_near():
    taken = 0

    def items():
        nonlocal taken
        while taken < 999:
            taken += 1
            yield taken

    results = in_parallel(lambda n: n * n, items())
    assert [next(results) for _ in range(3)] == [1, 4, 9]
    assert taken < 100
    assert list(results)[-1] == 999 * 999
