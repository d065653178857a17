/* Language, intent and order numbers, in the languages of the demo markets and some more. */
#include "sea_cmocka.h"
#include "sea_detect.h"
#include "sea_fold.h"
#include "sea_lexicon.h"

static struct sea_lexicon *lexicon;

static int open_lexicon(void **state)
{
    (void)state;
    lexicon = sea_lexicon_open();
    return 0;
}

static int close_lexicon(void **state)
{
    (void)state;
    sea_lexicon_close(&lexicon);
    return 0;
}

/* LN-05: a labelled set, with confidence; and no certainty where there is none. */
static void whole_sentences_are_recognised_for_sure(void **state)
{
    (void)state;
    static const struct {
        const char *text, *language, *script;
    } CASES[] = {
        {"Where is my order? I have been waiting for two weeks now.", "en", "Latn"},
        {"Olá, onde está o meu pedido? Estou esperando há duas semanas.", "pt", "Latn"},
        {"Hola, recibí la talla equivocada y quisiera cambiarla, por favor.", "es", "Latn"},
        {"Bonjour, je n'ai toujours pas reçu mon colis, pouvez-vous m'aider ?", "fr", "Latn"},
        {"Guten Tag, meine Bestellung ist beschädigt angekommen. Was kann ich tun?", "de", "Latn"},
        {"Buongiorno, il mio ordine non è ancora arrivato, potete aiutarmi?", "it", "Latn"},
        {"Goedemiddag, mijn pakket is nog steeds niet aangekomen. Kunt u mij helpen?", "nl",
         "Latn"},
        {"Dzień dobry, moja paczka jeszcze nie dotarła. Czy mogą Państwo pomóc?", "pl", "Latn"},
        {"Здравствуйте, мой заказ до сих пор не пришел, помогите пожалуйста", "ru", "Cyrl"},
        {"Merhaba, siparişim hala gelmedi, bana yardımcı olur musunuz lütfen?", "tr", "Latn"},
        {"注文した商品がまだ届いていません。いつ届きますか？", "ja", "Jpan"},
        {"您好，我的订单到现在还没有收到，请帮我查询一下物流信息，谢谢。", "zh", "Hans"},
        {"您好，我的訂單到現在還沒有收到，請幫我查詢一下物流資訊，謝謝。", "zh-Hant", "Hant"},
        {"안녕하세요, 주문한 상품이 아직 도착하지 않았습니다.", "ko", "Hang"},
        {"مرحبا، لم يصل طلبي حتى الآن، هل يمكنكم مساعدتي من فضلكم؟", "ar", "Arab"},
        {"สวัสดีค่ะ สินค้าที่สั่งยังไม่ได้รับเลยค่ะ", "th", "Thai"},
        {"Xin chào, tôi vẫn chưa nhận được đơn hàng của mình, xin giúp tôi.", "vi", "Latn"},
        {"Halo, pesanan saya belum sampai juga, tolong dibantu ya, terima kasih banyak", "id",
         "Latn"},
        {"Γεια σας, η παραγγελία μου δεν έχει φτάσει ακόμα.", "el", "Grek"},
        {"שלום, ההזמנה שלי עדיין לא הגיעה, אפשר עזרה בבקשה?", "he", "Hebr"},
        {"नमस्ते, मेरा ऑर्डर अभी तक नहीं आया है, कृपया मदद करें।", "hi", "Deva"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_detected got = sea_detect(sea_str(CASES[i].text), SEA_STR(""));
        assert_string_equal(got.language, CASES[i].language);
        assert_string_equal(got.script, CASES[i].script);
        assert_true(got.is_sure);
        assert_true(got.confidence_pct >= 75);
    }
}

static void short_mixed_or_empty_texts_are_not_sure(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"",
                                        "ok",
                                        "Hola",
                                        "1001",
                                        "👍👍👍",
                                        "???",
                                        "#12 LX123456789CN",
                                        "https://example.com/where/is/my/order",
                                        "\xff\xfe bad",
                                        "maria@example.com",
                                        "no",
                                        "grazie mille",
                                        "返品",
                                        "a"};
    for (size_t i = 0; i < SEA_COUNT(TEXTS); i++)
        assert_false(sea_detect(sea_str(TEXTS[i]), SEA_STR("")).is_sure);
    assert_string_equal(sea_detect(SEA_STR("1001 👍"), SEA_STR("")).language, "und");
    assert_string_equal(sea_detect(SEA_STR("1001 👍"), SEA_STR("")).script, "");
}

