"""Install zotui into ``.venv`` and start it; arguments are passed on."""

import os
import sys

from environment import environment

python = environment()
os.execv(python, [str(python), "-m", "zotui", *sys.argv[1:]])
