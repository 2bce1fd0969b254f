"""A WSDL imports files of its own folder and nothing else."""

from pathlib import Path

import pytest

from graphfold.adapter.soap.contract import Contract
from graphfold.mistakes import Mistake
from tests.graphfold.written import WSDL


def test_wsdl_import_is_never_fetched(tmp_path: Path) -> None:
    file = tmp_path / "remote.wsdl"
    imported = '<wsdl:import namespace="urn:x" location="http://127.0.0.1:9/x.wsdl"/><wsdl:types>'
    file.write_text(WSDL.read_text().replace("<wsdl:types>", imported, 1))
    with pytest.raises(Mistake, match="the WSDL cannot be read"):
        Contract(file)


def test_wsdl_may_import_files_of_its_folder(tmp_path: Path) -> None:
    text = WSDL.read_text()
    begin, end = text.index("<xsd:schema"), text.index("</xsd:schema>") + len("</xsd:schema>")
    types = text[begin:end].replace(
        "<xsd:schema", '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:stock"'
    )
    (tmp_path / "types.xsd").write_text(types)
    included = '<xsd:schema targetNamespace="urn:stock"><xsd:include schemaLocation="types.xsd"/></xsd:schema>'
    (tmp_path / "stock.wsdl").write_text(text[:begin] + included + text[end:])
    assert Contract(tmp_path / "stock.wsdl").argument_names("GetStock") == ["Sku"]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Write a schema beside the folder of the WSDL, not in it."""
    (tmp_path / "adapter").mkdir()
    file = tmp_path / "outside.xsd"
    file.write_text('<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"/>')
    (tmp_path / "adapter" / "link.xsd").symlink_to(file)
    return file


def importing(folder: Path, location: str, namespace: str = "urn:x") -> Path:
    xsd = f'<xsd:schema><xsd:import namespace="{namespace}" schemaLocation="{location}"/></xsd:schema>'
    file = folder / "stock.wsdl"
    file.write_text(WSDL.read_text().replace("<wsdl:types>", f"<wsdl:types>{xsd}", 1))
    return file


@pytest.mark.parametrize("location", ["../outside.xsd", "{0}", "file://{0}", "link.xsd"])
def test_wsdl_import_from_outside_its_folder_is_refused(location: str, outside: Path) -> None:
    wsdl = importing(outside.parent / "adapter", location.format(outside))
    with pytest.raises(Mistake, match=r"the WSDL cannot be read: .*sd is not in the WSDL's folder") as mistake:
        Contract(wsdl)
    assert "into the adapter's folder" in mistake.value.fix


def test_wsdl_may_be_a_symbolic_link(tmp_path: Path) -> None:
    """Kubernetes mounts configuration through symbolic links."""
    (tmp_path / "version").mkdir()
    wsdl = importing(tmp_path / "version", "types.xsd")
    (tmp_path / "version" / "types.xsd").write_text(
        '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"/>'
    )
    for file in (wsdl.name, "types.xsd"):
        (tmp_path / file).symlink_to(tmp_path / "version" / file)
    assert Contract(tmp_path / wsdl.name).operations == ["GetStock"]


def test_endless_wsdl_imports_are_a_mistake(tmp_path: Path) -> None:
    for n in range(1500):
        (tmp_path / f"{n}.xsd").write_text(
            f"""<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:{n}">
            <import namespace="urn:{n + 1}" schemaLocation="{n + 1}.xsd"/></schema>"""
        )
    with pytest.raises(Mistake, match="nested too deeply"):
        Contract(importing(tmp_path, "0.xsd", "urn:0"))
