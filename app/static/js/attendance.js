/* « Pointage » without network: a tick is kept in the tablet at once, and sent until the server has answered for it.
   Without this script, or in a browser that does not know what it needs, the page works as it stands. */
(function () {
  "use strict";
  if (window.rollCall) { window.rollCall(); return; }
  if (!navigator.serviceWorker || !window.indexedDB || !window.crypto || !crypto.randomUUID) return;
  var doc = document, root = doc.documentElement, NB = "\u00a0", SILENT_MS = 10000, AGAIN_MS = 15000, BATCH = 60;
  var box, line, list, owner, token, offset = 0, count = 0, sending = false, signedOut = false, isPressed = false, timer, refreshing;
  var WORDS = { present: "Présent", absent: "Absent", nothing: "Annuler", arrived: "Arrivé", left: "Parti" };
  var KINDS = { present: "yes", absent: "no", nothing: "quiet", arrived: "strong", left: "strong" };
  var SAID = { present: "Présent", absent: "Absent", nothing: "Annulé", arrived: "Arrivé", left: "Parti" };
  var AFTER = { arrived: ["left", "nothing"], left: ["nothing"], absent: ["nothing"], nothing: ["arrived", "absent"] };

  function make(name, text, into, kind) {
    var node = doc.createElement(name);
    if (text) node.textContent = text;
    if (kind) node.className = kind;
    if (into) into.appendChild(node);
    return node;
  }
  function address() { return location.pathname + location.search; }
  function hour(ms) { return new Date(ms).toLocaleTimeString("fr", { hour: "numeric", minute: "2-digit", timeZone: "Europe/Paris" }).replace(":", NB + "h" + NB); }
  function plural(number, word) { return number + NB + word + (number > 1 ? "s" : ""); }

  /* What is kept in the tablet. */
  var base = new Promise(function (done, fail) {
    var ask = indexedDB.open("pointage", 1);
    ask.onupgradeneeded = function () { ask.result.createObjectStore("marks", { keyPath: "id" }); };
    ask.onsuccess = function () { done(ask.result); };
    ask.onerror = function () { fail(ask.error); };
  });
  base.catch(function () {});
  function store(mode, act) {
    return base.then(function (db) {
      return new Promise(function (done, fail) {
        var work = db.transaction("marks", mode), ask = act(work.objectStore("marks"));
        work.oncomplete = function () { done(ask && ask.result); };
        work.onabort = work.onerror = function () { fail(work.error); };
      });
    });
  }
  function all() {
    return store("readonly", function (marks) { return marks.getAll(); }).then(function (marks) {
      return marks.filter(function (mark) { return mark.owner === owner; }).sort(function (a, b) { return a.order - b.order; });
    });
  }
  function put(marks) {
    return store("readwrite", function (kept) { marks.forEach(function (mark) { kept.put(mark); }); });
  }
  function remove(ids) {
    return store("readwrite", function (kept) { ids.forEach(function (id) { kept.delete(id); }); });
  }
  /* Nothing of another agent, and no list of another day. */
  function forgetOthers() {
    caches.keys().then(function (names) {
      names.forEach(function (name) {
        if (name.indexOf("pointage ") === 0 && name !== "pointage " + owner + " " + new Date().toDateString()) caches.delete(name);
      });
    });
    return store("readwrite", function (marks) {
      marks.openCursor().onsuccess = function (event) {
        var cursor = event.target.result;
        if (!cursor) return;
        if (cursor.value.owner !== owner) cursor.delete();
        cursor.continue();
      };
    });
  }

  /* The tablet's clock may be wrong: moments are told by the server's. What it says is old when it arrives, so the
     greatest difference is the best, and never turns the order of two ticks round. */
  function learn(now) {
    var found = now - Date.now();
    if (!now || (found <= offset && offset - found < 60000)) return;
    offset = found;
    localStorage.setItem("pointage-clock", offset);
  }

  /* Ticking. */
  function mark(child, opening, known, name) {
    count += 1;
    return {
      id: crypto.randomUUID(), owner: owner, child: child, opening: opening, known: known, at: Date.now() + offset,
      order: Date.now() * 1000 + count, name: name, page: address(), state: "waiting"
    };
  }
  function tap(button) {
    var said = button.value.split(":"), row = button.closest("li"), name = row.querySelector("b").textContent, press = crypto.randomUUID();
    var marks = [].map.call(doc.querySelectorAll("#marks [name=v]"), function (field) { return field.value.split("-").map(Number); }).filter(function (shown) {
      return shown[0] === +said[0];
    }).map(function (shown) {
      var made = mark(shown[0], shown[1], shown[2], name);
      made.what = said[1];
      made.press = press;
      return made;
    });
    put(marks).then(function () { return draw(); }).then(send, function () {
      button.dataset.plain = 1; /* nothing can be kept here: as without this script */
      button.click();
    });
  }
  doc.addEventListener("click", function (event) {
    var button = event.target.closest("button[name=marque]");
    if (!button || button.dataset.plain || !box || !box.isConnected) return;
    event.preventDefault();
    tap(button);
  });
  ["pointerdown", "pointerup", "pointercancel"].forEach(function (kind) {
    doc.addEventListener(kind, function () { isPressed = kind === "pointerdown"; }, true);
  });

  /* Showing what is not sent yet. */
  function show(kept) {
    var row = doc.getElementById("enfant-" + kept.child), taps = row && row.querySelector(".taps"), texts = {};
    if (!taps || !taps.querySelector("button")) return;
    taps.querySelectorAll("button").forEach(function (button) { texts[button.value.split(":")[1]] = button.firstChild.textContent; });
    if (texts.arrived || texts.left) row.dataset.hourly = 1;
    var state = { absent: "absent", nothing: "open" }[kept.what] || "present";
    var wanted = row.dataset.hourly ? AFTER[kept.what] : ["present", "absent"].filter(function (each) { return texts[each]; }).concat(kept.what === "nothing" ? [] : "nothing");
    var focused = taps.contains(doc.activeElement) && doc.activeElement.value;
    row.className = state;
    row.querySelector(".noted").textContent = SAID[kept.what] + (row.dataset.hourly && kept.what !== "absent" && kept.what !== "nothing" ? " à " + hour(kept.at - offset) : "") + ", à envoyer";
    taps.textContent = "";
    wanted.forEach(function (what) {
      var button = make("button", texts[what] || WORDS[what], taps, "button " + KINDS[what]);
      button.name = "marque";
      button.value = kept.child + ":" + what;
      button.setAttribute("form", "marks");
      if (what === kept.what && what !== "nothing") button.setAttribute("aria-pressed", "true");
      make("span", " : " + kept.name, button, "sr");
    });
    if (focused) (taps.querySelector('[value="' + focused + '"]') || taps.querySelector("button")).focus();
  }
  function progress() {
    var rows = doc.querySelector(".roll-call"), bar = doc.getElementById("progress"), label = bar && bar.labels[0];
    if (!bar || !rows) return;
    var done = rows.querySelectorAll(".present, .absent, .mixed").length, here = rows.querySelectorAll(".present").length;
    bar.value = done;
    label.textContent = "";
    make("b", done + " sur " + bar.max, label);
    label.append(" pointé" + (done > 1 ? "s" : "") + ", " + plural(here, "présent").replace(NB, " "));
  }
  function say(text) { if (line.textContent !== text) line.textContent = text; }
  function draw() {
    return all().then(function (marks) {
      var waiting = marks.filter(function (each) { return each.state === "waiting"; }), presses = {};
      waiting.forEach(function (each) {
        presses[each.press] = 1;
        if (each.page === address() && each.what) show(each);
      });
      var left = Object.keys(presses).length, told = marks.filter(function (each) { return each.state !== "waiting"; }), age = root.dataset.keptAt;
      if (waiting.some(function (each) { return each.page === address(); })) progress();
      if (left) localStorage.setItem("pointage", left); else localStorage.removeItem("pointage");
      var words = left ? plural(left, "pointage") + " à envoyer" : "ce que vous pointez est gardé sur cet appareil";
      say((signedOut ? "Votre session est terminée" + NB + ": " + words + ". " : !navigator.onLine ? "Hors connexion" + NB + ": " + words + ". " : left ? plural(left, "pointage") + " à envoyer. " : "Tout est envoyé. ") +
        (told.length ? plural(told.length, "réponse") + " à lire. " : "") +
        (age ? "Liste gardée à " + hour(+age) + "." : ""));
      box.className = "flash waiting " + (left || told.length || signedOut || !navigator.onLine ? "warning" : "success");
      ways(told);
      return left;
    });
  }
  function ways(told) {
    var focused = list.contains(doc.activeElement);
    list.textContent = "";
    if (signedOut) make("a", "Se connecter pour envoyer", make("li", "", list), "button").href = "/connexion?suite=" + encodeURIComponent(address());
    told.forEach(function (kept) {
      var row = make("li", "", list), other = kept.other;
      make("b", kept.name, row).setAttribute("translate", "no");
      row.append(kept.unit ? ", " + kept.unit + NB + ": " : NB + ": ", other ? "vous avez noté «" + NB + kept.mine + NB + "», " + other.by + " «" + NB + other.words + NB + "» à " + other.at + ". Que garder" + NB + "? " : kept.reason + " ");
      function press(text, act) {
        var button = make("button", text, row, "button");
        button.type = "button";
        make("span", NB + ": " + kept.name, button, "sr");
        button.onclick = act;
      }
      function done() { remove([kept.id]).then(draw); }
      function choose(seen) {
        var made = mark(kept.child, kept.opening, kept.version, kept.name);
        made.seen = seen;
        made.press = made.id;
        put([made]).then(function () { return remove([kept.id]); }).then(draw).then(send);
      }
      if (other) {
        press("Garder «" + NB + kept.mine + NB + "»", other.stays ? function () { choose(kept.meant); } : done);
        press("Garder «" + NB + other.words + NB + "»", other.stays ? done : function () { choose(other.seen); });
      } else {
        press("Réessayer", function () {
          kept.state = "waiting";
          put([kept]).then(draw).then(send);
        });
        press("Retirer", done);
      }
    });
    list.hidden = !list.firstChild;
    if (focused) (list.querySelector("button, a") || line).focus();
  }

  /* Sending. */
  function ask(url, options) {
    var stop = new AbortController(), watch = setTimeout(function () { stop.abort(); }, SILENT_MS);
    options.redirect = "manual"; /* to sign-in: the session has ended */
    options.signal = stop.signal;
    return fetch(url, options).then(function (answer) {
      learn(+answer.headers.get("X-Sent-At"));
      return answer.text().then(function (text) {
        clearTimeout(watch);
        signedOut = answer.type === "opaqueredirect";
        return { status: answer.status, text: text };
      });
    });
  }
  function page() {
    return ask(address(), {}).then(function (answer) {
      var fresh = answer.status === 200 && new DOMParser().parseFromString(answer.text, "text/html"), found = fresh && fresh.getElementById("waiting");
      if (!found) return null;
      if (found.dataset.owner !== owner) { location.reload(); return null; }
      token = fresh.querySelector("#marks [name=csrf_token]").value;
      return fresh;
    });
  }
  function post(marks, again) {
    return ask(box.dataset.send, {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ agent: +owner, marks: marks.map(function (each) {
        return { id: each.id, child: each.child, opening: each.opening, known: each.known, at: Math.round(each.at), what: each.what, seen: each.seen };
      }) })
    }).then(function (answer) {
      if (answer.status === 400 && !again) return page().then(function (fresh) { return fresh && post(marks, true); });
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
        return marks.map(function (each) { return { id: each.id, result: "refused", reason: "Le portail ne l’accepte pas de vous." }; });
      }
      return answer.status === 200 ? JSON.parse(answer.text).answers : null;
    });
  }
  function send() {
    clearTimeout(timer);
    timer = setTimeout(send, AGAIN_MS);
    if (sending || !box) return;
    sending = true;
    var was = signedOut;
    all().then(function (marks) {
      var waiting = marks.filter(function (each) { return each.state === "waiting"; }).slice(0, BATCH);
      if (!waiting.length) return root.dataset.keptAt ? refresh().then(function () { return null; }) : null;
      return post(waiting).then(function (answers) {
        if (!answers) return null;
        var by = {}, gone = [], told = [];
        answers.forEach(function (each) { by[each.id] = each; });
        waiting.forEach(function (each) {
          var answer = by[each.id];
          if (!answer) return;
          if (answer.result === "done") gone.push(each.id);
          else told.push(Object.assign(each, answer, { state: answer.result }));
        });
        return put(told).then(function () { return remove(gone); }).then(function () { return true; });
      });
    }).catch(function () {}).then(function (isSent) {
      sending = false;
      return draw().then(function (left) {
        if (isSent) { clearTimeout(refreshing); if (left) send(); else refreshing = setTimeout(refresh, 700); }
        if (was && !signedOut) draw();
      });
    });
  }
  /* The list as the server has it now, once nothing waits and nothing is being pressed or typed. */
  function refresh() {
    return !box.isConnected ? Promise.resolve() : page().then(function (fresh) {
      if (!fresh) return draw();
      return all().then(function (marks) {
        var active = doc.activeElement, main = doc.getElementById("main");
        if (!box.isConnected || marks.some(function (each) { return each.state === "waiting"; })) return null;
        if (isPressed || active.matches("input, textarea")) { refreshing = setTimeout(refresh, 2000); return null; }
        var open = [].map.call(main.querySelectorAll("li details[open]"), function (each) { return each.closest("li").id; });
        var goal = active.value && '[name=marque][value="' + active.value + '"]', isOurs = box.contains(active) && active;
        fresh.getElementById("waiting").replaceWith(doc.adoptNode(box));
        main.replaceChildren.apply(main, [].slice.call(fresh.getElementById("main").childNodes).filter(function (node) { return node.nodeName !== "SCRIPT"; }));
        delete root.dataset.keptAt;
        open.forEach(function (id) { (doc.querySelector("#" + id + " details") || {}).open = true; });
        htmx.process(main);
        if (isOurs) isOurs.focus();
        else if (goal && main.querySelector(goal)) main.querySelector(goal).focus();
        else if (goal) main.focus({ preventScroll: true });
        return draw();
      });
    }).catch(function () { return draw(); });
  }

  /* The page and what it is made of, for when the network is cut. */
  function keepPage() {
    var works = navigator.serviceWorker;
    return works.register(box.dataset.worker, { scope: "/gestion/pointage" }).then(function () {
      return works.controller || new Promise(function (done) { works.addEventListener("controllerchange", done, { once: true }); });
    }).then(function () { return root.dataset.keptAt || page(); }).then(function (fresh) {
      if (!fresh) return null;
      return caches.open("pointage " + owner + " " + new Date().toDateString()).then(function (cache) {
        return Promise.all([].map.call(doc.querySelectorAll("head link[href], script[src]"), function (each) {
          var url = each.href || each.src;
          return cache.match(url).then(function (found) { return found || cache.add(url); });
        }));
      });
    }).catch(function () {}).then(function () { if (box) box.dataset.kept = navigator.serviceWorker.controller ? "1" : ""; });
  }
  function start() {
    var found = doc.getElementById("waiting");
    if (!found || found === box) return;
    box = found;
    owner = box.dataset.owner;
    token = doc.querySelector("#marks [name=csrf_token]").value;
    offset = +localStorage.getItem("pointage-clock") || 0;
    if (!root.dataset.keptAt) learn(+box.dataset.now);
    line = make("p", "", box);
    line.setAttribute("role", "status");
    line.tabIndex = -1;
    list = make("ul", "", box, "plain");
    box.hidden = false;
    forgetOthers().then(draw).then(send).catch(function () { box.hidden = true; });
    keepPage();
  }
  addEventListener("online", function () { if (box) draw().then(send); });
  addEventListener("offline", function () { if (box) draw(); });
  window.rollCall = start;
  start();
})();
