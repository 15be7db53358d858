/* A list that is drawn again while somebody is about to tap: an entry that looks as before stays the
   element it was, with its focus and a tap that has begun. Chrome 69. */
(function () {
  'use strict';

  /** Make `list` hold `items`. What an entry does may hang on nothing that is not seen in it. */
  function show(list, items) {
    Array.from(list.children).forEach(function (old) {
      if (!items.some(function (item) { return item.isEqualNode(old); })) list.removeChild(old);
    });
    items.forEach(function (item, n) {
      var old = list.children[n];
      if (!old || !old.isEqualNode(item)) list.insertBefore(item, old || null);
    });
    while (list.children.length > items.length) list.removeChild(list.lastElementChild);
  }

  /** A handler that does `act` with the row as it is when the button is pressed. Where another tab
      has sent or deleted it meanwhile, `draw` shows that; `failed`: the phone did not read it. */
  function withRow(store, table, row, act, draw, failed) {
    return function () {
      store.get(table, row.uuid).then(function (found) {
        if (found && found.state === row.state) act(found); else draw();
      }).catch(failed);
    };
  }

  window.PasokhList = { show: show, withRow: withRow };
}());
