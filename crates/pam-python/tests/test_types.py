"""The stub says what the module has."""

import ast
import inspect
import pathlib
import subprocess
import sys

import pamctl

STUB = pathlib.Path(pamctl.__file__).with_name("__init__.pyi")
PROGRAM = pathlib.Path(__file__).with_name("typed_program.py")


def check(folder, module, *arguments):
    """Runs a part of mypy where it finds the installed package and nothing else."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_program_passes_the_strictest_check(tmp_path):
    done = check(tmp_path, "mypy", "--strict", str(PROGRAM))
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_does_not_fit_is_found(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import pamctl\n"
        "def end(vault: pamctl.Client, session: pamctl.Session) -> None:\n"
        "    vault.terminate(1.5)\n"
        "    vault.terminate(session.session_id)\n"
        "    vault.sessions(users='a')\n"
        "    session.user = 'root'\n"
    )
    done = check(tmp_path, "mypy", "--strict", str(wrong))
    lines = [line.split(":")[1] for line in done.stdout.splitlines() if "error:" in line]
    assert lines == ["3", "4", "5", "6"], done.stdout + done.stderr


def test_the_stub_is_whole(tmp_path):
    done = check(tmp_path, "mypy.stubtest", "pamctl", "--ignore-missing-stub")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_is_installed():
    assert STUB.exists()
    assert STUB.with_name("py.typed").exists()


def test_every_name_is_in_the_stub_and_documented():
    stub = ast.parse(STUB.read_text())
    named = {node.name for node in stub.body if hasattr(node, "name")}
    assert named | {"__version__"} == set(pamctl.__all__)
    for name in named:
        assert inspect.getdoc(getattr(pamctl, name)), name


def test_every_member_is_in_the_stub():
    stub = {node.name: node for node in ast.parse(STUB.read_text()).body if hasattr(node, "name")}
    for name in ("Client", "Session", "Sessions", "Outcome"):
        public = {member for member in vars(getattr(pamctl, name)) if not member.startswith("_")}
        described = {
            node.name
            for node in stub[name].body
            if hasattr(node, "name") and not node.name.startswith("_")
        }
        assert public == described, name


def test_the_signatures_agree():
    stub = {node.name: node for node in ast.parse(STUB.read_text()).body if hasattr(node, "name")}
    methods = {node.name: node for node in stub["Client"].body if hasattr(node, "args")}
    pairs = [(pamctl.sign, stub["sign"])]
    pairs += [(getattr(pamctl.Client, name), methods[name]) for name in ("sessions", "terminate")]
    pairs += [(pamctl.Client, methods["__new__"])]
    for function, described in pairs:
        names = [name for name in inspect.signature(function).parameters if name != "self"]
        args = described.args
        stated = [arg.arg for arg in args.args + args.kwonlyargs if arg.arg not in ("self", "cls")]
        assert names == stated, function
