/* sea_lexicon_words.c: the built-in word lists, by intent and language. */
#include "sea_lexicon_words.h"

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define STATUS_WORDS(...)                                                                          \
    {                                                                                              \
        SEA_INTENT_ORDER_STATUS, SEA_MATCH_WORDS, WORDS(__VA_ARGS__)                               \
    }
#define STATUS_PART(...)                                                                           \
    {                                                                                              \
        SEA_INTENT_ORDER_STATUS, SEA_MATCH_PART, WORDS(__VA_ARGS__)                                \
    }

const struct sea_word_list SEA_WORD_LISTS[] = {
    /* Twilio's and AWS' defaults, the FCC's list (47 CFR 64.1200(a)(10)), then other languages. */
    {SEA_INTENT_STOP, SEA_MATCH_WHOLE,
     WORDS("stop", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out",
           "remove", "arrêt", "arrêter", "se désabonner", "désabonner", "désinscrire", "td", "退订",
           "退訂", "取消订阅", "取消訂閱", "停止", "配信停止", "ストップ", "수신거부", "중지",
           "stopp", "abmelden", "abbestellen", "parar", "pare", "sair", "descadastrar", "baja",
           "alto", "detener", "cancelar suscripción", "afmelden", "wypisz", "стоп", "отписаться",
           "إيقاف", "توقف", "الغاء الاشتراك", "berhenti", "หยุด", "dừng", "hủy đăng ký", "dur")},
    {SEA_INTENT_START, SEA_MATCH_WHOLE,
     WORDS("start", "unstop", "opt in", "resubscribe", "iniciar", "comenzar", "alta", "reanudar",
           "reprendre", "恢复", "恢復", "开始", "開始", "再開", "시작", "재개", "старт", "ابدأ",
           "mulai", "mula", "เริ่ม", "bắt đầu")},
    {SEA_INTENT_STOP_REQUEST, SEA_MATCH_WORDS,
     WORDS("stop texting me", "stop messaging me", "stop sending me", "stop contacting me",
           "do not contact me", "don't contact me", "do not text me", "don't text me",
           "don't message me", "remove me from", "take me off", "unsubscribe me", "opt me out",
           "leave me alone", "não me mande mais", "pare de me mandar", "não quero mais receber",
           "no me escriban más", "no me manden más", "dejen de enviarme", "no quiero recibir más",
           "ne m'envoyez plus", "arrêtez de m'envoyer", "ne me contactez plus",
           "schreiben sie mir nicht mehr", "keine nachrichten mehr", "keine werbung mehr",
           "non mandatemi più", "stuur me geen", "не пишите мне", "jangan kirim",
           "jangan hubungi")},
    {SEA_INTENT_STOP_REQUEST, SEA_MATCH_PART,
     WORDS("不要再发", "别再发", "不要再给我发", "不要再發", "送らないで", "連絡しないで",
           "보내지 마세요", "연락하지 마", "لا ترسل", "لا ترسلوا")},
    {SEA_INTENT_PERSON, SEA_MATCH_WHOLE,
     WORDS("0", "person", "human", "agent", "operator", "representative", "atendente", "humano",
           "pessoa", "agente", "persona", "asesor", "mensch", "mitarbeiter", "conseiller",
           "personne", "humain", "operatore", "medewerker", "konsultant", "оператор", "человек",
           "temsilci", "موظف", "شخص", "担当者", "オペレーター", "상담원", "상담사", "人工",
           "人工客服", "客服", "真人", "orang", "petugas", "เจ้าหน้าที่", "nhân viên")},
    {SEA_INTENT_PERSON, SEA_MATCH_WORDS,
     WORDS("talk to a person", "talk to a human", "talk to an agent", "talk to someone",
           "speak to a person", "speak to a human", "speak to an agent", "speak to someone",
           "speak with a human", "speak with an agent", "real person", "human agent",
           "falar com um atendente", "falar com atendente", "falar com uma pessoa",
           "hablar con una persona", "hablar con un agente", "hablar con alguien",
           "hablar con un asesor", "parler à un conseiller", "parler à une personne",
           "parler à quelqu'un", "mit einem menschen sprechen", "mit einem mitarbeiter sprechen",
           "parlare con una persona", "parlare con un operatore", "met een medewerker",
           "поговорить с человеком", "соедините с оператором", "التحدث مع موظف", "التحدث مع شخص",
           "bicara dengan orang", "gặp nhân viên")},
    {SEA_INTENT_PERSON, SEA_MATCH_PART,
     WORDS("转人工", "轉人工", "人工服务", "人工服務", "担当者と話", "人と話したい", "상담원 연결",
           "คุยกับเจ้าหน้าที่")},
    /* English */
    STATUS_WORDS("where is my order", "where's my order", "wheres my order", "where is my package",
                 "where's my package", "wheres my package", "where is my parcel",
                 "where's my parcel", "where is my delivery", "where's my delivery",
                 "where is order", "order status", "status of my order", "status of order",
                 "delivery status", "track my order", "track my package", "track my parcel",
                 "tracking number", "when will my order", "when will my package",
                 "when will my parcel", "when will it arrive", "has my order shipped",
                 "has not arrived", "hasn't arrived", "not arrived yet", "not received my order",
                 "haven't received my", "didn't receive my order"),
    /* Chinese */
    STATUS_PART("订单到哪", "包裹到哪", "快递到哪", "货到哪", "到哪儿了", "到哪了", "物流信息",
                "查物流", "查快递", "订单状态", "什么时候到", "什么时候送到", "什么时候能收到",
                "什么时候发货", "还没收到", "没有收到货", "訂單狀態", "包裹到哪", "什麼時候到",
                "還沒收到", "查物流"),
    /* Portuguese */
    STATUS_WORDS("onde está meu pedido", "onde está o meu pedido", "onde está minha encomenda",
                 "onde está a minha encomenda", "cadê meu pedido", "cadê o meu pedido",
                 "cadê minha encomenda", "status do meu pedido", "status do pedido",
                 "rastrear meu pedido", "rastrear pedido", "rastrear minha encomenda",
                 "código de rastreio", "quando chega", "quando vai chegar", "não chegou",
                 "ainda não chegou", "não recebi meu pedido", "não recebi o meu pedido"),
    /* Spanish */
    STATUS_WORDS("dónde está mi pedido", "dónde está mi paquete", "dónde está mi orden",
                 "dónde está mi compra", "dónde está mi envío", "estado de mi pedido",
                 "estado del pedido", "rastrear mi pedido", "rastrear mi paquete",
                 "seguimiento de mi pedido", "número de guía", "cuándo llega", "cuándo va a llegar",
                 "cuándo llegará", "no ha llegado", "no me ha llegado", "no me llegó",
                 "no he recibido mi pedido", "por dónde va mi pedido"),
    /* French */
    STATUS_WORDS("où est ma commande", "où est mon colis", "où en est ma commande",
                 "où en est mon colis", "suivi de commande", "suivi de ma commande",
                 "suivre ma commande", "suivre mon colis", "statut de ma commande",
                 "quand vais-je recevoir", "quand arrive ma commande", "quand arrive mon colis",
                 "quand arrivera", "pas reçu ma commande", "pas reçu mon colis", "pas encore reçu",
                 "numéro de suivi"),
    /* German */
    STATUS_WORDS("wo ist meine bestellung", "wo ist mein paket", "wo bleibt meine bestellung",
                 "wo bleibt mein paket", "wo steckt mein paket", "wann kommt meine bestellung",
                 "wann kommt mein paket", "wann kommt die bestellung", "status meiner bestellung",
                 "bestellstatus", "lieferstatus", "sendungsverfolgung", "sendungsnummer",
                 "noch nicht angekommen", "bestellung nicht erhalten", "paket nicht erhalten"),
    /* Italian */
    STATUS_WORDS("dov'è il mio ordine", "dov'è il mio pacco", "dove si trova il mio ordine",
                 "stato dell'ordine", "stato del mio ordine", "quando arriva il mio ordine",
                 "quando arriva il mio pacco", "tracciare il mio ordine", "non è ancora arrivato",
                 "non ho ricevuto il mio ordine"),
    /* Dutch */
    STATUS_WORDS("waar is mijn bestelling", "waar is mijn pakket", "waar blijft mijn bestelling",
                 "waar blijft mijn pakket", "wanneer komt mijn bestelling",
                 "wanneer komt mijn pakket", "status van mijn bestelling", "nog niet ontvangen",
                 "track en trace"),
    /* Polish */
    STATUS_WORDS("gdzie jest moje zamówienie", "gdzie jest moja paczka", "gdzie moja paczka",
                 "status zamówienia", "status mojego zamówienia", "kiedy przyjdzie", "kiedy dotrze",
                 "jeszcze nie dotarła", "jeszcze nie dotarło", "śledzenie przesyłki"),
    /* Russian */
    STATUS_WORDS("где мой заказ", "где моя посылка", "статус заказа", "статус моего заказа",
                 "когда придет", "когда придёт", "когда доставят", "отследить заказ",
                 "отследить посылку", "заказ не пришел", "посылка не пришла", "трек номер"),
    /* Turkish */
    STATUS_WORDS("siparişim nerede", "kargom nerede", "siparişim ne zaman", "kargom ne zaman",
                 "kargo takip", "sipariş durumu", "siparişim gelmedi", "kargom gelmedi"),
    /* Arabic: particles stick to words */
    STATUS_PART("أين طلبي", "وين طلبي", "أين شحنتي", "وين شحنتي", "متى يصل طلبي", "متى تصل شحنتي",
                "حالة الطلب", "حالة طلبي", "تتبع الطلب", "تتبع طلبي", "لم يصل طلبي", "لم تصل شحنتي",
                "ما وصل طلبي", "رقم التتبع"),
    /* Japanese */
    STATUS_PART("荷物はどこ", "商品はどこ", "注文はどこ", "注文はどうなって", "いつ届", "いつ発送",
                "いつ到着", "まだ届", "届いていません", "届いてない", "到着しません", "配送状況",
                "発送状況", "注文状況", "追跡番号"),
    /* Korean */
    STATUS_PART("주문 어디", "주문한 상품 어디", "택배 어디", "배송 조회", "배송 상태", "주문 상태",
                "언제 도착", "언제 와요", "언제 오나요", "아직 안 왔", "안 왔어요", "운송장 번호"),
    /* Indonesian and Malay */
    STATUS_WORDS("di mana pesanan saya", "dimana pesanan saya", "mana pesanan saya",
                 "pesanan saya di mana", "pesanan saya dimana", "di mana paket saya",
                 "dimana paket saya", "paket saya di mana", "paket saya dimana", "kapan sampai",
                 "kapan pesanan saya", "kapan paket saya", "status pesanan", "lacak pesanan",
                 "lacak paket", "belum sampai", "nomor resi", "cek resi", "bila sampai",
                 "bila pesanan saya", "jejak pesanan", "di mana bungkusan saya"),
    /* Thai */
    STATUS_PART("สินค้าอยู่ที่ไหน", "พัสดุอยู่ที่ไหน", "ของอยู่ที่ไหน", "พัสดุถึงไหน", "ของถึงไหน", "ติดตามพัสดุ",
                "เช็คพัสดุ", "สถานะคำสั่งซื้อ", "สถานะสินค้า", "เมื่อไหร่จะได้", "ยังไม่ได้รับ", "เลขพัสดุ"),
    /* Vietnamese */
    STATUS_WORDS("đơn hàng của tôi ở đâu", "đơn hàng của tôi đâu", "đơn hàng đến đâu",
                 "khi nào giao", "khi nào nhận được", "bao giờ giao", "bao giờ nhận được",
                 "chưa nhận được hàng", "kiểm tra đơn hàng", "tình trạng đơn hàng", "mã vận đơn"),
    /* Filipino, Swahili, Hindi */
    STATUS_WORDS("nasaan ang order ko", "nasaan na ang order ko", "nasaan ang parcel ko",
                 "nasaan na ang parcel ko", "kailan darating", "hindi pa dumarating"),
    STATUS_WORDS("oda yangu iko wapi", "mzigo wangu uko wapi", "agizo langu liko wapi"),
    STATUS_WORDS("मेरा ऑर्डर कहाँ है", "मेरा पार्सल कहाँ है", "ऑर्डर कब आएगा", "mera order kahan hai",
                 "order kab aayega"),
};
const size_t SEA_WORD_LISTS_COUNT = SEA_COUNT(SEA_WORD_LISTS);
