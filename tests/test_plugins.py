"""Plugins: what is wrong with one is said where people look for it, and never stops the others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from inspect import getfile, signature
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import Command
from typer.testing import CliRunner

import reenactbench
from reenactbench import ReenactbenchError, hookimpl, hookspecs
from reenactbench.cli import build_app, main
from reenactbench.datasets.synthetic.dataset import Synthetic
from reenactbench.engine.networks import backbone_name, way_of_cropping
from reenactbench.engine.setup import load_metrics
from reenactbench.hookspecs import Register
from reenactbench.interfaces import Backbone
from reenactbench.plugins import PluginReport, Plugins, load_plugins

# Six distributions, as other people would publish them: name of the plugin -> module -> source; the first module is
# what the entry point names.

MARK = "from reenactbench import hookimpl\n\n@hookimpl\n"
RAISING = """\
def register_methods(register):
    register("half", "raising_hook:Half")
    raise OSError("no licence\\nfile")
"""
GOOD = """\
def register_methods(register):
    register("good", "good_heavy:Good", summary="all is well", licence="MIT")

@hookimpl
def register_commands(app):
    app.command()(greet)

def greet(name: str):
    "Say hello."
    print("hello", name)
"""
DISTRIBUTIONS = {
    "bad-import": {"bad_import": "import a_package_nobody_has\n"},
    "bad-signature": {"bad_signature": MARK + "def register_methods(registry): pass\n"},
    "misspelt-hook": {"misspelt_hook": MARK + "def register_methdos(register): pass\n"},
    "raising-hook": {"raising_hook": MARK + RAISING},
    "taken-name": {"taken_name": MARK + "def register_methods(register): register('copy-target', 'taken_name:X')\n"},
    "good": {"good_plugin": MARK + GOOD, "good_heavy": "class Good: ...\n"},
}
ERRORS = {
    "bad-import": "does not load: ModuleNotFoundError: No module named 'a_package_nobody_has'",
    "bad-signature": "has a bad hook: PluginValidationError: .*register_methods.*registry.*",
    "misspelt-hook": "has a bad hook: PluginValidationError: .*register_methdos.*",
    "raising-hook": "hook register_methods raised OSError: no licence file",
    "taken-name": re.escape(
        "method 'copy-target' of plugin 'taken-name' (reenactbench-taken-name 1.0) is refused: "
        f"plugin 'methods' (reenactbench {reenactbench.__version__}) has that name already"
    ),
}


def wheel(folder: Path, plugin: str, modules: Mapping[str, str]) -> Path:
    """A pure Python distribution `reenactbench-PLUGIN`, zipped by hand because that needs no build backend."""
    distribution = f"reenactbench_{plugin.replace('-', '_')}-1.0"
    info = f"{distribution}.dist-info"
    files = {f"{name}.py": source for name, source in modules.items()} | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: reenactbench-{plugin}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[reenactbench]\n{plugin} = {next(iter(modules))}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    path = folder / f"{distribution}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH in which pip has installed the six."""
    folder = tmp_path_factory.mktemp("wheels")
    wheels = [wheel(folder, plugin, modules) for plugin, modules in DISTRIBUTIONS.items()]
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", folder / "site", *wheels], check=True, timeout=120)
    return folder / "site"


@pytest.fixture
def with_six(cli: Command, installed: Path) -> Command:
    """The command line with the six installed."""
    return lambda *words: cli(*words, env={"PYTHONPATH": str(installed)})


