/* fake_translate.c: the sentences known by heart. */
#include "fake_translate.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LANGUAGES = 8 };

const struct fake_language fake_languages[] = {
    {"en", "English"}, {"zh", "Chinese"}, {"pt", "Portuguese"}, {"de", "German"},
    {"fr", "French"},  {"es", "Spanish"}, {"ja", "Japanese"},   {"ar", "Arabic"},
};
const size_t fake_languages_count = SEA_COUNT(fake_languages);

/* In the order of fake_languages. */
static const char *const SENTENCES[][LANGUAGES] = {
    {"Where is my order?", "我的订单在哪里？", "Onde está o meu pedido?",
     "Wo ist meine Bestellung?", "Où est ma commande ?", "¿Dónde está mi pedido?",
     "私の注文はどこですか？", "أين طلبي؟"},
    {"I would like to return the shoes.", "我想退这双鞋。", "Quero devolver os sapatos.",
     "Ich möchte die Schuhe zurückgeben.", "Je voudrais retourner les chaussures.",
     "Quiero devolver los zapatos.", "靴を返品したいです。", "أريد إرجاع الحذاء."},
    {"I received the wrong size.", "我收到的尺码不对。", "Recebi o tamanho errado.",
     "Ich habe die falsche Größe erhalten.", "J'ai reçu la mauvaise taille.",
     "Recibí la talla equivocada.", "サイズが違う商品が届きました。", "استلمت مقاسًا خاطئًا."},
    {"Hello, can you help me?", "你好，可以帮我吗？", "Olá, pode me ajudar?",
     "Hallo, können Sie mir helfen?", "Bonjour, pouvez-vous m'aider ?", "Hola, ¿me puede ayudar?",
     "こんにちは、手伝っていただけますか？", "مرحبًا، هل يمكنك مساعدتي؟"},
    {"Thank you for your message, we are looking into it.", "感谢您的留言，我们正在核实。",
     "Obrigado pela mensagem, estamos verificando.",
     "Danke für Ihre Nachricht, wir kümmern uns darum.",
     "Merci pour votre message, nous nous en occupons.",
     "Gracias por su mensaje, lo estamos revisando.",
     "ご連絡ありがとうございます。ただいま確認しております。", "شكرًا لرسالتك، نحن نتحقق من الأمر."},
    {"Your parcel arrives tomorrow.", "您的包裹明天送达。", "Sua encomenda chega amanhã.",
     "Ihr Paket kommt morgen an.", "Votre colis arrive demain.", "Su paquete llega mañana.",
     "お荷物は明日届きます。", "ستصل شحنتك غدًا."},
    {"You can return it free of charge within 30 days.", "30天内可免费退货。",
     "Você pode devolver gratuitamente em até 30 dias.",
     "Sie können innerhalb von 30 Tagen kostenlos zurückgeben.",
     "Vous pouvez le retourner gratuitement sous 30 jours.",
     "Puede devolverlo gratis en un plazo de 30 días.", "30日以内であれば無料で返品できます。",
     "يمكنك الإرجاع مجانًا خلال 30 يومًا."},
};

static int index_of(struct sea_str language)
{
    for (int i = 0; i < LANGUAGES; i++) {
        size_t len = strlen(fake_languages[i].code);
        bool is_primary = language.len == len || (language.len > len && language.ptr[len] == '-');
        if (is_primary && strncasecmp(language.ptr, fake_languages[i].code, len) == 0) return i;
    }
    return -1;
}

bool fake_translate_knows(struct sea_str language)
{
    return index_of(language) >= 0;
}

/* The known sentence that `text` is, and in *ret_language which column; NULL: none. */
static const char *const *find_sentence(struct sea_str text, size_t *ret_language)
{
    text = sea_str_trim(text);
    for (size_t row = 0; row < SEA_COUNT(SENTENCES); row++) {
        for (size_t column = 0; column < LANGUAGES; column++) {
            const char *known = SENTENCES[row][column];
            if (strlen(known) != text.len || strncasecmp(known, text.ptr, text.len) != 0) continue;
            *ret_language = column;
            return SENTENCES[row];
        }
    }
    return NULL;
}

void fake_translate(struct sea_str text, struct sea_str target, bool is_mangled,
                    struct sea_buf *ret)
{
    size_t language = 0;
    int wanted = index_of(target);
    const char *const *sentence = find_sentence(text, &language);
    if (sentence != NULL && wanted >= 0 && !is_mangled) {
        sea_buf_text(ret, sentence[wanted]);
        return;
    }
    sea_buf_char(ret, '[');
    sea_buf_str(ret, target);
    sea_buf_text(ret, "] ");
    for (size_t i = 0; i < text.len; i++)
        if (!is_mangled || !isdigit((unsigned char)text.ptr[i])) sea_buf_char(ret, text.ptr[i]);
}

const char *fake_translate_detect(struct sea_str text)
{
    size_t language = 0;
    const char *const *sentence = find_sentence(text, &language);
    return fake_languages[sentence != NULL ? language : 0].code;
}
