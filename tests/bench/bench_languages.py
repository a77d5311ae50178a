"""The embedded recogniser in languages that the test clips lack, read out by espeak-ng. One JSON line for each figure.

    python -m tests.bench.bench_languages [--only es fr …]

espeak-ng (Debian: `apt-get install espeak-ng`) speaks by rule, in a machine's voice that Whisper was not trained on:
the figures are those of a hard voice, compare languages and versions, and are no promise for people. Each language
gets four sentences of ours with a pause after each. Told are the language that was found, WER (CER where words are not
spaced, and for Turkish and Finnish beside it), both again with the language named where it was mistaken, and seconds of
hearing for a second of sound. Without espeak-ng the one line says why nothing was measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Sequence

import numpy as np

from asid.pipeline.speech.base import RATE, UNSPACED
from asid.pipeline.speech.embedded import Embedded
from asid.pipeline.speech.layout import Layout
from asid.pipeline.speech.transcript import Transcript, transcribe
from tests.kits.speechkit import ffmpeg

PAUSE = 0.7  # s after each sentence
USABLE = 0.35  # errors per word or letter at which a transcript is still of use
VOICES = {"zh": "cmn"}
SENTENCES: dict[str, tuple[str, ...]] = {
    "es": ("Buenos días, la biblioteca abre a las nueve.", "Mi hermano vive cerca de la estación.",
           "Mañana vamos a caminar por la playa.", "Ella compró pan y queso en el mercado."),
    "fr": ("Bonjour, la bibliothèque ouvre ce matin.", "Mon frère habite près de la gare.",
           "Demain nous allons marcher sur la plage.", "Elle a acheté du pain et du fromage au marché."),
    "it": ("Buongiorno, la biblioteca apre questa mattina.", "Mio fratello abita vicino alla stazione.",
           "Domani andiamo a camminare sulla spiaggia.", "Lei ha comprato il pane e il formaggio al mercato."),
    "pt": ("Bom dia, a biblioteca abre esta manhã.", "O meu irmão mora perto da estação.",
           "Amanhã vamos caminhar na praia.", "Ela comprou pão e queijo no mercado."),
    "pl": ("Dzień dobry, biblioteka otwiera się rano.", "Mój brat mieszka blisko dworca.",
           "Jutro idziemy na spacer nad rzekę.", "Ona kupiła chleb i ser na targu."),
    "cs": ("Dobrý den, knihovna otevírá ráno.", "Můj bratr bydlí blízko nádraží.",
           "Zítra půjdeme na procházku k řece.", "Koupila na trhu chléb a sýr."),
    "ru": ("Доброе утро, библиотека открывается утром.", "Мой брат живёт рядом с вокзалом.",
           "Завтра мы пойдём гулять к реке.", "Она купила хлеб и сыр на рынке."),
    "tr": ("Günaydın, kütüphane bu sabah açılıyor.", "Kardeşim istasyonun yakınında oturuyor.",
           "Yarın sahilde yürüyüşe çıkacağız.", "Pazardan ekmek ve peynir aldı."),
    "fi": ("Hyvää huomenta, kirjasto aukeaa aamulla.", "Veljeni asuu lähellä asemaa.",
           "Huomenna menemme kävelylle rannalle.", "Hän osti leipää ja juustoa torilta."),
    "el": ("Καλημέρα, η βιβλιοθήκη ανοίγει το πρωί.", "Ο αδελφός μου μένει κοντά στον σταθμό.",
           "Αύριο θα περπατήσουμε στην παραλία.", "Αγόρασε ψωμί και τυρί από την αγορά."),
    "hi": ("पुस्तकालय सुबह खुलता है।", "मेरा भाई स्टेशन के पास रहता है।",
           "कल हम नदी के किनारे घूमने जाएंगे।", "उसने बाज़ार से रोटी और दूध खरीदा।"),
    "zh": ("图书馆早上开门。", "我哥哥住在车站附近。", "明天我们去河边散步。", "她在市场买了面包和牛奶。"),
}  # fmt: skip
LETTERS = {"tr", "fi"}  # long words, of which one wrong letter spoils all


def say(text: str, language: str) -> np.ndarray:
    """What espeak-ng makes of a sentence, mono float32 at RATE."""
    voice = VOICES.get(language, language)
    spoken = subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "--stdout", text], capture_output=True, check=True)
    resample = ("-i", "pipe:0", "-ac", "1", "-ar", str(RATE), "-f", "f32le", "pipe:1")
    return np.frombuffer(ffmpeg(*resample, stdin=spoken.stdout), np.float32)


def track(sentences: Sequence[str], language: str) -> np.ndarray:
    """The sentences one after the other."""
    silence = np.zeros(round(PAUSE * RATE), np.float32)
    return np.concatenate([silence, *(part for text in sentences for part in (say(text, language), silence))])


def plain(text: str) -> str:
    """Small letters without signs; spaces single."""
    kept = (char if unicodedata.category(char)[0] in "LMN" else " " for char in text.lower())
    return " ".join("".join(kept).split())


def errors(truth: Sequence[str], heard: Sequence[str]) -> float:
    """Edits from one sequence to the other, for each element of the true one."""
    row = list(range(len(heard) + 1))
    for place, one in enumerate(truth, 1):
        before, row[0] = row[0], place
        for column, other in enumerate(heard, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (one != other))
    return row[-1] / max(1, len(truth))


def tell(figure: str, value: float, unit: str, limit: float | None = None, *, least: bool = False) -> None:
    holds = limit is None or (value >= limit if least else value <= limit)
    line = {"bench": "languages", "figure": figure, "value": round(value, 3), "unit": unit, "limit": limit}
    print(json.dumps(line | {"holds": holds}, ensure_ascii=False), flush=True)


def told(language: str, how: str, found: Transcript) -> None:
    """Tell the errors of what was heard."""
    truth = plain(" ".join(SENTENCES[language]))
    heard = plain(" ".join(one.text for one in found.utterances))
    if language not in UNSPACED:
        tell(f"{language}: WER{how}", errors(truth.split(), heard.split()), "errors per word", USABLE)
    if language in UNSPACED or language in LETTERS:
        letters = errors(truth.replace(" ", ""), heard.replace(" ", ""))
        tell(f"{language}: CER{how}", letters, "errors per letter", USABLE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=sorted(SENTENCES), default=sorted(SENTENCES))
    options = parser.parse_args()
    if not shutil.which("espeak-ng"):
        print(json.dumps({"bench": "languages", "skipped": "espeak-ng is not installed: apt-get install espeak-ng"}))
        return
    backend = Embedded(diarize=False)
    backend.open()
    right, sound, spent = 0, 0.0, 0.0
    for language in options.only:
        samples = track(SENTENCES[language], language)
        began = time.process_time()
        found = transcribe(backend, [samples], Layout())
        spent, sound = spent + time.process_time() - began, sound + len(samples) / RATE
        right += found.language == language
        told(language, "", found)
        if found.language != language:
            tell(f"{language}: taken for {found.language or 'nothing'}", found.language_score, "probability")
            backend.language = language
            told(language, ", its language named", transcribe(backend, [samples], Layout()))
            backend.language = ""
    tell("language right", right / len(options.only), "share of languages", 1.0, least=True)
    tell("hearing, without speakers", spent / sound, "processor s per s of sound", 0.2)


if __name__ == "__main__":
    main()
