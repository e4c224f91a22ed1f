"""Several say what the session is; the one of highest rank counts, for as long as its word holds."""

import pytest

from daw_bridge.errors import BadRequest, OutOfRange, Outranked
from daw_bridge.session import RANKING, Ranking, Session, SessionState, Source, Word
from daw_bridge.timeline import Timeline
from plugin_host.musictime import Meter, Tempo


def tempo(bpm: float) -> Word:
    """Return the word of someone who names a tempo."""
    return Word(tempo=Tempo.parse(bpm))


class World:
    """A session, and the time in it."""

    def __init__(self, ranking: Ranking = RANKING) -> None:
        self.now = 0.0
        state = SessionState(Tempo.parse(120), Meter(4, 4), None, 48_000)
        self.session = Session(state, ranking, clock=lambda: self.now)

    @property
    def bpm(self) -> float:
        """The tempo that counts."""
        return float(self.session.state.tempo)


def test_of_equal_rank_the_last_to_speak_counts() -> None:
    """The DAW's feedback and the musician's hand overrule each other."""
    world = World()
    world.session.hear(Source.DAW, tempo(100))
    world.session.set(tempo(90))
    assert world.bpm == 90
    world.session.hear(Source.DAW, tempo(101))
    assert world.bpm == 101


def test_a_higher_rank_counts_whoever_speaks_last() -> None:
    """Link outranks a MIDI clock, which outranks the rest; the hand is told so, and its word is kept."""
    world = World()
    world.session.hear(Source.LINK, tempo(140), holds=1.0)
    world.session.hear(Source.MIDI, tempo(100), holds=5.0)
    with pytest.raises(Outranked, match=r"follows link, which says 140; 90 is kept .* clock\.priority"):
        world.session.set(tempo(90))
    assert world.bpm == 140
    world.now = 1.5
    assert world.bpm == 100
    world.now = 6.0
    assert world.bpm == 90


def test_when_all_are_silent_the_last_good_value_stays() -> None:
    """A clock that has gone leaves its tempo behind."""
    world = World()
    world.session.hear(Source.MIDI, tempo(128), holds=1.0)
    world.now = 2.0
    assert world.bpm == 128
    assert world.session.leader("tempo") is None


def test_who_is_left_out_of_the_ranking_is_not_heard() -> None:
    """It is counted; and the hand that is left out is told so."""
    world = World(Ranking.parse(["link"]))
    world.session.hear(Source.DAW, tempo(90))
    with pytest.raises(Outranked, match="leaves hand out"):
        world.session.set(tempo(91))
    assert world.bpm == 120
    assert world.session.unheard == 2


def test_a_change_is_told_once_and_no_change_not_at_all() -> None:
    """Listeners hear of what is new, and not of every word."""
    world = World()
    calls: list[float] = []
    world.session.listen(lambda: calls.append(world.bpm))
    world.session.hear(Source.DAW, tempo(100))
    world.session.hear(Source.DAW, tempo(100))
    world.session.hear(Source.DAW, tempo(101))
    assert calls == [100, 101]


def test_without_a_position_the_beat_runs_on_through_a_change_of_tempo() -> None:
    """No jump: the beat at the moment of the change is the same under both tempi."""
    world = World()
    world.now = 10.0
    before = world.session.timeline.beat_at(10.0)
    world.session.set(tempo(60))
    assert world.session.timeline.beat_at(10.0) == pytest.approx(before)
    assert world.session.timeline.beat_at(11.0) == pytest.approx(before + 1)


def test_when_the_position_is_lost_the_beat_runs_on_from_there() -> None:
    """The timeline of a source that falls silent goes on, at the tempo that then counts."""
    world = World()
    world.session.hear(
        Source.LINK, Word(tempo=Tempo.parse(120), timeline=Timeline(Tempo.parse(120.01), 7.0, 0.0)), holds=1.0
    )
    world.now = 2.0
    assert world.session.timeline.beat_at(2.0) == pytest.approx(11.0, abs=0.01)
    assert world.session.leader("timeline") is None


def test_a_led_source_takes_the_hands_tempo() -> None:
    """Where the musician has asked to lead, a tempo set by hand is passed on and no mistake."""
    world = World()
    taken: list[Tempo] = []
    world.session.hear(Source.LINK, tempo(140))
    world.session.let_lead(Source.LINK, taken.append)
    world.session.set(tempo(90))
    assert taken == [Tempo.parse(90)]
    assert world.bpm == 140  # until Link says that it has followed


def test_a_rate_that_no_device_has_is_refused() -> None:
    """The message has the range; nothing is changed."""
    world = World()
    with pytest.raises(OutOfRange, match="8000 to 192000"):
        world.session.set(Word(rate=7))
    assert world.session.state.rate == 48_000


@pytest.mark.parametrize(("names", "reason"), [(["links"], "no source"), (["link", "midi+link"], "twice")])
def test_a_ranking_names_each_source_once(names: list[str], reason: str) -> None:
    """What is no source, or stands there twice, is named."""
    with pytest.raises(BadRequest, match=reason):
        Ranking.parse(names)


def test_a_ranking_reads_what_it_writes() -> None:
    """Its text is that of the setting."""
    assert Ranking.parse(str(RANKING).split(",")) == RANKING
