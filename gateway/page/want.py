"""What does the client want, and in which language? Read from the request's headers.

Pure. A block page sent to an <img> is a broken picture and sent to a script it is
an error nobody sees, so the answer takes the form of what was asked for.
Sources: Fetch Metadata (W3C, Sec-Fetch-Dest), RFC 9110 §12.5.1 and §12.5.4.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.page.model import Want

LONGEST = 512  # characters of a header that are looked at

_DESTINATIONS = {
    "document": Want.HTML,
    "iframe": Want.HTML,
    "frame": Want.HTML,
    "fencedframe": Want.HTML,
    "embed": Want.HTML,
    "object": Want.HTML,
    "image": Want.IMAGE,
    "script": Want.SCRIPT,
    "worker": Want.SCRIPT,
    "sharedworker": Want.SCRIPT,
    "serviceworker": Want.SCRIPT,
    "audioworklet": Want.SCRIPT,
    "paintworklet": Want.SCRIPT,
    "style": Want.STYLE,
    "xslt": Want.STYLE,
    "audio": Want.MEDIA,
    "video": Want.MEDIA,
    "track": Want.MEDIA,
    "font": Want.FONT,
    "empty": Want.JSON,
    "json": Want.JSON,
    "manifest": Want.JSON,
    "report": Want.JSON,
    "websocket": Want.WEBSOCKET,
}

# Looked for in this order: an <img> of an old browser says `image/*,*/*`, a
# navigation names text/html among pictures.
_ACCEPTED = (
    ("text/html", Want.HTML),
    ("application/xhtml+xml", Want.HTML),
    ("image/", Want.IMAGE),
    ("text/css", Want.STYLE),
    ("javascript", Want.SCRIPT),
    ("ecmascript", Want.SCRIPT),
    ("json", Want.JSON),
    ("text/event-stream", Want.JSON),
    ("video/", Want.MEDIA),
    ("audio/", Want.MEDIA),
    ("font/", Want.FONT),
)

_EXTENSIONS = {
    extension: want
    for want, extensions in {
        Want.IMAGE: "png jpg jpeg gif webp avif svg ico bmp heic",
        Want.SCRIPT: "js mjs wasm",
        Want.STYLE: "css",
        Want.JSON: "json jsonl webmanifest",
        Want.MEDIA: "mp4 m4v m4s m4a mp3 aac ogg ogv oga webm flac wav flv mkv mov m3u8 mpd ts",
        Want.FONT: "woff woff2 ttf otf eot",
        Want.OTHER: "zip rar 7z gz xz zst bz2 tar exe msi dmg pkg deb rpm apk ipa iso bin pdf",
    }.items()
    for extension in extensions.split()
}


def want_of(headers: Callable[[str], str], path: str) -> Want:
    """What the client will do with the answer. `headers(name)` gives a value or "".

    Fetch Metadata decides where the browser sends it; older clients are judged
    by X-Requested-With, Accept and the path's extension. Total; in doubt HTML,
    because a person may be reading (`curl` sends only `*/*`).
    """
    destination = _header(headers, "sec-fetch-dest")
    if _header(headers, "upgrade") == "websocket":
        return Want.WEBSOCKET
    if _header(headers, "sec-fetch-mode") == "websocket":
        return Want.WEBSOCKET
    if destination in _DESTINATIONS:
        return _DESTINATIONS[destination]
    if _header(headers, "x-requested-with") == "xmlhttprequest":
        return Want.JSON
    return _by_accept(_header(headers, "accept"), path)


def _header(headers: Callable[[str], str], name: str) -> str:
    return headers(name)[:LONGEST].strip().lower()


def _by_accept(accept: str, path: str) -> Want:
    for part, want in _ACCEPTED:
        if part in accept:
            return want
    if accept in ("", "*/*"):
        return _EXTENSIONS.get(_extension(path), Want.HTML)
    return _EXTENSIONS.get(_extension(path), Want.HTML if "*/*" in accept else Want.OTHER)


def _extension(path: str) -> str:
    last = path.partition("?")[0].rpartition("/")[2]
    return last.rpartition(".")[2].lower() if "." in last else ""


_CHINESE = frozenset({"zh", "cmn", "yue", "wuu", "nan", "hak", "gan", "hsn"})


def language_of(accept_language: str) -> str:
    """`"zh"` or `"en"`: the preferred of the two by q-value, Chinese where neither is named."""
    best, best_quality = "zh", 0.0
    for item in accept_language[:LONGEST].lower().split(","):
        tag, _, parameter = item.partition(";")
        primary = tag.strip().partition("-")[0]
        language = "zh" if primary in _CHINESE else primary
        if language in ("zh", "en"):
            quality = _quality(parameter)
            if quality > best_quality:
                best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    """The q-value of one item: 1 where absent, 0 where it is not a number from 0 to 1."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    digits = value.strip()
    if name.strip() != "q" or not digits.isascii() or len(digits) > 6:
        return 0.0
    if not digits.replace(".", "", 1).isdigit():
        return 0.0
    number = float(digits)
    return number if number <= 1.0 else 0.0
