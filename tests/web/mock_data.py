"""mock_data.py: tickets, conversations and orders that show each state of the desk's page; times are relative to now."""
import uuid
from datetime import datetime, timedelta, timezone

ZONES = {"BR": "America/Sao_Paulo", "JP": "Asia/Tokyo", "SA": "Asia/Riyadh", "GB": "Europe/London", "DE": "Europe/Berlin",
         "MX": "America/Mexico_City"}
LONG_CONVERSATION = 150
FILLERS = 45


def at(minutes):
    """The time so many minutes from now."""
    moment = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id():
    return str(uuid.uuid4())


def message(direction, text, language, minutes, channel="whatsapp", **more):
    state = {"state": "none"}
    return {"event_id": new_id(), "direction": direction, "channel": channel, "account": "demo", "external_id": new_id(),
            "language": language, "text": text, "translation": state, "sent_at": at(minutes), "received_at": at(minutes),
            "routed_at": at(minutes), **more}


def translated(language, text, quality=0.93):
    return {"state": "done", "language": language, "text": text, "engine": "demo", "machine": True, "quality": quality}


def clock(name, minutes, state="running", **more):
    return {"clock": name, "due_at": at(minutes), "state": state, "policy": "standard", **more}


def ticket(market, channel, language, subject, minutes, **more):
    return {"id": new_id(), "version": 1, "status": "open", "market": market, "channel": channel, "language": language,
            "priority": 5, "queue": f"{market.lower()}-general", "assignee": None, "subject": subject,
            "opened_at": at(minutes), "order_ids": [], "tags": {}, "clocks": [], "messages": [], "decisions": [],
            "customer": {"id": new_id(), "name": "M•••• S••••", "phone": "+•• •• •••••-••78", "email": "m•••@e••••••.com",
                         "locale": language, "tier": "standard", "channels": [{"channel": channel, "id": "••••5678"}]},
            **({"zone": ZONES[market]} if market in ZONES else {}), **more}


def customs_ticket():
    case = ticket("BR", "whatsapp", "pt-BR", None, -42, priority=8, order_ids=["1001"], status="assigned", assignee="ana",
                  version=6, tags={"stage": "transit", "emotion": "worried"})
    case["customer"]["consents"] = [{"channel": "whatsapp", "class": "service", "granted": True},
                                    {"channel": "whatsapp", "class": "marketing", "granted": False}]
    case["customer"]["tier"] = "prime"
    case["clocks"] = [clock("acknowledgement", -37, "met"), clock("first_response", 18, "warned"),
                      clock("resolution", 1380)]
    case["messages"] = [
        message("in", "Olá! Meu pedido 1001 está parado na alfândega há uma semana. O que aconteceu?", "pt-BR", -42,
                translation=translated("en", "Hello! My order 1001 has been stuck at customs for a week. What happened?")),
        message("out", "Your parcel is held by customs because the tax number is missing. Expected until 25 November.",
                "en", -41, translation=translated("pt-BR", "Seu pacote está retido na alfândega porque falta o CPF. "
                                                  "Previsão: 25 de novembro."),
                delivery={"state": "read", "channel": "whatsapp", "at": at(-40)}),
        message("in", "E como eu envio o CPF?", "pt-BR", -12, translation=translated("en", "And how do I send the CPF?", 0.88)),
        message("note", "Carrier says: upload by their portal, takes two working days.", "en", -9),
        message("in", "Por favor, preciso disso até sexta!", "pt-BR", -2, translation={"state": "pending"}),
    ]
    case["decisions"] = [
        {"at": at(-42), "by": "router", "what": "opened", "reason": None},
        {"at": at(-41.5), "by": "router", "what": "auto_reply", "reason": "order status asked"},
        {"at": at(-30), "by": "ana", "what": "taken", "reason": None},
        {"at": at(-10), "by": "sla-timer", "what": "priority_raised", "reason": "first response due soon"},
    ]
    return case


def deliveries_ticket():
    """An outgoing message in every state that has something to say."""
    case = ticket("DE", "whatsapp", "de", "Falsche Größe geliefert", -300, status="assigned", assignee="ana", version=9,
                  order_ids=["1002"])
    case["clocks"] = [clock("first_response", -240, "met"), clock("next_response", -12, "breached"),
                      clock("resolution", -60, "breached", withdrawn=True)]
    words = "We guarantee a refund within the hour, my friend."
    start = words.index("guarantee")
    case["messages"] = [
        message("in", "Die Schuhe sind zwei Nummern zu groß.", "de", -300,
                translation=translated("en", "The shoes are two sizes too big."),
                attachments=[{"name": "<i>shoe</i>.mp4", "mime": "video/mp4", "url": "https://video.example/1", "media_id": None,
                              "size": 120034, "state": "done", "reason": None, "download": "/api/v1/media/7/0"},
                             {"name": None, "mime": None, "url": None, "media_id": "7136", "size": None,
                              "state": "failed", "reason": "http_404"}]),
        message("out", "We are sorry. We will send the right size today.", "en", -290,
                translation=translated("de", "Das tut uns leid. Wir schicken heute die richtige Größe."),
                delivery={"state": "delivered", "channel": "twilio-sms", "reason": None, "at": at(-289)}),
        message("out", words, "en", -200,
                delivery={"state": "blocked", "reason": "forbidden_word", "span": [start, start + len("guarantee")],
                          "at": at(-200)}),
        message("out", "Your return label is ready.", "en", -100,
                delivery={"state": "failed", "reason": "131026", "channel": "whatsapp", "at": at(-99)}),
        message("out", "Did you get the label?", "en", -60, delivery={"state": "uncertain", "at": at(-59)}),
        message("out", "The exchange leaves our warehouse tomorrow.", "en", -3,
                translation=translated("de", "Der Umtausch verlässt morgen unser Lager."),
                delivery={"state": "held", "reason": "quiet_hours", "release_at": at(600), "at": at(-3)}),
    ]
    return case


