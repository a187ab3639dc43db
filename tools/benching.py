"""`./run bench NAME`: one measurement of the folder `bench`, with the tools at hand."""

from collections.abc import Sequence

from tools import assets, console, environment

FOLDER = console.ROOT / "bench"


def main(_command: str, arguments: Sequence[str]) -> int:
    """Run `bench/NAME.py` (dashes in the name stand for underscores); returns its exit code."""
    known = sorted(path.stem.replace("_", "-") for path in FOLDER.glob("[!_]*.py"))
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if name not in known:
        choice = ", ".join(known) or "(none yet)"
        console.say(f"usage: ./run bench NAME [arguments], with a NAME out of: {choice}")
        return 0 if name in ("-h", "--help") else 2
    environment.ensure("dev")
    assets.ensure("dev")
    script = FOLDER / f"{name.replace('-', '_')}.py"
    return console.call([environment.PYTHON, script, *rest], env=console.django_environment())
