import os


def handler(event, context):
    return {"table": os.environ["TABLE_NAME"], "records": len(event.get("Records", []))}
