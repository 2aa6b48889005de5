"""Finished recordings become files that play: copied for one party, composed for all."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from media.playback.compose import Chapter, ComposedParty, Document, NoChineseFont, Span, compose
from media.playback.remux import MP4, QUIET, WEBM, NothingToPlay, Segment, remux
from tests.kit.footage import index_in_front, seek, segment, tones
from tests.kit.peer import BLUE, GREEN, RED, near
from tests.kit.recording import play
from tests.kit.talk import Talk

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(p) for p in file.demux() if p.stream.type == kind and p.size]


def test_segments_become_one_file_that_can_be_sought(tmp_path: Path) -> None:
    first = segment(tmp_path / "1.webm", 6, RED, 440.0)
    second = segment(tmp_path / "2.webm", 4, BLUE, 880.0, size=(240, 320))
    target = tmp_path / "whole.webm"
    made = remux([Segment(second, 10.0), Segment(first, 0.0)], target)
    assert abs(made.duration_s - 14) < 0.3
    assert (made.width, made.height) == (320, 240)
    assert made.left_out == ()
    with av.open(str(target)) as file:
        assert file.duration is not None
        assert abs(file.duration / av.time_base - 14) < 0.3
    assert index_in_front(target)
    # copied, not coded again; only what is missing of the sound is silence
    for kind in ("audio", "video"):
        copied = [one for one in packets(target, kind) if one != QUIET]
        assert copied == packets(first, kind) + packets(second, kind)
    for moment, colour in ((1.0, RED), (3.0, RED), (5.5, RED), (10.5, BLUE), (13.0, BLUE)):
        shown = seek(target, moment)
        assert abs(shown.at_s - moment) < 0.5
        assert near(shown.left, colour)
    # the time between the two stays: the sound of the second begins where it was said
    assert abs(tones(target, 2, 4)[0] - 440) < 15 or abs(tones(target, 2, 4)[1] - 440) < 15
    assert any(abs(tone - 880) < 15 for tone in tones(target, 11, 13))
    played = play(target)
    assert played.errors == ""
    assert abs(played.sound_s - 14) < 0.3


def test_sound_has_no_holes(tmp_path: Path) -> None:
    """A browser plays packets one after the other: their lengths must add up to their times."""
    first = segment(tmp_path / "1.webm", 4, RED, 440.0)
    holed = tmp_path / "holed.webm"
    with av.open(str(first)) as source, av.open(str(holed), "w", format="webm") as file:
        lines = {one.type: file.add_stream_from_template(one) for one in source.streams}
        for number, packet in enumerate(source.demux()):
            lost = packet.stream.type == "audio" and number % 7 == 0 and number > 20
            if packet.size and not lost:
                packet.stream = lines[packet.stream.type]
                file.mux(packet)
    assert len(packets(holed, "audio")) < len(packets(first, "audio")) - 10
    target = tmp_path / "whole.webm"
    remux([Segment(holed, 0.0), Segment(holed, 7.0)], target)
    with av.open(str(target)) as file:
        moments = [
            float(p.pts * p.time_base)
            for p in file.demux()
            if p.stream.type == "audio" and p.pts is not None and p.time_base is not None
        ]
    ends = [moments[0] + 0.02 * number for number in range(len(moments))]
    assert max(abs(at - end) for at, end in zip(moments, ends, strict=True)) < 0.02
    assert play(target).errors == ""


def test_a_file_that_was_cut_short_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = segment(tmp_path / "1.webm", 8, GREEN, 660.0)
    content = whole.read_bytes()
    cut = tmp_path / "cut.webm"
    cut.write_bytes(content[: len(content) * 6 // 10])
    target = tmp_path / "target.webm"
    made = remux([Segment(cut, 0.0)], target)
    assert 2 < made.duration_s < 7
    assert play(target).errors == ""


def test_what_does_not_fit_is_left_out_and_named(tmp_path: Path) -> None:
    spoken = segment(tmp_path / "1.webm", 5, RED, 440.0)
    camera = segment(tmp_path / "camera.webm", 3, BLUE, None)
    again = segment(tmp_path / "2.webm", 5, GREEN, 660.0)
    broken = tmp_path / "broken.webm"
    broken.write_bytes(b"no film at all")
    other = tmp_path / "other.webm"
    with av.open(str(other), "w", format="matroska") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        frame = av.VideoFrame(320, 240, "yuv420p")
        frame.pts = 0
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    made = remux(
        [
            Segment(p, at)
            for p, at in ((spoken, 0), (camera, 1), (again, 1), (broken, 7), (other, 8))
        ],
        tmp_path / "target.webm",
    )
    assert set(made.left_out) == {camera, again, broken, other}
    assert abs(made.duration_s - 5) < 0.3
    with pytest.raises(NothingToPlay):
        remux([Segment(broken, 0.0)], tmp_path / "nothing.webm")


def test_a_party_without_a_picture_is_heard(tmp_path: Path) -> None:
    target = tmp_path / "target.webm"
    made = remux([Segment(segment(tmp_path / "1.webm", 5, None, 440.0), 0.0)], target)
    assert (made.width, made.height) == (0, 0)
    assert index_in_front(target)
    played = play(target)
    assert (played.errors, played.pictures) == ("", 0)
    assert played.tone_hz is not None
    assert abs(played.tone_hz - 440) < 15


@pytest.mark.parametrize("codec", ["vp9", "h264", "av1"])
def test_other_codecs_are_copied_too(tmp_path: Path, codec: str) -> None:
    talk = Talk(tmp_path)
    talk.goes_on(codec, 0.0, 4.0)
    talk.close()
    target = tmp_path / "target"
    made = remux([Segment(talk.paths[0], 0.0)], target)
    assert made.media_type == (MP4 if codec == "h264" else WEBM)
    assert abs(made.duration_s - 4) < 0.2
    assert len(packets(target, "video")) == 40
    played = play(target)
    assert (played.errors, played.pictures) == ("", 40)
    assert near(played.colour, RED)
    assert near(seek(target, 3.0).left, RED)
    assert abs(played.sound_s - 4) < 0.1


def test_segments_of_several_codecs_become_one_file(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    colours = {"vp8": RED, "h264": GREEN, "av1": BLUE}
    for number, (codec, colour) in enumerate(colours.items()):
        talk.goes_on(codec, number * 3.0, 3.0, colour=colour)
    talk.close()
    target = tmp_path / "target.webm"
    began = talk.done[0]["started_at"]
    made = remux(
        [
            Segment(path, one["started_at"] - began)
            for path, one in zip(talk.paths, talk.done, strict=True)
        ],
        target,
    )
    assert (made.media_type, made.left_out) == (WEBM, ())
    assert abs(made.duration_s - 9) < 0.3
    assert play(target).errors == ""
    for number, colour in enumerate(colours.values()):
        assert near(seek(target, number * 3 + 1.5).left, colour)
    assert index_in_front(target)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("media_type", [WEBM, MP4])
def test_all_parties_stand_side_by_side_and_are_heard_together(
    tmp_path: Path, media_type: str
) -> None:
    window = segment(tmp_path / "1.webm", 6, RED, 440.0, size=(320, 240))
    approver = segment(tmp_path / "2.webm", 5, GREEN, 880.0, size=(240, 320))
    camera = segment(tmp_path / "3.webm", 1.2, BLUE, None, size=(640, 480))
    files = []
    for number, path in enumerate((window, approver)):
        files.append(tmp_path / f"party-{number}.webm")
        remux([Segment(path, 0.0)], files[-1])
    target = tmp_path / "composed"
    done: list[float] = []
    made = compose(
        [
            ComposedParty(
                files[0], 0.0, "窗口 李秀兰", (Span(3.0, 4.0, "held"), Span(0.0, 1.0, "silenced"))
            ),
            ComposedParty(files[1], 2.0, "审批 周明远", (Span(3.0, 4.0, "held"),)),
        ],
        target,
        font=FONT,
        documents=[Document(camera, 4.5, "窗口 高拍仪")],
        chapters=[Chapter(0.0, "接通"), Chapter(2.0, "审批加入"), Chapter(4.5, "展示材料")],
        began_at=1_800_000_000.0,
        media_type=media_type,
        told=done.append,
    )
    assert (made.width, made.height) == (1280, 720)
    assert abs(made.duration_s - 7) < 0.3
    played = play(target)
    assert played.errors == ""
    assert abs(played.sound_s - 7) < 0.3
    panel = (28, 40, 54)
    for moment, left, right in (
        (1.0, RED, panel),
        (2.5, RED, GREEN),
        (3.5, panel, panel),
        (4.2, RED, GREEN),
        (5.5, BLUE, None),
        (6.9, panel, GREEN),
    ):
        shown = seek(target, moment)
        assert abs(shown.at_s - moment) < 0.2
        assert near(shown.left, left), moment
        assert right is None or near(shown.right, right), moment
    low, high = tones(target, 3, 5)
    assert abs(low - 440) < 15
    assert abs(high - 880) < 15
    with av.open(str(target)) as file:
        titles = [
            (one["start"] * one["time_base"], one["metadata"]["title"]) for one in file.chapters()
        ]
    assert titles == [(0, "接通"), (2, "审批加入"), (4.5, "展示材料")]
    assert done == sorted(done)
    assert len(done) >= 6
    assert all(0 <= share < 1 for share in done)
    voice, other = made.peaks
    assert made.peak_s == 0.1
    assert abs(len(voice) - 70) < 5
    assert min(voice[5:55]) > 10
    assert max(voice[62:]) == 0
    assert max(other[:18]) == 0
    assert min(other[22:65]) > 10


def test_without_a_chinese_font_nothing_is_composed(tmp_path: Path) -> None:
    window = segment(tmp_path / "1.webm", 1, RED, 440.0)
    with pytest.raises(NoChineseFont):
        compose([ComposedParty(window, 0.0, "窗口 李秀兰")], tmp_path / "composed.webm", font=None)
