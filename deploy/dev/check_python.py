"""check_python.py: compiles the named Python files without writing anything; ./dev lint uses it."""
import sys

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        compile(file.read(), path, "exec")
