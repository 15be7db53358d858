/* Counts along on a ballot. Without it the server says the same after "check". Chrome 69. */
(function () {
  "use strict";
  var form = document.getElementById("ballot");
  var box = document.getElementById("standing");
  if (!form || !box) { return; }
  var lang = document.documentElement.lang;
  var locale = { fa: "fa-IR", ar: "ar-IQ", en: "en-GB" }[lang] || lang;
  var kind = form.getAttribute("data-kind");
  var latest = "";

  function number(value) {
    return new Intl.NumberFormat(locale).format(value);
  }

  function digits(text) {
    return text.replace(/[۰-۹]/g, function (d) { return String(d.charCodeAt(0) - 0x6f0); })
      .replace(/[٠-٩]/g, function (d) { return String(d.charCodeAt(0) - 0x660); })
      .replace(/[,٬،\s]/g, "");
  }

  function say(name, values) {
    return box.getAttribute("data-" + name).replace(/[#@%]/g, function (mark) {
      return values[mark];
    });
  }

  function count() {
    var fields = form.querySelectorAll("input[type=checkbox], select, input[inputmode]");
    var chosen = 0, cost = 0, points = 0;
    Array.prototype.forEach.call(fields, function (field) {
      if (field.type === "checkbox") {
        if (field.checked) { chosen += 1; cost += Number(field.getAttribute("data-cost")); }
      } else if (field.value.trim()) {
        chosen += 1;
        points += Number(digits(field.value)) || 0;
      }
    });
    var budget = Number(form.getAttribute("data-budget"));
    var most = Number(form.getAttribute("data-most"));
    var all = Number(form.getAttribute("data-points"));
    var over = false, text;
    if (kind === "knapsack") {
      over = cost > budget;
      text = say(over ? "over" : "cost", {
        "#": number(cost), "@": number(budget), "%": number(Math.abs(budget - cost))
      });
    } else if (kind === "points") {
      over = points > all;
      text = say("given", { "#": number(points), "@": number(all) });
    } else {
      over = chosen > most;
      text = say("chosen", { "#": number(chosen), "@": number(most) });
    }
    if (text !== latest) { box.textContent = text; latest = text; }
    box.className = over ? "standing is-over" : "standing";
  }

  form.addEventListener("change", count);
  form.addEventListener("input", count);
  window.addEventListener("pageshow", count);
}());
