"""The pool of worker processes as a pool of none, so that a thousand inputs do not start a thousand processes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any
from unittest import mock

from reenactbench.datasets import tree


class Here(Executor):
    """Does at once what is submitted."""

    def submit(self, call: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(call(*arguments, **named))
        except Exception as error:
            done.set_exception(error)
        return done


@contextmanager
def serial() -> Iterator[None]:
    """Data sets made of files are verified and prepared in this process until the block ends."""

    @contextmanager
    def workers(count: int) -> Iterator[Executor]:
        yield Here()

    with mock.patch.object(tree, "workers", workers):
        yield
