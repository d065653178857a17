"""Africa's Talking, "USSD callbacks": nothing is signed; the callback URL that was registered carries the key."""


def sign(request, secret, at_s):
    request.target = request.target.split("?")[0] + "?key=" + secret
