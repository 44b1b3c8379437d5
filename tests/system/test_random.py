# SPDX-License-Identifier: Apache-2.0
"""Hundreds of random questions about random registries; tests/soak/queries asks thousands."""
import pytest

from random_world import World

QUESTIONS = 160


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_random_questions(postgres, tmp_path, seed):
    world = World(tmp_path, postgres, seed)
    try:
        world.start()
        for number in range(QUESTIONS):
            if number == QUESTIONS // 2:
                world.change()
            world.questions.ask()
    finally:
        world.stop()


def test_every_kind_of_question_finds_something(postgres, tmp_path):
    """A question whose answer is always empty proves nothing."""
    world = World(tmp_path, postgres, 14)
    try:
        questions = world.start().questions
        for kind in set(questions.kinds):
            questions.kinds = [kind]
            found = set()
            for _ in range(15):
                url = questions.ask()
                found.add(world.reader.get(url).headers["ETag"])
            assert len(found) > 3, kind.__name__
    finally:
        world.stop()
