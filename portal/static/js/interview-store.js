/* What a phone keeps of interviews: one database for each person who signs in, so that nobody
   meets the interviews of somebody else. Chrome 69. */
(function () {
  'use strict';
  var CACHE = 'pasokh-interviews';

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
      var request = indexedDB.open('pasokh-interviews-' + user, 1);
      request.onupgradeneeded = function () {
        request.result.createObjectStore('bundles', { keyPath: 'key' });
        request.result.createObjectStore('interviews', { keyPath: 'uuid' });
      };
      request.onerror = function () { reject(request.error); };
      request.onsuccess = function () { resolve(new Store(request.result, user)); };
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

  /** Resolved once it is on the disk. */
  Store.prototype.change = function (table, act) {
    var database = this.database;
    return new Promise(function (resolve, reject) {
      var transaction = database.transaction(table, 'readwrite');
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = function () { reject(transaction.error); };
      act(transaction.objectStore(table));
    });
  };

  Store.prototype.put = function (table, row) {
    var store = this;
    return this.change(table, function (rows) { rows.put(row); })
      .then(function () { return store.count(); });
  };

  Store.prototype.remove = function (table, key) {
    var store = this;
    return this.change(table, function (rows) { rows.delete(key); })
      .then(function () { return store.count(); });
  };

  /** Note where signing out looks how many of this person's interviews have not arrived. */
  Store.prototype.count = function () {
    var user = this.user;
    return this.all('interviews').then(function (rows) {
      var waiting = rows.filter(function (row) { return row.state !== 'sent'; }).length;
      localStorage.setItem('pasokh-unsent-' + user, String(waiting));
    });
  };

  /** Keep the page itself and what it is made of; older copies of the same files go. */
  function keepPage(addresses) {
    return caches.open(CACHE).then(function (cache) {
      return Promise.all(addresses.map(function (address) {
        var isPage = address === addresses[0];
        return fetch(address, {
          credentials: 'same-origin', cache: isPage ? 'no-store' : 'default', redirect: 'error'
        }).then(function (answer) {
          if (!answer.ok) throw new Error(address);
          return cache.put(address, answer);
        });
      })).then(function () { return cache.keys(); }).then(function (requests) {
        var kept = {};
        addresses.forEach(function (address) { kept[address] = kept[address.split('?')[0]] = 1; });
        return Promise.all(requests.map(function (request) {
          var isOld = !kept[request.url] && kept[request.url.split('?')[0]];
          return isOld ? cache.delete(request) : null;
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

  window.PasokhInterviews = { open: open, keepPage: keepPage, uuid: uuid };
}());
