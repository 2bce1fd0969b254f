"""Settings: what is read, what is refused, and that no secret is shown."""

from pathlib import Path

import pytest

from graphfold.settings import BackendSettings, Settings, SettingsError, read_dotenv, settings_table, unknown_variables

SECRET = "hunter2-very-secret"


def test_empty_environment_gives_the_defaults() -> None:
    settings = Settings.read({"GRAPHFOLD_MAX_DEPTH": ""})
    assert settings == Settings()
    assert (settings.max_body, settings.max_tokens, settings.max_depth) == (1_000_000, 5_000, 16)
    assert (settings.max_aliases, settings.max_root_fields, settings.max_page_size) == (30, 64, 100)


def test_variables_are_read() -> None:
    environment = {
        "GRAPHFOLD_MAX_DEPTH": "7",
        "GRAPHFOLD_CALL_TIMEOUT": "2.5",
        "GRAPHFOLD_ALLOWED_ORIGINS": "http://a, https://b:1",
    }
    settings = Settings.read(environment)
    assert (settings.max_depth, settings.call_timeout) == (7, 2.5)
    assert settings.allowed_origins == ("http://a", "https://b:1")


def test_each_wrong_setting_has_a_line() -> None:
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


def test_settings_table_has_every_setting() -> None:
    rows = settings_table()
    assert [row.variable for row in rows] == [f"GRAPHFOLD_{name.upper()}" for name in Settings.model_fields]
    assert all(row.description.endswith(".") and row.allowed for row in rows)


def test_backend_settings_are_read_by_name() -> None:
    environment = {"GRAPHFOLD_OLD_SHOP_URL": "https://shop.example/api", "GRAPHFOLD_OLD_SHOP_TOKEN": SECRET}
    settings = BackendSettings.read("old-shop", environment)
    assert settings.url == "https://shop.example/api"
    assert settings.token is not None and settings.token.text == SECRET
    assert settings.missing({"url", "token", "password"}) == ["GRAPHFOLD_OLD_SHOP_PASSWORD"]
    assert SECRET not in repr(settings)


def test_credential_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    settings = BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN_FILE": str(path)})
    assert settings.token is not None and settings.token.text == SECRET


def test_unusable_credential_file_is_reported_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    environment = {
        "GRAPHFOLD_CRM_TOKEN_FILE": str(tmp_path / "gone"),
        "GRAPHFOLD_CRM_USERNAME_FILE": str(tmp_path / "empty"),
        "GRAPHFOLD_CRM_PASSWORD_FILE": str(tmp_path / "binary"),
    }
    with pytest.raises(SettingsError) as refused:
        BackendSettings.read("crm", environment)
    assert refused.value.problems == [
        "GRAPHFOLD_CRM_TOKEN_FILE names a file that cannot be used: No such file or directory.",
        "GRAPHFOLD_CRM_USERNAME_FILE names a file that cannot be used: it is empty.",
        "GRAPHFOLD_CRM_PASSWORD_FILE names a file that cannot be used: it is not UTF-8 text.",
    ]


@pytest.mark.parametrize("misplaced", [SECRET, SECRET * 100])
def test_credential_in_the_file_variable_is_not_shown(misplaced: str) -> None:
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_TOKEN_FILE names a file that cannot be used") as refused:
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN_FILE": misplaced})
    assert SECRET not in str(refused.value)


def test_value_and_file_at_once_are_refused(tmp_path: Path) -> None:
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
def test_wrong_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_URL") as refused:
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_URL": url})
    assert SECRET not in str(refused.value)


def test_url_with_a_query_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"GRAPHFOLD_CRM_URL has a query or a fragment in it; .* End it before"):
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_URL": "https://crm.example/v2?"})


@pytest.mark.parametrize(
    "url", ["http://localhost:8001/crm", "http://127.0.0.1:1", "http://[::1]:1", "https://crm.example"]
)
def test_plain_http_to_loopback_is_allowed(url: str) -> None:
    assert BackendSettings.read("crm", {"GRAPHFOLD_CRM_URL": url}).url == url


def test_address_hides_user_name_and_query() -> None:
    settings = BackendSettings("crm", f"https://me:{SECRET}@crm.example:1/v2?key={SECRET}#{SECRET}")
    assert settings.address == "https://crm.example:1/v2"
    assert SECRET not in repr(settings)
    assert BackendSettings("crm").address == ""


def test_plain_http_to_other_hosts_needs_allow_http() -> None:
    environment = {"GRAPHFOLD_CRM_URL": "http://crm.example"}
    with pytest.raises(SettingsError, match="set GRAPHFOLD_CRM_ALLOW_HTTP=1 to allow it"):
        BackendSettings.read("crm", environment)
    assert BackendSettings.read("crm", environment | {"GRAPHFOLD_CRM_ALLOW_HTTP": "1"}).url == "http://crm.example"


def test_line_break_in_a_credential_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="GRAPHFOLD_CRM_TOKEN has a control character") as refused:
        BackendSettings.read("crm", {"GRAPHFOLD_CRM_TOKEN": f"{SECRET}\r\nX-Admin: 1"})
    assert SECRET not in str(refused.value)


def test_unknown_variables_are_reported_with_a_suggestion() -> None:
    environment = {
        "GRAPHFOLD_MAX_DEPHT": "3",
        "GRAPHFOLD_CRM_TOKEN_FLIE": "x",
        "GRAPHFOLD_CRM_URL": "",
        "GRAPHFOLD_Q": "",
        "PATH": "",
    }
    assert unknown_variables(environment, ["crm"]) == [
        "GRAPHFOLD_CRM_TOKEN_FLIE is set but nothing reads it; did you mean GRAPHFOLD_CRM_TOKEN_FILE?",
        "GRAPHFOLD_MAX_DEPHT is set but nothing reads it; did you mean GRAPHFOLD_MAX_DEPTH?",
        "GRAPHFOLD_Q is set but nothing reads it.",
    ]


def test_dotenv_file_is_read_and_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert read_dotenv(path) == {}
    path.write_text("# comment\nGRAPHFOLD_CRM_URL=https://crm.example\nEMPTY\n")
    assert read_dotenv(path) == {"GRAPHFOLD_CRM_URL": "https://crm.example"}


def test_invalidation_secret_may_come_from_a_file_and_has_a_minimum_length(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    for environment in ({"GRAPHFOLD_INVALIDATION_SECRET": SECRET}, {"GRAPHFOLD_INVALIDATION_SECRET_FILE": str(path)}):
        settings = Settings.read(environment)
        assert settings.invalidation_secret is not None and settings.invalidation_secret.text == SECRET
        assert SECRET not in repr(settings)
        assert unknown_variables(environment, []) == []
    with pytest.raises(SettingsError, match="GRAPHFOLD_INVALIDATION_SECRET is too short; it has to be a text of"):
        Settings.read({"GRAPHFOLD_INVALIDATION_SECRET": "short"})
