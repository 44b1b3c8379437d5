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
        for kind in sorted(set(questions.kinds), key=lambda kind: kind.__name__):
            questions.kinds = [kind]
            found, asked = set(), 0
            while len(found) <= 3 and asked < 100:
                found.add(world.reader.get(questions.ask()).headers["ETag"].removesuffix('-gzip"'))
                asked += 1
            assert len(found) > 3, kind.__name__
    finally:
        world.stop()
