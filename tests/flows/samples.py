"""A small book and a voice's clip, for the tests of flows and of the whole."""

import numpy as np
import soundfile

from configs.settings import load_settings
from flows.services import open_services
from tasks.voices.enrol import enrol_voice

BOOK = """---
title: The Small Book
author: Ann Author
---
# The Small Book

## Chapter One

Dr. Smith paid $5 for three apples. "Good morning to you all," he said to the people there.

It was late in the evening when he came home.

## Chapter Two

The dragon slept below the mountain. Nobody had dared to wake it since 1999.

* * *

A new day began slowly, and the birds sang.

## Chapter Three

This is the end of the story, and everybody went home.
"""


FB2 = """<?xml version="1.0" encoding="utf-8"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>
<author><first-name>Ann</first-name><last-name>Author</last-name></author>
<book-title>{title}</book-title><lang>en</lang></title-info></description>
<body><section><title><p>One</p></title><p>{text}</p></section></body></FictionBook>
"""


def write_fb2(path, title, text="It was late in the evening when he came home."):
    """A file that is a book by its name, wherever it lies."""
    path.write_text(FB2.format(title=title, text=text), "utf-8")
    return path


def write_clip(path, pitch_hz=120):
    """Four seconds of something like a voice."""
    seconds = np.arange(24_000 * 4) / 24_000
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * pitch_hz * seconds) * (0.5 + 0.5 * np.sin(6 * seconds)), 24_000)
    return path


def add_voice(home, name="tone", pitch_hz=120):
    """Makes a voice of the fake engine known in a data folder, as `talepress voice add` does."""
    settings = load_settings(storage={"data_dir": str(home)}, synthesize={"engine": "fake", "model": "sound"})
    home.mkdir(parents=True, exist_ok=True)
    clip = write_clip(home.parent / f"{name}.wav", pitch_hz)
    with open_services(settings) as services:
        voice = enrol_voice(services.engine, services.store, name, [clip], settings.voices)
        with services.database.unit_of_work() as uow:
            uow.voices.add(voice)
            uow.commit()
