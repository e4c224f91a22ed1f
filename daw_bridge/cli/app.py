"""All commands with their options. What they do stands in the module of their name, imported when they are called."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from daw_bridge import __version__
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.models import model
from daw_bridge.cli.options import ConfigFile, Engine, Folder, Json, Osc, Rate, State, job_option
from daw_bridge.errors import BadRequest, BadSetting, BridgeError, OutOfRange, UnknownKey
from plugin_host.errors import HostError

app = typer.Typer(
    name="daw-bridge",
    help="Text-to-music inside a DAW: exact bars, no seam, beats on the grid, measured before delivery.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_MORE_WORDS = {"allow_extra_args": True}  # so that a prompt without quotes is known as what it is


@app.command(epilog="Example: daw-bridge serve --folder ~/Music/clips --osc 127.0.0.1:9310")
def serve(
    config: ConfigFile = None,
    osc: Osc = None,
    folder: Folder = None,
    state: State = None,
    engine: Engine = None,
    rate: Rate = None,
    midi: Annotated[
        str | None, typer.Option("--midi", metavar="PORTS", help="MIDI inputs to open, by name or pattern; '*' is all")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="NAME", help="audio output to play on; 'default' is the system's")
    ] = None,
    preload: Annotated[
        bool, typer.Option("--preload", help="load MusicLDM at the start, not with the first job")
    ] = False,
) -> None:
    """Run the daemon: OSC in, ranked WAVs out, until Ctrl-C."""
    from daw_bridge.cli.serve import run

    run(
        config,
        osc=osc,
        folder=folder,
        state=state,
        engine=engine,
        rate=rate,
        midi=midi,
        device=device,
        preload=preload,
    )


@app.command(epilog="Example: daw-bridge demo --folder ~/Desktop/demo")
def demo(
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="where the clips stay; your Music folder if left out")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start a daemon, play a DAW to it, leave ranked WAVs."""
    from daw_bridge.cli.demo import run

    run(folder, as_json=as_json)


@app.command(epilog="Example: daw-bridge generate 'dusty breakbeat' --bars 8 --bpm 92", context_settings=_MORE_WORDS)
def generate(
    context: typer.Context,
    prompt: Annotated[
        str | None, typer.Argument(metavar="PROMPT", help="what to play; with --preset, in place of its prompt")
    ] = None,
    preset: Annotated[str | None, job_option("preset")] = None,
    bars: Annotated[str | None, job_option("bars")] = None,
    bpm: Annotated[str | None, job_option("bpm")] = None,
    meter: Annotated[str | None, job_option("meter")] = None,
    key: Annotated[str | None, job_option("key")] = None,
    takes: Annotated[str | None, job_option("takes")] = None,
    seed: Annotated[str | None, job_option("seed")] = None,
    engine: Annotated[str | None, job_option("engine")] = None,
    rate: Annotated[str | None, job_option("rate")] = None,
    more: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="any other key of a job; may be repeated")
    ] = None,
    folder: Folder = None,
    config: ConfigFile = None,
    osc: Osc = None,
    as_json: Json = False,
) -> None:
    """Make clips, by the daemon that is running or without one."""
    from daw_bridge.cli.generate import run

    keys = {
        "preset": preset,
        "bars": bars,
        "bpm": bpm,
        "meter": meter,
        "key": key,
        "takes": takes,
        "seed": seed,
        "engine": engine,
        "rate": rate,
    }
    said = {name: value for name, value in keys.items() if value is not None}
    words = [] if prompt is None else [prompt, *context.args]
    run(config, words, said, more or [], osc=osc, folder=folder, as_json=as_json)


