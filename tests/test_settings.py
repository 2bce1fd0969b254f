"""Settings: what is read, what is refused, and that no secret is ever told."""

from pathlib import Path

import pytest

from graphfold.settings import BackendSettings, Settings, SettingsError, read_dotenv, settings_table, unknown_variables

SECRET = "hunter2-very-secret"


def test_nothing_set_is_the_defaults() -> None:
    settings = Settings.read({"GRAPHFOLD_MAX_DEPTH": ""})
    assert settings == Settings()
    assert (settings.max_body, settings.max_tokens, settings.max_depth) == (1_000_000, 5_000, 16)
    assert (settings.max_aliases, settings.max_root_fields, settings.max_page_size) == (30, 64, 100)


def test_variables_are_read() -> None:
    given = {
        "GRAPHFOLD_MAX_DEPTH": "7",
        "GRAPHFOLD_CALL_TIMEOUT": "2.5",
        "GRAPHFOLD_ALLOWED_ORIGINS": "http://a, https://b:1",
    }
    settings = Settings.read(given)
    assert (settings.max_depth, settings.call_timeout) == (7, 2.5)
    assert settings.allowed_origins == ("http://a", "https://b:1")


def test_every_wrong_setting_is_told_in_one_line() -> None:
    wrong = {"GRAPHFOLD_MAX_DEPTH": "deep", "GRAPHFOLD_CALL_TIMEOUT": "-1", "GRAPHFOLD_ALLOWED_ORIGINS": "shop.example"}
    with pytest.raises(SettingsError) as refused:
        Settings.read(wrong)
    assert refused.value.problems == [
        "GRAPHFOLD_MAX_DEPTH is 'deep'; it has to be a whole number of at least 1.",
        "GRAPHFOLD_CALL_TIMEOUT is '-1'; it has to be a number of seconds greater than 0, at most 3600.",
        (
            "GRAPHFOLD_ALLOWED_ORIGINS is 'shop.example'; "
            "it has to be origins such as https://shop.example, separated by commas."
        ),
    ]


def test_the_table_has_every_setting_with_words() -> None:
    rows = settings_table()
    assert [row.variable for row in rows] == [f"GRAPHFOLD_{name.upper()}" for name in Settings.model_fields]
    assert all(row.description.endswith(".") and row.allowed for row in rows)


def test_a_backend_is_read_by_its_name() -> None:
    given = {"GRAPHFOLD_OLD_SHOP_URL": "https://shop.example/api", "GRAPHFOLD_OLD_SHOP_TOKEN": SECRET}
    settings = BackendSettings.read("old-shop", given)
    assert settings.url == "https://shop.example/api"
    assert settings.token is not None and settings.token.text == SECRET
    assert settings.missing({"url", "token", "password"}) == ["GRAPHFOLD_OLD_SHOP_PASSWORD"]
    assert SECRET not in repr(settings)


def test_a_credential_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    settings = BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN_FILE": str(path)})
    assert settings.token is not None and settings.token.text == SECRET


def test_a_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    given = {
        "GRAPHFOLD_CRM_TOKEN_FILE": str(tmp_path / "gone"),
        "GRAPHFOLD_CRM_USERNAME_FILE": str(tmp_path / "empty"),
        "GRAPHFOLD_CRM_PASSWORD_FILE": str(tmp_path / "binary"),
    }
    with pytest.raises(SettingsError) as refused:
        BackendSettings.read("crm", given)
    assert refused.value.problems == [
        "GRAPHFOLD_CRM_TOKEN_FILE names a file that cannot be used: No such file or directory.",
        "GRAPHFOLD_CRM_USERNAME_FILE names a file that cannot be used: it is empty.",
        "GRAPHFOLD_CRM_PASSWORD_FILE names a file that cannot be used: it is not UTF-8 text.",
    ]


@pytest.mark.parametrize("mistaken", [SECRET, SECRET * 100])
def test_a_credential_in_the_variable_of_its_file_is_not_shown(mistaken: str) -> None:
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_TOKEN_FILE names a file that cannot be used") as refused:
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN_FILE": mistaken})
    assert SECRET not in str(refused.value)


