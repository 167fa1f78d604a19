"""Install zotui into ``.venv`` and start it; arguments are passed on."""

import os
import sys

from environment import environment

print("preparing .venv: at the first start that takes a while", file=sys.stderr, flush=True)
python = environment()
os.execv(python, [str(python), "-m", "zotui", *sys.argv[1:]])
