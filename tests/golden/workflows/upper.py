def handle(data, context):
    return data and [bytes(row.get("body") or row.get("data")).decode().upper() for row in data]
