"""Where the tables are kept: a file or a server, with no secret in the address and no server that is not known."""

import pytest

from storage.engine.stores import Server

REMOTE = "postgresql://wicket@db.example.com/wicket"
ASIDE = "use WICKET_DATABASE_PASSWORD or WICKET_DATABASE_PASSWORD_FILE"
SAFELY = "sslmode=verify-full&sslrootcert=/etc/wicket/db-ca.pem"


def at(url: str) -> dict[str, str]:
    return {"[server]": f'[database]\nurl = "{url}"\n[server]'}


@pytest.mark.parametrize(
    "url",
    [
        f"{REMOTE}?{SAFELY}",
        f"postgres://wicket@db.example.com/wicket?{SAFELY}",
        f"postgresql://wicket@db1.example.com,db2.example.com:5433/wicket?target_session_attrs=read-write&{SAFELY}",
        "postgresql://wicket@127.0.0.1:5432/wicket",
        "postgresql://wicket@localhost/wicket",
        "postgresql://wicket@[::1]/wicket",
        "postgresql://wicket@/wicket?host=/run/postgresql",
    ],
)
def test_an_address_of_postgresql_is_taken_as_it_is(load, url):
    """libpq reads it, so everything that PostgreSQL's own manual says of an address can be written."""
    settings = load(replace=at(url))
    assert settings.store == Server(url=url)
    assert f"{settings.store}" == url


def test_the_password_comes_from_the_environment_and_is_kept_out_of_logs(load, tmp_path):
    (tmp_path / "secret").write_text("a-password-of-the-test\n")
    for environ in (
        {"WICKET_DATABASE_PASSWORD": "a-password-of-the-test"},
        {"WICKET_DATABASE_PASSWORD_FILE": str(tmp_path / "secret")},
    ):
        settings = load(replace=at(f"{REMOTE}?{SAFELY}"), environ=environ)
        assert settings.store.password == "a-password-of-the-test"
        assert "a-password-of-the-test" in settings.secrets.values()
        assert "a-password" not in f"{settings!r} {settings.store!r}"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://wicket:canary@db.example.com/wicket", ASIDE),
        (f"{REMOTE}?password=canary", ASIDE),
        (f"{REMOTE}?{SAFELY}&sslpassword=canary", "holds a password, and secrets are not read from here"),
        (f"{REMOTE}?service=canary", "names another file by service="),
        (f"{REMOTE}?passfile=canary", "names another file by passfile="),
        ("postgresql://wicket@db.example.com/", "names no database"),
        ("postgresql://wicket@/wicket", "names no server"),
        (f"{REMOTE}?canary=1", "is not an address that PostgreSQL understands"),
        ("postgresql://wicket@[canary/wicket", "is not an address that PostgreSQL understands"),
        (REMOTE, "Add ?sslmode=verify-full&sslrootcert=FILE"),
        (f"{REMOTE}?sslmode=prefer", "without saying whom to trust there"),
        (f"{REMOTE}?sslmode=require", "without saying whom to trust there"),
        ("postgresql://wicket@localhost,db.example.com/wicket", "without saying whom to trust there"),
        ("postgresql://wicket@localhost/wicket?hostaddr=192.0.2.7", "without saying whom to trust there"),
        ("mysql://db/wicket", "is neither a file nor an address of PostgreSQL"),
    ],
)  # fmt: skip
def test_an_address_that_is_unsafe_or_of_no_use_is_refused_with_how_to_mend_it(wrong, url, told):
    message = wrong(replace=at(url))
    assert told in message
    assert "canary" not in message


def test_a_variable_with_a_password_in_it_is_refused_too(wrong):
    message = wrong(environ={"WICKET_DATABASE__URL": "postgresql://wicket:canary@127.0.0.1/wicket"})
    assert "WICKET_DATABASE_PASSWORD" in message
    assert "canary" not in message


def test_a_server_has_no_file(load):
    settings = load(replace=at("postgresql://wicket@127.0.0.1/wicket"))
    with pytest.raises(ValueError, match="no file of ours"):
        _ = settings.database.path