static void codes_and_links_do_not_tip_the_balance(void **state)
{
    (void)state;
    struct sea_detected got =
        sea_detect(SEA_STR("Onde está o meu pedido LX123456789CN? Já passou muito tempo. "
                           "https://www.example.com/orders/where-is-my-order-tracking-page "
                           "customer.support@example.com"),
                   SEA_STR(""));
    assert_string_equal(got.language, "pt");
    assert_true(got.is_sure);
}

static void texts_fold_to_what_they_have_in_common(void **state)
{
    (void)state;
    static const char *const TEXT_WANT[][2] = {{"  STOP!  ", "stop"},
                                               {"ＳＴＯＰ", "stop"},
                                               {"Dónde está", "donde esta"},
                                               {"where's   my\norder", "where s my order"},
                                               {"STRASSE Straße", "strasse strasse"},
                                               {"أين", "اين"},
                                               {"١٢٣", "123"},
                                               {"１２３", "123"},
                                               {"...", ""},
                                               {"", ""},
                                               {"a\xff"
                                                "b",
                                                "a b"},
                                               {"İPTAL", "iptal"}};
    for (size_t i = 0; i < SEA_COUNT(TEXT_WANT); i++) {
        struct sea_buf out = SEA_BUF(1000);
        sea_fold(sea_str(TEXT_WANT[i][0]), &out);
        assert_str_equal(sea_buf_view(&out), TEXT_WANT[i][1]);
        sea_buf_free(&out);
    }
    struct sea_buf out = SEA_BUF(1000);
    sea_fold_compact(SEA_STR("S t o p."), &out);
    assert_str_equal(sea_buf_view(&out), "stop");
    sea_buf_free(&out);
    static char huge[1 << 20];
    memset(huge, 'x', sizeof huge);
    out = (struct sea_buf)SEA_BUF(1 << 20);
    sea_fold((struct sea_str){huge, sizeof huge}, &out);
    assert_int_equal(out.len, SEA_FOLD_MAX);
    sea_buf_free(&out);
}

struct intent_case {
    const char *text;
    enum sea_intent want;
};

static void assert_intents(const struct intent_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum sea_intent got = sea_lexicon_intent(lexicon, sea_str(cases[i].text), NULL);
        if (got != cases[i].want) print_error("%s\n", cases[i].text);
        assert_int_equal(got, cases[i].want);
    }
}

