/* Fills latitude and longitude of a question from the browser's own position, when asked.
   Without this file both are typed. Chrome 69. */
(function () {
  "use strict";
  if (!navigator.geolocation) { return; }
  function bind(root) {
    var buttons = root.querySelectorAll("[data-locate]");
    Array.prototype.forEach.call(buttons, function (button) {
      var id = button.getAttribute("data-locate");
      var status = document.getElementById(id + "-located");
      button.hidden = false;
      button.addEventListener("click", function () {
        button.disabled = true;
        status.textContent = "…";
        navigator.geolocation.getCurrentPosition(function (position) {
          document.getElementById(id + "-latitude").value = position.coords.latitude.toFixed(6);
          document.getElementById(id + "-longitude").value = position.coords.longitude.toFixed(6);
          status.textContent = button.getAttribute("data-done");
          button.disabled = false;
        }, function () {
          status.textContent = button.getAttribute("data-failed");
          button.disabled = false;
        }, { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 });
      });
    });
  }
  document.addEventListener("DOMContentLoaded", function () { bind(document); });
  window.PasokhLocate = bind;
}());
