import os


def handler(event, context):
    return {"colour": os.environ["COLOUR"], "days": os.environ["DAYS"]}
