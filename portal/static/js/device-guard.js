/* On pages of staff: the page of whoever had the phone before is no longer served without a
   network; an interviewer who signs out with unsent interviews is warned. Chrome 69. */
(function () {
  'use strict';
  var self = document.currentScript;
  var user = self.getAttribute('data-user');
  if (!window.caches) return;

  function forget() { return caches.delete('pasokh-interviews'); }

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
    var waiting = Number(localStorage.getItem('pasokh-unsent-' + user)) || 0;
    if (waiting && !window.confirm(self.getAttribute('data-warning'))) return;
    form.setAttribute('data-sure', '');
    var go = function () { form.submit(); };
    forget().then(go, go);
  });
}());
