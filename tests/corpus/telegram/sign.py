"""Telegram, setWebhook: the secret token comes back as a header."""


def sign(request, secret, at_s):
    request.headers["X-Telegram-Bot-Api-Secret-Token"] = secret