def test_a_value_and_a_file_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(SECRET)
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_TOKEN and GRAPHFOLD_CRM_TOKEN_FILE are both set"):
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN": SECRET, "GRAPHFOLD_CRM_TOKEN_FILE": str(path)})


@pytest.mark.parametrize(
    "url",
    [
        "crm.example",
        "ftp://crm.example",
        "https://",
        "https://crm.example:port",
        "https://a b",
        f"https://me:{SECRET}@crm.example",
        f"https://crm.example/v2?key={SECRET}",
        f"https://crm.example/v2#{SECRET}",
    ],
)
def test_a_wrong_address_is_refused_and_never_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_URL") as refused:
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_URL": url})
    assert SECRET not in str(refused.value)


def test_an_address_ends_with_its_path() -> None:
    with pytest.raises(SettingsError, match=r"GRAPHFOLD_CRM_URL has a query or a fragment in it; .* End it before"):
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_URL": "https://crm.example/v2?"})


@pytest.mark.parametrize(
    "url", ["http://localhost:8001/crm", "http://127.0.0.1:1", "http://[::1]:1", "https://crm.example"]
)
def test_plain_http_stays_on_this_machine(url: str) -> None:
    assert BackendSettings.read("crm", {"GRAPHFOLD_CRM_URL": url}).url == url


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    settings = BackendSettings("crm", f"https://me:{SECRET}@crm.example:1/v2?key={SECRET}#{SECRET}")
    assert settings.address == "https://crm.example:1/v2"
    assert SECRET not in repr(settings)
    assert BackendSettings("crm").address == ""


def test_plain_http_elsewhere_needs_a_word() -> None:
    given = {"GRAPHFOLD_CRM_URL": "http://crm.example"}
    with pytest.raises(SettingsError, match="set GRAPHFOLD_CRM_ALLOW_HTTP=1 to allow it"):
        BackendSettings.read("crm", given)
    assert BackendSettings.read("crm", given | {"GRAPHFOLD_CRM_ALLOW_HTTP": "1"}).url == "http://crm.example"


def test_a_line_break_in_a_credential_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_TOKEN has a control character") as refused:
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN": f"{SECRET}\r\nX-Admin: 1"})
    assert SECRET not in str(refused.value)


def test_variables_that_nothing_reads_are_told_with_the_likely_name() -> None:
    given = {
        "GRAPHFOLD_MAX_DEPHT": "3",
        "GRAPHFOLD_CRM_TOKEN_FLIE": "x",
        "GRAPHFOLD_CRM_URL": "",
        "GRAPHFOLD_Q": "",
        "PATH": "",
    }
    assert unknown_variables(given, ["crm"]) == [
        "GRAPHFOLD_CRM_TOKEN_FLIE is set but nothing reads it; did you mean GRAPHFOLD_CRM_TOKEN_FILE?",
        "GRAPHFOLD_MAX_DEPHT is set but nothing reads it; did you mean GRAPHFOLD_MAX_DEPTH?",
        "GRAPHFOLD_Q is set but nothing reads it.",
    ]


def test_a_dotenv_file_is_read_and_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert read_dotenv(path) == {}
    path.write_text("# comment\nGRAPHFOLD_CRM_URL=https://crm.example\nEMPTY\n")
    assert read_dotenv(path) == {"GRAPHFOLD_CRM_URL": "https://crm.example"}


def test_a_secret_of_the_gateway_itself_may_come_from_a_file_and_must_not_be_easy_to_guess(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    for given in ({"GRAPHFOLD_INVALIDATION_SECRET": SECRET}, {"GRAPHFOLD_INVALIDATION_SECRET_FILE": str(path)}):
        settings = Settings.read(given)
        assert settings.invalidation_secret is not None and settings.invalidation_secret.text == SECRET
        assert SECRET not in repr(settings)
        assert unknown_variables(given, []) == []
    with pytest.raises(SettingsError, match="GRAPHFOLD_INVALIDATION_SECRET is too short; it has to be a text of"):
        Settings.read({"GRAPHFOLD_INVALIDATION_SECRET": "short"})
