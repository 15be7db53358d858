/* Shows a point on the map, or lets one be chosen. The map's files and pictures are only asked for
   when somebody opens it: a slow phone and a careful person pay nothing. Chrome 69. */
(function () {
  'use strict';
  var digits = { from: /[\u06f0-\u06f9\u0660-\u0669]/g };
  function number(text) {
    var plain = String(text).replace(digits.from, function (char) {
      return String(char.charCodeAt(0) & 15);
    }).replace('\u066b', '.').trim();
    return plain === '' ? NaN : Number(plain);
  }
  function load(element, done) {
    if (window.L) { done(); return; }
    var sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = element.getAttribute('data-sheet');
    document.head.appendChild(sheet);
    var script = document.createElement('script');
    script.src = element.getAttribute('data-script');
    script.onload = done;
    document.head.appendChild(script);
  }
  function draw(element, root) {
    var get = function (name) { return element.getAttribute('data-' + name); };
    var view = element.hasAttribute('data-view');
    var latitude = root.querySelector('#place-latitude');
    var longitude = root.querySelector('#place-longitude');
    var start = [Number(get('latitude')), Number(get('longitude'))];
    var map = window.L.map(element, { zoomControl: false, attributionControl: false });
    window.L.control.zoom({ zoomInTitle: get('zoom-in'), zoomOutTitle: get('zoom-out') }).addTo(map);
    var credit = window.L.control.attribution({ prefix: 'Leaflet' }).addTo(map);
    // The attribution is text: a setting must not become markup.
    var text = document.createElement('span');
    text.textContent = get('attribution');
    if (text.textContent) { credit.addAttribution(text.innerHTML); }
    window.L.tileLayer(get('tiles'), { maxZoom: 19, referrerPolicy: 'origin' }).addTo(map);
    var marker = null;
    function put(place, write) {
      if (!marker) {
        marker = window.L.marker(place, {
          draggable: !view, keyboard: false, alt: get('marker'), title: get('marker')
        }).addTo(map);
        marker.on('dragend', function () { put(marker.getLatLng(), true); });
      }
      marker.setLatLng(place);
      if (write) {
        var found = window.L.latLng(place).wrap();
        latitude.value = found.lat.toFixed(6);
        longitude.value = found.lng.toFixed(6);
      }
    }
    function typed() {
      var north = number(latitude.value), east = number(longitude.value);
      if (Math.abs(north) <= 90 && Math.abs(east) <= 180) {
        put([north, east], false);
        map.panTo([north, east]);
        return true;
      }
      return false;
    }
    map.setView(start, Number(get('zoom')));
    if (view) { put(start, false); return; }
    typed();
    [latitude, longitude].forEach(function (field) { field.addEventListener('change', typed); });
    map.on('click', function (event) { put(event.latlng, true); });
    root.querySelector('[data-map-take]').addEventListener('click', function () {
      put(map.getCenter(), true);
    });
    // «Use my location» writes into the fields without an event.
    var status = root.querySelector('#place-located');
    if (status && window.MutationObserver) {
      new window.MutationObserver(typed).observe(status, { childList: true });
    }
  }
  document.addEventListener('DOMContentLoaded', function () {
    Array.prototype.forEach.call(document.querySelectorAll('[data-place]'), function (root) {
      var button = root.querySelector('[data-map-open]');
      var element = root.querySelector('.map');
      if (!button || !element) { return; }
      var drawn = false;
      button.hidden = false;
      button.addEventListener('click', function () {
        var frame = element.parentNode;
        frame.hidden = !frame.hidden;
        button.setAttribute('aria-expanded', String(!frame.hidden));
        if (!frame.hidden && !drawn) {
          drawn = true;
          load(element, function () { draw(element, root); });
        }
      });
    });
  });
}());
