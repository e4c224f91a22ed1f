"""Every request of the table, over real UDP, right and wrong; whatever is sent, the daemon answers and lives."""

import os
import random
import struct
import time
from pathlib import Path

import pytest
from daemons import PATIENCE, Running, daemon, endings, follow, synced
from mistakes import BAD
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from daw_bridge import __version__
from daw_bridge.client import Client, Heard
from daw_bridge.wires.osc_packet import Argument, encode


def status(client: Client) -> dict[str, Argument]:
    """Ask for the status and return it by name."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    assert heard is not None
    return {str(name): value for name, value in zip(heard.arguments[::2], heard.arguments[1::2], strict=True)}


def refusal(client: Client, address: str, *arguments: Argument) -> tuple[Argument, ...]:
    """Send what must be refused, and return address, code and message of the refusal."""
    client.send(address, *arguments)
    (heard,) = synced(client)
    assert heard.address == "/bridge/error", heard
    return heard.arguments


@pytest.mark.parametrize(("address", "arguments", "code", "hint"), BAD)
def test_a_bad_request_is_answered_with_its_code_and_a_remedy(
    shared: Running, address: str, arguments: list[Argument], code: str, hint: str
) -> None:
    """The refusal names the address that was sent; no job was accepted, no file left."""
    with shared.client() as client:
        before = status(client)
        sent, told, message = refusal(client, address, *arguments)
        after = status(client)
    assert (sent, told) == (address, code)
    assert hint in str(message)
    assert before["waiting"] == after["waiting"] == 0


def test_a_prompt_of_a_hundred_thousand_characters_does_no_harm(shared: Running) -> None:
    """No UDP packet holds it, so the longest that does is sent: it is refused in a few words."""
    with shared.client() as client:
        _, code, message = refusal(client, "/bridge/generate", "x" * 60_000)
        assert code == "out_of_range"
        assert len(str(message)) < 300


def test_questions_are_answered_at_their_address(shared: Running) -> None:
    """Version, presets, status and sync are answered to the asker alone."""
    with shared.client() as client, shared.client() as other:
        version = client.ask("/bridge/version", "/bridge/version.reply", PATIENCE)
        presets = client.ask("/bridge/presets", "/bridge/presets.reply", PATIENCE)
        number = client.ask("/bridge/sync", "/bridge/synced", PATIENCE, -7)
        assert version == Heard("/bridge/version.reply", (__version__,))
        assert presets is not None
        assert len(presets.arguments) >= 24
        assert number == Heard("/bridge/synced", (-7,))
        assert synced(other) == []


def test_the_session_follows_and_the_next_job_has_it(own: Running) -> None:
    """Tempo, meter, key and rate, in the types in which controllers mix them, end in the name of the file."""
    with own.client() as client:
        for address, arguments in (
            ("/bridge/tempo", ["92.5"]),
            ("/bridge/meter", [7.0, "8"]),
            ("/bridge/key", ["F# minor"]),
            ("/bridge/samplerate", [44100.0]),
        ):
            client.send(address, *arguments)
        assert synced(client) == []
        now = status(client)
        assert (now["tempo"], now["meter"], now["key"], now["samplerate"]) == (92.5, "7/8", "F# minor", 44100)
        client.send("/bridge/generate", "Dusty Breakbeat!", "id", "s1", "bars", 2, "takes", 1)
        (path,) = follow(client).paths
        assert path.name == "dusty-breakbeat_92.5bpm_Fsharpmin_2bars_s1_r1.wav"
        client.send("/time/signature", "3 / 4")
        client.send("/bridge/key", "none")
        synced(client)
        now = status(client)
        assert (now["meter"], now["key"]) == ("3/4", "none")


def test_again_is_the_same_recipe_with_the_next_seed(own: Running) -> None:
    """By id, by a button, and with other keys laid over it."""
    with own.client() as client:
        client.send("/bridge/again")
        (heard,) = synced(client)
        assert heard.arguments[1] == "unknown_job"
        client.send("/bridge/generate", "dub", "id", "first", "seed", 2**63 - 2, "bars", 1, "takes", 1)
        follow(client)
        seeds = []
        for arguments in (("first", "id", "x1"), (), (1.0,), ("bars", 2, "id", "x4"), ("x4", "seed", 5)):
            client.send("/bridge/again", *arguments)
            story = follow(client)
            seeds.append(sidecar(story.paths[0])["plan"]["seed"])
        client.send("/bridge/again", 0.0)
        assert synced(client) == []
    assert seeds == [2**63 - 1, 0, 1, 2, 5]
    assert "_2bars_" in story.paths[0].name


def sidecar(path: Path) -> "dict[str, dict[str, object]]":
    """Return the birth certificate of a clip."""
    import json  # noqa: PLC0415

    loaded: dict[str, dict[str, object]] = json.loads(path.with_name(path.name[: -len(".wav")] + ".json").read_text())
    return loaded


def test_subscribers_hear_of_the_jobs_of_others(shared: Running) -> None:
    """Until they unsubscribe; and nobody hears a thing twice."""
    with shared.client() as asker, shared.client() as listener:
        for client in (asker, listener):
            client.send("/bridge/notify", 1)
            synced(client)
        asker.send("/bridge/generate", "pad", "bars", 1, "takes", 1, "reply_port", asker.port)
        mine, theirs = follow(asker), follow(listener)
        assert mine.heard == theirs.heard
        assert mine.addresses.count("/bridge/queued") == 1
        for client in (asker, listener):
            client.send("/bridge/notify", 0)
            synced(client)
        asker.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        follow(asker)
        assert synced(listener) == []


def test_an_id_counts_once(shared: Running) -> None:
    """A second job of that name is refused, also when the first is done."""
    with shared.client() as client:
        client.send("/bridge/generate", "pad", "id", "once", "bars", 1, "takes", 1)
        follow(client)
        assert refusal(client, "/bridge/generate", "pad", "id", "once")[1] == "duplicate_id"


def test_a_bundle_runs_in_order_and_its_time_is_a_launch_time(own: Running) -> None:
    """A time tag an hour ahead delays nothing; it ends up in the sidecar."""
    launch = float(int(time.time()) + 3_600)
    builder = OscBundleBuilder(launch)
    for address, arguments in (
        ("/bridge/tempo", [100.0]),
        ("/bridge/generate", ["dub", "id", "b1", "bars", 1, "takes", 1]),
        ("/bridge/tempo", [110.0]),
    ):
        message = OscMessageBuilder(address)
        for each in arguments:
            message.add_arg(each)
        builder.add_content(message.build())
    with own.client() as client:
        client.send_packet(builder.build().dgram)
        (path,) = follow(client, "b1").paths
        assert "_100bpm_" in path.name
        assert status(client)["tempo"] == 110
    assert sidecar(path)["request"]["launch"] == pytest.approx(launch, abs=1e-3)


def test_a_pattern_reaches_every_address_that_it_matches(shared: Running) -> None:
    """OSC 1.0: ? * [] {} in an address are a pattern."""
    with shared.client() as client:
        client.send("/bridge/{version,presets}")
        assert {each.address for each in synced(client)} == {"/bridge/version.reply", "/bridge/presets.reply"}


def test_each_address_of_a_pattern_is_answered_for_itself(shared: Running) -> None:
    """That one refuses the arguments keeps no other from taking them."""
    with shared.client() as client:
        client.send("/bridge/{meter,sync}", 4711)
        assert [each.address for each in client.hear(0.5)] == ["/bridge/error", "/bridge/synced"]


def test_a_monstrous_address_is_refused_in_few_words(shared: Running) -> None:
    """A pattern of ten thousand parts is not even looked at, and the answer fits into a packet."""
    with shared.client() as client:
        sent, code, message = refusal(client, "/bridge/preset/" + "*{,}" * 12_000)
        assert code == "unknown_address"
        assert len(str(sent)) + len(str(message)) < 600


def test_numbers_may_be_text_on_a_button_too(shared: Running) -> None:
    """The text 0 is a release wherever the number is, and an id of many digits is an id."""
    with shared.client() as client:
        for address in ("/bridge/preset/four-on-the-floor", "/bridge/stop", "/bridge/again"):
            client.send(address, "0")
        assert synced(client) == []
        client.send("/bridge/generate", "pad", "id", 1234567, "bars", 1, "takes", 1, "seed", 5)
        follow(client)
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1, "seed", 50)
        follow(client)
        client.send("/bridge/again", 1234567)
        assert sidecar(follow(client).paths[0])["plan"]["seed"] == 6


def test_refusals_reach_the_port_that_was_named(shared: Running) -> None:
    """In whatever case its key was written."""
    with shared.client() as asker, shared.client() as listener:
        synced(listener)
        asker.send("/bridge/generate", "x", "bars", 0, "Reply_Port", listener.port)
        assert [each.address for each in synced(asker)] == ["/bridge/error"]
        assert [each.address for each in synced(listener)] == ["/bridge/error"]


def test_those_who_left_without_a_word_keep_nobody_out(own: Running) -> None:
    """Of a hundred subscribers that never unsubscribed, the last come are heard."""
    for _ in range(100):
        with own.client() as passing:
            passing.send("/bridge/notify", 1)
            synced(passing)
    with own.client() as client:
        assert int(str(status(client)["subscribers"])) <= 64
        client.send("/bridge/notify", 1)
        assert synced(client) == []


def test_a_folder_whose_name_is_no_text_still_works(tmp_path: Path) -> None:
    """A path that UTF-8 cannot say is reported as well as it can be, and jobs go on."""
    odd = tmp_path / os.fsdecode(b"clips-\xff")
    odd.mkdir()
    with daemon(tmp_path, "--folder", str(odd)) as running, running.client() as client:
        assert "clips-?" in str(status(client)["folder"])
        for _ in range(2):
            client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
            assert follow(client).ending.address == "/bridge/done"
    assert len(list(odd.glob("*.wav"))) == 2


def test_what_is_no_osc_is_counted_and_dropped(shared: Running) -> None:
    """Ten thousand packets of random bytes, and broken ones: no answer, no harm, and the count is right."""
    dice = random.Random(7)
    junk = [b"/", b"x" * 65_507, b"#bundle\0" + b"\xff" * 32, b"/x\0\0,i", b"GET / HTTP/1.1\r\n\r\n"]
    with shared.client() as client:
        before = int(str(status(client)["not_osc"]))
        sent = 0
        for number in range(10_000):
            packet = junk[number] if number < len(junk) else b"\xff" + dice.randbytes(dice.randrange(400))
            client.send_packet(packet)
            sent += 1
            if number % 50 == 0:
                assert synced(client) == []
        assert synced(client) == []
        assert int(str(status(client)["not_osc"])) - before == sent


def test_deep_bundles_are_opened(shared: Running) -> None:
    """Fifty levels deep is still OSC."""
    packet = encode("/bridge/sync", [50])
    for _ in range(50):
        packet = b"#bundle\0" + struct.pack(">Qi", 1, len(packet)) + packet
    with shared.client() as client:
        client.send_packet(packet)
        assert next(client.hear(PATIENCE)) == Heard("/bridge/synced", (50,))


def test_our_own_words_are_never_answered(shared: Running) -> None:
    """A `reply_port` that is the daemon's own does not set it talking to itself for ever."""
    with shared.client() as client:
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1, "reply_port", shared.port)
        follow(client)
        client.send("/bridge/error", "x", "y", "z")
        client.send("/bridge/status.reply")
        assert synced(client) == []
        first, second = status(client), status(client)
        assert int(str(second["packets"])) - int(str(first["packets"])) == 1


def test_a_full_queue_refuses_and_forgets_nothing(tmp_path: Path) -> None:
    """Of twenty jobs into a queue of four, the first five get done and the rest are told so."""
    with daemon(tmp_path, DAW_BRIDGE_JOBS_QUEUE="4") as running, running.client() as client:
        client.send("/bridge/generate", "everything", "id", "long", "bars", 32, "takes", 8)
        names = [f"q{number}" for number in range(8)]
        for name in names:
            client.send("/bridge/generate", "pad", "id", name, "bars", 1, "takes", 1)
        heard = synced(client)
        queued = [str(each.arguments[0]) for each in heard if each.address == "/bridge/queued"]
        refused = [each.arguments[1] for each in heard if each.address == "/bridge/error"]
        assert len(queued) + len(refused) == 9
        assert set(refused) == {"queue_full"}
        assert queued[0] == "long"
        client.send("/bridge/cancel", "long")
        ended = endings(client, queued)
        assert ended.pop("long").address == "/bridge/cancelled"
        assert {each.address for each in ended.values()} == {"/bridge/done"}
