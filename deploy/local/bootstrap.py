#!/usr/bin/env python3
"""What must work before anything is installed: any Python 3, its standard library, this one file.

    python3 deploy/local/bootstrap.py doctor [--state FOLDER] [--port N]
    python3 deploy/local/bootstrap.py venv
    python3 deploy/local/bootstrap.py clean-state [--state FOLDER]

Written so that an old Python can at least say that it is too old. Each complaint is one line with
its fix; the exit code is 1 if there was one.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, ".tallybridge-stamp")
TOOLS = {
    "git": "install it (Debian: apt-get install git)",
    "make": "install it (Debian: apt-get install make)",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["doctor", "venv", "clean-state"])
    parser.add_argument("--state", default=".local")
    parser.add_argument("--port", default="8000")
    options = parser.parse_args()
    if options.command == "clean-state":
        return clean_state(os.path.abspath(options.state))
    found = tool_complaints()
    if not found and options.command == "venv":
        found = make_venv()
    elif options.command == "doctor":
        found += [] if found else install_complaints()
        if not found and is_current():
            words = ["-P", "-m", "local_stack", "doctor", "--state", options.state]
            return subprocess.call([VENV_PYTHON, *words, "--port", options.port])
    for line in found:
        print("- " + line, flush=True)
    return 1 if found else 0


def tool_complaints() -> "list[str]":
    """Tools that are missing, and a Python that is too old for us."""
    found = [
        name + " is missing: " + fix
        for name, fix in sorted(TOOLS.items())
        if shutil.which(name) is None
    ]
    if sys.version_info[:2] < OLDEST:
        newer = newer_python()
        if newer is not None:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 (the same file, a newer Python)
        have = ".".join(str(part) for part in sys.version_info[:2])
        found.append(
            "Python " + have + " is too old, 3.11 or later is needed: install one,"
            " and name it if it isn't on the path: make run PYTHON=/path/to/python3.12"
        )
    return found


def newer_python() -> "str | None":
    """A Python on the path that is new enough."""
    for minor in range(14, OLDEST[1] - 1, -1):
        path = shutil.which("python3." + str(minor))
        if path is not None:
            return path
    return None


def members() -> "list[str]":
    """The folders of our own packages."""
    found = [os.path.join(ROOT, "deploy", "local")]
    for room in ("libs", "services", "simulators"):
        parent = os.path.join(ROOT, room)
        names = sorted(os.listdir(parent)) if os.path.isdir(parent) else []
        found += [os.path.join(parent, name) for name in names]
    return [path for path in found if os.path.exists(os.path.join(path, "pyproject.toml"))]


def frontends() -> "list[str]":
    """Folders whose package-lock.json names what pages load in the browser."""
    found = [os.path.join(member, "frontend") for member in members()]
    return [path for path in found if os.path.exists(os.path.join(path, "package-lock.json"))]


def fingerprint() -> str:
    """Changes when what must be installed does."""
    digest = hashlib.sha256(sys.version.encode())
    declared = [os.path.join(member, "pyproject.toml") for member in members()]
    declared += [os.path.join(folder, "package-lock.json") for folder in frontends()]
    for path in [LOCK, *declared]:
        digest.update(os.path.relpath(path, ROOT).encode())
        with open(path, "rb") as content:
            digest.update(content.read())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the virtual environment holds what the lock says."""
    try:
        with open(STAMP) as stamp:
            there = [VENV_PYTHON] + [os.path.join(f, "node_modules") for f in frontends()]
            return stamp.read() == fingerprint() and all(map(os.path.exists, there))
    except OSError:
        return False


def make_venv() -> "list[str]":
    """Make the virtual environment current; what kept it from that. Does nothing if it is."""
    if is_current():
        return []
    with open(LOCK) as lock:  # two `make`s at once: the second waits and finds it done
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current():
            return []
        print("Installing the packages of requirements.lock into .venv (once)", flush=True)
        found = new_venv(VENV) or install()
        if not found:
            with open(STAMP, "w") as stamp:
                stamp.write(fingerprint())
        return found


