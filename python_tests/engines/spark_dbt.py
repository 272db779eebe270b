"""The dbt command line for a Spark session in this process, Python models included.

    python python_tests/engines/spark_dbt.py build --target spark

dbt-spark sends Python models to Databricks only, which needs no help of ours. Here they run in
the session that dbt's own SQL runs in. And dbt-spark writes an empty cell of a seed into a session
as the word None (dbt-adapters issue 487): here it is null. Both seams are dbt-spark's and not
public, which is why its version is pinned and this file is no part of the project.
"""

from dbt.adapters.base import PythonJobHelper
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.spark.impl import SparkAdapter
from dbt.adapters.spark.session import SessionConnectionWrapper
from dbt.cli.main import cli


class LocalSession(PythonJobHelper):
    """Runs a compiled Python model in the session of this process."""

    def __init__(self, parsed_model, credential):
        self.name = parsed_model["name"]

    def submit(self, compiled_code):
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.enableHiveSupport().getOrCreate()
        code = compile(compiled_code, f"<model {self.name}>", "exec")
        exec(code, {"spark": spark, "__name__": "dbt_model"})


def literal(value, of_others=SessionConnectionWrapper._fix_binding):
    """Return a value of a seed as it stands in an insert."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return of_others(value)


def use_local_session() -> None:
    """Let dbt-spark submit Python models to the local session, and load seeds as they are."""
    SparkAdapter.python_submission_helpers = property(lambda self: {"session": LocalSession})
    SparkAdapter.default_python_submission_method = property(lambda self: "session")
    SparkAdapter.generate_python_submission_response = lambda self, result: AdapterResponse("OK")
    SessionConnectionWrapper._fix_binding = staticmethod(literal)


if __name__ == "__main__":
    use_local_session()
    cli()
