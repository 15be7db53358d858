/* The worker of a page that works without a network. It serves the page, and what it is made of,
   from the store that the page itself fills; everything else goes to the network and is kept
   nowhere. Which store, portal/offline.py writes before this. Chrome 69. */
(function () {
  'use strict';
  var STORE = self.PASOKH_STORE;
  var PATIENCE = 6000; /* ms: a network that does not answer is none. */

  self.addEventListener('install', function () { self.skipWaiting(); });
  self.addEventListener('activate', function (event) { event.waitUntil(self.clients.claim()); });

  function kept(request, options) {
    return caches.open(STORE).then(function (store) { return store.match(request, options); });
  }

  function first(request) {
    return new Promise(function (resolve, reject) {
      var timer = setTimeout(reject, PATIENCE);
      fetch(request).then(resolve, reject).then(function () { clearTimeout(timer); });
    });
  }

  self.addEventListener('fetch', function (event) {
    var request = event.request;
    if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
    if (request.mode === 'navigate') {
      // In whichever language it was kept.
      event.respondWith(kept(request.url, { ignoreSearch: true }).then(function (page) {
        // The network first: it knows who is signed in.
        // A server that is just being restarted is no better than no network.
        return page ? first(request).then(function (answer) {
          return answer.status < 500 ? answer : page;
        }, function () { return page; }) : fetch(request);
      }));
    } else if (request.cache !== 'no-store') {
      event.respondWith(kept(request).then(function (found) { return found || fetch(request); }));
    }
  });
}());
