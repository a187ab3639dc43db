"""The parts of ./run: standard library only, because they make the environment everything else needs."""
