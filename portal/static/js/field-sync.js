/* Sends records of visits one after the other, oldest first. What the server has not answered stays
   where it is; one that is refused holds up no other; sending one twice gives the same answer and
   one record. Chrome 69. */
(function () {
  'use strict';

  var PATIENCE = 120000; /* ms: photos on a slow network. What arrives later all the same is found
                            when it is sent again. */

  function timed(request) {
    return Promise.race([request, new Promise(function (resolve, reject) {
      setTimeout(function () { reject(new Error('failed')); }, PATIENCE);
    })]);
  }

  function json(answer) {
    var kind = answer.headers.get('Content-Type') || '';
    if (kind.indexOf('application/json') !== 0) throw new Error('failed');
    return answer.json();
  }

  /** {user, token}, a fresh one; null where nobody is signed in; rejected without a network. */
  function session(address) {
    return timed(fetch(address, { credentials: 'same-origin', cache: 'no-store', redirect: 'manual' }))
      .then(function (answer) {
        if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) return null;
        if (!answer.ok) throw new Error('failed');
        return json(answer);
      });
  }

  function post(address, token, row) {
    var form = new FormData();
    form.append('record', JSON.stringify({
      format: 1, uuid: row.uuid, visit: row.visit, kind: row.kind, at: row.at, sent: Date.now(),
      finding: row.finding, reason: row.reason, words: row.words, answer: row.answer,
      latitude: row.latitude, longitude: row.longitude, accuracy: row.accuracy
    }));
    ['before', 'after'].forEach(function (kind) {
      (row[kind] || []).forEach(function (blob, n) { form.append(kind, blob, kind + n + '.jpg'); });
    });
    return timed(fetch(address, {
      method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'manual',
      headers: { 'X-CSRFToken': token, Accept: 'application/json' }, body: form
    }));
  }

  /** What the server said of one record: {state, text}; rejected where all others must wait too. */
  function sendOne(addresses, held, row, again) {
    return post(addresses.upload, held.token, row).then(function (answer) {
      if (answer.status === 200 || answer.status === 422) return json(answer);
      if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) {
        throw new Error('signIn');
      }
      if (answer.status === 429) throw new Error('busy');
      if (answer.status === 400 && !again) {
        // The token grew old while the records before were sent.
        return session(addresses.session).then(function (fresh) {
          if (!fresh) throw new Error('signIn');
          held.token = fresh.token;
          return sendOne(addresses, held, row, true);
        });
      }
      return { state: 'error' };
    }, function () { throw new Error('failed'); });
  }

  /** Note what the server said: of what has arrived only the line is kept. */
  function settle(store, row, said) {
    if (said.state === 'error') return null;
    if (said.state === 'refused') {
      row.state = 'refused';
      row.text = said.text;
      return store.put('records', row);
    }
    return store.put('records', {
      uuid: row.uuid, visit: row.visit, code: row.code, kind: row.kind, at: row.at, state: 'sent',
      result: said.state, text: said.text || '', sentAt: Date.now()
    });
  }

  /**
   * Send what waits. Resolved with '' when all were answered, 'error' where the server could not
   * take some, 'signIn' or 'other' where somebody must sign in first, 'busy' where it was too much
   * at once, 'failed' where the network broke off.
   */
  function send(store, user, addresses, told) {
    var problem = '';
    return session(addresses.session).then(function (held) {
      if (!held) return 'signIn';
      if (String(held.user) !== user) return 'other';
      return store.all('records').then(function (rows) {
        return rows.filter(function (row) { return row.state === 'queued'; })
          .sort(function (one, other) { return one.at - other.at; })
          .reduce(function (before, row) {
            return before.then(function () { return sendOne(addresses, held, row, false); })
              .then(function (said) {
                if (said.state === 'error') problem = 'error';
                return settle(store, row, said);
              }).then(told);
          }, Promise.resolve()).then(function () { return problem; });
      });
    }).catch(function (error) {
      return ['busy', 'signIn'].indexOf(error.message) < 0 ? 'failed' : error.message;
    });
  }

  window.PasokhField.send = send;
}());
