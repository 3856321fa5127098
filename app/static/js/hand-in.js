/* Handing in files: photos are shrunk before they are sent, and an upload that was cut goes on without choosing anew.
   Without this script, or in a browser that does not know what it needs, the form works as it stands. */
(function () {
  "use strict";
  var doc = document, LIGHT = 380000, SILENT_MS = 90000, NB = "\u00a0";
  /* Two pixels that lie on their side: a browser that does not turn them would lose how photos are to be turned. */
  var SIDEWAYS = "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z";
  if (!window.createImageBitmap || !window.DataTransfer) return;
  var bytes = Uint8Array.from(atob(SIDEWAYS), function (c) { return c.charCodeAt(0); });
  var turns = createImageBitmap(new Blob([bytes], { type: "image/jpeg" })).then(function (b) { return b.height === 2; }, function () { return false; });

  function make(name, text, into, kind) {
    var node = doc.createElement(name);
    if (text) node.textContent = text;
    if (kind) node.className = kind;
    if (into) into.appendChild(node);
    return node;
  }
  function size(count) {
    return count < 1e6 ? Math.max(1, Math.round(count / 1000)) + NB + "ko" : (count / 1e6).toFixed(1).replace(".", ",") + NB + "Mo";
  }
  function drawn(bitmap, longest) {
    var canvas = doc.createElement("canvas"), scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    var pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
  /* As good as is light enough; the last one in any case: it can still be read. */
  var STEPS = [[2000, 0.82], [2000, 0.66], [2000, 0.5], [1600, 0.55], [1300, 0.5]];
  function squeezed(source, step) {
    var canvas = drawn(source, STEPS[step][0]);
    return new Promise(function (done) { canvas.toBlob(done, "image/jpeg", STEPS[step][1]); }).then(function (blob) {
      return !blob || blob.size <= LIGHT || !STEPS[step + 1] ? blob : squeezed(canvas, step + 1);
    });
  }
  /* Fills item.blob and item.picture; a file that is no photo, or that the browser cannot read, goes as it is. */
  function prepare(item) {
    return turns.then(function (can) {
      if (!can || !/^image\//.test(item.file.type)) return null;
      return createImageBitmap(item.file).then(function (bitmap) {
        item.picture = drawn(bitmap, 96);
        return (item.file.size <= LIGHT ? Promise.resolve(null) : squeezed(bitmap, 0)).then(function (blob) {
          bitmap.close();
          if (blob && blob.size < item.file.size) item.blob = blob;
        });
      });
    }).catch(function () {}).then(function () { item.ready = true; });
  }

  function start(form, items) {
    var input = form.elements.files, camera = form.elements.camera, button = form.querySelector("[type=submit]"), usual = button.textContent;
    if (form.dataset.handIn) return;
    form.dataset.handIn = 1;
    var list = make("ol", "", null, "chosen"), bar = make("progress"), note = make("p", "", null, "sending");
    form.insertBefore(list, button.parentNode);
    form.insertBefore(note, button.parentNode);
    form.insertBefore(bar, button.parentNode);
    list.setAttribute("aria-label", "Fichiers choisis, dans l’ordre des pages");
    note.setAttribute("role", "status");
    bar.setAttribute("aria-label", "Envoi");
    bar.max = 100;
    bar.hidden = true;
    var work = Promise.resolve(), xhr = null, timer = 0, watch = 0, tries = 0, sending = false, wasSent = false;

    function say(text) { if (note.textContent !== text) note.textContent = text; }
    function changed() {
      /* What was sent may have arrived, though nobody could say so: something else must not pass for it. */
      if (wasSent) form.elements.key.value = form.elements.key.value.slice(0, 40) + "-" + Date.now().toString(36);
      if (sending || timer) pause(usual, "");
      wasSent = false;
    }
    function pause(label, text) {
      stop();
      sending = false;
      bar.hidden = true;
      button.textContent = label;
      say(text);
    }
    function draw(focus) {
      list.textContent = "";
      items.forEach(function (item, index) {
        var row = make("li", "", list), name = item.file.name, words = make("span");
        if (item.picture) row.appendChild(item.picture).setAttribute("aria-hidden", "true");
        row.appendChild(words);
        make("b", name, words).setAttribute("translate", "no");
        make("small", item.ready ? size((item.blob || item.file).size) + (item.blob ? " au lieu de " + size(item.file.size) : "") : "Préparation…", words);
        function press(label, act) {
          var control = make("button", label, row, "button");
          control.type = "button";
          make("span", " " + name, control, "sr");
          control.onclick = act;
          return control;
        }
        if (index) press("Monter", function () {
          items.splice(index - 1, 0, items.splice(index, 1)[0]);
          changed();
          draw(index - 1);
          say(name + " est en page " + index + ".");
        });
        press("Retirer", function () {
          items.splice(index, 1);
          changed();
          draw(Math.min(index, items.length - 1));
          say(name + " est retiré.");
        });
      });
      list.hidden = !items.length;
      form.dataset.unsavedGuard = items.length ? "dirty" : "";
      if (!items.length) delete form.dataset.unsavedGuard;
      /* The field says how many there are, as for any choice. */
      var all = new DataTransfer();
      items.forEach(function (item) { all.items.add(item.file); });
      input.files = all.files;
      if (camera) camera.value = "";
      if (focus !== undefined) ((list.children[focus] || form).querySelector("button") || input).focus();
    }
    function add(files) {
      [].forEach.call(files, function (file) {
        var known = items.some(function (item) {
          return item.file.name === file.name && item.file.size === file.size && item.file.lastModified === file.lastModified;
        });
        if (known) return;
        var item = { file: file };
        items.push(item);
        changed();
        work = work.then(function () { return prepare(item); }).then(function () { draw(); });
      });
      draw();
    }
    form.addEventListener("change", function (event) {
      if (event.target === input || event.target === camera) add(event.target.files);
      else changed();
    });

    function stop() {
      clearTimeout(timer);
      clearTimeout(watch);
      timer = 0;
      if (xhr) { xhr.onload = xhr.onerror = xhr.onabort = xhr.upload.onprogress = null; if (xhr.readyState < 4) xhr.abort(); }
      xhr = null;
    }
    function failed() {
      var wait = Math.min(60, Math.pow(2, tries + 1)), goesOn = navigator.onLine && tries < 7;
      pause("Réessayer", "L’envoi a été coupé. Vos fichiers restent sur cette page" + NB + ": " + (
        !navigator.onLine ? "il reprendra dès que le réseau revient." : goesOn ? "nouvel essai dans " + wait + NB + "secondes." : "réessayez quand vous voulez."
      ));
      if (goesOn) timer = setTimeout(send, wait * 1000);
    }
    function listen() {
      clearTimeout(watch);
      watch = setTimeout(failed, SILENT_MS);
    }
    function send() {
      stop();
      sending = true;
      tries += 1;
      button.textContent = "Envoi en cours…";
      say("Préparation de vos fichiers…");
      work.then(function () {
        if (!form.isConnected || !sending || xhr) return;
        var data = new FormData(form), total = 0;
        data.delete("files");
        data.delete("camera");
        items.forEach(function (item) {
          total += (item.blob || item.file).size;
          data.append("files", item.blob || item.file, item.file.name);
        });
        wasSent = true;
        bar.hidden = false;
        bar.value = 0;
        xhr = new XMLHttpRequest();
        xhr.open("POST", form.action);
        xhr.upload.onprogress = function (event) {
          listen();
          bar.value = 100 * event.loaded / event.total;
          say(event.loaded < event.total ? "Envoi de " + size(total) + NB + ": " + 25 * Math.floor(4 * event.loaded / event.total) + NB + "%" : "Tout est arrivé. Vérification du document…");
        };
        xhr.onerror = xhr.onabort = failed;
        xhr.onload = function () { if (xhr.status >= 500) failed(); else show(xhr); };
        listen();
        xhr.send(data);
      });
    }
    /* The page that the server answers takes the place of this one; where it refuses, the files stay chosen. */
    function show(answer) {
      stop();
      var page = new DOMParser().parseFromString(answer.responseText, "text/html"), content = page.getElementById("main");
      delete form.dataset.unsavedGuard;
      if (!content || answer.responseURL !== form.action) { input.value = ""; location.assign(answer.responseURL); return; }
      var main = doc.getElementById("main");
      doc.title = page.title;
      main.innerHTML = content.innerHTML;
      htmx.process(main);
      var next = doc.getElementById("hand-in");
      if (next) start(next, answer.status === 422 ? items : []);
      htmx.trigger(main, "htmx:afterSettle", { boosted: true, target: main });
      scrollTo(0, 0);
    }
    form.addEventListener("submit", function (event) {
      if (!items.length) return;
      delete form.dataset.busy;
      event.preventDefault();
      if (sending) return;
      tries = 0;
      send();
    });
    function network() {
      if (!form.isConnected) {
        removeEventListener("online", network);
        removeEventListener("offline", network);
      } else if (sending ? !navigator.onLine : wasSent && navigator.onLine) {
        if (sending) failed(); else send();
      }
    }
    addEventListener("online", network);
    addEventListener("offline", network);
    var early = [].concat([].slice.call(input.files), camera ? [].slice.call(camera.files) : []);
    draw();
    add(early);
  }

  var form = doc.getElementById("hand-in");
  if (form) start(form, []);
})();
