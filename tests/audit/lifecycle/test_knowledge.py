"""The door to the data files."""

from audit.lifecycle.knowledge import digest, load_headers


def test_the_digest_follows_the_files(tmp_path):
    (tmp_path / "a.yaml").write_text("x: 1")
    first = digest(tmp_path)
    (tmp_path / "a.yaml").write_text("x: 2")
    assert digest(tmp_path) != first
    assert len(digest()) == 12
    assert load_headers() is load_headers()
