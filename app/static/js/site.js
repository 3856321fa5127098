/* What HTML cannot do alone. Everything works without this file. Only delegated listeners: the page's content comes and goes. */
(function () {
  "use strict";
  var doc = document, offline = "Pas de réseau\u00a0: rien n’est enregistré. Réessayez.";
  doc.documentElement.classList.add("js");

  function say(text, quiet) {
    var region = doc.getElementById("status");
    region.className = quiet ? "sr" : "";
    region.textContent = text;
  }

  /* Unsaved choices: a form with data-unsaved-guard (="dirty" when the server already sent it changed). */
  function changed(field) {
    if (field.name === "jour" || field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return [].some.call(field.options, function (o) { return o.selected !== o.defaultSelected; }) && field.dataset.touched;
    return "defaultValue" in field && field.value !== field.defaultValue;
  }
  var leaving = false, here = address();
  function address() { return location.pathname + location.search; }
  function unsaved() {
    return !leaving && [].some.call(doc.querySelectorAll("[data-unsaved-guard]"), function (form) {
      return !form.dataset.busy && (form.dataset.unsavedGuard || [].some.call(form.elements, changed));
    });
  }
  function stays() {
    if (!unsaved()) return false;
    leaving = confirm("Vos choix ne sont pas enregistrés. Quitter cette page quand même\u00a0?");
    return !leaving;
  }
  addEventListener("beforeunload", function (event) { if (unsaved()) event.preventDefault(); });
  addEventListener("pageshow", function () {
    leaving = false;
    doc.querySelectorAll("[data-busy]").forEach(free);
  });
  /* Back to a page before one that htmx swapped in: the address has changed already, so it is put back. */
  addEventListener("popstate", function (event) {
    if (here === address() || !stays()) return;
    event.stopImmediatePropagation();
    history.pushState({ htmx: true }, "", here);
  });
  doc.addEventListener("htmx:pushedIntoHistory", function () { here = address(); });
  doc.addEventListener("change", function (event) { event.target.dataset.touched = 1; });
  doc.addEventListener("click", function (event) { leaving = !!event.target.closest("[data-discard]"); }, true);

  /* How many ticks of « Pointage » wait for the network in this tablet (attendance.js). */
  function unsent() {
    try { return +localStorage.getItem("pointage"); } catch (refused) { return 0; }
  }
  if (unsent() && doc.querySelector("form[action='/connexion']")) {
    say(unsent() + " pointage(s) attendent sur cet appareil. Seul l’agent qui les a notés peut les envoyer\u00a0: si une autre personne se connecte, ils sont perdus.");
  }

  /* A double tap sends once; a retry is never blocked. */
  function free(form) { delete form.dataset.busy; }
  doc.addEventListener("submit", function (event) {
    var form = event.target, kept = unsent();
    if (form.dataset.busy) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (form.method !== "post") return;
    if (kept && /\/deconnexion$/.test(form.action) && !confirm(kept + " pointage(s) ne sont pas encore envoyés. Se déconnecter et les perdre\u00a0?")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.busy = 1;
    setTimeout(free, 8000, form);
  }, true);

  /* htmx: boosted navigation, checks, a link that fails. */
  doc.addEventListener("htmx:beforeRequest", function (event) {
    if (!event.detail.boosted || !stays()) return;
    event.preventDefault();
    free(event.detail.elt);
  });
  /* A session that has ended leads to sign-in and back to what was chosen: nothing is lost. */
  doc.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) leaving = true;
  });
  doc.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.matches("form")) free(event.detail.elt);
    if (event.detail.successful) say("", true);
  });
  doc.addEventListener("htmx:sendError", function () { say(offline); });
  doc.addEventListener("htmx:timeout", function () { say(offline); });
  doc.addEventListener("htmx:responseError", function (event) {
    var elt = event.detail.elt;
    if (elt.matches("fieldset")) say(elt.dataset.failed || "La vérification n’a pas abouti. Vos choix restent affichés\u00a0: vous pouvez enregistrer.");
  });
  doc.addEventListener("htmx:afterSettle", function (event) {
    if (!event.detail.boosted || event.detail.target.id !== "main") return;
    var main = event.detail.target, goal = main.querySelector("[role=alert][tabindex]") || main.querySelector("h1");
    if (goal) { goal.tabIndex = -1; goal.focus({ preventScroll: true }); }
    var done = [].map.call(main.querySelectorAll(".flash.success, .flash.info"), function (p) { return p.textContent; });
    if (done.length) say(done.join(" "), true);
  });

  /* Bookings that open soon: counted down from what the portal's clock said, whatever the phone's says, then the cells are asked for anew. */
  function count() {
    var box = doc.querySelector("[data-opens-in]"), form = doc.getElementById("planning");
    if (!box || !form) return;
    var opens = box.dataset.opensAt = box.dataset.opensAt || Date.now() - age + +box.dataset.opensIn;
    var left = Math.ceil((opens - Date.now()) / 1000), clock = box.querySelector("[role=timer]");
    age = 0;
    if (left > 0) {
      clock.textContent = "Ouverture dans " + [[Math.floor(left / 3600), "h"], [Math.floor(left / 60) % 60, "min"], [left % 60, "s"]].map(function (part) {
        return part[0] + "\u00a0" + part[1];
      }).slice(left < 60 ? 2 : left < 3600 ? 1 : 0).join(" ") + ". Restez sur cette page\u00a0: elle s’ouvrira toute seule, la recharger ne fait pas passer devant.";
    } else {
      clock.textContent = "C’est l’heure\u00a0: les réservations s’ouvrent…";
      if (!form.dataset.busy) form.querySelector(".unscripted").click();
    }
    clearTimeout(counting);
    counting = setTimeout(count, left > 0 ? (opens - Date.now()) % 1000 || 1000 : 10000);
  }
  var counting, loaded = performance.getEntriesByType("navigation")[0];
  var age = loaded ? performance.now() - loaded.responseStart : 0; /* of what the page says of the hour, when this runs */
  doc.addEventListener("htmx:afterSettle", count);
  count();

  /* Places that are kept for a payment: how long still, likewise. */
  function keep() {
    var box = doc.querySelector("[data-kept-ms]"), left;
    if (!box) return;
    box.dataset.until = box.dataset.until || Date.now() - age + +box.dataset.keptMs;
    age = 0;
    left = Math.max(0, Math.ceil((box.dataset.until - Date.now()) / 1000));
    box.textContent = left ? " (encore " + Math.floor(left / 60) + "\u00a0min\u00a0" + left % 60 + "\u00a0s)" : " (le temps est écoulé)";
    clearTimeout(keeping);
    if (left) keeping = setTimeout(keep, 1000);
  }
  var keeping;
  doc.addEventListener("htmx:afterSettle", keep);
  keep();

  /* Arrow keys between the boxes of the planning, as an extra: Tab still visits them all. */
  doc.addEventListener("keydown", function (event) {
    var step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || event.target.name !== "t") return;
    var cell = event.target.closest("td"), rows = [].slice.call(cell.closest("table").querySelectorAll(".unit"));
    var y = rows.indexOf(cell.parentNode), x = cell.cellIndex, box = null;
    event.preventDefault();
    do {
      y += step[0]; x += step[1];
      if (!rows[y] || !rows[y].cells[x]) return;
      box = rows[y].cells[x].querySelector("input");
    } while (!box || !box.offsetParent);
    box.focus();
  });

  /* The keys of « À traiter », on a row only: they lead to its buttons and press none. */
  doc.addEventListener("keydown", function (event) {
    var row = event.target.closest(".queue > li"), key = event.key.toLowerCase(), step = { arrowdown: 1, arrowup: -1 }[key];
    if (!row || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    var rows = [].slice.call(row.parentNode.children), goal = null;
    if (step) goal = (rows[rows.indexOf(row) + step] || row).querySelector("summary, a");
    else if (key === "a") goal = row.querySelector(".accept .button");
    else if (key === "r" && (goal = row.querySelector(".refusal textarea, .refusal input:not([type=hidden])"))) {
      row.querySelectorAll("details").forEach(function (part) { part.open = true; });
    }
    if (goal) { event.preventDefault(); goal.focus(); }
  });
})();
