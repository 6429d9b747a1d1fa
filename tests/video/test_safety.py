"""What a file says must not make us open another, or any address; S5 of the security programme."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vtgdata
from support.drawn_videos import draw
from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import limits, plugins
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore

DISGUISED = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXTINF:9,\nfile:///etc/passwd\n",
    "concat": "ffconcat version 1.0\nfile 'SECRET'\n",
    "dash": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period/></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "list": "file 'SECRET'\nfile 'http://127.0.0.1:9/a.mp4'\n",
}
LOOK = """
import sys
from pathlib import Path
from vtgdata.records import FrameSampling, Video
from vtgdata.video.store import FrameStore
store = FrameStore(Path(sys.argv[1]), FrameSampling(frames=2), Path(sys.argv[2]))
for path in sorted(Path(sys.argv[1]).iterdir()):
    print(path.name, store.frames(Video(video_id=path.stem, file=path.name)).status, sep="|")
"""


@pytest.fixture
def videos(tmp_path):
    secret = draw(tmp_path / "elsewhere/secret.mp4", 10)
    folder = tmp_path / "videos"
    for count, name in enumerate(("-i.mp4", "http:a:0.mp4", "%03d.mp4", "$(touch pwned).mp4"), 11):
        folder.mkdir(exist_ok=True)
        draw(tmp_path / "a.mp4", count).rename(folder / name)
    for name, text in DISGUISED.items():
        (folder / f"{name}.mp4").write_text(text.replace("SECRET", str(secret)))
    return folder


def status_of(folder, tmp_path):
    store = FrameStore(folder, FrameSampling(frames=2), tmp_path / "frames")
    return {p.name: store.frames(Video(video_id=p.stem, file=p.name)).status for p in sorted(folder.iterdir())}


def test_playlists_in_disguise_are_refused_and_odd_names_are_names(videos, tmp_path):
    found = status_of(videos, tmp_path)
    for name in DISGUISED:
        assert found.pop(f"{name}.mp4").startswith("not a video (")
    assert set(found.values()) == {"ok"} and "-i.mp4" in found


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/a.mp4", "concat:a.mp4|b.mp4", "subfile,,start,0,end,9,,:a.mp4"]
)
def test_an_address_is_no_file(address):
    with pytest.raises(VideoUnreadable) as caught:
        plugins.load("decoders", "pyav").probe(Path(address))
    assert caught.value.status == "missing"
    with pytest.raises(VtgError, match="no such folder"):
        FrameStore(Path(address), FrameSampling(frames=2))


def test_frames_of_absurd_size_and_videos_of_absurd_length_are_refused(tmp_path, monkeypatch):
    path = draw(tmp_path / "a.mp4", 10)
    monkeypatch.setenv(limits.PIXELS.variable, str(64 * 63))
    with pytest.raises(VideoUnreadable, match="64 x 64 pixels"):
        plugins.load("decoders", "pyav").frames(path, [0.0])
    monkeypatch.undo()
    monkeypatch.setenv(limits.VIDEO_SECONDS.variable, "1")
    with pytest.raises(VideoUnreadable, match="above the limit of 1 s"):
        plugins.load("decoders", "pyav").probe(path)


def test_no_code_here_starts_a_shell():
    root = Path(vtgdata.__file__).parent
    assert not [path for path in root.rglob("*.py") if re.search(r"shell=True|os\.system|os\.popen", path.read_text())]


@pytest.mark.program("strace")
def test_no_socket_to_the_internet_no_write_and_no_video_opened_elsewhere(videos, tmp_path):
    log = tmp_path / "log"
    command = [
        "strace",
        "-f",
        "-qq",
        "-s",
        "400",
        "-e",
        "trace=socket,connect,open,openat,creat,rename,renameat,unlink",
    ]
    given = os.environ | {
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "VTGDATA_CACHE": str(tmp_path / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(tmp_path),
    }
    look = [sys.executable, "-c", LOOK, str(videos), str(tmp_path / "frames")]
    done = subprocess.run([*command, "-o", log, *look], env=given, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    assert dict(line.split("|") for line in done.stdout.splitlines()) == status_of(videos, tmp_path)
    lines = log.read_text(errors="replace").splitlines()
    assert any("videos/-i.mp4" in line for line in lines), "the trace sees what is opened"
    assert not [line for line in lines if "AF_INET" in line]
    for line in lines:
        opened = re.search(r'(?:open|openat|creat|rename|renameat|unlink)\([^"]*"([^"]*)"', line)
        if not opened or "ENOENT" in line:
            continue
        path = opened.group(1)
        if re.search(r"O_WRONLY|O_RDWR|O_CREAT|creat\(|rename|unlink", line):
            assert path.startswith((str(tmp_path), "/dev/", "/proc/")), line
        if Path(path).suffix in {".mp4", ".ts", ".m3u8"}:
            assert path.startswith(str(videos)), line
