/* What a phone keeps of field visits. Records and drafts lie in one database for each person who
   signs in; the visits themselves lie in the cache with the page, which signing out deletes.
   Chrome 69. */
(function () {
  'use strict';
  var CACHE = 'pasokh-field';

  function asked(request) {
    return new Promise(function (resolve, reject) {
      request.onsuccess = function () { resolve(request.result); };
      request.onerror = function () { reject(request.error); };
    });
  }

  /** The store of one person. Rejected where the browser keeps nothing. */
  function open(user) {
    return new Promise(function (resolve, reject) {
      if (!window.indexedDB || !window.caches) { reject(new Error('no store')); return; }
      // A later release that needs other tables raises the version and adds to them: what an
      // older one has left here is sent by it.
      var request = indexedDB.open('pasokh-field-' + user, 1);
      request.onupgradeneeded = function () {
        request.result.createObjectStore('records', { keyPath: 'uuid' });
        request.result.createObjectStore('drafts', { keyPath: 'visit' });
      };
      request.onerror = function () { reject(request.error); };
      request.onsuccess = function () {
        request.result.onversionchange = function () { request.result.close(); };
        resolve(new Store(request.result, user));
      };
    });
  }

  function Store(database, user) {
    this.database = database;
    this.user = user;
  }

  Store.prototype.get = function (table, key) {
    return asked(this.database.transaction(table).objectStore(table).get(key));
  };

  Store.prototype.all = function (table) {
    return asked(this.database.transaction(table).objectStore(table).getAll());
  };

  /** Resolved once it is on the disk; rejected where the phone is full. */
  Store.prototype.change = function (tables, act) {
    var database = this.database;
    return new Promise(function (resolve, reject) {
      var transaction = database.transaction(tables, 'readwrite');
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = function () { reject(transaction.error || new Error('full')); };
      act(transaction);
    });
  };

  Store.prototype.put = function (table, row) {
    var store = this;
    return this.change([table], function (transaction) { transaction.objectStore(table).put(row); })
      .then(function () { return store.count(); });
  };

  /** A finished record takes the place of its draft, or neither changes. */
  Store.prototype.finish = function (record) {
    var store = this;
    return this.change(['records', 'drafts'], function (transaction) {
      transaction.objectStore('records').put(record);
      transaction.objectStore('drafts').delete(record.visit);
    }).then(function () { return store.count(); });
  };

  Store.prototype.remove = function (table, key) {
    var store = this;
    return this.change([table], function (transaction) { transaction.objectStore(table).delete(key); })
      .then(function () { return store.count(); });
  };

  /** Note where signing out looks how many of this person's records have not arrived. */
  Store.prototype.count = function () {
    var user = this.user;
    return Promise.all([this.all('records'), this.all('drafts')]).then(function (both) {
      var waiting = both[0].filter(function (row) { return row.state !== 'sent'; }).length;
      localStorage.setItem('pasokh-field-unsent-' + user, String(waiting + both[1].length));
    });
  };

  /** Keep the visits as they were fetched. */
  function keepVisits(address, found) {
    found.fetched = Date.now();
    return caches.open(CACHE).then(function (cache) {
      return cache.put(address, new Response(JSON.stringify(found), {
        headers: { 'Content-Type': 'application/json' }
      }));
    }).then(function () { return found; });
  }

  function keptVisits(address) {
    return caches.open(CACHE).then(function (cache) { return cache.match(address); })
      .then(function (answer) { return answer ? answer.json() : null; });
  }

  /** Keep the page and what it is made of, all or nothing; then photos, as many as there is room
      for; then older copies go. The first of `addresses` is the page. */
  function keepPage(addresses, photos, visits) {
    return caches.open(CACHE).then(function (cache) {
      return Promise.all(addresses.map(function (address, n) {
        return fetch(address, {
          credentials: 'same-origin', cache: n ? 'default' : 'no-store', redirect: 'error'
        }).then(function (answer) {
          if (!answer.ok) throw new Error(address);
          return answer;
        });
      })).then(function (answers) {
        return Promise.all(answers.map(function (answer, n) { return cache.put(addresses[n], answer); }));
      }).then(function () {
        return photos.reduce(function (before, address) {
          return before.then(function () { return cache.match(address); }).then(function (there) {
            return there || cache.add(new Request(address, { credentials: 'same-origin' }));
          }).catch(function () { /* Without this photo. */ });
        }, Promise.resolve());
      }).then(function () { return cache.keys(); }).then(function (requests) {
        var wanted = addresses.concat(photos, [visits]).map(function (address) {
          return new URL(address, location.href).href;
        });
        return Promise.all(requests.map(function (request) {
          return wanted.indexOf(request.url) < 0 ? cache.delete(request) : null;
        }));
      });
    });
  }

  function uuid() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    return Array.from(bytes, function (byte) {
      return (byte + 256).toString(16).slice(1);
    }).join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  window.PasokhField = {
    open: open, keepPage: keepPage, keepVisits: keepVisits, keptVisits: keptVisits, uuid: uuid
  };
}());
