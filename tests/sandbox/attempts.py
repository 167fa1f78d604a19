"""Attempts to get out of the sandbox. Each is a shell script that says ESCAPED where it gets what it must not.

``$SECRET`` is a file outside of the workspace, ``$HOST_TMP`` a file in the machine's /tmp, ``$PORT`` a server on the
machine's loopback, ``$ABSTRACT`` an abstract socket there, ``$SOCKET`` a socket in its file system, ``$PID`` a process
of the machine, ``$DATAGRAMS`` one that takes datagrams, ``$SHARED`` the number of shared memory, ``$CANARY`` the name of a variable of the one who started all this.
"""

# ruff: noqa: E501 (a script is a line)

PYTHON = "python3 - <<'END'\n{}\nEND\n"


def python(code: str) -> str:
    """A script in Python; what it raises is containment."""
    indented = "\n".join(f"    {line}" for line in code.strip().splitlines())
    return PYTHON.format(
        f"import os, sys, socket, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\ntry:\n{indented}\nexcept Exception as error:\n    print(type(error).__name__)"
    )


FILES = {
    "read a file beside the workspace": 'cat "$SECRET" && echo ESCAPED',
    "read it by a relative path": "cat ../secret.txt ../../secret.txt && echo ESCAPED",
    "read it by a link in the workspace": 'ln -sf "$SECRET" way-out && cat way-out && echo ESCAPED',
    "read it by a hard link": 'ln "$SECRET" hard-link && echo ESCAPED',
    "read the shadow file": "cat /etc/shadow && echo ESCAPED",
    "read keys of ssh": "cat /root/.ssh/id_* /home/*/.ssh/id_* 2>/dev/null && echo ESCAPED",
    "read the real list of users": "grep -v '^root:\\|^zo:\\|^nobody:' /etc/passwd && echo ESCAPED",
    "list other homes": "ls -A /home /root | grep -v : | grep -q . && echo ESCAPED",
    "write into the system": "touch /usr/planted /etc/planted /bin/planted && echo ESCAPED",
    "write into the root": "touch /planted && echo ESCAPED",
    "replace a program": "cp /bin/true /usr/bin/git && echo ESCAPED",
    "read a file of the machine's /tmp": 'cat "$HOST_TMP" && echo ESCAPED',
    "make the system writable": "mount -o remount,rw /usr && echo ESCAPED; mount -o remount,rw / && echo ESCAPED",
    "mount a disk": "mount -t tmpfs none /work && echo ESCAPED; mount /dev/vda /tmp && echo ESCAPED",
    "unmount what hides": "umount /tmp && echo ESCAPED; umount -l /proc && echo ESCAPED",
    "reach the old root": "ls /oldroot /newroot && echo ESCAPED",
    "make a device": "mknod disk b 254 0 && echo ESCAPED; mknod mem c 1 1 && echo ESCAPED",
    "read devices": "cat /dev/mem /dev/kmsg /dev/vda /dev/sda /dev/nvme0n1 2>/dev/null | head -c1 | grep -q . && echo ESCAPED",
    "go up by a handle": python(
        "fd = os.open('/', os.O_RDONLY)\nh = ctypes.create_string_buffer(136)\nh[0:4] = (128).to_bytes(4, 'little')\nm = ctypes.c_int()\nif libc.syscall(304, fd, h, os.O_RDONLY) >= 0: print('ESCAPED')"
    ),
    "change the root": python("os.mkdir('/tmp/r')\nos.chroot('/tmp/r')\nprint('ESCAPED')"),
    "use up the root": "cd / && ls -d ../../../../root/.ssh && echo ESCAPED; true",
}
PROC = {
    "read the environment of who started it": 'cat /proc/*/environ | tr "\\0" "\\n" | grep "^$CANARY=" && echo ESCAPED',
    "read the environment of the first process": 'tr "\\0" "\\n" < /proc/1/environ | grep "^$CANARY=" && echo ESCAPED',
    "see other processes": '[ "$(ls -d /proc/[0-9]* | wc -l)" -lt 12 ] || echo ESCAPED',
    "see the machine's process": '[ -e "/proc/$PID/cmdline" ] && grep -q canary-process "/proc/$PID/cmdline" && echo ESCAPED',
    "go through a root in proc": 'cat /proc/1/root"$SECRET" /proc/self/root"$SECRET" && echo ESCAPED',
    "go through an open file in proc": 'for f in /proc/1/fd/* /proc/$$/fd/*; do cat "$f/secret.txt" 2>/dev/null && echo ESCAPED; done; true',
    "go through a folder in proc": 'cat /proc/1/cwd/secret.txt /proc/1/cwd"$SECRET" && echo ESCAPED',
    "write a setting of the kernel": "echo x > /proc/sys/kernel/core_pattern && echo ESCAPED; echo 1 > /proc/sys/kernel/sysrq && echo ESCAPED",
    "write the hostname": "hostname other && echo ESCAPED",
    "use sysrq": "echo h > /proc/sysrq-trigger && echo ESCAPED",
    "read the memory of the kernel": "head -c1 /proc/kcore | grep -q . && echo ESCAPED",
    "fill the memory by way of devices": "head -c 10000000 /dev/zero > /dev/planted && echo ESCAPED",
    "write into sys": "ls /sys/kernel && echo ESCAPED; true",
    "read the log of the kernel": "dmesg | grep -q . && echo ESCAPED",
}
PROCESSES = {
    "signal a process of the machine": 'kill -9 "$PID" && echo ESCAPED',
    "signal everything": "kill -9 -1; true",
    "trace a process": python(
        "if libc.ptrace(16, 1, 0, 0) == 0: print('ESCAPED')\nif libc.ptrace(0, 0, 0, 0) == 0: print('ESCAPED')"
    ),
    "read the memory of a process": python(
        "b = ctypes.create_string_buffer(8)\nif libc.syscall(310, 1, 0, 0, 0, 0, 0) >= 0: print('ESCAPED')"
    ),
    "leave a daemon behind": "setsid sh -c 'trap \"\" HUP TERM; sleep 300; touch /work/daemon' </dev/null >/dev/null 2>&1 & disown; true",
    "leave a daemon by forking twice": python(
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import time, signal\n        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        time.sleep(300)\n    os._exit(0)"
    ),
    "raise a limit": "ulimit -Hu 100000 2>/dev/null && echo ESCAPED; prlimit --nproc=100000:100000 true 2>/dev/null && echo ESCAPED",
    "become root": 'su -c true && echo ESCAPED; sudo -n true && echo ESCAPED; [ "$(id -u)" = 0 ] && echo ESCAPED; true',
    "hold a capability": python(
        "h, d = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()\nassert libc.capget(h, d) == 0\nif any(d) or any(libc.prctl(47, 1, n, 0, 0) == 1 for n in range(41)): print('ESCAPED')"
    ),
    "gain by a setuid program": python("if libc.prctl(39, 0, 0, 0, 0) != 1: print('ESCAPED')"),
    "set a limit of another process": python(
        "import resource\nresource.prlimit(int(os.environ['PID']), resource.RLIMIT_NOFILE, (9, 9))\nprint('ESCAPED')"
    ),
    "share memory with others": python(
        "if libc.shmat(int(os.environ['SHARED']), None, 0o10000) != -1: print('ESCAPED')"
    ),
}
KERNEL = {
    "make a user namespace": "unshare -Ur true && echo ESCAPED",
    "make one by clone": python(
        "CLONE_NEWUSER = 0x10000000\nif libc.syscall(56, CLONE_NEWUSER | 17, 0, 0, 0, 0) >= 0: print('ESCAPED')"
    ),
    "enter another namespace": "nsenter -t 1 -m true && echo ESCAPED; nsenter -t 1 -U true && echo ESCAPED",
    "use the kernel's keyrings": python(
        "if libc.syscall(250, 0, -3, 1) >= 0: print('ESCAPED')\nif libc.syscall(248, b'user', b'k', b'v', 1, -3) >= 0: print('ESCAPED')"
    ),
    "use bpf": python("if libc.syscall(321, 0, ctypes.create_string_buffer(120), 120) >= 0: print('ESCAPED')"),
    "use io_uring": python("if libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0: print('ESCAPED')"),
    "use userfaultfd": python("if libc.syscall(323, 1) >= 0: print('ESCAPED')"),
    "use perf": python("if libc.syscall(298, ctypes.create_string_buffer(120), 0, -1, -1, 0) >= 0: print('ESCAPED')"),
    "load a module": python(
        "if libc.syscall(313, 0, b'', 0) >= 0 or ctypes.get_errno() not in (1, 38): print('ESCAPED')"
    ),
    "use the numbers of x32": python("if libc.syscall(0x40000000 + 101, 0, 0, 0, 0) >= 0: print('ESCAPED')"),
    "set the clock": "date -s 2000-01-01 >/dev/null && echo ESCAPED",
    "type into the terminal": python(
        "import fcntl\nfor fd in (0, 1, 2):\n    try:\n        fcntl.ioctl(fd, 0x5412, b'x')\n        print('ESCAPED')\n    except OSError:\n        pass\ntry:\n    fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), 0x5412, b'x')\n    print('ESCAPED')\nexcept OSError:\n    pass"
    ),
    "keep a setuid bit": "cp /bin/true suid && chmod 4755 suid; chmod g+s suid; [ -u suid ] || [ -g suid ] && echo ESCAPED; true",
    "make a setuid file": python(
        "fd = os.open('made', os.O_CREAT | os.O_WRONLY, 0o4755)\nif os.fstat(fd).st_mode & 0o6000: print('ESCAPED')"
    ),
}
NETWORK = {
    "reach the machine's loopback": 'exec 3<>/dev/tcp/127.0.0.1/"$PORT" && echo ESCAPED',
    "reach it by IPv6": 'exec 3<>"/dev/tcp/::1/$PORT" && echo ESCAPED',
    "reach another address": "exec 3<>/dev/tcp/169.254.169.254/80 && echo ESCAPED",
    "ask a name server": python("socket.getaddrinfo('example.com', 80)\nprint('ESCAPED')"),
    "send by UDP": python(
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', ('8.8.8.8', 53))\nprint('ESCAPED')"
    ),
    "send raw packets": python("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\nprint('ESCAPED')"),
    "listen to packets": python("socket.socket(17, socket.SOCK_RAW, 3)\nprint('ESCAPED')"),
    "reach an abstract socket": python(
        "s = socket.socket(socket.AF_UNIX)\ns.connect('\\0' + os.environ['ABSTRACT'])\nprint('ESCAPED')"
    ),
    "reach a socket in the file system": python(
        "s = socket.socket(socket.AF_UNIX)\ns.connect(os.environ['SOCKET'])\nprint('ESCAPED')"
    ),
    "send to a socket in the file system": python(
        "s, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.sendto(b'x', os.environ['DATAGRAMS'])\nprint('ESCAPED')"
    ),
    "reach the host by vsock": python("socket.socket(40, socket.SOCK_STREAM)\nprint('ESCAPED')"),
    "reach the session's bus": "ls /run/dbus /run/user /run/systemd && echo ESCAPED; true",
    "reach Docker": "ls /var/run/docker.sock /run/docker.sock && echo ESCAPED; true",
    "see network devices": python(
        "names = [name for _, name in socket.if_nameindex()]\nif names not in (['lo'], []): print('ESCAPED', names)"
    ),
}
PLANTED = {
    "plant a hook": "printf '#!/bin/sh\\n' > .git/hooks/post-checkout && echo ESCAPED",
    "plant one in a repository within": "printf '#!/bin/sh\\n' > inner/.git/hooks/pre-commit && echo ESCAPED",
    "have git run something": "git config core.fsmonitor /work/x && echo ESCAPED; echo '[core]' >> .git/config && echo ESCAPED",
    "put the repository aside": "mv .git aside && mkdir -p .git/hooks && touch .git/hooks/post-checkout && echo ESCAPED",
    "put the hooks aside": "mv .git/hooks aside && echo ESCAPED; rm -rf .git/hooks && [ ! -e .git/hooks ] && echo ESCAPED; true",
    "change a start file of a shell": "echo evil >> .bashrc && echo ESCAPED; echo evil > .envrc && echo ESCAPED",
    "put a start file aside": "mv .bashrc other && echo ESCAPED; rm -f .bashrc; [ -e .bashrc ] || echo ESCAPED",
    "change what an editor runs": "echo evil > .vscode/tasks.json && echo ESCAPED; touch .vscode/new && echo ESCAPED",
    "change a skill": "echo evil >> skills/good/SKILL.md && echo ESCAPED; mkdir skills/new && echo ESCAPED",
    "write through a link that points at one": "ln -s .git/hooks way && touch way/post-merge && echo ESCAPED",
}
ATTEMPTS = {**FILES, **PROC, **PROCESSES, **KERNEL, **NETWORK, **PLANTED}
SAFE_WITHOUT = (
    "read a file beside the workspace", "read it by a link in the workspace", "read a file of the machine's /tmp",
    "read the environment of who started it", "see the machine's process", "reach the machine's loopback",
    "reach an abstract socket", "reach a socket in the file system", "plant a hook", "put the repository aside",
    "change a skill", "put the hooks aside",
)  # fmt: skip
"""Attempts that harm nothing of the machine where no wall stands: there they must get what they want."""
