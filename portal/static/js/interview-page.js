/* The page of an interviewer: what waits, what was sent, and the interview that is going on.
   Chrome 69. */
(function () {
  'use strict';
  var Interviews = window.PasokhInterviews, List = window.PasokhList;
  var root = document.getElementById('interviews');
  var texts = JSON.parse(document.getElementById('interviews-texts').textContent);
  var addresses = JSON.parse(document.getElementById('interviews-addresses').textContent);
  var campaign = Number(root.getAttribute('data-campaign'));
  var user = root.getAttribute('data-user');
  var element = Interviews.element;
  var store, bundle, isSending = false, failures = 0, again = 0;

  function part(name) { return document.getElementById('interviews-' + name); }

  function digits(value) {
    return String(value).replace(/[0-9]/g, function (digit) { return texts.digits[digit]; });
  }

  function say(text) { part('said').textContent = text || ''; }

  function rows() {
    return store.all('interviews').then(function (found) {
      return found.filter(function (row) { return row.campaign === campaign; });
    });
  }

  function keyOf(version) { return campaign + ':' + version; }

  /** The city's wall time as if it were UTC, by the difference of the clocks at the last visit. */
  function clockOf(found) {
    return function (at) { return found.now + Math.max(0, (at || Date.now()) - found.fetched); };
  }

  function timeOf(at) {
    var date = new Date(at);
    return digits(('0' + date.getHours()).slice(-2) + ':' + ('0' + date.getMinutes()).slice(-2));
  }

  function button(text, className, act) {
    var made = element('button', className, text);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }

  function line(row, number) {
    var item = element('li', 'card');
    item.setAttribute('data-uuid', row.uuid);
    function withRow(act) {
      return List.withRow(store, 'interviews', row, act, draw, function () { say(texts.unsaved); });
    }
    var name = texts.interview.replace('{number}', digits(number)).replace('{time}', timeOf(row.started));
    item.appendChild(element('p', '', name));
    if (row.state === 'refused') {
      item.appendChild(element('p', 'error', row.text));
      (row.reasons || []).forEach(function (reason) {
        item.appendChild(element('p', '', reason.label + ' – ' + reason.text));
      });
    }
    if (row.state !== 'queued') {
      var actions = item.appendChild(element('div', 'actions'));
      actions.appendChild(button(row.state === 'draft' ? texts.goOn : texts.correct, 'btn', withRow(ask)));
      if (row.state === 'refused' && !(row.reasons || []).length) {
        actions.appendChild(button(texts.again, 'btn btn--secondary', withRow(function (found) {
          found.state = 'queued';
          store.put('interviews', found).then(send);
        })));
      }
      actions.appendChild(button(texts.delete, 'btn btn--quiet', function () {
        if (window.confirm(texts.sureDelete)) store.remove('interviews', row.uuid).then(draw);
      }));
    }
    return item;
  }

  function draw() {
    return rows().then(function (found) {
      found.sort(function (one, other) { return (one.started || 0) - (other.started || 0); });
      var of = function (state) { return found.filter(function (row) { return row.state === state; }); };
      part('counts').textContent = texts.counts.replace('{waiting}', digits(of('queued').length))
        .replace('{sent}', digits(of('sent').length));
      part('line').textContent = navigator.onLine ? texts.online : texts.offline;
      part('send').disabled = isSending || !of('queued').length;
      ['refused', 'draft', 'queued'].forEach(function (state) {
        List.show(part(state).querySelector('ul'), of(state).map(function (row, n) { return line(row, n + 1); }));
        part(state).hidden = !of(state).length;
      });
    });
  }

  function ask(row) {
    store.get('bundles', keyOf(row.version)).then(function (found) {
      if (!found) { say(texts.notReady); return; }
      // Tapped twice it is one interview: the first would overwrite what the second has saved.
      if (!part('one').hidden) return;
      say('');
      part('home').hidden = true;
      part('one').hidden = false;
      Interviews.run(part('one'), row, found, texts, clockOf(found), {
        digits: digits,
        save: function (changed) {
          return store.put('interviews', changed).catch(function (error) {
            window.alert(texts.unsaved);
            throw error;
          });
        },
        leave: function (isFinished) {
          part('one').hidden = true;
          part('home').hidden = false;
          draw().then(function () {
            say(isFinished ? texts.kept : '');
            part('home').scrollIntoView();
            if (isFinished && navigator.onLine) send();
          });
        }
      });
    });
  }

  function send() {
    if (isSending) return;
    isSending = true;
    say(texts.sending);
    draw();
    Interviews.send(store, campaign, user, addresses, draw).then(function (problem) {
      isSending = false;
      say(problem ? texts[problem] : '');
      if (problem === 'signIn') {
        var link = element('a', '', ' ' + texts.toSignIn);
        link.href = addresses.signIn;
        part('said').appendChild(link);
      }
      clearTimeout(again);
      failures = problem === 'failed' ? failures + 1 : 0;
      // A line that has just come back often breaks off once more: soon again, then less often.
      if (failures) again = setTimeout(sendIfWaiting, failures < 3 ? 2000 * failures : 60000 * Math.min(failures, 10));
      else if (problem === 'busy') again = setTimeout(sendIfWaiting, 61000);
      draw();
    });
  }

  function sendIfWaiting() {
    draw();
    rows().then(function (found) {
      if (found.some(function (row) { return row.state === 'queued'; })) send();
    });
  }

  /** Fetch what the campaign asks now; versions of half-finished interviews stay. */
  function fetchBundle() {
    if (!part('start')) return Promise.resolve();
    return fetch(addresses.bundle, { credentials: 'same-origin', cache: 'no-store', redirect: 'error' })
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      }).then(function (found) {
        found.key = keyOf(found.version);
        found.campaign = campaign;
        found.fetched = Date.now();
        return store.put('bundles', found).then(function () { return found; });
      }).then(function (found) {
        return tidy(found).then(function () { return keepPage(found); });
      });
  }

  function tidy(newest) {
    return Promise.all([rows(), store.all('bundles')]).then(function (both) {
      return Promise.all(both[1].map(function (each) {
        var isNeeded = each.campaign !== campaign || each.key === newest.key ||
          both[0].some(function (row) { return keyOf(row.version) === each.key; });
        return isNeeded ? null : store.remove('bundles', each.key);
      }));
    });
  }

  function keepPage(found) {
    var wanted = [location.href.split('#')[0]];
    var parser = new DOMParser();
    Object.keys(found.languages).forEach(function (code) {
      // Pictures in templates are wanted too.
      var html = found.languages[code].html.replace(/<(\/?)template/g, '<$1div');
      parser.parseFromString(html, 'text/html').querySelectorAll('img').forEach(function (image) {
        wanted.push(new URL(image.getAttribute('src'), location.href).href);
      });
    });
    document.querySelectorAll('script[src],link[rel=stylesheet],link[rel=icon],img[src]').forEach(function (one) {
      wanted.push(one.src || one.href);
    });
    return document.fonts.ready.then(function () {
      performance.getEntriesByType('resource').forEach(function (entry) {
        if (/\.woff2?($|\?)/.test(entry.name)) wanted.push(entry.name);
      });
      wanted = wanted.filter(function (one, n) {
        return one.indexOf(location.origin) === 0 && wanted.indexOf(one) === n;
      });
      return Interviews.keepPage(wanted);
    });
  }

  function ready(isFetched) {
    return store.all('bundles').then(function (found) {
      found = found.filter(function (each) { return each.campaign === campaign; })
        .sort(function (one, other) { return other.fetched - one.fetched; });
      bundle = found[0];
      if (!part('start')) return;
      part('start').hidden = !bundle;
      part('ready').textContent = bundle ? texts.ready : isFetched ? texts.notReady : texts.loading;
    });
  }

  function begin(event) {
    event.preventDefault();
    var row = {
      uuid: Interviews.uuid(), campaign: campaign, version: bundle.version, state: 'draft',
      language: part('start').querySelector('[name=language]:checked').value,
      started: Date.now(), page: 0
    };
    store.put('interviews', row).then(function () { ask(row); });
  }

  Interviews.open(user).then(function (opened) {
    store = opened;
    root.hidden = false;
    localStorage.setItem('pasokh-interviewer', user);
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    if (part('start')) part('start').addEventListener('submit', begin);
    part('send').addEventListener('click', send);
    window.addEventListener('online', sendIfWaiting);
    window.addEventListener('offline', draw);
    if (part('start')) part('ready').textContent = texts.loading;
    var worker = navigator.serviceWorker
      ? navigator.serviceWorker.register(addresses.worker) : Promise.reject(new Error('no worker'));
    // What is on the phone can be asked at once, however slow the network is.
    return worker.then(function () { return ready(false); }).then(fetchBundle).catch(function () { /* no network */ })
      .then(function () { return ready(true); }).then(store.count.bind(store)).then(sendIfWaiting)
      .then(function () { root.setAttribute('data-ready', bundle ? 'yes' : 'no'); });
  }).catch(function () {
    root.hidden = false;
    say(texts.noStore);
  });
}());
