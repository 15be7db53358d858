/* The form of a message without a second step: the questions of a category come when it is chosen,
   and only the fields of the chosen channel are shown. Without this file the server asks. Chrome 69. */
(function () {
  'use strict';
  var latest = 0;
  function ask(select) {
    var box = document.getElementById('questions-box');
    var mine = latest += 1;
    window.fetch(select.getAttribute('data-questions') + encodeURIComponent(select.value), {
      credentials: 'same-origin'
    }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.text();
    }).then(function (html) {
      // A slow answer to an earlier choice must not replace that of a later one.
      if (mine === latest) { box.innerHTML = html; }
    }).catch(function () {
      // The server asks after the first press.
    });
  }
  function channels() {
    var chosen = document.querySelector('input[name="channel"]:checked');
    Array.prototype.forEach.call(document.querySelectorAll('[data-channel]'), function (part) {
      part.hidden = !chosen || part.getAttribute('data-channel') !== chosen.value;
    });
  }
  document.addEventListener('DOMContentLoaded', function () {
    var select = document.querySelector('select[data-questions]');
    if (select && window.fetch) {
      select.addEventListener('change', function () { ask(select); });
    }
    if (document.querySelector('[data-channel]')) {
      channels();
      document.addEventListener('change', function (event) {
        if (event.target.name === 'channel') { channels(); }
      });
    }
  });
}());
