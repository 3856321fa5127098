/* Keeps the lists of « Pointage » of the day for whom they were shown to, and shows them when the network does not answer.
   A cache is of one agent and one day; every other is thrown away. What is ticked is sent by attendance.js. */
(function () {
  "use strict";
  var START = "pointage ", PATIENCE_MS = 4000, PAGE = /^\/gestion\/pointage(\/\d+\/[\d-]+)?$/;

  function today() { return new Date().toDateString(); }
  /* The cache of today, if there is one; those of other days, and of other agents than `owner`, go. */
  function opened(owner) {
    return caches.keys().then(function (names) {
      var ours = names.filter(function (name) { return name.indexOf(START) === 0; });
      var wanted = owner ? START + owner + " " + today() : ours.filter(function (name) { return name.slice(-today().length) === today(); })[0];
      return Promise.all(ours.map(function (name) { return name !== wanted && caches.delete(name); })).then(function () {
        return wanted ? caches.open(wanted) : null;
      });
    });
  }
  function keep(url, answer) {
    var headers = new Headers(answer.headers), owner = headers.get("X-Kept-For");
    headers.delete("Content-Encoding");
    headers.delete("Vary");
    headers.set("X-Kept-At", Date.now());
    return Promise.all([opened(owner), answer.text()]).then(function (all) {
      return all[0].put(url, new Response(all[1], { headers: headers }));
    });
  }
  /* What was kept of a page, which says how old it is. */
  function kept(url) {
    return opened().then(function (cache) { return cache && cache.match(url); }).then(function (answer) {
      return answer && answer.text().then(function (text) {
        var at = answer.headers.get("X-Kept-At");
        return new Response(text.replace("<html", '<html data-kept-at="' + at + '"'), { headers: answer.headers });
      });
    });
  }
  function nothing() {
    return opened().then(function (cache) {
      return cache ? cache.keys().then(function (all) {
        return Promise.all(all.filter(function (each) { return PAGE.test(new URL(each.url).pathname); }).map(function (each) {
          return cache.match(each).then(function (answer) { return answer.text(); }).then(function (text) {
            return '<li><a href="' + each.url.replace(/&/g, "&amp;") + '">' + /<title>([^<]*)/.exec(text)[1] + "</a></li>";
          });
        }));
      }) : [];
    }).then(function (links) {
      return new Response('<!doctype html><html lang="fr"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
        "<title>Hors connexion – Espace famille</title><h1>Hors connexion</h1><p>Cette page n’est pas gardée sur cet appareil.</p>" +
        (links.length ? "<p>Listes gardées aujourd’hui\u00a0:</p><ul>" + links.join("") + "</ul>" : ""),
      { status: 503, headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'" } });
    });
  }
  function asked(event, url) {
    var request = event.request, isPage = request.mode === "navigate";
    var network = fetch(request).then(function (answer) {
      if (answer.ok && answer.headers.get("X-Kept-For")) event.waitUntil(keep(url, answer.clone()));
      if (answer.status === 403 || answer.status === 404) event.waitUntil(opened().then(function (cache) { return cache && cache.delete(url); }));
      if (isPage && answer.status > 499) throw answer;
      return answer;
    });
    if (!isPage) return network;
    var late = new Promise(function (done) { setTimeout(done, PATIENCE_MS); });
    function fallback(problem) {
      return kept(url).then(function (answer) { return answer || (problem instanceof Response ? problem : nothing()); });
    }
    return Promise.race([network.catch(fallback), late.then(function () { return kept(url); }).then(function (answer) {
      return answer || network.catch(fallback);
    })]);
  }

  self.addEventListener("install", function () { self.skipWaiting(); });
  self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });
  self.addEventListener("fetch", function (event) {
    var request = event.request, url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== location.origin) return;
    if (url.pathname.indexOf("/static/") === 0) {
      event.respondWith(opened().then(function (cache) { return cache && cache.match(request.url); }).then(function (answer) { return answer || fetch(request); }));
    } else if (PAGE.test(url.pathname) && !request.headers.get("HX-Request")) event.respondWith(asked(event, url.pathname + url.search));
  });
})();
