"""All that reads what somebody else wrote, as functions of bytes: for the coverage-guided fuzzer.

Each lets through what is none of our own errors. A first byte says which of them has the rest.
"""

import os
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from packets import valid

from daw_bridge.cli.errors import CommandFailed
from daw_bridge.config import load, settings
from daw_bridge.errors import BridgeError
from daw_bridge.midi.maps import factory_maps, read_map
from daw_bridge.presets import factory_folder, read_preset
from daw_bridge.requests import JOB_KEYS, read_pairs, read_prompt
from daw_bridge.wires.osc_addresses import REQUESTS
from daw_bridge.wires.osc_packet import NotOsc, decode, encode
from daw_bridge.wires.osc_pattern import matches, parse
from plugin_host.engines.musicldm import checkpoint
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.guide import _acid_tempo, _sound
from plugin_host.errors import HostError
from plugin_host.loops import riff
from plugin_host.loops.known import from_chunks


def packet(data: bytes) -> None:
    """Read a packet, its arguments both ways, and what they would mean to every reader of a job's keys."""
    with suppress(NotOsc):
        for message in decode(data):
            with suppress(BridgeError):
                for row in REQUESTS.values():
                    message.untagged(row.kind_after)
            with suppress(BridgeError):
                arguments = message.arguments()
                said = [each for each in arguments if not isinstance(each, bytes)]  # we never say those
                encode(message.address, [each for each in said if not isinstance(each, int) or abs(each) < 2**63])
                for each in arguments:
                    with suppress(BridgeError):
                        read_prompt(each)
                read_pairs(arguments)


def pattern(data: bytes) -> None:
    """Match a pattern against addresses."""
    with suppress(BridgeError):
        parts = parse(data[:256].decode("latin-1"))
        for address in REQUESTS:
            matches(parts, address)


def values(data: bytes) -> None:
    """Give a text, and numbers, to every reader of a job's keys and of the settings."""
    text = data[8:].decode("utf-8", "replace")
    whole, real = struct.unpack("<q", data[:8].ljust(8, b"\0"))[0], struct.unpack("<d", data[:8].ljust(8, b"\0"))[0]
    readers = [*(key.read for key in JOB_KEYS.values()), *(each.metadata["read"] for _, each in settings())]
    for read in readers:
        for value in (text, whole, real, [text, whole], None, data):
            with suppress(BridgeError):
                read(value)


def page(data: bytes) -> None:
    """Read a preset, a map and a configuration."""
    path = Path(tempfile.gettempdir()) / f"guided-{os.getpid()}.toml"
    path.write_bytes(data)
    with suppress(BridgeError):
        read_preset(path)
    with suppress(BridgeError):
        read_map(path, ["vinyl-dust"])
    with suppress(BridgeError):
        load(path, {}, {})


def weights(data: bytes) -> None:
    """Read the header of a safetensors file, and a configuration in JSON."""
    path = Path(tempfile.gettempdir()) / f"guided-{os.getpid()}.safetensors"
    path.write_bytes(data)
    with suppress(HostError):
        checkpoint.check_safetensors(path)
    with suppress(HostError):
        config = checkpoint._json(path)
        Geometry.of(type("Told", (), {"source": "x", "config": lambda _self, _part: config})())


def wav(data: bytes) -> None:
    """Read a WAV's chunks, as `inspect` and as a guide does."""
    path = Path(tempfile.gettempdir()) / f"guided-{os.getpid()}.wav"
    path.write_bytes(data)
    with suppress(CommandFailed):
        from_chunks(riff.read(path))
    _acid_tempo(path)
    with suppress(HostError):
        _sound(path, 16_000)


TARGETS: tuple[Callable[[bytes], None], ...] = (packet, pattern, values, page, weights, wav)


def one(data: bytes) -> None:
    """Do with an input what its first byte says."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


def seeds(folder: Path) -> None:
    """Write what the fuzzer begins with: things as they should be."""
    sound = b"RIFF\x48\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 8_000, 16_000, 2, 16) + b"acid\x18\0\0\0"
    wavs = [sound + struct.pack("<IHHfIHHf", 0, 60, 0x8000, 0.0, 8, 4, 4, 120.0) + b"data\x04\0\0\0\1\0\2\0"]
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    config = (
        b'{"sampling_rate":16000,"model_in_dim":64,"upsample_rates":[5,4],"block_out_channels":[8,16],"in_channels":8}'
    )
    lists = {
        0: valid()[::20],
        1: [b"/bridge/*", b"/{play,stop}", b"/bridge/pr[a-z]?ts"],
        2: [b"\0" * 8 + text for text in (b"7/8", b"F# minor", b"92.5", b"127.0.0.1", b"link, midi, live+daw")],
        3: [path.read_bytes() for path in (*factory_folder().glob("*.toml"), *factory_maps().glob("*.toml"))],
        4: [struct.pack("<Q", len(header)) + header + b"\0" * 4, config],
        5: wavs,
    }
    for target, rows in lists.items():
        for number, row in enumerate(rows):
            (folder / f"{target}-{number}").write_bytes(bytes([target]) + row)
