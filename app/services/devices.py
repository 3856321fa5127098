"""What a browser says of itself, as a family reads it: « Firefox sur Windows »."""

import re
from collections.abc import Mapping


def device_name(user_agent: str) -> str:
    """« Firefox sur Windows », from what a browser says of itself; what is not known is « Navigateur » or left out."""
    browser = _first(_BROWSERS, user_agent) or "Navigateur"
    system = _first(_SYSTEMS, user_agent)
    return f"{browser} sur {system}" if system else browser


# The first that is found counts: browsers name those that they resemble.
_BROWSERS: Mapping[str, str] = {
    r"\bEdgA?/|\bEdgiOS/": "Edge",
    r"\bSamsungBrowser/": "Samsung Internet",
    r"\bOPR/|\bOpera\b": "Opera",
    r"\bFirefox/|\bFxiOS/": "Firefox",
    r"\bChrome/|\bCriOS/|\bChromium/": "Chrome",
    r"\bSafari/": "Safari",
}
_SYSTEMS: Mapping[str, str] = {
    r"\biPhone\b": "iPhone",
    r"\biPad\b": "iPad",
    r"\bAndroid\b": "Android",
    r"\bWindows\b": "Windows",
    r"\bMacintosh\b|\bMac OS X\b": "Mac",
    r"\bCrOS\b": "ChromeOS",
    r"\bLinux\b": "Linux",
}


def _first(names: Mapping[str, str], user_agent: str) -> str | None:
    return next((name for pattern, name in names.items() if re.search(pattern, user_agent)), None)