def small_tickets():
    japan = ticket("JP", "line", "ja", "返品について", -15, priority=6, status="offered", assignee="ana")
    japan["messages"] = [message("in", "返品したいのですが、どうすればいいですか？", "ja", -15, "line",
                                 translation={"state": "failed"})]
    japan["clocks"] = [clock("first_response", 4.5)]
    arabia = ticket("SA", "whatsapp", "ar", "متى يصل الطلب؟", -8, priority=7)
    arabia["messages"] = [message("in", "مرحبًا، متى يصل الطلب 1003؟ لقد انتظرت أسبوعين.", "ar", -8,
                                  translation={"state": "held"})]
    arabia["clocks"] = [clock("first_response", 52)]
    britain = ticket("GB", "email", "en", "Invoice needed for order 1002", -190, priority=2, status="waiting", assignee="wei")
    britain["messages"] = [message("in", "Could I have an invoice, please?", "en", -190, "email"),
                           message("out", "Of course. On whose name?", "en", -180, "email",
                                   delivery={"state": "accepted", "channel": "email", "at": at(-180)})]
    britain["clocks"] = [clock("next_response", 0, "paused")]
    mexico = ticket("MX", "form", "es-MX", "Talla equivocada", -60, status="snoozed", assignee="ana")
    mexico["messages"] = [message("in", "Hola, recibí la talla equivocada…", "es-MX", -60, "form",
                                  translation=translated("en", "Hello, I received the wrong size…"))]
    elsewhere = ticket("GLOBAL", "twilio-sms", "en", None, -3, queue="general")
    elsewhere["messages"] = [message("in", "Is anybody there?", "en", -3, "twilio-sms")]
    return [japan, arabia, britain, mexico, elsewhere]


def long_ticket():
    case = ticket("GB", "whatsapp", "en", "A long conversation", -3000, status="assigned", assignee="ana")
    for n in range(LONG_CONVERSATION):
        direction = "out" if n % 3 == 2 else "in"
        delivery = {"delivery": {"state": "read", "at": at(-3000 + n)}} if direction == "out" else {}
        case["messages"].append(message(direction, f"Message number {n + 1}.", "en", -3000 + n, **delivery))
    return case


def tickets():
    fillers = [ticket("FR", "form", "fr", f"Archive {n + 1}", -5000 - n, status="open", queue="archive", priority=1)
               for n in range(FILLERS)]
    customs, small = customs_ticket(), small_tickets()
    small[-1]["customer"] = customs["customer"]  # who writes by SMS as well
    return [customs, deliveries_ticket(), *small, long_ticket(), *fillers]


def orders():
    return {
        "1001": {
            "order_id": "1001", "market": "BR", "customer_id": new_id(), "state": "in_customs",
            "milestones": [{"name": "placed", "at": at(-21000)}, {"name": "paid", "at": at(-20990)},
                           {"name": "dispatched", "at": at(-18000)}, {"name": "in_customs", "at": at(-10400)}],
            "parcels": [{"parcel_id": "P1", "state": "in_customs", "tracking_number": "LX123456789CN", "events": [
                {"type": "seadesk.parcel.dispatched.v1", "at": at(-18000), "location": "Shenzhen"},
                {"type": "seadesk.parcel.in_customs.v1", "at": at(-10400), "location": "Curitiba"},
                {"type": "seadesk.parcel.customs_held.v1", "at": at(-10000), "location": "Curitiba",
                 "reason": "missing_tax_id"}]}],
            "exceptions": [{"class": "customs_held", "since": at(-10000), "reason": "missing_tax_id",
                            "expected_at": at(4000), "closed_at": None},
                           {"class": "address_problem", "since": at(-17000), "reason": "house number missing",
                            "expected_at": at(-16000), "closed_at": at(-16500)}],
            "notices": [{"about": "dispatched", "event_id": new_id(), "delivery": {"state": "delivered"}},
                        {"about": "customs_held", "event_id": new_id(),
                         "delivery": {"state": "held", "reason": "quiet_hours", "release_at": at(300)}}]},
        "1002": {
            "order_id": "1002", "market": "DE", "customer_id": new_id(), "state": "delivered",
            "milestones": [{"name": "placed", "at": at(-9000)}, {"name": "paid", "at": at(-8990)},
                           {"name": "dispatched", "at": at(-8000)}, {"name": "out_for_delivery", "at": at(-700)},
                           {"name": "delivered", "at": at(-600)}],
            "parcels": [{"parcel_id": "P1", "state": "delivered", "tracking_number": "00340434161094042557", "events": []}],
            "exceptions": [], "notices": []},
    }
