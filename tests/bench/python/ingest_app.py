"""ingest_app.py: the same work as a careful Python team would write it (FastAPI, aiokafka): the signature checked over the raw
body, answered once the broker has it. Run by uvicorn; BROKERS and TOPIC in the environment."""
import contextlib
import hmac
import json
import os

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Request, Response


@contextlib.asynccontextmanager
async def life(app):
    app.producer = AIOKafkaProducer(bootstrap_servers=os.environ["BROKERS"], acks="all", enable_idempotence=True, linger_ms=1)
    await app.producer.start()
    yield
    await app.producer.stop()


app = FastAPI(lifespan=life)


@app.post("/v1/channels/whatsapp/demo")
async def take(request: Request):
    body = await request.body()
    wanted = "sha256=" + hmac.digest(b"demo-whatsapp-secret", body, "sha256").hex()
    if not hmac.compare_digest(wanted, request.headers.get("x-hub-signature-256", "")):
        return Response(status_code=401)
    key = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]["from"]
    await app.producer.send_and_wait(os.environ["TOPIC"], body, key=key.encode())
    return Response(status_code=200)