/* CP-16: STOP in any case or spacing, as the whole message. */
static void stop_and_start_are_whole_messages_in_any_dress(void **state)
{
    (void)state;
    static const struct intent_case CASES[] = {
        {"STOP", SEA_INTENT_STOP},
        {"stop", SEA_INTENT_STOP},
        {" Stop. ", SEA_INTENT_STOP},
        {"S T O P", SEA_INTENT_STOP},
        {"\tstop\n", SEA_INTENT_STOP},
        {"ＳＴＯＰ", SEA_INTENT_STOP},
        {"STOP!!!", SEA_INTENT_STOP},
        {"STOPALL", SEA_INTENT_STOP},
        {"stop all", SEA_INTENT_STOP},
        {"Unsubscribe", SEA_INTENT_STOP},
        {"CANCEL", SEA_INTENT_STOP},
        {"END", SEA_INTENT_STOP},
        {"QUIT", SEA_INTENT_STOP},
        {"REVOKE", SEA_INTENT_STOP},
        {"OPT-OUT", SEA_INTENT_STOP},
        {"opt out", SEA_INTENT_STOP},
        {"optout", SEA_INTENT_STOP},
        {"ARRÊT", SEA_INTENT_STOP},
        {"arret", SEA_INTENT_STOP},
        {"TD", SEA_INTENT_STOP},
        {"REMOVE", SEA_INTENT_STOP},
        {"parar", SEA_INTENT_STOP},
        {"SAIR", SEA_INTENT_STOP},
        {"Baja", SEA_INTENT_STOP},
        {"退订", SEA_INTENT_STOP},
        {"配信停止", SEA_INTENT_STOP},
        {"수신 거부", SEA_INTENT_STOP},
        {"СТОП", SEA_INTENT_STOP},
        {"إيقاف", SEA_INTENT_STOP},
        {"ايقاف", SEA_INTENT_STOP},
        {"Abmelden", SEA_INTENT_STOP},
        {"berhenti", SEA_INTENT_STOP},
        {"หยุด", SEA_INTENT_STOP},
        {"Dừng", SEA_INTENT_STOP},
        {"START", SEA_INTENT_START},
        {"Unstop", SEA_INTENT_START},
        {"s t a r t", SEA_INTENT_START},
        {"再開", SEA_INTENT_START},
        {"ابدأ", SEA_INTENT_START},
        {"恢复", SEA_INTENT_START},
        {"stop it from leaking", SEA_INTENT_NONE},
        {"The machine does not stop", SEA_INTENT_NONE},
        {"I want to cancel my order", SEA_INTENT_NONE},
        {"yes", SEA_INTENT_NONE},
        {"", SEA_INTENT_NONE},
        {"stopp it", SEA_INTENT_NONE},
        {"!!", SEA_INTENT_NONE},
        {"please stop texting me", SEA_INTENT_STOP_REQUEST},
        {"Don't contact me again!", SEA_INTENT_STOP_REQUEST},
        {"Não quero mais receber mensagens", SEA_INTENT_STOP_REQUEST},
        {"别再发了", SEA_INTENT_STOP_REQUEST},
    };
    assert_intents(CASES, SEA_COUNT(CASES));
}

static void a_market_adds_words_of_its_own(void **state)
{
    (void)state;
    static const char *const STOP[] = {"No Más"}, *const START[] = {"Sí"};
    struct sea_lexicon_extra extra = {STOP, START, 1, 1};
    assert_int_equal(sea_lexicon_intent(lexicon, SEA_STR("NO MAS"), &extra), SEA_INTENT_STOP);
    assert_int_equal(sea_lexicon_intent(lexicon, SEA_STR("si"), &extra), SEA_INTENT_START);
    assert_int_equal(sea_lexicon_intent(lexicon, SEA_STR("no mas"), NULL), SEA_INTENT_NONE);
}

static void where_is_my_order_is_understood_in_many_languages(void **state)
{
    (void)state;
    static const struct intent_case CASES[] = {
        {"Where is my order?", SEA_INTENT_ORDER_STATUS},
        {"hi, WHERE'S MY PACKAGE 1001??", SEA_INTENT_ORDER_STATUS},
        {"我的包裹到哪了？", SEA_INTENT_ORDER_STATUS},
        {"我的訂單什麼時候到", SEA_INTENT_ORDER_STATUS},
        {"Oi! Cadê meu pedido 1001?", SEA_INTENT_ORDER_STATUS},
        {"onde esta o meu pedido", SEA_INTENT_ORDER_STATUS},
        {"¿Dónde está mi paquete?", SEA_INTENT_ORDER_STATUS},
        {"Où en est ma commande n° 1001 ?", SEA_INTENT_ORDER_STATUS},
        {"Wo bleibt mein Paket?", SEA_INTENT_ORDER_STATUS},
        {"Dov'è il mio ordine?", SEA_INTENT_ORDER_STATUS},
        {"Waar blijft mijn bestelling?", SEA_INTENT_ORDER_STATUS},
        {"Gdzie jest moja paczka?", SEA_INTENT_ORDER_STATUS},
        {"Где мой заказ?", SEA_INTENT_ORDER_STATUS},
        {"Siparişim nerede?", SEA_INTENT_ORDER_STATUS},
        {"أين طلبي؟", SEA_INTENT_ORDER_STATUS},
        {"荷物はいつ届きますか", SEA_INTENT_ORDER_STATUS},
        {"배송조회 부탁드려요", SEA_INTENT_ORDER_STATUS},
        {"Paket saya di mana ya?", SEA_INTENT_ORDER_STATUS},
        {"พัสดุถึงไหนแล้วคะ", SEA_INTENT_ORDER_STATUS},
        {"Đơn hàng của tôi ở đâu?", SEA_INTENT_ORDER_STATUS},
        {"Nasaan na ang order ko?", SEA_INTENT_ORDER_STATUS},
        {"Oda yangu iko wapi?", SEA_INTENT_ORDER_STATUS},
        {"मेरा ऑर्डर कहाँ है?", SEA_INTENT_ORDER_STATUS},
        {"I received the wrong size", SEA_INTENT_NONE},
        {"Quero devolver meu pedido", SEA_INTENT_NONE},
        {"Mi pedido llegó roto", SEA_INTENT_NONE},
        {"Meine Bestellung ist beschädigt", SEA_INTENT_NONE},
        {"订单收到了，但是坏了", SEA_INTENT_NONE},
        {"Somewhere is my orderly life", SEA_INTENT_NONE},
        {"Nowhere is my order as welcome", SEA_INTENT_NONE},
        {"PERSON", SEA_INTENT_PERSON},
        {"atendente", SEA_INTENT_PERSON},
        {"人工", SEA_INTENT_PERSON},
        {"担当者", SEA_INTENT_PERSON},
        {"Mensch!", SEA_INTENT_PERSON},
        {"CONSEILLER", SEA_INTENT_PERSON},
        {"Agente", SEA_INTENT_PERSON},
        {"موظف", SEA_INTENT_PERSON},
        {"I want to talk to a human, where is my order?", SEA_INTENT_PERSON},
        {"The person at the door was rude", SEA_INTENT_NONE},
    };
    assert_intents(CASES, SEA_COUNT(CASES));
}

