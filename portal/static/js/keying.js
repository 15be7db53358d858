/* Typing sheets quickly: Enter goes on to the next question, the number of an answer chooses it,
   in a question with several answers it takes it back too. Shift+Enter begins a new line.
   Without this file the sheet is an ordinary form. Chrome 69. */
(function () {
  "use strict";
  var WAIT = 700; /* ms for the second digit of 10, 11 … */
  var typed = "", timer = 0;

  function latin(text) {
    return text.replace(/[۰-۹٠-٩]/g, function (digit) {
      return String(digit.charCodeAt(0) & 15);
    });
  }

  function boxes(control) {
    var all = control.form.elements, found = [];
    Array.prototype.forEach.call(all, function (each) {
      if (each.name === control.name && each.type === control.type) { found.push(each); }
    });
    return found;
  }

  function numberOf(box) {
    var label = box.parentNode.textContent;
    var found = latin(label).replace(/^[\s\u200e\u200f\u2066-\u2069]+/, "").match(/^\d+/);
    return found ? found[0] : "";
  }

  function stops(form) {
    var seen = {}, found = [];
    Array.prototype.forEach.call(form.elements, function (each) {
      if (each.disabled || each.type === "hidden" || each.tagName === "FIELDSET") { return; }
      if (each.type === "radio" || each.type === "checkbox") {
        if (seen[each.name]) { return; }
        seen[each.name] = true;
      }
      found.push(each);
    });
    return found;
  }

  function goOn(control) {
    var all = stops(control.form), place = -1;
    all.forEach(function (each, n) {
      var same = each === control || (each.name === control.name && each.type === control.type &&
        (each.type === "radio" || each.type === "checkbox"));
      if (same) { place = n; }
    });
    var next = all[place + 1];
    if (!next) { return; }
    if (next.type === "radio") {
      next = boxes(next).filter(function (each) { return each.checked; })[0] || next;
    }
    next.focus();
    if (next.select && next.type === "text") { next.select(); }
  }

  function choose(control) {
    window.clearTimeout(timer);
    var wanted = typed;
    typed = "";
    boxes(control).forEach(function (each) {
      if (wanted && numberOf(each) === wanted) {
        each.focus();
        each.checked = each.type === "radio" ? true : !each.checked;
      }
    });
  }

  function digit(control, key) {
    window.clearTimeout(timer);
    typed += key;
    var open = boxes(control).filter(function (each) {
      return numberOf(each).indexOf(typed) === 0;
    });
    if (open.length === 0) { typed = ""; return; }
    if (open.length === 1) { choose(control); return; }
    timer = window.setTimeout(function () { choose(control); }, WAIT);
  }

  document.addEventListener("keydown", function (event) {
    var control = event.target, form = control.form;
    if (!form || !form.hasAttribute("data-keying") || event.isComposing) { return; }
    if (event.ctrlKey || event.altKey || event.metaKey || control.tagName === "BUTTON") { return; }
    var isBox = control.type === "radio" || control.type === "checkbox";
    var key = latin(event.key);
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (isBox && typed) { choose(control); }
      goOn(control);
    } else if (isBox && /^\d$/.test(key)) {
      event.preventDefault();
      digit(control, key);
    } else {
      typed = "";
    }
  });
}());
