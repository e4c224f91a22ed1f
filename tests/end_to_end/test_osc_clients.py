"""OSC clients that nobody here wrote drive a real daemon: liblo's tools, Pure Data, python-osc."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemons import PATIENCE, Running, synced
from ports import free_port
from pythonosc.udp_client import SimpleUDPClient
from real import need

pytestmark = pytest.mark.real


def oscsend(running: Running, address: str, *arguments: str) -> None:
    """Send one message with liblo's oscsend: type tags, then values."""
    subprocess.run(
        [need("oscsend"), running.host, str(running.port), address, *arguments], check=True, timeout=PATIENCE
    )


@contextmanager
def oscdump() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Run liblo's oscdump on a free port, and wait until the port is taken."""
    port = free_port()
    with subprocess.Popen([need("oscdump"), "-L", str(port)], stdout=subprocess.PIPE, text=True) as process:
        while f":{port:04X} " not in Path("/proc/net/udp").read_text() + Path("/proc/net/udp6").read_text():
            assert process.poll() is None
        try:
            yield port, process
        finally:
            process.kill()


def lines_until(process: "subprocess.Popen[str]", *endings: str) -> list[str]:
    """Read what oscdump prints until one of `endings` is in a line; its own time stamp in front is cut off."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.split(" ", 1)[1].strip())
        if any(ending in line for ending in endings):
            return lines
    raise AssertionError(f"oscdump ended before {endings}: {lines}")


def addresses(lines: Sequence[str]) -> list[str]:
    """Return the addresses in order, each row of progress as one."""
    found: list[str] = []
    for line in lines:
        address = line.split()[0]
        if address != "/bridge/progress" or found[-1:] != ["/bridge/progress"]:
            found.append(address)
    return found


A_PRESET = "four-on-the-floor"

WHOLE_STORY = [
    "/bridge/queued",
    "/bridge/started",
    "/bridge/progress",
    "/bridge/delivered",
    "/bridge/delivered",
    "/bridge/done",
]


def test_oscsend_starts_a_job_and_oscdump_hears_its_whole_story(shared: Running) -> None:
    """Every report arrives at the port that the request names, in order, with the types of the table."""
    with oscdump() as (port, dump):
        pairs = ["id", "lo1", "bars", "1", "takes", "2", "meter", "7/8", "reply_port", str(port)]
        oscsend(shared, "/bridge/generate", "ssssisisssi", "dusty breakbeat", *pairs)
        lines = lines_until(dump, "/bridge/done", "/bridge/failed", "/bridge/error")
    assert addresses(lines) == WHOLE_STORY
    assert re.fullmatch(r'/bridge/queued sif "lo1" \d+ [\d.]+', lines[0])
    assert lines[1] == '/bridge/started ss "lo1" "sketch"'
    fractions = [float(line.split()[3]) for line in lines if line.startswith("/bridge/progress")]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] == 1
    delivered = [re.fullmatch(r'/bridge/delivered sifs "lo1" (\d) ([\d.]+) "(.+)"', line) for line in lines[-3:-1]]
    assert [match and match[1] for match in delivered] == ["1", "2"]
    assert all(match and Path(match[3]).is_file() and Path(match[3]).is_absolute() for match in delivered)
    assert re.fullmatch(r'/bridge/done sif "lo1" 2 [\d.]+', lines[-1])


@pytest.mark.parametrize(
    ("tags", "values", "starts"),
    [
        ("", [], True),
        ("i", ["1"], True),
        ("f", ["1.0"], True),
        ("T", [], True),
        ("i", ["0"], False),
        ("f", ["0.25"], False),
        ("F", [], False),
    ],
)
def test_a_preset_is_a_button(shared: Running, tags: str, values: list[str], starts: object) -> None:
    """Nothing, 1 or true start a job; 0, false or anything below a half is a release and does nothing."""
    with shared.client() as listener:
        listener.send("/bridge/notify", 1)
        synced(listener)
        oscsend(shared, f"/bridge/preset/{A_PRESET}", *([tags, *values] if tags else []))
        oscsend(shared, "/bridge/cancel", "s", "all")
        heard = [each.address for each in synced(listener)]
        listener.send("/bridge/notify", 0)
        synced(listener)
    assert ("/bridge/queued" in heard) is starts


def test_oscsend_sets_the_tempo_that_the_next_job_has(own: Running) -> None:
    """/tempo/raw, as REAPER and Bitwig say it; 59.94 as a 32-bit float is 59.94 in the name of the file."""
    oscsend(own, "/tempo/raw", "f", "59.94")
    with oscdump() as (port, dump):
        oscsend(own, "/bridge/generate", "ssisisi", "pad", "bars", "1", "takes", "1", "reply_port", str(port))
        lines_until(dump, "/bridge/done")
    assert [re.search(r"_59\.94bpm_1bars_", path.name) is not None for path in own.wavs] == [True]


def test_oscsend_cancels(own: Running) -> None:
    """A job that would take long ends in cancelled, and leaves no file."""
    with oscdump() as (port, dump):
        pairs = ["id", "long", "bars", "64", "takes", "16", "reply_port", str(port)]
        oscsend(own, "/bridge/generate", "ssssisisi", "everything", *pairs)
        lines_until(dump, "/bridge/progress")
        oscsend(own, "/bridge/cancel", "s", "long")
        assert lines_until(dump, "/bridge/cancelled", "/bridge/done")[-1] == '/bridge/cancelled s "long"'
    assert own.wavs == own.leftovers == []


PATCH = r"""#N canvas 0 0 600 500 12;
#X obj 20 20 loadbang;
#X obj 20 50 t b b;
#X msg 300 80 connect 127.0.0.1 PORT;
#X obj 20 80 delay 100;
#X msg 20 110 list bars 1 takes 2 meter 5/4;
#X obj 20 140 oscformat bridge preset PRESET;
#X obj 20 170 list prepend send;
#X obj 20 200 list trim;
#X obj 20 230 netsend -u -b;
#X obj 20 260 oscparse;
#X obj 20 290 print HEARD;
#X connect 0 0 1 0;
#X connect 1 0 3 0;
#X connect 1 1 2 0;
#X connect 2 0 8 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 8 1 9 0;
#X connect 9 0 10 0;
"""


def test_pure_data_hears_the_reports_at_the_port_it_asked_from(shared: Running, tmp_path: Path) -> None:
    """Pd sends every number as a float, and hears everything on the socket that it sent from."""
    patch = tmp_path / "ask.pd"
    patch.write_text(PATCH.replace("PORT", str(shared.port)).replace("PRESET", A_PRESET))
    command = [need("pd"), "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", str(patch)]
    heard: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as pd:
        try:
            for line in pd.stderr or ():
                words = line.split()
                if words[:1] == ["HEARD:"]:
                    heard.append(f"/{words[2]}/{words[3]}")
                if heard[-1:] in (["/bridge/done"], ["/bridge/failed"], ["/bridge/error"]):
                    break
        finally:
            pd.kill()
    assert addresses(heard) == WHOLE_STORY


def test_python_osc_is_answered(shared: Running) -> None:
    """A client of python-osc hears what it asks for on its own socket."""
    client = SimpleUDPClient(shared.host, shared.port)
    try:
        for address in ("/bridge/version", "/bridge/status", "/bridge/presets"):
            client.send_message(address, [])
            message = next(client.get_messages(PATIENCE))
            assert message.address == f"{address}.reply"
            assert message.params
    finally:
        client._sock.close()
