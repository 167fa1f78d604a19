"""What an import of the vault costs."""

import json
import sys

from tests.processes import Children, output

CODE = """
import json, sys, zotui.vault, zotui.secret
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_importing_it_brings_no_cryptography_and_no_keyring(children: Children) -> None:
    found = set(json.loads(output(children.start([sys.executable, "-c", CODE]))))
    assert (
        found & {"cryptography", "argon2", "_cffi_backend", "keyring", "secretstorage", "jeepney", "asyncio"} == set()
    )


def test_a_secret_brings_nothing_of_anybody_else(children: Children) -> None:
    code = CODE.replace("zotui.vault, ", "")
    found = set(json.loads(output(children.start([sys.executable, "-c", code]))))
    assert found & {"msgspec", "_ssl", "_hashlib", "ssl"} == set()
