"""What lies beside videos and is none: told by its name alone, passed over and counted, never a failure.

Four kinds: files of other purposes (texts, pictures, sounds, index files of cameras and disks), small copies that
cameras and editors make for themselves, downloads that have not come to their end, and folders that a system keeps
for its own use.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from asid.pipeline.inputs.base import VIDEO, ending

_BESIDE = (
    # texts, tables, subtitles
    ".json .jsonl .ndjson .csv .tsv .parquet .arrow .feather .txt .md .rst .html .htm .xml .yaml .yml .toml .ini .log"
    " .pdf .doc .docx .xls .xlsx .ods .nfo .url .lnk .webloc .desktop .srt .vtt .ass .ssa .sub .idx .sup .smi .sami"
    " .sbv .ttml .dfxp .lrc .rttm .lab .textgrid .eaf .stm .ctm .m3u .m3u8 .pls .xspf .cue .edl .fcpxml"
    " .aaf .otio .xmp"
    # pictures, sounds, arrays, archives, programs, checksums
    " .jpg .jpeg .png .webp .bmp .tif .tiff .svg .ico .avif .heic .heif .jxl .dng .thumb .tbn .wav .mp3"
    " .flac .m4a .aac"
    " .opus .oga .wma .mid .npy .npz .pt .pth .pkl .safetensors .h5 .hdf5 .zip .gz .tgz .bz2 .xz .zst .lz4 .7z"
    " .rar .iso .py .ipynb .sh .bat .exe .md5 .sha1 .sha256 .sha512 .sfv .crc .sig .asc .par2 .torrent .nzb .magnet"
    " .cls .lock .swp .db .db-wal .db-shm .db-journal .sqlite .sqlite3 .plist"
    # index, thumbnail and small copies of cameras: GoPro, DJI, Sony, Canon, Panasonic, JVC, Garmin, Insta360, discs
    " .lrv .thm .sav .lrf .aae .insp .glv .bim .ppn .mif .bdm .bdmv .bdjo .mpl .mpls .cpi .clpi .cpf .cif .sif .ctg"
    " .tdt .tid .moi .pgi .tmb .rmd .ale .gpx .fit .nmea .gps .gcsv .ifo .bup .lpx .vmi .ptn .pek .pkf .cfa .ims"
)
BESIDE = frozenset(_BESIDE.split())
_NAMES = (
    ".ds_store thumbs.db ehthumbs.db ehthumbs_vista.db desktop.ini folder.ini .gitignore .gitattributes .gitkeep"
    " .gitmodules .dvcignore .nomedia .picasa.ini .localized .hidden .directory .apdisk .volumeicon.icns"
    " autorun.inf indexervolumeguid wpsettings.dat license licence readme changelog authors copying manifest"
    " makefile dockerfile checksums md5sums sha1sums sha256sums sha512sums _success _metadata _common_metadata"
    " _delta_log status.bin"
)
NAMES = frozenset(_NAMES.split())
PARTIAL = re.compile(
    r"""\.(?: part(?:ial)?(?:-frag\d+)? | \w*download(?:ing)? | !\w{1,5} | \w{1,5}! | td | xltd | ytdl
    | aria2 | dtapart | filepart | getright | incomplete | unfinished | met | mega | gstmp | icloud | tmp\w* | temp
    | lftp-pget-status | azdownload\S* | part\.met | st )$""",
    re.IGNORECASE | re.VERBOSE,
)
_ENDINGS = "|".join(re.escape(one[1:]) for one in sorted(VIDEO))
TEMPORARY = re.compile(  # of yt-dlp's merging, rsync, aws, Syncthing, Nextcloud, iCloud, editors, NFS
    rf"""(?: .*\.temp\.(?:{_ENDINGS}) | \..+\.(?:{_ENDINGS})\.[a-z0-9]{{6}} | .+\.(?:{_ENDINGS})\.[0-9a-f]{{8}}
    | [.~]~?syncthing[.~].* | \..+\.~[0-9a-f]+ | unconfirmed\ \d+\..* | \.\#.* | ~\$.* | \.nfs[0-9a-f]+
    | \.fuse_hidden.* | \.goutputstream-.* | \.partial-.* )$""",
    re.IGNORECASE | re.VERBOSE,
)
SMALL_COPY = re.compile(  # Sony, Insta360, GoPro, YI, editors
    rf"(?:c\d{{4}}s\d\d|lrv_\d{{8}}_.*|gl\d{{6}}|.*_thm|.+[_-]proxy)\.(?:{_ENDINGS}|insv)", re.IGNORECASE
)
_FOLDERS = (
    "@eadir @tmp @recycle @recently-snapshot @sharebin @sharesnap #recycle #snapshot .@__thumb .@upload_cache"
    " .streams $recycle.bin recycler recycled .recycle .recycle.bin lost+found lost.dir __macosx .appledouble"
    " .appledb .appledesktop .spotlight-v100 .fseventsd .temporaryitems .documentrevisions-v100"
    " .pkinstallsandboxmanager .snapshot .snapshots .zfs ~snapshot .git .svn .hg .bzr cvs .dvc .datalad .cache"
    " .ipynb_checkpoints __pycache__ .thumbnails .thumbs .thumb .dropbox.cache .tmp.drivedownload .tmp.driveupload"
    " .stfolder .stversions .sync .rsync-partial .rsync-tmp .~tmp~ .minio.sys .glusterfs _temporary _delta_log"
    " node_modules .venv .android_secure thmbnl proxy proxies"
)
FOLDERS = frozenset(_FOLDERS.split())
FOLDER_STARTS = (".trash", ".azdownload")
FOLDER_NAMES = ("system volume information", "network trash folder", "temporary items", "proxy media")
FOUND = re.compile(r"found\.\d{3}|_gsdata_|.*\.(?:download|opdownload)", re.IGNORECASE)  # chkdsk, GoodSync, Safari
CONTROLS = (".aria2", ".ytdl", ".lftp-pget-status", ".st")  # beside a file of the final name, as long as it grows
LITTER = "._*"  # AppleDouble: what a Mac keeps of a file on a disk that is none of its own


def mark(name: str) -> str:
    """How a file of this name is counted where it is passed over; "" for one that may be a video."""
    small = name.lower()
    if small.startswith("._"):
        return LITTER
    if is_partial(name):
        return ending(name) if PARTIAL.search(name) else "(temporary files)"
    if SMALL_COPY.fullmatch(name):
        return "(small copies of videos)"
    kind = ending(name)
    if kind in BESIDE:
        return kind
    if small in NAMES or small.startswith(("_committed_", "_started_")) or ending(name[1:]) == ".crc":
        return name
    return ""


def is_partial(name: str) -> bool:
    """Whether a program gives such a name to a file that it has not written to its end."""
    return PARTIAL.search(name) is not None or TEMPORARY.fullmatch(name) is not None


def is_growing(name: str, size: int, there: Callable[[str], bool]) -> str:
    """The ending of the file beside `name` by which a program says that it is still being written; else "". `there`:
    whether a file of a name is beside it. Firefox keeps the place of a download with an empty file."""
    controls = CONTROLS if size else (*CONTROLS, ".part")
    for control in controls:
        if there(name + control):
            return control
    return ""


def is_apart(folder: str) -> bool:
    """Whether a folder of this name is kept by a system, an editor or a camera for its own use."""
    small = folder.lower()
    return (
        small in FOLDERS
        or small in FOLDER_NAMES
        or small.startswith(FOLDER_STARTS)
        or FOUND.fullmatch(small) is not None
    )


def passed_over(path: str) -> str:
    "How what lies at `path`, relative to the input, is counted when it is passed over;  when it may be"
    " a video."
    *folders, name = path.split("/")
    return next((f"{folder}/" for folder in folders if is_apart(folder)), "") or mark(name)