def new_venv(folder: str) -> "list[str]":
    """A virtual environment with pip there, made anew unless a sound one of this Python is."""
    python = os.path.join(folder, "bin", "python")
    if os.path.exists(python):
        probe = [python, "-c", "import pip, sys; print(sys.version)"]
        sound = subprocess.run(probe, capture_output=True, check=False)
        if sound.returncode == 0 and sound.stdout.decode().strip() == sys.version.strip():
            return []
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if made.returncode == 0:
        return []
    said = made.stdout.decode(errors="replace")
    if "ensurepip" in said or "No module named venv" in said:
        return ["this Python has no venv module: install it (Debian: apt-get install python3-venv)"]
    return ["folder " + folder + " can't be made: " + last_line(said)]


def install() -> "list[str]":
    """Third-party packages by hash, then ours as they lie."""
    ours = [word for member in members() for word in ("--editable", member)]
    return (
        pip(VENV_PYTHON, "install", "--require-hashes", "--requirement", LOCK)
        or pip(VENV_PYTHON, "install", "--no-deps", "--no-build-isolation", *ours)
        or [line for folder in frontends() for line in npm(folder)]
    )


def npm(folder: str) -> "list[str]":
    """Install what a package-lock.json names, by its hashes; what went wrong, in a line.

    The npm of the virtual environment comes with its own Node. No package's script is run.
    """
    command = [os.path.join(VENV, "bin", "npm"), "ci", "--ignore-scripts", "--no-audit"]
    done = subprocess.run(
        [*command, "--no-fund", "--loglevel=error"],
        cwd=folder,
        env={**os.environ, "PATH": os.path.join(VENV, "bin") + os.pathsep + os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode == 0:
        return []
    said = done.stdout.decode(errors="replace")
    sys.stderr.write(said)
    return ["the pages' packages can't be installed by npm: " + last_line(said)]


def install_complaints() -> "list[str]":
    """What would keep the packages from being installed; asks pip itself to fetch a small one."""
    if is_current():
        return []
    with tempfile.TemporaryDirectory() as folder:
        venv = os.path.join(folder, "venv")
        wanted = os.path.join(folder, "requirements.txt")
        with open(wanted, "w") as requirements:
            requirements.write(small_requirement())
        python = os.path.join(venv, "bin", "python")
        words = ["download", "--no-deps", "--retries", "1", "--timeout", "10", "--dest", folder]
        return new_venv(venv) or pip(python, *words, "--require-hashes", "--requirement", wanted)


def small_requirement() -> str:
    """One small package of the lock, with its hashes."""
    with open(LOCK) as lock:
        lines = lock.read().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("iniconfig=="))
    last = next(n for n in range(first, len(lines)) if not lines[n].endswith("\\"))
    return "\n".join(lines[first : last + 1]) + "\n"


def pip(python: str, *words: str) -> "list[str]":
    """Run pip; what went wrong, in a line."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return []
    said = done.stdout.decode(errors="replace")
    unreachable = (
        "NewConnectionError",
        "Failed to establish",
        "Connection",
        "timed out",
        "resolve",
    )
    if any(word in said for word in unreachable) or "(from versions: none)" in said:
        return [
            "packages can't be downloaded: is there a network?"
            " (behind a proxy or with a mirror, tell pip: pip config set global.proxy, or"
            " global.index-url)"
        ]
    if "No space left" in said:
        return ["packages can't be installed, the disk is full: free 1 GB"]
    sys.stderr.write(said)
    return ["packages can't be installed: " + last_line(said)]


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "Error" in line]
    return (errors or lines or ["no reason given"])[-1]


def clean_state(state: str) -> int:
    """Remove a stack's folder: only one that is a stack's, and only when it isn't running."""
    if not os.path.exists(state):
        return 0
    lock_file = os.path.join(state, "lock")
    if not os.path.exists(lock_file):
        print("- " + state + " isn't a folder that `make run` made: remove it yourself")
        return 1
    with open(lock_file) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("- a stack is running in " + state + ": stop it first (Ctrl-C where it runs)")
            return 1
        shutil.rmtree(state)
    print("removed " + state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
