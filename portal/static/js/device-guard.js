/* On pages of staff: the pages of whoever had the phone before are no longer served without a
   network; whoever signs out with unsent interviews or visits is warned. Chrome 69. */
(function () {
  'use strict';
  var self = document.currentScript;
  var user = self.getAttribute('data-user');
  if (!window.caches) return;

  function forget() {
    return Promise.all([caches.delete('pasokh-interviews'), caches.delete('pasokh-field')]);
  }

  function unsent(name) { return Number(localStorage.getItem(name + user)) || 0; }

  var interviews = self.hasAttribute('data-warning');
  var last = localStorage.getItem('pasokh-interviewer');
  if (last && (last !== user || !interviews)) {
    localStorage.removeItem('pasokh-interviewer');
    forget();
  }
  if (!interviews) return;
  document.addEventListener('submit', function (event) {
    var form = event.target;
    if (!form.hasAttribute('data-sign-out') || form.hasAttribute('data-sure')) return;
    event.preventDefault();
    if (unsent('pasokh-unsent-') + unsent('pasokh-field-unsent-') && !window.confirm(self.getAttribute('data-warning'))) return;
    form.setAttribute('data-sure', '');
    var go = function () { form.submit(); };
    forget().then(go, go);
  });
}());
