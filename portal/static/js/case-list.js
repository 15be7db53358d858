/* Keys of the work lists: j and k move the focus from case to case, x chooses, / searches,
   ? shows the keys. Enter is the link's own. They can be switched off (WCAG 2.1.4), and stay
   silent while something is typed. Without this file the list is an ordinary page. Chrome 69. */
(function () {
  "use strict";
  var NAME = "case-list-keys";
  var help = document.getElementById("keys");
  var on = document.getElementById("keys-on");
  var table = document.getElementById("cases");
  if (!help || !on) { return; }
  help.hidden = false;

  function remembered() {
    try { return window.localStorage.getItem(NAME) !== "off"; } catch (refused) { return true; }
  }

  on.checked = remembered();
  on.addEventListener("change", function () {
    try { window.localStorage.setItem(NAME, on.checked ? "on" : "off"); } catch (refused) { return; }
  });

  function links() {
    return table ? Array.prototype.slice.call(table.querySelectorAll("tbody th a")) : [];
  }

  function rowOf(element) {
    return element && element.closest ? element.closest("tbody tr") : null;
  }

  function place(all) {
    var row = rowOf(document.activeElement), found = -1;
    all.forEach(function (link, n) { if (row && row.contains(link)) { found = n; } });
    return found;
  }

  function move(step) {
    var all = links(), here = place(all);
    var next = here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step;
    if (all[next]) { all[next].focus(); }
  }

  function choose() {
    var row = rowOf(document.activeElement);
    var box = row ? row.querySelector("input[name=ids]") : null;
    if (box) { box.click(); }
    return Boolean(box);
  }

  function typing(target) {
    if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) { return true; }
    return target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(target.type);
  }

  document.addEventListener("keydown", function (event) {
    if (!on.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    if (typing(event.target)) { return; }
    /* By the place of the key, so that a Persian or Arabic layout has them too. */
    var slash = event.key === "/" || (event.code === "Slash" && !event.shiftKey);
    var asked = event.key === "?" || event.key === "؟" || (event.code === "Slash" && event.shiftKey);
    var taken = true;
    if (asked) {
      help.open = !help.open;
      if (help.open) { help.querySelector("summary").focus(); }
    } else if (slash) {
      document.getElementById("q").focus();
    } else if (event.shiftKey) {
      taken = false;
    } else if (event.code === "KeyJ" || event.key === "j") {
      move(1);
    } else if (event.code === "KeyK" || event.key === "k") {
      move(-1);
    } else if (event.code === "KeyX" || event.key === "x") {
      taken = choose();
    } else {
      taken = false;
    }
    if (taken) { event.preventDefault(); }
  });
})();
