/* One key for each result of a call: Alt and a digit anywhere; a digit alone where nothing is typed.
   event.code, because a Persian keyboard sends ۱ with the same key. */
(function () {
  'use strict';
  function typing(element) {
    return /^(INPUT|TEXTAREA|SELECT|SUMMARY|BUTTON|A)$/.test(element.tagName);
  }
  document.addEventListener('keydown', function (event) {
    var found = /^(?:Digit|Numpad)([1-9])$/.exec(event.code || '');
    if (!found || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) { return; }
    if (!event.altKey && typing(event.target)) { return; }
    var button = document.querySelector('[data-call-key="' + found[1] + '"]');
    if (!button) { return; }
    event.preventDefault();
    button.click();
  });
}());
