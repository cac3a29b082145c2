"""A WAV file is whole or not there, and the header of a stream says what follows."""

import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from tasks.errors import OutputError
from tasks.synthesize.wav import HEADER_BYTES, wav_header, write_wav

AUDIO = np.array([0.0, 0.5, -0.5, 1.5, -1.5], dtype=np.float32)
SAMPLES = [0, 16384, -16384, 32767, -32768]  # 16 bits, clipped at full scale


def test_a_file_is_16_bit_mono_and_its_folder_is_made(tmp_path):
    path = tmp_path / "a" / "b" / "speech.out"  # whatever its suffix says
    write_wav(path, AUDIO, 22_050)
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, 22_050, 5)
        np.testing.assert_allclose(np.frombuffer(file.readframes(9), "<i2").astype(int), SAMPLES, atol=1)
    assert [file.name for file in path.parent.iterdir()] == ["speech.out"]


def test_an_older_file_stays_until_the_new_one_is_whole_and_nothing_is_left_of_what_failed(tmp_path, monkeypatch):
    path = tmp_path / "speech.wav"
    path.write_bytes(b"older")

    def cut_short(temporary, final):
        assert (temporary.parent, temporary.name[0], final) == (tmp_path, ".", path)  # nobody takes it for finished
        assert soundfile.info(temporary).frames == 5 and path.read_bytes() == b"older"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.synthesize.wav.publish", cut_short)
    with pytest.raises(OutputError, match="the disk is full"):
        write_wav(path, AUDIO, 24_000)
    assert [file.name for file in tmp_path.iterdir()] == ["speech.wav"]
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_wav(tmp_path / "file" / "speech.wav", AUDIO, 24_000)


def test_the_header_of_a_stream_is_that_of_the_file(tmp_path):
    write_wav(tmp_path / "a.wav", AUDIO, 22_050)
    header = wav_header(22_050, 5)
    assert (len(header), HEADER_BYTES) == (44, 44)
    assert header == (tmp_path / "a.wav").read_bytes()[:44]
    with wave.open(io.BytesIO(header + struct.pack("<5h", *SAMPLES))) as file:
        assert file.getparams()[:4] == (1, 2, 22_050, 5)


def test_a_stream_of_unknown_length_is_read_to_its_end():
    known = wav_header(24_000, 7)
    unknown = wav_header(24_000, None)
    assert [unknown[at : at + 4] for at in (4, 40)] == [b"\xff" * 4] * 2
    assert [unknown[:4], unknown[8:40]] == [known[:4], known[8:40]]
