"""Copy parquet files into tables of the local Spark session's warehouse, as a shop has them.

python python_tests/engines/spark_tables.py shop orders.parquet people.parquet
"""

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

if __name__ == "__main__":
    schema, *files = sys.argv[1:]
    warehouse = os.environ["CUSTOMER_VALUE_SPARK_DIR"]
    metastore = f"jdbc:derby:;databaseName={warehouse}/metastore_db;create=true"
    spark = (
        SparkSession.builder.config("spark.sql.warehouse.dir", warehouse)
        .config("spark.hadoop.javax.jdo.option.ConnectionURL", metastore)
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={warehouse}")
        .config("spark.ui.enabled", "false")
        .enableHiveSupport()
        .getOrCreate()
    )
    spark.sql(f"create database if not exists {schema}")
    for file in files:
        spark.read.parquet(file).write.saveAsTable(f"{schema}.{Path(file).stem}")
