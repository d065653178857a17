"""The gate of hardening names each protection that a program lacks."""
import subprocess
from pathlib import Path

import pytest

GATE = Path(__file__).with_name("hardening.sh")
SOURCE = r"""
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    char text[64];
    snprintf(text, (size_t)argc * 8, "%s", argv[0]);
    return puts(text) < 0;
}
"""
GOOD = ["-O2", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-fPIE", "-pie", "-Wl,-z,relro", "-Wl,-z,now"]


def checked(folder, flags):
    (folder / "main.c").write_text(SOURCE, encoding="utf-8")
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    subprocess.run(["gcc", *flags, str(folder / "main.c"), "-o", str(bin_folder / "demo")], check=True)
    return subprocess.run([str(GATE), str(bin_folder)], capture_output=True, text=True, check=False)


def test_a_hardened_program_passes(tmp_path):
    result = checked(tmp_path, GOOD)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("flags, want", [
    (["-fno-pie", "-no-pie"], "is not position independent"),
    (["-Wl,-z,lazy"], "binds symbols lazily"),
    (["-Wl,-z,norelro"], "has no RELRO segment"),
    (["-z", "execstack"], "has an executable stack"),
    (["-Wl,-rpath,/opt"], "has a run path"),
    (["-fno-stack-protector"], "has no stack protector"),
    (["-U_FORTIFY_SOURCE"], "has no fortified call"),
])
def test_names_what_a_program_lacks(tmp_path, flags, want):
    result = checked(tmp_path, GOOD + flags)
    assert result.returncode == 1
    assert f"demo: {want}\n" in result.stderr


def test_nothing_to_check_is_no_pass(tmp_path):
    result = subprocess.run([str(GATE), str(tmp_path)], capture_output=True, text=True, check=False)
    assert result.returncode == 77
