"""Presidio on the same texts, in an environment of its own (bench/personal.py makes it).

Reads a JSON list of texts from standard input; writes seconds and finds. Its default
recognisers, telephone region CN, a blank English pipeline: it brings none for Chinese.
"""

import json
import sys
import time

import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

KINDS = {"PHONE_NUMBER": "phone", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip",
         "CREDIT_CARD": "bank_card", "MAC_ADDRESS": "mac", "PERSON": "name",
         "US_PASSPORT": "passport", "US_BANK_NUMBER": "bank_card"}  # fmt: skip


class Blank(SpacyNlpEngine):
    """No model: tokens only."""

    def __init__(self) -> None:
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}

    def load(self) -> None:
        """There is nothing to load."""


def main() -> None:
    registry = RecognizerRegistry()
    engine = Blank()
    registry.load_predefined_recognizers(nlp_engine=engine)
    registry.remove_recognizer("PhoneRecognizer")
    registry.add_recognizer(PhoneRecognizer(supported_regions=["CN"]))
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    texts = json.load(sys.stdin)
    analyzer.analyze(texts[0], language="en")
    began = time.process_time()
    found = [analyzer.analyze(text, language="en") for text in texts]
    spent = time.process_time() - began
    hits = [
        [(KINDS.get(one.entity_type, one.entity_type), one.start, one.end) for one in text]
        for text in found
    ]
    json.dump({"seconds": spent, "hits": hits}, sys.stdout)


if __name__ == "__main__":
    main()