static void order_numbers_are_found_and_other_numbers_are_not(void **state)
{
    (void)state;
    static const char *const TEXT_WANT[][2] = {
        {"Where is order 1001?", "1001 "},
        {"order #7", "7 "},
        {"pedido nº 12", "12 "},
        {"Commande n° 123", "123 "},
        {"Bestellung Nr. 55", "55 "},
        {"№ 9", "9 "},
        {"订单1001到哪了", "1001 "},
        {"注文番号１００１です", "1001 "},
        {"طلب ١٠٠١", "1001 "},
        {"LX123456789CN or ORD-2024-0001", "LX123456789CN ORD-2024-0001 "},
        {"1001, 1001 and 1002", "1001 1002 "},
        {"call me at +5511912345678", ""},
        {"since 2026-11-22 or 22-11-2026", ""},
        {"it cost 1299.90 or $1299 or 12,999", ""},
        {"maria1001@example.com https://example.com/1001", ""},
        {"I have 2 items, size 44", ""},
        {"at 10:30", ""},
        {"22/11/2026", ""},
        {"12345678901234567890123456", ""},
        {"", ""},
        {"a\xff"
         "1001",
         "1001 "},
        {"1001 1002 1003 1004 1005 1006 1007 1008 1009",
         "1001 1002 1003 1004 1005 1006 1007 1008 "},
    };
    for (size_t i = 0; i < SEA_COUNT(TEXT_WANT); i++) {
        char refs[SEA_REFS_MAX][SEA_REF_TEXT], got[400] = "";
        uint32_t count = sea_refs(sea_str(TEXT_WANT[i][0]), refs);
        for (uint32_t n = 0; n < count; n++) {
            strcat(got, refs[n]);
            strcat(got, " ");
        }
        assert_string_equal(got, TEXT_WANT[i][1]);
    }
}

SEA_TESTS(cmocka_unit_test(whole_sentences_are_recognised_for_sure),
          cmocka_unit_test(short_mixed_or_empty_texts_are_not_sure),
          cmocka_unit_test(codes_and_links_do_not_tip_the_balance),
          cmocka_unit_test(texts_fold_to_what_they_have_in_common),
          cmocka_unit_test_setup(stop_and_start_are_whole_messages_in_any_dress, open_lexicon),
          cmocka_unit_test(a_market_adds_words_of_its_own),
          cmocka_unit_test(where_is_my_order_is_understood_in_many_languages),
          cmocka_unit_test_teardown(order_numbers_are_found_and_other_numbers_are_not,
                                    close_lexicon))
