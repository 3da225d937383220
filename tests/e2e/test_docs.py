"""Pages with commands that need Docker or a network are true too."""

from __future__ import annotations

from pathlib import Path

from tests.docs.session import Session
from tests.docs.test_commands import ELSEWHERE, PAGES

NOT_CARRIED_OUT = {"aws", "tests"}


def test_each_page_with_commands_that_need_docker_is_true_from_top_to_bottom(tmp_path: Path) -> None:
    for name, blocks in PAGES.items():
        if not any(block.needs & ELSEWHERE for block in blocks):
            continue
        home = tmp_path / name
        home.mkdir()
        session = Session(home)
        try:
            for block in blocks:
                if not block.needs & NOT_CARRIED_OUT:
                    session.carry_out(block)
        finally:
            session.close()