@app.command(epilog="Example: daw-bridge mix break_92bpm.wav k3xq81ab --bars 4 --balance 0.6")
def mix(
    first: Annotated[str, typer.Argument(metavar="A", help="a WAV, or a clip: its name, its job's id, or JOB:RANK")],
    second: Annotated[str, typer.Argument(metavar="B", help="the other one")],
    bpm: Annotated[str | None, job_option("bpm")] = None,
    bars: Annotated[str | None, job_option("bars")] = None,
    balance: Annotated[str | None, job_option("balance")] = None,
    blend: Annotated[str | None, job_option("blend")] = None,
    takes: Annotated[str | None, job_option("takes")] = None,
    seed: Annotated[str | None, job_option("seed")] = None,
    rate: Annotated[str | None, job_option("rate")] = None,
    folder: Folder = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Make one loop of two, beat on beat, at A's tempo or another."""
    from daw_bridge.cli.mix import run

    keys = {"bpm": bpm, "bars": bars, "balance": balance, "blend": blend, "takes": takes, "seed": seed, "rate": rate}
    said = {name: value for name, value in keys.items() if value is not None}
    run(config, (first, second), said, folder, as_json=as_json)


@app.command(epilog="Example: daw-bridge evaluate ~/Music/daw-bridge --against ~/Music/loops")
def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="clips with sidecars, names or a captions.csv")],
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="FOLDER", help="clips that these should be like, and no copies of"),
    ] = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Measure a folder of clips: near their words, new, various."""
    from daw_bridge.cli.evaluate import run

    run(config, folder, against, as_json=as_json)


@app.command(epilog="Example: daw-bridge train ~/Music/daw-bridge --name my-breaks --minutes 30")
def train(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="loops with names or a captions.csv that tell them")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="what the result is called, and asked for by")],
    minutes: Annotated[
        float | None, typer.Option("--minutes", metavar="M", min=0.01, help="about how long it learns; 10 if left out")
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", metavar="N", min=1, help="how many steps instead")] = None,
    source: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="what learns; musicldm.checkpoint if left out")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="let all weights learn: the result is a whole checkpoint, not an adapter")
    ] = False,
    mixup: Annotated[
        str, typer.Option("--mixup", metavar="HOW", help="mix loops beat on beat while learning: none, latents, audio")
    ] = "none",
    rank: Annotated[int, typer.Option("--rank", metavar="R", min=1, max=256, help="how much an adapter can hold")] = 16,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="LR", min=1e-8, max=1.0, help="highest learning rate")
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", metavar="EVERY", min=0, help="steps between two samples; 0 is none")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="SEED", min=0, max=2**63 - 1, help="the same loops and seed learn alike")
    ] = 0,
    device: Annotated[
        str | None, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps")
    ] = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Teach MusicLDM the loops of a folder; what is stopped goes on."""
    from daw_bridge.cli.train import Limits, run, wish

    wished = wish(name, folder, None if full else rank, rate, mixup, seed)
    run(config, source, device, wished, Limits(steps, minutes, samples), as_json=as_json)


@app.command(epilog="Example: daw-bridge jobs --search dub")
def jobs(
    search: Annotated[
        str, typer.Option("--search", metavar="WORDS", help="only those in whose id, title or prompt all of them stand")
    ] = "",
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="how many, the last first")] = 20,
    config: ConfigFile = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List the jobs that were asked for, and what became of them."""
    from daw_bridge.cli.history import list_jobs

    list_jobs(config, state, search, most, as_json=as_json)


JobId = Annotated[str | None, typer.Argument(metavar="JOB", help="a job's id; the last job if left out")]
What = Annotated[list[str], typer.Argument(metavar="WHAT", help="jobs' ids, for all their clips, or files of clips")]


@app.command(epilog="Example: daw-bridge again k3xq81ab")
def again(
    job: JobId = None,
    folder: Folder = None,
    config: ConfigFile = None,
    osc: Osc = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Make an earlier job anew, with the next seed."""
    from daw_bridge.cli.again import run

    run(config, job, osc=osc, folder=folder, state=state, as_json=as_json)


@app.command(epilog="Example: daw-bridge star dub_92bpm_4bars_k3xq81ab_r1.wav")
def star(
    what: What,
    undo: Annotated[bool, typer.Option("--undo", help="take the star away")] = False,
    config: ConfigFile = None,
    state: State = None,
) -> None:
    """Give clips a star: no limit of the folder takes them."""
    from daw_bridge.cli.history import star as run

    run(config, state, what, undo=undo)


@app.command(epilog="Example: daw-bridge trash dub_92bpm_4bars_k3xq81ab_r4.wav")
def trash(what: What, config: ConfigFile = None, state: State = None) -> None:
    """Move clips into the trash; nothing is deleted."""
    from daw_bridge.cli.history import trash as run

    run(config, state, what)


