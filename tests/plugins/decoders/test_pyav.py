from support.drawn_videos import draw, real
from vtgdata.plugins.decoders import pyav

NEVER, ALWAYS = 1e9, -1.0


def times_and_sums(path, times):
    images, true_times = pyav.frames(path, times)
    return true_times, [int(image.sum()) for image in images]


def test_seeking_gives_the_frames_that_reading_through_gives(tmp_path, monkeypatch):
    paths = [draw(tmp_path / f"a{suffix}", 400, 10, start=3, gop=50) for suffix in (".mp4", ".ts", ".mkv", ".avi")]
    wanted = [k * 0.77 for k in range(52)]
    for path in paths:
        monkeypatch.setattr(pyav, "FAR_SECONDS", NEVER)
        read = times_and_sums(path, wanted)
        for far in (ALWAYS, 0.5, 5.0):
            monkeypatch.setattr(pyav, "FAR_SECONDS", far)
            assert times_and_sums(path, wanted) == read, (path.suffix, far)


def test_seeking_in_real_files_gives_the_frames_that_reading_through_gives(monkeypatch):
    for name in (
        "v_GGSY1Qvo990.mp4",
        "derived/v_GGSY1Qvo990_vp9.webm",
        "derived/OHOFG_fragmented.mp4",
        "av1_video.mkv",
    ):
        wanted = [k * 1.7 for k in range(12)]
        monkeypatch.setattr(pyav, "FAR_SECONDS", NEVER)
        read = times_and_sums(real(name), wanted)
        monkeypatch.setattr(pyav, "FAR_SECONDS", ALWAYS)
        assert times_and_sums(real(name), wanted) == read, name


def test_a_far_frame_is_sought_not_read_up_to(tmp_path, monkeypatch):
    path = draw(tmp_path / "a.mp4", 1000, 10)
    decoded = []
    real_shown = pyav._shown
    monkeypatch.setattr(pyav, "_shown", lambda *source: (decoded.append(1) or one for one in real_shown(*source)))
    pyav.frames(path, [0.0, 95.0])
    assert len(decoded) < 30


def test_tags_that_are_not_utf_8_do_not_hide_a_video():
    name = "hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi"
    assert pyav.probe(real(name)).duration == 2.8


def test_times_that_show_the_same_frame_share_its_pixels(tmp_path):
    images, _ = pyav.frames(draw(tmp_path / "a.mp4", 10, 5), [0.0, 0.1, 0.2])
    assert images[0] is images[1] is not images[2]
