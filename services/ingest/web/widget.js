// widget.js: web chat and a web form for any page, without dependencies. The script's own element says what it is for:
//   <script src="https://ingest.example/v1/widget.js" data-account="demo" data-session-url="/seadesk-session" defer></script>
// Attributes: data-mode (chat, form), data-account, data-session or data-session-url, data-stream (notifier's address),
// data-locale, data-upload, data-target (a selector: where the form goes). docs/integrating.md explains them.
(() => {
  "use strict";

  const NOTICE_VERSION = "1"; // of the notices below: a new wording is a new version
  const TEXT_MAX = 8000, QUEUE_MAX = 50, SHOWN_MAX = 100, FILE_MAX_BYTES = 20 * 1024 * 1024;
  const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000, 60000], TYPING_MS = 3000;

  // The languages of the markets' pages. open, close, title, field, send, file, agree, decline, then the notices: asked before
  // anything is kept, and only shown; waiting, failed, declined; then the form's name, e-mail, subject, order, done; an agent types.
  const WORDS = {
    en: ["Chat with us", "Close", "Customer service", "Your message", "Send", "Attach a file", "I agree", "No, thanks",
      "We record this conversation to answer you. May we?", "This conversation is recorded so that we can answer you.",
      "Waiting for the network", "Not sent", "Nothing was sent or kept.", "Name", "E-mail", "Subject", "Order number", "Thank you, we have your message.", "Somebody is typing…"],
    "zh-CN": ["联系我们", "关闭", "客户服务", "您的消息", "发送", "添加文件", "同意", "不同意",
      "为了回复您，我们会记录本次对话。您同意吗？", "为了回复您，本次对话会被记录。",
      "等待网络", "未发送", "没有发送或保存任何内容。", "姓名", "电子邮箱", "主题", "订单号", "谢谢，我们已收到您的消息。", "客服正在输入…"],
    de: ["Chat öffnen", "Schließen", "Kundenservice", "Ihre Nachricht", "Senden", "Datei anhängen", "Ich stimme zu", "Nein, danke",
      "Um Ihnen zu antworten, zeichnen wir dieses Gespräch auf. Sind Sie einverstanden?", "Dieses Gespräch wird aufgezeichnet, damit wir antworten können.",
      "Warten auf das Netz", "Nicht gesendet", "Es wurde nichts gesendet oder gespeichert.", "Name", "E-Mail", "Betreff", "Bestellnummer", "Danke, Ihre Nachricht ist angekommen.", "Jemand schreibt …"],
    fr: ["Ouvrir le chat", "Fermer", "Service client", "Votre message", "Envoyer", "Joindre un fichier", "J’accepte", "Non, merci",
      "Pour vous répondre, nous enregistrons cette conversation. Êtes-vous d’accord ?", "Cette conversation est enregistrée afin de vous répondre.",
      "En attente du réseau", "Non envoyé", "Rien n’a été envoyé ni conservé.", "Nom", "E-mail", "Objet", "Numéro de commande", "Merci, nous avons reçu votre message.", "Quelqu’un écrit…"],
    es: ["Abrir el chat", "Cerrar", "Atención al cliente", "Su mensaje", "Enviar", "Adjuntar un archivo", "Acepto", "No, gracias",
      "Para responderle, registramos esta conversación. ¿Está de acuerdo?", "Esta conversación se registra para poder responderle.",
      "Esperando la red", "No enviado", "No se envió ni guardó nada.", "Nombre", "Correo electrónico", "Asunto", "Número de pedido", "Gracias, hemos recibido su mensaje.", "Alguien está escribiendo…"],
    pt: ["Abrir o chat", "Fechar", "Atendimento ao cliente", "Sua mensagem", "Enviar", "Anexar arquivo", "Concordo", "Não, obrigado",
      "Para responder, registramos esta conversa. Você concorda?", "Esta conversa é registrada para que possamos responder.",
      "Aguardando a rede", "Não enviada", "Nada foi enviado ou guardado.", "Nome", "E-mail", "Assunto", "Número do pedido", "Obrigado, recebemos a sua mensagem.", "Alguém está digitando…"],
    pl: ["Otwórz czat", "Zamknij", "Obsługa klienta", "Twoja wiadomość", "Wyślij", "Dołącz plik", "Zgadzam się", "Nie, dziękuję",
      "Aby odpowiedzieć, zapisujemy tę rozmowę. Czy wyrażasz zgodę?", "Ta rozmowa jest zapisywana, abyśmy mogli odpowiedzieć.",
      "Czekam na sieć", "Nie wysłano", "Nic nie zostało wysłane ani zapisane.", "Imię i nazwisko", "E-mail", "Temat", "Numer zamówienia", "Dziękujemy, otrzymaliśmy wiadomość.", "Ktoś pisze…"],
    sv: ["Öppna chatten", "Stäng", "Kundtjänst", "Ditt meddelande", "Skicka", "Bifoga en fil", "Jag samtycker", "Nej tack",
      "Vi sparar samtalet för att kunna svara dig. Samtycker du?", "Samtalet sparas för att vi ska kunna svara dig.",
      "Väntar på nätet", "Inte skickat", "Inget har skickats eller sparats.", "Namn", "E-post", "Ämne", "Ordernummer", "Tack, vi har fått ditt meddelande.", "Någon skriver …"],
    ja: ["チャットを開く", "閉じる", "カスタマーサービス", "メッセージ", "送信", "ファイルを添付", "同意する", "同意しない",
      "ご返答のため、この会話を記録いたします。よろしいでしょうか。", "ご返答のため、この会話を記録しております。",
      "接続を待っています", "送信できませんでした", "何も送信・保存されていません。", "お名前", "メールアドレス", "件名", "注文番号", "メッセージを受け取りました。ありがとうございます。", "担当者が入力中です…"],
    ar: ["افتح المحادثة", "إغلاق", "خدمة العملاء", "رسالتك", "إرسال", "إرفاق ملف", "أوافق", "لا، شكرًا",
      "نسجّل هذه المحادثة لنتمكن من الرد عليك. هل توافق؟", "تُسجَّل هذه المحادثة لنتمكن من الرد عليك.",
      "في انتظار الشبكة", "لم تُرسل", "لم يُرسل أو يُحفظ أي شيء.", "الاسم", "البريد الإلكتروني", "الموضوع", "رقم الطلب", "شكرًا، وصلتنا رسالتك.", "أحدهم يكتب الآن…"],
    id: ["Buka obrolan", "Tutup", "Layanan pelanggan", "Pesan Anda", "Kirim", "Lampirkan berkas", "Saya setuju", "Tidak, terima kasih",
      "Kami mencatat percakapan ini untuk menjawab Anda. Apakah Anda setuju?", "Percakapan ini dicatat agar kami dapat menjawab Anda.",
      "Menunggu jaringan", "Tidak terkirim", "Tidak ada yang dikirim atau disimpan.", "Nama", "Email", "Perihal", "Nomor pesanan", "Terima kasih, pesan Anda sudah kami terima.", "Seseorang sedang mengetik…"],
  };
  const NAMES = ["open", "close", "title", "field", "send", "file", "agree", "decline", "ask", "told", "waiting", "failed", "declined",
    "name", "email", "subject", "order", "done", "typing"];

  const STYLE = `
    :host { all: initial; --seadesk: #0b6bcb; font: 16px/1.4 system-ui, sans-serif; color: #1b1f24; }
    [hidden] { display: none !important; }
    * { box-sizing: border-box; font: inherit; }
    button { border: 0; border-radius: 8px; padding: 10px 16px; background: var(--seadesk); color: #fff; cursor: pointer; min-height: 44px; }
    button.plain { background: #e6eaef; color: inherit; }
    button:focus-visible, textarea:focus-visible, input:focus-visible { outline: 3px solid #f2a900; outline-offset: 2px; }
    #open { position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483000; border-radius: 24px; }
    .panel { background: #fff; border: 1px solid #c8ced6; border-radius: 12px; display: flex; flex-direction: column; overflow: hidden; }
    .chat { position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483000; width: min(380px, calc(100vw - 32px));
      height: min(560px, calc(100vh - 32px)); box-shadow: 0 8px 32px #0004; }
    header { display: flex; align-items: center; justify-content: space-between; padding: 8px 8px 8px 16px; font-weight: 600; }
    #log { flex: 1; overflow-y: auto; margin: 0; padding: 8px 16px; list-style: none; }
    #log li { margin: 6px 0; padding: 8px 12px; border-radius: 12px; background: #eef1f5; width: fit-content; max-width: 85%;
      white-space: pre-wrap; overflow-wrap: anywhere; }
    #log li.mine { background: #d9ecff; margin-inline-start: auto; }
    small { display: block; color: #57606a; }
    #typing { min-height: 1.4em; }
    form, .notice { display: flex; flex-direction: column; gap: 8px; padding: 12px 16px; }
    textarea, input { border: 1px solid #8c959f; border-radius: 8px; padding: 8px; width: 100%; }
    .row { display: flex; gap: 8px; }
    @media (prefers-color-scheme: dark) {
      :host { color: #e6edf3; --seadesk: #1f6feb; }
      .panel, textarea, input { background: #161b22; color: inherit; }
      #log li, button.plain { background: #2b323b; } #log li.mine { background: #1c3a5e; } small { color: #9ea7b3; }
    }`;

  const script = document.currentScript;
  const say = script.dataset;
  const ingest = new URL(script.src).origin;
  const streams = say.stream || ingest;
  const mode = say.mode === "form" ? "form" : "chat";
  const account = say.account || "";
  const locale = say.locale || document.documentElement.lang || navigator.language || "en";
  const language = languageOf(locale);
  const words = Object.fromEntries(WORDS[language].map((text, n) => [NAMES[n], text]));

  let session = say.session || "";
  let visitor = "";   // sub of the session
  let rule = "";      // of the market, as ingest names it: none, notice, opt_in
  let kept = fresh(); // what outlives the page, once it may be kept
  let isOpen = false, source = null, tries = { stream: 0, send: 0 }, timers = {}, isSending = false, isUploading = false, typedAt = -Infinity;

  function languageOf(tag) {
    if (/^zh/i.test(tag)) return "zh-CN";
    const base = tag.toLowerCase().split(/[-_]/)[0];
    return WORDS[base] ? base : "en";
  }

  function fresh() {
    return { consent: null, queue: [], shown: [], last: "" };
  }

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // ---- what is kept in the browser: nothing before consent, where that is asked for ----

  // A message that waits has an entry of its own: no other tab's page can write over it.
  const storeName = (id = "") => `seadesk:${mode}:${account}:${visitor}:${id}`;

  function load() {
    try {
      kept = { ...fresh(), ...JSON.parse(localStorage.getItem(storeName())) };
      kept.queue = Object.keys(localStorage).filter((name) => name.startsWith(storeName("w-")))
        .map((name) => JSON.parse(localStorage.getItem(name))).sort((a, b) => (a.sent_at < b.sent_at ? -1 : 1));
    } catch {
      kept = fresh(); // no storage, or not ours: the page's life must do
    }
  }

  function save() {
    if (!mayRecord()) return;
    try {
      const { queue, ...rest } = kept;
      localStorage.setItem(storeName(), JSON.stringify(rest));
      for (const message of queue) localStorage.setItem(storeName(message.message_id), JSON.stringify(message));
    } catch { /* full or forbidden: as above */ }
  }

  function hasWaiting() {
    try {
      return Object.keys(localStorage).some((name) => name.startsWith(`seadesk:${mode}:${account}:`) && name.includes(":w-"));
    } catch {
      return false;
    }
  }

  function unstore(id) {
    try {
      localStorage.removeItem(storeName(id));
    } catch { /* nothing was kept */ }
  }

  const mayRecord = () => rule === "none" || rule === "notice" || kept.consent !== null;

  // ---- the session that the site signed ----

  async function takeSession(isStale) {
    if (isStale) session = "";
    if (!session && say.sessionUrl) {
      const answer = await fetch(say.sessionUrl, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error(`session: ${answer.status}`);
      session = (await answer.text()).trim();
    }
    if (!session) throw new Error("no session");
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(
      atob(session.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0))));
    if (claims.sub === visitor) return;
    visitor = claims.sub;
    load();
  }

  // ---- asking first ----

  async function askRule() {
    if (rule) return;
    const answer = await fetch(`${ingest}/v1/notices/${mode}/${encodeURIComponent(account)}?locale=${encodeURIComponent(locale)}`);
    if (!answer.ok) throw new Error(`notice: ${answer.status}`);
    rule = (await answer.json()).recording;
  }

  function agree() {
    kept.consent = { recording: true, notice_version: NOTICE_VERSION, locale: language };
    save();
    show();
    ui.text.focus();
    listen();
    sendLater(0);
  }

  function decline() {
    for (const message of kept.queue) unstore(message.message_id);
    unstore();
    kept = fresh();
    ui.status.textContent = words.declined;
    if (mode === "chat") close();
  }

  // ---- messages out: kept until ingest has them, each under one id ----

  function write(fields) {
    const id = crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "w-");
    kept.queue.push({ message_id: id, sent_at: new Date().toISOString(), ...fields });
    shown({ id, text: fields.text ?? fields.attachments[0].name, mine: true });
    save();
    show();
    sendLater(0);
  }

  function sendLater(wait) {
    clearTimeout(timers.send);
    timers.send = setTimeout(send, wait);
  }

  async function send() {
    if (isSending || !kept.queue.length || !mayRecord()) return;
    isSending = true;
    let wait = -1;
    try {
      wait = await sendFirst();
      tries.send = 0;
    } catch {
      wait = backoff("send");
    }
    isSending = false;
    show();
    if (wait >= 0) sendLater(wait);
  }

  // How long to wait before the next, in ms; throws where only time helps.
  async function sendFirst() {
    await takeSession(false);
    const [message] = kept.queue;
    const { contact, ...rest } = message;
    const answer = await fetch(`${ingest}/v1/messages`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${session}` },
      body: JSON.stringify({ channel: mode, account, ...rest, contact: { ...contact, id: visitor, locale }, consent: kept.consent }),
    });
    if (answer.status === 401) {
      await takeSession(true);
      throw new Error("the session was over");
    }
    if (answer.status === 429 || answer.status >= 500) throw new Error("later");
    if (answer.status === 422 && (await answer.json()).type.endsWith(":consent-required")) {
      rule = "opt_in";
      kept.consent = null;
      return -1;
    }
    const sent = kept.queue.shift();
    unstore(sent.message_id);
    const line = kept.shown.find((each) => each.id === sent.message_id);
    if (line) line.failed = !answer.ok;
    if (mode === "form") ui.status.textContent = answer.ok ? words.done : words.failed;
    save();
    return 0;
  }

  function backoff(what) {
    const base = BACKOFF_MS[Math.min(tries[what]++, BACKOFF_MS.length - 1)];
    return base * (0.75 + Math.random() / 2);
  }

  // ---- messages in ----

  async function listen() {
    clearTimeout(timers.stream);
    if (mode !== "chat" || !isOpen || !mayRecord() || source) return;
    try {
      await takeSession(tries.stream > 1 && say.sessionUrl); // it may be over: a stream doesn't say why it ended
    } catch {
      listenLater();
      return;
    }
    if (source) return;
    const place = kept.last ? `?last_event_id=${encodeURIComponent(kept.last)}` : "";
    source = new EventSource(`${streams}/v1/chat/${session}/stream${place}`);
    source.addEventListener("open", () => { tries.stream = 0; });
    source.addEventListener("error", () => { unlisten(); listenLater(); });
    source.addEventListener("reset", () => { kept.shown = kept.shown.filter((line) => line.mine); });
    source.addEventListener("typing", (event) => {
      clearTimeout(timers.typing);
      timers.typing = setTimeout(untype, JSON.parse(event.data).for_ms);
      if (!ui.typing.textContent) ui.typing.textContent = words.typing;
    });
    source.addEventListener("message", (event) => {
      const { id, text, language: tongue, agent } = JSON.parse(event.data);
      kept.last = event.lastEventId;
      untype();
      shown({ id, text, tongue, agent });
      save();
      show();
    });
  }

  function untype() {
    clearTimeout(timers.typing);
    ui.typing.textContent = "";
  }

  // That something is typed, not what: into a conversation that there is. What can't be told now isn't told.
  function tellTyping() {
    if (!mayRecord() || !kept.shown.length || performance.now() - typedAt < TYPING_MS) return;
    typedAt = performance.now();
    fetch(`${ingest}/v1/typing`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${session}` },
      body: JSON.stringify({ locale, consent: kept.consent }),
    }).catch(() => {});
  }

  function unlisten() {
    source?.close();
    source = null;
  }

  function listenLater() {
    clearTimeout(timers.stream);
    if (isOpen) timers.stream = setTimeout(listen, backoff("stream"));
  }

  // A message that comes twice is one.
  function shown(line) {
    if (kept.shown.some((each) => each.id === line.id)) return;
    kept.shown.push(line);
    kept.shown.splice(0, kept.shown.length - SHOWN_MAX);
  }

  // ---- what is seen ----

  const ui = {};

  function build() {
    const host = element("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // allowed by any style-src, unlike a <style>
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    host.lang = language;
    host.dir = language === "ar" ? "rtl" : "ltr";
    ui.status = element("small", { id: "status", role: "status" });
    ui.text = element("textarea", { id: "text", rows: 2, maxLength: TEXT_MAX, ariaLabel: words.field, required: true, dir: "auto" });
    ui.send = element("button", { type: "submit", id: "send", textContent: words.send });
    ui.agree = element("button", { type: "button", id: "agree", textContent: words.agree, onclick: agree });
    ui.decline = element("button", { type: "button", id: "decline", className: "plain", textContent: words.decline, onclick: decline });
    ui.notice = element("div", { id: "notice", className: "notice" },
      element("span", { id: "notice-text", textContent: words.ask }), element("div", { className: "row" }, ui.agree, ui.decline));
    ui.told = element("small", { id: "told", textContent: words.told });
    if (mode === "form") buildForm(root);
    else buildChat(root);
    (mode === "form" && document.querySelector(say.target || null) || document.body).append(host);
    ui.form.addEventListener("submit", submit);
    if (mode === "chat" && hasWaiting()) begin(); // what an earlier page could not send
  }

  function buildChat(root) {
    ui.open = element("button", { type: "button", id: "open", textContent: words.open, onclick: open });
    ui.open.setAttribute("aria-expanded", "false");
    ui.close = element("button", { type: "button", id: "close", className: "plain", textContent: "×", ariaLabel: words.close, onclick: close });
    ui.log = element("ol", { id: "log", tabIndex: 0, ariaLabel: words.title });
    ui.log.setAttribute("role", "log");
    ui.typing = element("small", { id: "typing", role: "status", ariaLive: "polite" });
    ui.text.addEventListener("input", tellTyping);
    ui.form = element("form", {}, ui.told, ui.typing, ui.text, element("div", { className: "row" }, ui.send, ...fileField()), ui.status);
    ui.panel = element("section", { id: "panel", className: "panel chat", ariaLabel: words.title, hidden: true },
      element("header", {}, element("span", { textContent: words.title }), ui.close), ui.log, ui.notice, ui.form);
    ui.panel.setAttribute("role", "dialog");
    ui.panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    ui.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      ui.form.requestSubmit();
    });
    root.append(ui.open, ui.panel);
  }

  function buildForm(root) {
    const field = (id, type, more = {}) => ui[id] = element("input", { id, type, maxLength: 200, ariaLabel: words[id], placeholder: words[id], ...more });
    ui.form = element("form", {}, field("name", "text", { autocomplete: "name" }),
      field("email", "email", { autocomplete: "email", required: true }), field("subject", "text"), field("order", "text"),
      ui.text, ui.told, ui.notice, element("div", { className: "row" }, ui.send, ...fileField()), ui.status);
    ui.text.placeholder = words.field;
    ui.text.rows = 5;
    root.append(element("section", { id: "panel", className: "panel" }, ui.form));
    isOpen = true;
    begin();
  }

  // A file goes to the site's own store, whose address for it goes with the message.
  function fileField() {
    if (!say.upload) return [];
    ui.file = element("input", { type: "file", id: "file", ariaLabel: words.file });
    ui.file.addEventListener("change", () => { ui.text.required = !ui.file.files.length; });
    return [ui.file];
  }

  async function upload() {
    const file = ui.file?.files[0];
    if (!file) return undefined;
    if (file.size > FILE_MAX_BYTES) throw new Error("too large");
    const answer = await fetch(say.upload, {
      method: "POST", body: file, credentials: "same-origin",
      headers: { "Content-Type": file.type || "application/octet-stream", Authorization: `Bearer ${session}` } });
    if (!answer.ok) throw new Error(`upload: ${answer.status}`);
    const { url } = await answer.json();
    ui.file.value = "";
    ui.text.required = true;
    return [{ url, mime: file.type || undefined, name: file.name, size: file.size }];
  }

  async function submit(event) {
    event.preventDefault();
    const text = ui.text.value.trim();
    if ((!text && !ui.file?.files.length) || !mayRecord() || isUploading) return;
    let fields = { text: text || undefined };
    ui.send.disabled = isUploading = true; // what is pressed twice is sent once
    try {
      if (kept.queue.length >= QUEUE_MAX) throw new Error("too many wait");
      fields.attachments = await upload();
    } catch {
      ui.status.textContent = words.failed; // the words stay in the field
      return;
    } finally {
      isUploading = false;
      ui.send.disabled = !mayRecord();
    }
    if (mode === "form") {
      fields = { ...fields, subject: ui.subject.value || undefined, order_id: ui.order.value || undefined,
        contact: { name: ui.name.value || undefined, email: ui.email.value } };
    }
    ui.text.value = "";
    write(fields);
  }

  // What the rule allows, and what was said.
  function show() {
    const isAsking = Boolean(rule) && !mayRecord();
    ui.notice.hidden = !isAsking;
    ui.told.hidden = rule !== "notice";
    ui.send.disabled = !mayRecord();
    if (mode === "form") return;
    ui.form.hidden = !mayRecord();
    ui.log.replaceChildren(...kept.shown.map(bubble));
    ui.log.scrollTop = ui.log.scrollHeight;
  }

  function bubble(line) {
    const made = element("li", { className: line.mine ? "mine" : "theirs", dir: "auto", textContent: line.text });
    if (line.tongue) made.lang = line.tongue;
    if (line.agent) made.prepend(element("small", { textContent: line.agent }));
    const isWaiting = kept.queue.some((message) => message.message_id === line.id);
    if (isWaiting && tries.send) made.append(element("small", { className: "state", textContent: words.waiting }));
    if (line.failed) made.append(element("small", { className: "state", textContent: words.failed }));
    return made;
  }

  async function begin() {
    try {
      await takeSession(false);
      await askRule();
    } catch {
      timers.begin = setTimeout(begin, backoff("begin"));
      return;
    }
    show();
    if (mode === "chat" && isOpen) (mayRecord() ? ui.text : ui.agree).focus();
    listen();
    sendLater(0);
  }

  function open() {
    isOpen = true;
    ui.panel.hidden = false;
    ui.open.hidden = true;
    ui.open.setAttribute("aria-expanded", "true");
    ui.close.focus();
    show();
    begin();
  }

  function close() {
    isOpen = false;
    clearTimeout(timers.begin);
    unlisten();
    ui.panel.hidden = true;
    ui.open.hidden = false;
    ui.open.setAttribute("aria-expanded", "false");
    ui.open.focus();
  }

  addEventListener("online", () => { tries = { stream: 0, send: 0, begin: 0 }; listen(); sendLater(0); });
  tries.begin = 0;
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", build);
  else build();
})();
