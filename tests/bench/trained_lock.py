"""What the tempo lock does to a model that has learnt rhythm: ``python tests/bench/trained_lock.py FOLDER``.

FOLDER is that in which ``python -m plugin_host.training mini FOLDER`` has worked. Drums of its styles are asked for at
twelve tempi in three meters: with the lock; and without it, as other programs have it (the tempo in the prompt, fresh noise,
no ring, cut at so many seconds). Beside them stand drums of the sketch engine, which the model has learnt from: nothing it
makes can be expected to hold a grid better.

A model that counts time in beats, as this one, plays at 93.75 BPM by construction where nothing stretches its mel, so that
the plain row is wrong at every other tempo, however well it plays. So there is a third way, the fair contrast: plain
again, as long as the asked beats are to the model; then the whole clip is stretched to the asked length, as a DAW would,
and begun on its strongest downbeat, as the lock does. What is left between it and the lock is won by ring and noise.

How the error is measured: onsets are found in the sound to a millisecond, those with less than an eighth of the strongest
one's rise left out. Each is held against the nearest line of the grid that was asked for, whose first line is the clip's
first frame. Lines are sixteenths, halved or doubled until they are between 70 and 250 ms apart, or swung or triplet
ones where those hold clearly better (`rankers.gridfit`). The figure of a clip is the 95th percentile of these distances,
each counted by its onset's strength. Lines are dense, and any moment is near one: so beside it stands what as many onsets
at random moments would have, and whether the tempo that is heard is the one that was asked for.

The second table asks whether tiled noise and the pulse cost any sound: captions that were kept back, from the same
seeds, at each variation and pulse; their Fréchet distance to the renders of their own loops, to the ears of the model's
CLAP, and their likeness to the words. The distance depends on the number of clips, and is to be compared within the table;
that of the renders is to as many other ones.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from statistics import median

import kept_back
import numpy as np
import torch
from figures import record

from plugin_host import measures
from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.engines.musicldm import MusicLdmEngine, downbeat
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.noise import generators
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers import beat, gridfit, onsets, spectrum
from plugin_host.rankers.material import FEWEST_ONSETS, Material
from plugin_host.rankers.onsets import Onsets
from plugin_host.stretch import retimed
from plugin_host.training import corpus
from plugin_host.training.corpus import Unwatched
from plugin_host.training.recipe import MINI

TEMPI = tuple(range(70, 181, 10))
METERS = ("4/4", "3/4", "7/8")
SETTINGS = ((0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.5, 0.0), (0.5, 0.5), (0.5, 1.0), (1.0, 0.0))
"""Variation and pulse; where all noise is fresh, nothing repeats, and there is no pulse to choose."""

PROMISED_MS = 15.0
DICE = 20


@dataclass(frozen=True, slots=True)
class Held:
    """How a clip holds its grid: errors in ms, of its onsets and of as many at random; `right` is its tempo."""

    error: float
    by_chance: float
    hold: float
    right: bool


@dataclass(frozen=True, slots=True, eq=False)
class Player:
    """The model, with the lock and without, and how it is asked."""

    engine: MusicLdmEngine
    model: MusicLDM
    bars: int
    styles: Sequence[str]
    wishes: Mapping[str, float]

    def plans(self, meter: str, bpm: int) -> list[Plan]:
        """Return a plan for the drums of each style."""
        grid = Grid(Tempo.parse(bpm), Meter.parse(meter), self.bars, self.model.rate)
        told = "" if meter == "4/4" else f", in {meter}"
        texts = [f"{style} drums, {bpm} BPM{told}" for style in self.styles]
        return [Plan(text, grid, seed=number, takes=1, **self.wishes) for number, text in enumerate(texts)]  # type: ignore[arg-type]  # fields of a plan

    def rendered(self, plan: Plan) -> Audio:
        """Return what the sketch engine plays instead."""
        style = self.styles[plan.seed]
        drums = replace(plan, prompt=style, hints={"style": style, "parts": "drums"})
        return Audio(corpus.sounding(drums)[:, np.newaxis], self.model.rate)

    def locked(self, plan: Plan) -> Audio:
        """Return a clip that is a ring."""
        (take,) = self.engine.takes(plan, Unwatched())
        return take.audio

    def plain(self, plan: Plan, seconds: Fraction) -> Audio:
        """Return a clip as any other program would have it."""
        chance = generators([plan.seed])
        sound = self.model(plan.prompt, seconds=float(seconds), generator=chance, **self.wishes)
        return Audio(sound.audios[0][:, np.newaxis], self.model.rate)

    def brought(self, plan: Plan) -> Audio:
        """Return one of as many beats, stretched to the asked length, from its strongest downbeat on."""
        grid, meter, measures = plan.grid, plan.grid.meter, self.model.geometry
        own = measures.ring(grid.seconds, grid.beats) * measures.frames_per_latent / measures.rate
        clip = retimed(self.plain(plan, own), grid.frames, Form.LOOP)
        first = downbeat.frame(np.ascontiguousarray(clip.mono()), clip.rate, plan.grid.bars, int(meter.bar / meter.tap))
        return Audio(np.roll(clip.samples, -first, axis=0), clip.rate)


def held(clip: Audio, grid: Grid) -> Held | None:
    """Measure a clip of drums; None where too little begins in it for a beat."""
    sound, rate = spectrum.coarse(clip)
    found = onsets.find(sound, rate, spectrum.loudness(sound, rate, Form.LOOP), Form.LOOP)
    if len(found.seconds) < FEWEST_ONSETS:
        return None
    seconds = clip.frames / clip.rate
    told = beat.measure(found, Material.PERCUSSIVE, grid, seconds).evidence
    return Held(
        error=float(str(told["grid_error_p95_ms"])),
        by_chance=1e3 * median(gridfit.measure(each, grid, seconds).error_p95 for each in _diced(found, seconds)),
        hold=float(str(told["beat_strength"])),
        right=told["tempo_relation"] == beat.AS_ASKED,
    )


def _diced(found: Onsets, seconds: float) -> Iterator[Onsets]:
    """Yield the same onsets at random moments."""
    for seed in range(DICE):
        moments = np.random.default_rng(seed).uniform(0, seconds, len(found.seconds))
        yield Onsets(moments, found.strengths)


def locks(player: Player, tempi: Sequence[int]) -> Mapping[str, object]:
    """Return how each of the ways holds its grid, in all, by meter and by tempo."""
    rows: dict[str, dict[tuple[str, int], list[Held | None]]] = {}
    for meter, bpm in product(METERS, tempi):
        for plan in player.plans(meter, bpm):
            clips = {
                "rendered": player.rendered(plan),
                "locked": player.locked(plan),
                "plain": player.plain(plan, plan.grid.seconds),
                "plain, stretched to the tempo": player.brought(plan),
            }
            for way, clip in clips.items():
                rows.setdefault(way, {}).setdefault((meter, bpm), []).append(held(clip, plan.grid))
        print(meter, bpm, {way: _told(found[meter, bpm]) for way, found in rows.items()}, flush=True)
    return {way: _table(clips, tempi) for way, clips in rows.items()}


def _table(clips: Mapping[tuple[str, int], Sequence[Held | None]], tempi: Sequence[int]) -> Mapping[str, object]:
    """Return the figures of one way."""

    def of(meters: Sequence[str], bpm: Sequence[int]) -> Mapping[str, object]:
        """Return those of some meters and tempi."""
        return _told([each for cell in product(meters, bpm) for each in clips[cell]])

    cells = [_told(each)["p95_ms"] for each in clips.values()]
    kept = [each is not None and float(str(each)) <= PROMISED_MS for each in cells]
    return {
        "all": of(METERS, tempi),
        "tempi and meters kept": f"{sum(kept)}/{len(kept)}",
        **{meter: of([meter], tempi) for meter in METERS},
        **{f"{bpm} BPM": of(METERS, [bpm]) for bpm in tempi},
    }


def _told(clips: Sequence[Held | None]) -> Mapping[str, object]:
    """Return the figures of some clips: the median of their 95th percentiles, the worst but one in ten, and by chance."""
    found = [each for each in clips if each is not None]
    told: dict[str, object] = {"clips": len(clips), "beatless": len(clips) - len(found), "p95_ms": None}
    if found:
        errors = [each.error for each in found]
        told |= {
            "p95_ms": round(median(errors), 1),
            "p95_ms_of_nine_in_ten": round(float(np.quantile(errors, 0.9)), 1),
            "by_chance_ms": round(median(each.by_chance for each in found), 1),
            "hold": round(median(each.hold for each in found), 2),
            "tempo_right": round(float(np.mean([each.right for each in found])), 3),
        }
    return told


def noises(player: Player, loops: corpus.Corpus, count: int) -> Mapping[str, object]:
    """Return how good clips sound at each variation and pulse."""
    asked, ear = kept_back.questions(loops, count), player.model.clap
    renders, words = (
        kept_back.directions(ear, kept_back.renders(loops, asked, player.model.rate)),
        kept_back.words(ear, asked),
    )
    found: dict[str, object] = {
        "renders": {
            "frechet_distance": round(kept_back.floor(ear, loops, count, player.model.rate), 4),
            "text_similarity": round(measures.text_similarity(renders, words), 4),
        }
    }
    for variation, pulse in SETTINGS:
        wishes = {**player.wishes, "variation": variation, "pulse": pulse}
        heard = kept_back.directions(ear, list(kept_back.clips(player.engine, asked, player.model.rate, **wishes)))
        name = f"variation {variation:g}" + (f", pulse {pulse:g}" if variation < 1 else "")
        found[name] = {
            "frechet_distance": round(measures.frechet_distance(heard, renders), 4),
            "text_similarity": round(measures.text_similarity(heard, words), 4),
        }
        print(name, found[name], flush=True)
    return found


def run(work: Path, player: Player, tempi: Sequence[int], count: int) -> None:
    """Measure and record both tables."""
    torch.set_num_threads(1)
    settings = {"bars": player.bars, "styles": player.styles, **player.wishes, "promised_ms": PROMISED_MS}
    with quietly():
        record("trained lock", {**settings, "tempi": list(tempi)}, locks(player, tempi))
        if count:
            loops = corpus.read(MINI, work / "corpus")
            record("trained noise", {**player.wishes, "clips": count}, noises(player, loops, count))
    player.engine.close()


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--bars", type=int, default=2)
    parser.add_argument("--styles", nargs="+", default=MINI.loops.styles, help="whose drums are asked for")
    parser.add_argument("--tempi", type=int, nargs="+", default=TEMPI)
    parser.add_argument("--clips", type=int, default=96, help="of each variation and pulse; 0 leaves that table out")
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=20)
    said = parser.parse_args()
    model = said.model or said.folder / "model"
    engine = MusicLdmEngine({"checkpoint": str(model), "device": "cpu"})
    wished = {"guidance": said.guidance, "steps": said.steps}
    with quietly():
        asked = Player(engine, kept_back.loaded(model), said.bars, said.styles, wished)
    run(said.folder, asked, said.tempi, said.clips)
