"""Values by Faker, in an environment of its own (bench/personal_texts5.py makes it).

Arguments: seed, count. Writes a JSON object: word → values.
"""

import json
import sys

from faker import Faker  # type: ignore[import-not-found]

WORDS = (
    "name", "ssn", "phone_number", "license_plate", "email", "ipv4", "ipv6", "mac_address",
    "credit_card_number", "company", "bban", "isbn13", "ean13", "uri", "user_agent", "job",
    "sentence", "user_name", "hex_color", "file_path", "md5", "uuid4", "date_time", "unix_time",
    "latitude", "longitude", "swift", "pricetag",
)  # fmt: skip


def main() -> None:
    seed, count = map(int, sys.argv[1:])
    fake = Faker("zh_CN")
    fake.seed_instance(seed)
    made = {
        word: [str(getattr(fake, word)()) for _ in range(count)]
        for word in WORDS
        if hasattr(fake, word)
    }
    made["address"] = [fake.address().rsplit(" ", 1)[0] for _ in range(count)]
    json.dump(made, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
