/* The page of a field supervisor: the visits, one of them with its form, and what waits to be sent.
   Chrome 69. */
(function () {
  'use strict';
  var Field = window.PasokhField, List = window.PasokhList;
  var root = document.getElementById('field');
  var texts = JSON.parse(document.getElementById('field-texts').textContent);
  var addresses = JSON.parse(document.getElementById('field-addresses').textContent);
  var user = root.getAttribute('data-user');
  var most = Number(root.getAttribute('data-most'));
  var form = part('form');
  var WORDS = ['reason', 'words', 'answer'];
  var KEEP = 7 * 86400000; /* ms: so long the line of a record that has arrived is shown. */
  var store, visits = [], fetched = 0, isSending = false, retry = 0, timer = 0;
  var visit = null, draft = null, saving = Promise.resolve();
  var shrinking = Promise.resolve(), shrinkingFor = 0;

  function part(name) { return document.getElementById('field-' + name); }

  function digits(value) {
    return String(value).replace(/[0-9]/g, function (digit) { return texts.digits[digit]; });
  }

  function say(text) { part('said').textContent = text || ''; }

  function timeOf(at) {
    var date = new Date(at);
    return digits(('0' + date.getHours()).slice(-2) + ':' + ('0' + date.getMinutes()).slice(-2));
  }

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function button(text, className, act) {
    var made = element('button', className, text);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }

  function nameOf(one) { return one.address || one.about || one.code; }

  function isWaiting(row) { return row.state !== 'sent'; }

  // The list

  function badges(item, one, rows) {
    var line = item.appendChild(element('p'));
    if (one.urgent) line.appendChild(element('span', 'badge badge--urgent', texts.urgent));
    if (one.dueAt <= Date.now()) line.appendChild(element('span', 'badge badge--bad', texts.late));
    if (rows.some(function (row) { return row.kind === 'finding'; })) {
      line.appendChild(element('span', 'badge badge--info', texts.recorded));
    }
    line.appendChild(document.createTextNode(texts.due.replace('{time}', one.due)));
  }

  function drawVisits(records) {
    var items = [];
    visits.forEach(function (one) {
      var rows = records.filter(function (row) { return row.visit === one.id; });
      if (rows.some(function (row) { return row.kind === 'finding' && !isWaiting(row); })) return;
      var item = element('li', 'card');
      badges(item, one, rows);
      item.appendChild(element('p')).appendChild(element('strong', 'bidi', nameOf(one)));
      var link = element('a', 'btn btn--secondary', texts.open);
      link.href = '#visit-' + one.id;
      link.setAttribute('aria-label', texts.open + ': ' + nameOf(one));
      item.appendChild(element('div', 'actions')).appendChild(link);
      items.push(item);
    });
    List.show(part('visits'), items.length ? items : [element('li', 'muted', texts.none)]);
  }

  function line(row) {
    var item = element('li', 'card');
    item.setAttribute('data-state', row.state);
    item.setAttribute('data-uuid', row.uuid);
    function withRow(act) {
      return List.withRow(store, 'records', row, act, draw, function () { say(texts.full); });
    }
    item.appendChild(element('p', '', texts.line
      .replace('{what}', row.kind === 'arrival' ? texts.recordArrival : texts.recordFinding)
      .replace('{code}', '\u2066' + row.code + '\u2069').replace('{time}', timeOf(row.at))));
    if (row.text) item.appendChild(element('p', row.state === 'refused' ? 'error' : '', row.text));
    if (row.state !== 'refused') return item;
    var actions = item.appendChild(element('div', 'actions'));
    if (row.kind === 'finding') {
      actions.appendChild(button(texts.correct, 'btn', withRow(correct)));
    }
    actions.appendChild(button(texts.again, 'btn btn--secondary', withRow(function (found) {
      found.state = 'queued';
      found.text = '';
      store.put('records', found).then(send);
    })));
    actions.appendChild(button(texts.delete, 'btn btn--quiet', function () {
      if (window.confirm(texts.sureDelete)) store.remove('records', row.uuid).then(draw);
    }));
    return item;
  }

  function draw() {
    return store.all('records').then(function (rows) {
      rows.sort(function (one, other) { return other.at - one.at; });
      var waiting = rows.filter(function (row) { return row.state === 'queued'; }).length;
      var sent = rows.filter(function (row) { return row.state === 'sent'; }).length;
      part('counts').textContent = texts.counts.replace('{waiting}', digits(waiting))
        .replace('{sent}', digits(sent));
      part('line').textContent = navigator.onLine ? texts.online : texts.offline;
      part('send').disabled = isSending || !waiting;
      // Of what has arrived only that is worth a line that says something.
      var shown = rows.filter(function (row) { return isWaiting(row) || row.text; });
      part('records').hidden = !shown.length;
      List.show(part('records').querySelector('ul'), shown.map(line));
      drawVisits(rows);
      if (visit) drawArrival(rows);
    });
  }

  // One visit

  function fact(box, heading, text, language) {
    if (!text) return;
    box.appendChild(element('h3', '', heading));
    var words = box.appendChild(element('p', 'pre-line bidi', text));
    words.dir = 'auto';
    if (language) words.lang = language;
  }

  function drawFacts() {
    var box = part('facts');
    box.textContent = '';
    badges(box, visit, []);
    fact(box, texts.address, visit.address || '—');
    if (typeof visit.latitude === 'number' && typeof visit.longitude === 'number') {
      var map = box.appendChild(element('p')).appendChild(element('a', '', texts.map));
      map.href = 'geo:' + visit.latitude + ',' + visit.longitude;
    }
    fact(box, texts.check, visit.instructions);
    fact(box, texts.message, visit.text, visit.language);
    if (!visit.photos.length) return;
    var list = box.appendChild(element('ul', 'photos'));
    visit.photos.forEach(function (address, n) {
      var image = list.appendChild(element('li')).appendChild(element('img'));
      image.src = address;
      image.alt = texts.photoCitizen.replace('{number}', digits(n + 1));
    });
  }

  function drawArrival(rows) {
    var own = rows.filter(function (row) { return row.visit === visit.id && row.kind === 'arrival'; })[0];
    part('arrive').hidden = Boolean(own || visit.arrived);
    part('arrived').textContent = own ? texts.arrived.replace('{time}', timeOf(own.at)) : '';
  }

  function drawForm() {
    WORDS.forEach(function (name) { form.elements[name].value = draft[name] || ''; });
    Array.from(form.querySelectorAll('[name=finding]')).forEach(function (one) {
      one.checked = one.value === draft.finding;
    });
    part('located').textContent = typeof draft.latitude === 'number' ? texts.located : '';
    part('form-said').textContent = '';
    part('errors').hidden = true;
    ['before', 'after'].forEach(drawPhotos);
  }

  function drawPhotos(kind) {
    var label = kind === 'before' ? texts.photoBefore : texts.photoAfter;
    Field.drawPhotos(part(kind), draft[kind], function (n) {
      return label.replace('{number}', digits(n));
    }, texts.remove, function (n) {
      draft[kind].splice(n, 1);
      drawPhotos(kind);
      keepDraft();
      form.elements[kind].focus();
    });
  }

  function collect() {
    WORDS.forEach(function (name) { draft[name] = form.elements[name].value; });
    var chosen = form.querySelector('[name=finding]:checked');
    draft.finding = chosen ? chosen.value : '';
  }

  function full() { part('form-said').textContent = texts.full; }

  function keepDraft() {
    if (!draft) return;
    collect();
    keep(draft);
  }

  /** What was typed a moment ago and is not kept yet. */
  function keepTyped() {
    if (!form.timer) return;
    clearTimeout(form.timer);
    form.timer = 0;
    keepDraft();
  }

  /** One after the other: a slow one must not overwrite a later one. */
  function keep(one) {
    var row = Object.assign({}, one);
    saving = saving.then(function () { return store.put('drafts', row); }).then(function () {
      if (part('form-said').textContent === texts.full) part('form-said').textContent = '';
    }, full);
  }

  function show(id) {
    keepTyped();
    var wanted = visits.filter(function (one) { return one.id === id; })[0] || null;
    visit = wanted;
    part('home').hidden = Boolean(visit);
    part('one').hidden = !visit;
    if (!visit) { draft = null; return draw(); }
    draft = null;
    // Its photos are still being made small: they belong to what is read here.
    var before = shrinkingFor === id ? shrinking : Promise.resolve();
    return before.then(function () { return saving; }).then(function () {
      return store.get('drafts', id);
    }).then(function (found) {
      if (visit !== wanted) return;
      draft = found || { visit: id, uuid: Field.uuid(), before: [], after: [] };
      part('title').textContent = nameOf(visit);
      drawFacts();
      drawForm();
      return draw().then(function () { part('title').focus(); });
    });
  }

  function route() {
    var found = /^#visit-(\d+)$/.exec(location.hash);
    return show(found ? Number(found[1]) : 0);
  }

  function home(text) {
    location.hash = '';
    return show(0).then(function () {
      say(text);
      window.scrollTo(0, 0);
      if (navigator.onLine) send();
    });
  }

  function arrive() {
    if (!draft) return;
    var row = {
      uuid: Field.uuid(), visit: visit.id, code: visit.code, kind: 'arrival', state: 'queued',
      at: Date.now(), latitude: draft.latitude, longitude: draft.longitude, accuracy: draft.accuracy
    };
    store.put('records', row).then(function () {
      return draw();
    }).then(function () {
      form.querySelector('[name=finding]').focus();
      if (navigator.onLine) send();
    }).catch(full);
  }

  function problems() {
    var found = [];
    if (!draft.finding) found.push(['finding-0', texts.chooseFinding]);
    else if (draft.finding !== 'settled' && !draft.reason.trim()) found.push(['reason', texts.writeReason]);
    else if (draft.finding === 'settled' && !draft.words.trim() && !draft.before.length && !draft.after.length) {
      found.push(['words', texts.writeWords]);
    }
    return found;
  }

  function submit(event) {
    event.preventDefault();
    var own = draft;
    // A photo that is just being made small belongs to the record.
    shrinking.then(function () { if (own && draft === own) finish(); });
  }

  function finish() {
    clearTimeout(form.timer);
    form.timer = 0;
    collect();
    var found = problems();
    part('errors').hidden = !found.length;
    part('errors').textContent = '';
    if (found.length) {
      var list = part('errors').appendChild(element('ul'));
      found.forEach(function (one) {
        var link = list.appendChild(element('li')).appendChild(element('a', '', one[1]));
        link.href = '#' + one[0];
        link.addEventListener('click', function (click) {
          // The address says which visit is open.
          click.preventDefault();
          document.getElementById(one[0]).focus();
        });
      });
      part('errors').focus();
      return;
    }
    var own = draft, there = visit;
    var row = Object.assign({}, own, { code: visit.code, kind: 'finding', state: 'queued', at: Date.now() });
    draft = null;
    saving = saving.then(function () { return store.finish(row); }).then(function () {
      if (visit === there) return home(texts.kept);
    }, function () {
      if (visit === there) draft = own;
      full();
    });
  }

  /** A refused record is a draft again. */
  function correct(row) {
    var again = Object.assign({}, row, { before: row.before || [], after: row.after || [] });
    ['state', 'text', 'kind', 'at', 'code'].forEach(function (name) { delete again[name]; });
    if (!visits.some(function (one) { return one.id === row.visit; })) {
      visits.push({ id: row.visit, code: row.code, due: '', dueAt: Infinity, photos: [] });
    }
    store.put('drafts', again).then(function () { return store.remove('records', row.uuid); })
      .then(function () { location.hash = 'visit-' + row.visit; }).catch(function () { say(texts.full); });
  }

  function photographed(event) {
    var input = event.target;
    var kind = input.getAttribute('data-photos');
    var files = Array.from(input.files);
    // Another visit may be open when they are ready.
    var own = draft;
    if (!own) return;
    part('form-said').textContent = '';
    input.value = '';
    function warn(text) { if (draft === own) part('form-said').textContent = text; }
    shrinkingFor = own.visit;
    shrinking = files.reduce(function (before, file) {
      return before.then(function () { return Field.shrink(file); }).then(function (blob) {
        if (own.before.length + own.after.length >= most) {
          warn(texts.tooMany.replace('{number}', digits(most)));
          return;
        }
        own[kind].push(blob);
      }, function () { warn(texts.badPhoto); });
    }, shrinking).then(function () {
      if (draft !== own) return keep(own);
      drawPhotos(kind);
      keepDraft();
    });
  }

  function locate() {
    // Another visit may be open when the place is found.
    var own = draft;
    if (!own) return;
    part('located').textContent = '…';
    navigator.geolocation.getCurrentPosition(function (found) {
      if (draft !== own) return;
      own.latitude = found.coords.latitude;
      own.longitude = found.coords.longitude;
      own.accuracy = found.coords.accuracy;
      part('located').textContent = texts.located;
      keepDraft();
    }, function () {
      if (draft === own) part('located').textContent = texts.notLocated;
    }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 });
  }

  // The network

  function send() {
    if (isSending) return Promise.resolve();
    isSending = true;
    clearTimeout(timer);
    say(texts.sending);
    draw();
    return Field.send(store, user, addresses, draw).then(function (problem) {
      isSending = false;
      say(problem ? texts[problem] : '');
      if (problem === 'signIn' || problem === 'other') {
        var link = part('said').appendChild(element('a', '', ' ' + texts.toSignIn));
        link.href = addresses.signIn;
      } else if (problem) {
        retry = Math.min(retry + 1, 10);
        // A line that has just come back often breaks off once more: soon again, then less often.
        timer = setTimeout(sendIfWaiting, problem === 'failed' && retry < 3 ? 2000 * retry : 60000 * retry);
      } else {
        retry = 0;
        // What was saved while these were on their way goes next.
        return refresh().catch(function () { /* The visits of before stay. */ }).then(sendIfWaiting);
      }
    }).then(draw);
  }

  function sendIfWaiting() {
    return draw().then(function () { return store.all('records'); }).then(function (rows) {
      var isWaiting = rows.some(function (row) { return row.state === 'queued'; });
      // A browser may say that it is online and be wrong, never the other way round.
      if (isWaiting && navigator.onLine) return send();
    });
  }

  /** Fetch the visits as they are now; without a network those of before stay. */
  function refresh() {
    return fetch(addresses.visits, { credentials: 'same-origin', cache: 'no-store', redirect: 'error' })
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      }).then(function (found) {
        if (String(found.user) !== user) throw new Error('other');
        return Field.keepVisits(addresses.visits, found);
      }).then(use);
  }

  function use(found) {
    if (!found) return;
    visits = found.visits;
    fetched = found.fetched;
    if (!visit) return draw();
  }

  function keepPage() {
    var wanted = [location.href.split('#')[0]], photos = [];
    visits.forEach(function (one) { photos = photos.concat(one.photos); });
    document.querySelectorAll('script[src],link[rel=stylesheet],link[rel=icon],img[src]').forEach(function (one) {
      var address = one.src || one.href;
      if (address.indexOf('blob:') && !part('one').contains(one)) wanted.push(address);
    });
    return document.fonts.ready.then(function () {
      performance.getEntriesByType('resource').forEach(function (entry) {
        if (/\.woff2?($|\?)/.test(entry.name)) wanted.push(entry.name);
      });
      wanted = wanted.filter(function (one, n) {
        return one.indexOf(location.origin) === 0 && wanted.indexOf(one) === n;
      });
      return Field.keepPage(wanted, photos, addresses.visits);
    });
  }

  /** Lines of what arrived long ago go. */
  function tidy() {
    return store.all('records').then(function (rows) {
      return Promise.all(rows.map(function (row) {
        var isOld = row.state === 'sent' && row.sentAt < Date.now() - KEEP;
        return isOld ? store.remove('records', row.uuid) : null;
      }));
    });
  }

  function ready() {
    return Promise.resolve(window.caches && caches.match(location.href.split('#')[0], { ignoreSearch: true }))
      .then(function (page) {
        var isReady = Boolean(page && fetched);
        part('ready').textContent = !isReady ? texts.notReady
          : texts.ready + ' ' + texts.asOf.replace('{time}', timeOf(fetched));
        root.setAttribute('data-ready', isReady ? 'yes' : 'no');
      });
  }

  Field.open(user).then(function (opened) {
    store = opened;
    root.hidden = false;
    document.getElementById('field-plain').hidden = true;
    localStorage.setItem('pasokh-interviewer', user);
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    part('send').addEventListener('click', send);
    part('back').addEventListener('click', function () { home(''); });
    part('arrive').addEventListener('click', arrive);
    form.addEventListener('submit', submit);
    form.addEventListener('input', function () {
      clearTimeout(form.timer);
      form.timer = setTimeout(keepTyped, 300);
    });
    form.addEventListener('change', function (event) {
      if (event.target.hasAttribute('data-photos')) photographed(event); else keepDraft();
    });
    part('locate').hidden = !navigator.geolocation;
    part('locate').addEventListener('click', locate);
    window.addEventListener('hashchange', route);
    window.addEventListener('online', sendIfWaiting);
    window.addEventListener('offline', draw);
    document.addEventListener('visibilitychange', function () {
      if (!document.hidden && navigator.onLine) sendIfWaiting();
    });
    var worker = navigator.serviceWorker
      ? navigator.serviceWorker.register(addresses.worker) : Promise.reject(new Error('no worker'));
    worker.catch(function () { /* Seen below, after the visits are there. */ });
    // What is on the phone can be read at once, however slow the network is.
    return Field.keptVisits(addresses.visits).then(use).then(tidy).then(route)
      .then(refresh).then(function () { return worker; }).then(keepPage)
      .catch(function () { /* No network. */ })
      .then(function () { return visit ? null : route(); })
      .then(ready).then(store.count.bind(store)).then(sendIfWaiting);
  }).catch(function () {
    root.hidden = false;
    document.getElementById('field-plain').hidden = false;
    part('home').hidden = true;
    root.insertBefore(element('p', 'callout callout--warning', texts.noStore), root.firstChild);
  });
}());
