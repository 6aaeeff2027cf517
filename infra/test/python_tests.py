"""Runs the training's unit tests where torch is installed; says so loudly where it is not."""
import importlib.util
import pathlib
import subprocess
import sys

training = pathlib.Path(__file__).resolve().parents[2] / "packages" / "interaction-model" / "training"
if importlib.util.find_spec("torch") is None:
    print("SKIPPED: python3-torch is not installed; `npm run model:train` installs it. The shipped weights are tested all the same.")
    sys.exit(0)
sys.exit(subprocess.call([sys.executable, "-m", "unittest", "discover", "-s", "tests"], cwd=training))
