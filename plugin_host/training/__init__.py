"""Training: a model in the MusicLDM format is made from nothing, stage by stage, on loops that come with their words.

The modules stand in the order of the work::

    recipe    what is made: sizes, steps and the seed, as data
    describe  what a loop of the corpus is, and how a person would ask for it
    corpus    the loops, rendered by the sketch engine and kept as the models see them
    batches   which of them a step is shown
    files     a file is written whole, or not at all
    fit       a model learns, and goes on where it was interrupted
    words     the tokenizer
    clap      captions and loops become directions that agree
    vae       mels become latents
    vocoder   mels become sound
    latents   all loops as latents, once
    mixtures  two loops become one that is both, as latents or as sounds
    unet      noise becomes latents, as the words say
    assemble  the parts, in half precision, in the folder that the stock pipeline loads
    curves    how the losses fell
    stages    all of it, in order

A model that is there learns the loops of somebody's folder::

    wish      what is to be learnt, and how long that takes
    pieces    a loop becomes rings of a few whole bars
    material  the folder as the models see it
    pupil     a UNet that goes on learning, and what it leaves behind
    rehearsal what it makes of a caption meanwhile
    finetune  all of it, from the folder to an adapter

``python -m plugin_host.training mini FOLDER`` makes the small model that comes with the project, and ``daw-bridge train``
teaches it, or a greater one. Everything is drawn
from the recipe's seed and the number of a loop or of a step, so that one who is interrupted goes on to the same weights.

Importing the package loads no torch.
"""