@app.command(epilog="Example: daw-bridge keep dub_92bpm_4bars_k3xq81ab_r4.wav")
def keep(what: What, config: ConfigFile = None, state: State = None) -> None:
    """Take clips out of the trash again."""
    from daw_bridge.cli.history import keep as run

    run(config, state, what)


@app.command(epilog="Example: daw-bridge learn 'preset dub-techno-chords'")
def learn(
    deed: Annotated[
        str | None, typer.Argument(metavar="DO", help="such as 'preset dusty-rhodes', again, 'set takes', 'cancel all'")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="forget what was learnt last")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="take a control that does something already")] = False,
    config: ConfigFile = None,
    osc: Osc = None,
) -> None:
    """Name a thing, touch a control of your MIDI controller, done."""
    from daw_bridge.cli.learn import run

    run(config, deed, osc=osc, undo=undo, replace=replace)


@app.command(epilog="Example: daw-bridge presets")
def presets(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="one preset, to be shown in full")] = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """List the presets, or show one in full."""
    from daw_bridge.cli.presets import run

    run(config, name, as_json=as_json)


@app.command(epilog="Example: daw-bridge surfaces --install reaper")
def surfaces(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="which surfaces; or all")] = None,
    install: Annotated[bool, typer.Option("--install", help="put them into the DAW's folders")] = False,
    update: Annotated[
        bool, typer.Option("--update", help="renew what is installed: all of it if none is named")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="take away what was installed")] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help="the DAW's folder, where it is not found: for REAPER its resource path"
        ),
    ] = None,
    config: ConfigFile = None,
    osc: Osc = None,
    folder: Folder = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """List, install, update and remove what lies in the DAW."""
    from daw_bridge.cli.settings import read
    from daw_bridge.cli.surfaces import Deed, run
    from daw_bridge.surfaces.catalogue import factory_surfaces
    from daw_bridge.surfaces.places import Machine

    said = {Deed.INSTALL: install, Deed.UPDATE: update, Deed.REMOVE: remove}
    deeds = [deed for deed, wanted in said.items() if wanted] or [Deed.SHOW]
    if len(deeds) > 1:
        raise BadRequest("--install, --update and --remove are three things; say one of them")
    settings = read(config, osc=osc, folder=folder, state=state)
    run(settings, deeds[0], names or [], to, Machine.here(), factory_surfaces(), as_json=as_json)


@app.command(epilog="Example: daw-bridge devices")
def devices(config: ConfigFile = None, as_json: Json = False) -> None:
    """List the audio outputs that clips can play on."""
    from daw_bridge.cli.outputs import run

    run(config, as_json=as_json)


@app.command(epilog="Example: daw-bridge inspect clip.wav --plot clip.png")
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a WAV")],
    png: Annotated[
        Path | None,
        typer.Argument(metavar="PNG", help="name of the picture; beside the clip if left out"),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="draw it into a PNG as well")] = False,
    as_json: Json = False,
) -> None:
    """Say what a clip is, and draw it with its beats."""
    from daw_bridge.cli.inspect import run

    run(file, png, plot=plot, as_json=as_json)


@app.command(epilog="Example: daw-bridge doctor")
def doctor(
    config: ConfigFile = None,
    osc: Osc = None,
    folder: Folder = None,
    state: State = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="write a ZIP of what a report of a fault needs, without secrets"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what works here, and the remedy for what does not."""
    from daw_bridge.cli.doctor import run

    run(config, osc=osc, folder=folder, state=state, bundle=bundle, as_json=as_json)


app.add_typer(model, name="model", epilog="Example: daw-bridge model fetch")


@app.command(epilog="Example: daw-bridge version")
def version(as_json: Json = False) -> None:
    """Print the version."""
    if as_json:
        from daw_bridge.cli.screen import write_json

        write_json({"version": __version__})
    else:
        typer.echo(__version__)


def run() -> None:
    """Run the command line; exit with 0, with 2 for a bad setting or argument, and with 1 for what else went wrong."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a sign that the terminal lacks is no reason to fall over
    try:
        app(prog_name="daw-bridge")
    except (BridgeError, HostError, CommandFailed) as error:
        from daw_bridge.cli.screen import note

        note(str(error))
        sys.exit(2 if isinstance(error, (BadSetting, BadRequest, OutOfRange, UnknownKey)) else 1)