def test_each_broken_distribution_is_named_with_its_cause(with_six: Command) -> None:
    done = with_six("plugins", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    described = {plugin["name"]: plugin for plugin in json.loads(done.stdout)}
    assert described["good"] == {
        "name": "good",
        "distribution": "reenactbench-good",
        "version": "1.0",
        "registers": {"methods": ["good"], "commands": ["greet"]},
        "errors": [],
    }
    for name, expected in ERRORS.items():
        (error,) = described[name]["errors"]
        assert re.fullmatch(expected, error)
        assert (described[name]["distribution"], described[name]["registers"]) == (f"reenactbench-{name}", {})
    assert [described[name]["errors"] for name in ("core", "methods")] == [[], []]


def test_plugins_for_people_puts_the_error_under_the_plugin(with_six: Command) -> None:
    lines = with_six("plugins").stdout.splitlines()
    at = lines.index("raising-hook  (reenactbench-raising-hook 1.0)")
    assert lines[at + 1] == "  ERROR: hook register_methods raised OSError: no licence file"
    at = lines.index("good  (reenactbench-good 1.0)")
    assert lines[at + 1 : at + 3] == ["  methods: good", "  commands: greet"]


def test_what_is_not_broken_is_listed(with_six: Command) -> None:
    done = with_six("list", "methods", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = {method["name"]: method for method in json.loads(done.stdout)}
    assert listed["good"] == {
        "licence": "MIT",
        "name": "good",
        "summary": "all is well",
        "plugin": "good",
        "distribution": "reenactbench-good",
        "version": "1.0",
    }
    assert listed["copy-target"]["distribution"] == "reenactbench"
    assert "half" not in listed


def test_listing_imports_nothing_heavy(installed: Path) -> None:
    code = (
        "import sys; from reenactbench.cli import main; status = main(['list', 'methods']); heavy = "
        "{'torch', 'cv2', 'insightface', 'onnxruntime', 'good_heavy'}; print(status, heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "good" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 set()"


def test_a_command_of_a_plugin_is_in_the_help_and_runs(with_six: Command) -> None:
    text = with_six("--help").stdout
    assert re.search(r"greet +Say hello\.", text)
    assert re.search(r"doctor +Check the installation", text)
    done = with_six("greet", "you")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello you\n", "")


def test_a_half_removed_distribution_is_a_plugin_that_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "left_over-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[reenactbench]\nleft-over = left_over\n")
    monkeypatch.syspath_prepend(tmp_path)
    (report,) = (report for report in load_plugins().reports if report.name == "left-over")
    assert report == PluginReport(
        "left-over", "unknown", "", ["does not load: ModuleNotFoundError: No module named 'left_over'"]
    )


# --plugin FILE

MINE = MARK + "def register_methods(register): register('mine', Mine, summary='my own')\nclass Mine: ...\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("words", ["--plugin {} list methods --json", "list methods --json --plugin={}"])
def test_plugin_file_may_stand_anywhere(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "mine.py", MINE)
    assert main(words.format(file).split()) == 0
    (mine,) = (method for method in json.loads(capsys.readouterr().out) if method["name"] == "mine")
    assert re.fullmatch("sha256:[0-9a-f]{12}", mine.pop("version"))
    assert mine == {"name": "mine", "summary": "my own", "plugin": "mine.py", "distribution": "file mine.py"}


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("notes.txt", "", "does not load: ImportError: {} is not a Python file"),
        ("raises.py", "1 / 0", "does not load: ZeroDivisionError: division by zero"),
        ("exits.py", "raise SystemExit('needs a licence')", "does not load: SystemExit: needs a licence"),
        ("plain.py", "def register_methods(register): ...", "has no hook: no function in it is marked with "),
    ],
)
def test_plugin_file_that_cannot_be_used_is_said_at_once(
    name: str, text: str, error: str, tmp_path: Path, cli: Command
) -> None:
    file = write(tmp_path / name, text)
    done = cli("list", "methods", "--plugin", file)
    assert done.returncode == 0
    assert "copy-target" in done.stdout
    assert done.stderr.startswith(f"WARNING: --plugin {file} {error.format(file)}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("--plugin", "gone.py"), ("--plugin=gone.py",), ("--plugin",)])
def test_plugin_file_that_is_not_there_is_bad_input(words: tuple[str, ...], cli: Command) -> None:
    done = cli("list", "methods", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --plugin ")
    assert done.stderr.endswith(": there is no such file\n")


def test_one_file_given_twice_is_one_plugin(tmp_path: Path) -> None:
    file = write(tmp_path / "a" / "mine.py", MINE)
    reports = load_plugins([file, tmp_path / "a" / ".." / "a" / "mine.py"]).reports
    assert [report.errors for report in reports if report.name == "mine.py"] == [[]]


def test_two_files_of_one_name_are_two_plugins(tmp_path: Path) -> None:
    files = [write(tmp_path / "a" / "mine.py", MINE), write(tmp_path / "b" / "mine.py", MINE.replace("'mine'", "'b'"))]
    reports = load_plugins(files).reports[-2:]
    assert [[entry.name for entry in report.entries] for report in reports] == [["mine"], ["b"]]
    assert [Path(getfile(report.plugin.Mine)) for report in reports] == [file.resolve() for file in files]


def test_metadata_cannot_disguise_the_owner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posing = MINE.replace("summary='my own'", "distribution='reenactbench', plugin='core', version='1'")
    file = write(tmp_path / "posing.py", posing)
    assert main(["list", "methods", "--json", "--plugin", str(file)]) == 0
    row = json.loads(capsys.readouterr().out)[-1]
    assert (row["name"], row["plugin"], row["distribution"]) == ("mine", "posing.py", "file posing.py")


def test_what_a_plugin_prints_while_it_is_imported_is_no_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugins", "--json", "--plugin", str(write(tmp_path / "mine.py", "print('hello')\n" + MINE))]) == 0
    printed = capsys.readouterr()
    assert (json.loads(printed.out)[-1]["name"], printed.err) == ("mine.py", "hello\n")


# The hooks, with plugins that are objects


class Methods:
    """A plugin that makes these calls."""

    def __init__(self, *calls: Callable[[Register], None]) -> None:
        self.calls = calls

    @hookimpl
    def register_methods(self, register: Register) -> None:
        for call in self.calls:
            call(register)


def added(**plugins: object) -> Plugins:
    """These plugins alone, each of the distribution `dist-NAME`."""
    found = Plugins()
    for name in plugins:
        found.add(PluginReport(name, f"dist-{name}", "1.0"), partial(plugins.__getitem__, name))
    return found


def errors(plugins: Plugins) -> dict[str, list[str]]:
    return {report.name: report.errors for report in plugins.reports if report.errors}


def test_every_hook_reaches_a_plugin(tmp_path: Path) -> None:
    hooks = {name: signature(hook) for name, hook in vars(hookspecs).items() if hasattr(hook, "reenactbench_spec")}
    source = "from reenactbench import hookimpl\ncalled = []\n"
    for name, hook in hooks.items():
        source += f"@hookimpl\ndef {name}({', '.join(hook.parameters)}): called.append({name!r})\n"
    plugins = load_plugins([write(tmp_path / "all.py", source)])
    plugins.add_commands(typer.Typer())
    for name in ("run_started", "cell_finished", "run_finished"):
        plugins.notify(name, **dict.fromkeys(hooks[name].parameters))
    assert plugins.reports[-1].errors == []
    assert plugins.reports[-1].plugin.called == list(hooks)


def test_a_hook_that_raises_takes_everything_of_its_plugin_along() -> None:
    told: list[str] = []

    class Half:
        @hookimpl
        def register_methods(self, register: Register) -> None:
            register("kept", "half:Kept")

        @hookimpl
        def register_metrics(self, register: Register) -> None:
            raise RuntimeError("only on Tuesdays")

        @hookimpl
        def run_started(self, run: dict[str, Any]) -> None:
            told.append("half")

    plugins = added(half=Half(), whole=Methods(lambda register: register("whole", "whole:Whole")))
    plugins.notify("run_started", run={})
    assert errors(plugins) == {"half": ["hook register_metrics raised RuntimeError: only on Tuesdays"]}
    assert [entry.name for entry in plugins.registry.of("methods")] == ["whole"]
    assert told == []


def call_with(name: str, register: Register) -> None:
    register(name, "m:X")


BAD_NAME = (
    "method {}: write a name of at most 64 letters from A to Z, digits and . _ + -, and of a backbone KIND/SCHEME"
)
LONGEST = "a" * 64


@pytest.mark.parametrize(
    ("call", "error"),
    [
        *(
            (partial(call_with, name), "ValueError: " + BAD_NAME.format(repr(name)))
            for name in (
                "a b",
                "a/b",
                "",
                "..",
                "-a",
                ".a",
                "a\n",
                "a\x1b[31m",
                "\N{CYRILLIC SMALL LETTER A}",
                LONGEST + "a",
            )
        ),
        (
            partial(call_with, "Truth"),
            "ValueError: method 'Truth': the report calls one of its rows of pictures so; write another name",
        ),
        (lambda register: register("a", "m.X"), "ValueError: method 'a': target 'm.X' is not 'module:attr'"),
        (lambda register: register(["a"], "m:X"), "TypeError: method ['a']: name, summary and metadata must be text"),
        (
            lambda register: register("a", "m:X", year=2020),
            "TypeError: method 'a': name, summary and metadata must be text",
        ),
    ],
)
def test_what_could_not_be_listed_is_refused_where_it_is_registered(
    call: Callable[[Register], None], error: str
) -> None:
    assert errors(added(odd=Methods(call))) == {"odd": [f"hook register_methods raised {error}"]}


def test_a_name_may_have_64_characters_and_hides_none_that_differs_in_more_than_case() -> None:
    plugins = added(p=Methods(*(partial(call_with, name) for name in (LONGEST, "mine", "mine2", "0.+-_"))))
    assert [entry.name for entry in plugins.registry.of("methods")] == [LONGEST, "mine", "mine2", "0.+-_"]
    plugins = added(first=Methods(partial(call_with, "mine")), second=Methods(partial(call_with, "Mine")))
    assert errors(plugins) == {
        "second": [
            "method 'Mine' of plugin 'second' (dist-second 1.0) is refused: "
            "plugin 'first' (dist-first 1.0) has that name already, as 'mine'"
        ]
    }
    with pytest.raises(ReenactbenchError, match="there is no method 'Mine'; did you mean mine"):
        plugins.registry.find("methods", "Mine")


def test_metadata_may_have_any_name() -> None:
    plugins = added(p=Methods(lambda register: register("mine", "m:X", kind="GAN", owner="me", report="2020")))
    (entry,) = plugins.registry.of("methods")
    assert (entry.owner, entry.metadata) == ("p", {"kind": "GAN", "owner": "me", "report": "2020"})


def test_a_taken_name_is_refused_with_both_owners_and_the_other_names_stay() -> None:
    plugins = added(
        first=Methods(lambda register: register("same", "first:X")),
        second=Methods(lambda register: register("same", "second:X"), lambda register: register("other", "second:Y")),
    )
    assert errors(plugins) == {
        "second": [
            "method 'same' of plugin 'second' (dist-second 1.0) is refused: "
            "plugin 'first' (dist-first 1.0) has that name already"
        ]
    }
    assert [(entry.name, entry.owner) for entry in plugins.registry.of("methods")] == [
        ("same", "first"),
        ("other", "second"),
    ]


def test_one_plugin_under_two_names_is_one_plugin() -> None:
    plugin = Methods(lambda register: register("mine", "m:X"))
    assert errors(added(one=plugin, two=plugin)) == {"two": ["is loaded already under another name"]}


def test_an_observer_that_raises_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    class Raises:
        @hookimpl
        def cell_finished(self, method: str) -> None:
            raise RuntimeError("disk full")

    class Tells:
        @hookimpl
        def cell_finished(self, method: str, status: str) -> None:
            told.append(f"{method} {status}")

    plugins = added(before=Tells(), broken=Raises(), after=Tells())
    plugins.notify("cell_finished", method="mine", pair_id="self/001", status="ok", reason="")
    assert told == ["mine ok", "mine ok"]
    assert [record.getMessage() for record in caplog.records] == [
        "plugin broken: hook cell_finished raised RuntimeError: disk full"
    ]


# Commands


class Commands:
    """A plugin that adds these functions as commands, and raises afterwards if it is told to."""

    def __init__(self, *functions: Callable[..., None], error: Exception | None = None) -> None:
        self.functions, self.error = functions, error

    @hookimpl
    def register_commands(self, app: typer.Typer) -> None:
        for function in self.functions:
            app.command()(function)
        if self.error is not None:
            raise self.error


def hello() -> None:
    print("hello")


def other() -> None:
    print("other")


def unbuildable(value: Misspelt) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Typer looks at the annotation when it builds the command line."""


def test_a_plugin_with_a_broken_command_is_reported_and_adds_none() -> None:
    plugins = added(
        raises=Commands(other, error=RuntimeError("no display")),
        unbuildable=Commands(other, unbuildable),
        good=Commands(hello),
        thief=Commands(hello, other),
    )
    runner, app = CliRunner(), build_app(plugins)
    assert runner.invoke(app, ["hello"]).stdout == "hello\n"
    assert runner.invoke(app, ["other"]).exit_code == 2
    assert errors(plugins) == {
        "raises": ["hook register_commands raised RuntimeError: no display"],
        "unbuildable": ["hook register_commands raised NameError: name 'Misspelt' is not defined"],
        "thief": [
            "command 'hello' of plugin 'thief' (dist-thief 1.0) is refused: "
            "plugin 'good' (dist-good 1.0) has that name already"
        ],
    }


# Targets and names


def test_a_target_is_the_object_or_is_imported_when_it_is_first_used() -> None:
    plugins = added(
        p=Methods(lambda register: register("object", Path), lambda register: register("lazy", "pathlib:Path"))
    )
    assert [entry.load() for entry in plugins.registry.of("methods")] == [Path, Path]


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("no_such_module:X", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("pathlib:Pth", "AttributeError: module 'pathlib' has no attribute 'Pth'"),
        ("exits_on_import:X", "SystemExit: 3"),
    ],
)
def test_a_target_that_cannot_be_imported_is_one_sentence(
    target: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "exits_on_import.py", "raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    file = write(tmp_path / "ghost.py", MARK + f"def register_methods(register): register('ghost', '{target}')\n")
    assert main(["run", "--method", "ghost", "--plugin", str(file)]) == 2
    printed = capsys.readouterr()
    version = load_plugins([file]).reports[-1].version
    assert printed.out == ""
    assert printed.err == (
        f"error: method 'ghost' of plugin 'ghost.py' (file ghost.py {version}) "
        f"cannot be loaded from '{target}': {error}\n"
    )


HINT = "(`reenactbench list methods` shows all, `reenactbench plugins` why one failed to load)"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("blendd", f"there is no method 'blendd'; did you mean blend? {HINT}"),
        ("xyz", f"there is no method 'xyz'; did you mean blend, copy? {HINT}"),
    ],
)
def test_a_name_that_is_not_there_gets_the_nearest_ones(name: str, error: str) -> None:
    plugins = added(
        p=Methods(lambda register: register("blend", "p:Blend"), lambda register: register("copy", "p:Copy"))
    )
    with pytest.raises(ReenactbenchError, match=f"^{re.escape(error)}$"):
        plugins.registry.find("methods", name)


def test_a_kind_that_nobody_registers_says_so() -> None:
    with pytest.raises(ReenactbenchError, match="there is no report section 'x'; no plugin registers"):
        Plugins().registry.find("report_sections", "x")


# What variants call networks


class Network(Backbone):
    """A network that sees nothing, of any kind, under whatever argument."""

    sha256 = "0"

    def extract(self, images: Any, context: Any) -> Mapping[str, Any]:
        return {}


class Networks:
    """A plugin with one detector, and an identity network registered with this metadata."""

    def __init__(self, **metadata: str) -> None:
        self.metadata = metadata

    @hookimpl
    def register_backbones(self, register: Register) -> None:
        register("detector/boxes", lambda argument, device: Network(), label="boxes")
        register("identity/own", lambda argument, device: Network(), **self.metadata)

    @hookimpl
    def register_metrics(self, register: Register) -> None:
        register("csim", "reenactbench.metrics.csim:CSIM")
        register("fd", "reenactbench.metrics.fd:FD")


@pytest.mark.parametrize(
    ("metadata", "variants"),
    [
        ({}, ["csim/own-net/detect5-boxes@1", "fd/own-net/detect5-boxes@1"]),
        ({"cropping": "crop"}, ["csim/own-net/crop-boxes@1", "fd/own-net@1"]),
        ({"cropping": "crop", "label": "boxes"}, ["csim/boxes/crop@1", "fd/boxes@1"]),
        ({"cropping": "eyes", "label": "own.{file}"}, ["csim/own.net/eyes-boxes@1", "fd/own.net/eyes-boxes@1"]),
    ],
)
def test_an_identity_network_says_how_it_crops_where_it_is_registered(
    metadata: dict[str, str], variants: list[str]
) -> None:
    registry = added(p=Networks(**metadata)).registry
    specs = {"detector": "boxes:any", "identity": "own:net.onnx"}
    assert [spec.variant for spec in load_metrics(registry, ["csim", "fd"], specs, "cpu")] == variants


def test_without_an_identity_network_a_variant_still_has_a_name() -> None:
    (spec,) = load_metrics(added(p=Networks()).registry, ["csim"], {"detector": "boxes:any"}, "cpu")
    assert (spec.variant, spec.missing) == (
        "csim/none/detect5-boxes@1",
        "no identity network is given; name one with --identity",
    )


@pytest.mark.parametrize("kind", ["detector", "identity", "landmarks"])
def test_the_packages_own_networks_lend_their_name_to_no_other_file(kind: str, plugins: Plugins) -> None:
    own = Synthetic.backbones[kind]
    for spec, name in (
        (own, "synthface"),
        ("synthface:/tmp/other.safetensors", "synthface-other"),
        (own.replace(":", ":elsewhere/"), f"synthface-{own.partition(':')[2].removesuffix('.safetensors')}"),
    ):
        assert backbone_name(plugins.registry, kind, spec) == name


def test_the_built_in_networks_say_how_they_crop(plugins: Plugins) -> None:
    assert way_of_cropping(plugins.registry, Synthetic.backbones["identity"]) == "crop"
    assert way_of_cropping(plugins.registry, "insightface:buffalo_l") == "detect5"


# What plugin authors import


def test_each_public_name_is_the_thing_of_that_name() -> None:
    names = {name: getattr(reenactbench, name) for name in reenactbench.__all__}
    assert names.pop("hookimpl") is hookspecs.hookimpl
    assert {name: public.__name__ for name, public in names.items()} == {name: name for name in names}


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'reenactbench' has no attribute 'Methd'"):
        reenactbench.Methd  # noqa: B018 - the access is the test
