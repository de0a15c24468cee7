"""The stub says what the module has."""

import ast
import inspect
import pathlib

import pamctl

STUB = pathlib.Path(pamctl.__file__).with_name("__init__.pyi")


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
