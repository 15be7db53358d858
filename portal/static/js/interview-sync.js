/* Sends interviews one after the other. What has not been answered by the server stays where it
   is; sending one twice gives the same answer and one response. Chrome 69. */
(function () {
  'use strict';

  var PATIENCE = 60000; /* ms: what arrives later all the same is found when it is sent again. */

  function timed(request) {
    return Promise.race([request, new Promise(function (resolve, reject) {
      setTimeout(function () { reject(new Error('too slow')); }, PATIENCE);
    })]);
  }

  function json(answer) {
    var kind = answer.headers.get('Content-Type') || '';
    if (kind.indexOf('application/json') !== 0) throw new Error('no answer of ours');
    return answer.json();
  }

  /** {user, token}; rejected without a network, null where nobody is signed in. */
  function session(address) {
    return timed(fetch(address, { credentials: 'same-origin', cache: 'no-store', redirect: 'manual' }))
      .then(function (answer) {
        if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) {
          return null;
        }
        if (!answer.ok) throw new Error('no answer of ours');
        return json(answer);
      });
  }

  function post(address, token, row) {
    return timed(fetch(address, {
      method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error',
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token, Accept: 'application/json' },
      body: JSON.stringify({
        uuid: row.uuid, version: row.version, language: row.language, answers: row.answers,
        started: row.started, ended: row.ended, sent: Date.now()
      })
    })).then(function (answer) {
      if (answer.status !== 200 && answer.status !== 422) throw new Error(String(answer.status));
      return json(answer);
    });
  }

  /** Note what the server said: of what has arrived only the number is kept. */
  function settle(store, row, said) {
    if (said.state === 'refused') {
      row.state = 'refused';
      row.text = said.text;
      row.reasons = said.reasons || [];
      return store.put('interviews', row);
    }
    return store.put('interviews', {
      uuid: row.uuid, campaign: row.campaign, state: 'sent', result: said.state, at: Date.now()
    });
  }

  /**
   * Send what waits of a campaign. Resolved with '' when all were answered, 'signIn' or 'other'
   * where somebody must sign in first, 'busy' where it was too much at once, 'failed' where the
   * network broke off.
   */
  function send(store, campaign, user, addresses, told) {
    return session(addresses.session).then(function (found) {
      if (!found) return 'signIn';
      if (String(found.user) !== user) return 'other';
      return store.all('interviews').then(function (rows) {
        var waiting = rows.filter(function (row) {
          return row.campaign === campaign && row.state === 'queued';
        }).sort(function (one, other) { return one.ended - other.ended; });
        return waiting.reduce(function (before, row) {
          return before.then(function () { return post(addresses.upload, found.token, row); })
            .then(function (said) { return settle(store, row, said); })
            .then(told);
        }, Promise.resolve()).then(function () { return ''; });
      });
    }).catch(function (error) { return error.message === '429' ? 'busy' : 'failed'; });
  }

  window.PasokhInterviews.send = send;
}());
