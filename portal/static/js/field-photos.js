/* Photos of the camera, made small on the phone: a picture of twelve megabytes would neither be
   kept nor sent. Chrome 69. */
(function () {
  'use strict';
  var SIDE = 1600; /* pixels of the longer side */
  var QUALITY = 0.8;

  /** A file of the camera as a small JPEG blob; rejected where it is no picture. */
  function shrink(file) {
    return new Promise(function (resolve, reject) {
      var address = URL.createObjectURL(file);
      var image = new Image();
      image.onerror = function () { URL.revokeObjectURL(address); reject(new Error('no photo')); };
      image.onload = function () {
        var ratio = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
        var canvas = document.createElement('canvas');
        canvas.width = Math.max(1, Math.round(image.naturalWidth * ratio));
        canvas.height = Math.max(1, Math.round(image.naturalHeight * ratio));
        canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
        URL.revokeObjectURL(address);
        canvas.toBlob(function (blob) {
          if (blob) resolve(blob); else reject(new Error('no photo'));
        }, 'image/jpeg', QUALITY);
      };
      image.src = address;
    });
  }

  /** Draw blobs into a list, each with a button that takes it away. */
  function draw(list, blobs, label, removeText, removed) {
    Array.from(list.querySelectorAll('img')).forEach(function (image) { URL.revokeObjectURL(image.src); });
    list.textContent = '';
    blobs.forEach(function (blob, n) {
      var item = document.createElement('li');
      var image = document.createElement('img');
      image.src = URL.createObjectURL(blob);
      image.alt = label(n + 1);
      var button = document.createElement('button');
      button.type = 'button';
      button.className = 'btn btn--quiet';
      button.textContent = removeText;
      button.setAttribute('aria-label', removeText + ': ' + image.alt);
      button.addEventListener('click', function () { removed(n); });
      item.appendChild(image);
      item.appendChild(button);
      list.appendChild(item);
    });
  }

  window.PasokhField.shrink = shrink;
  window.PasokhField.drawPhotos = draw;
}());
