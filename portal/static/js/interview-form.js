/* One interview: all pages of the questionnaire lie in one form, and the script of survey pages
   (survey-logic.js) sees them as one page. Here one of them is shown at a time. Chrome 69. */
(function () {
  'use strict';
  var Logic = window.PasokhLogic;

  function all(root, selector) { return Array.from(root.querySelectorAll(selector)); }

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function isTyped(control) {
    if (control.type === 'radio' || control.type === 'checkbox') {
      return control.checked && Boolean(control.value);
    }
    return Boolean(control.value.trim());
  }

  /**
   * Show an interview in `box`. `now()` is the city's wall time in milliseconds; `hooks.save(row)`
   * keeps the interview, `hooks.leave(isFinished)` is called when it is left.
   */
  function run(box, row, bundle, texts, now, hooks) {
    var words = bundle.languages[row.language];
    var number = hooks.digits;
    var logic = JSON.parse(JSON.stringify(words.logic));
    var page = row.page || 0;
    var timer = 0;

    box.innerHTML = words.html;
    box.lang = row.language;
    box.dir = words.dir;
    var form = box.querySelector('form');
    var shown = form.querySelector('[name=".shown"]');
    shown.value = logic.shown.filter(function (name) {
      return document.getElementById('q-' + name);
    }).join(' ');
    tell();
    var twin = Logic.start(logic, form);
    // Rows of tables and places are not moved in and out but hidden.
    var rows = logic.questions.filter(function (one) { return one.f && Array.isArray(one.r); });

    var bar = element('div', 'progress');
    var label = element('p', 'progress__text');
    var summary = element('div', 'error-summary');
    var actions = element('div', 'actions');
    summary.tabIndex = -1;
    summary.hidden = true;
    bar.appendChild(label);
    box.insertBefore(summary, form);
    box.insertBefore(bar, summary);
    box.insertBefore(element('h2', '', words.title), bar).tabIndex = -1;
    form.appendChild(actions);
    // The buttons speak to the interviewer.
    actions.lang = bar.lang = summary.lang = document.documentElement.lang;
    actions.dir = bar.dir = document.documentElement.dir;
    var buttons = {};
    [['next', 'btn btn--block', 'submit'], ['previous', 'btn btn--secondary btn--block', 'button'],
      ['later', 'btn btn--quiet btn--block', 'button']].forEach(function (each) {
      var button = buttons[each[0]] = element('button', each[1], texts[each[0]]);
      button.type = each[2];
      actions.appendChild(button);
    });

    /** What time it is, and when the interview began, to calculations. */
    function tell() {
      logic.now = new Date(now()).toISOString().slice(0, 23);
      Object.keys(bundle.moments).forEach(function (name) {
        var kind = bundle.moments[name];
        var at = kind === 'end' ? now() : now(row.started);
        var said = new Date(at).toISOString().slice(0, kind === 'today' ? 10 : 19);
        if (name in logic.values) logic.values[name] = said;
        logic.questions.forEach(function (one) { if (one.n === name) one.s = said; });
      });
    }

    function controls(name) {
      return all(form, 'input,select,textarea').filter(function (one) { return one.name === name; });
    }

    function hide() {
      rows.forEach(function (one) {
        var at = document.getElementById('q-' + one.n);
        if (at) at.hidden = !twin.relevant(one.n);
      });
      all(form, '.matrix').forEach(function (table) {
        table.hidden = all(table, 'tbody tr').every(function (line) { return line.hidden; });
      });
    }

    function update() {
      tell();
      twin.update();
      hide();
    }

    function sections() {
      return all(form, 'section').filter(function (one) {
        return all(one, '[id^="q-"]').some(function (found) {
          return !found.closest('[hidden]:not(section)');
        });
      });
    }

    /** name → texts of everything that can be seen on some page. */
    function typed() {
      var found = {};
      all(form, 'section [name]').forEach(function (one) {
        if (one.closest('[hidden]:not(section)')) return;
        var isBox = one.type === 'radio' || one.type === 'checkbox';
        if (isBox && (!one.checked || !one.value)) return;
        (found[one.name] = found[one.name] || []).push(one.value);
      });
      return found;
    }

    /** Put back what was kept; answers bring questions in, which have answers of their own. */
    function restore(answers) {
      var done = {};
      var isNew = true;
      while (isNew) {
        isNew = false;
        Object.keys(answers).forEach(function (name) {
          var found = controls(name);
          if (!found.length || done[name]) return;
          done[name] = isNew = true;
          found.forEach(function (one, n) {
            if (one.type === 'radio' || one.type === 'checkbox') {
              one.checked = answers[name].includes(one.value);
            } else one.value = answers[name][n] === undefined ? '' : answers[name][n];
          });
        });
        update();
      }
      // What was emptied stays empty, also where something is proposed.
      bundle.languages[row.language].questions.forEach(function (question) {
        if (row.answers && !(question.n in answers)) {
          controls(question.n).forEach(function (one) {
            if (one.type === 'radio' || one.type === 'checkbox') one.checked = false;
            else one.value = '';
          });
        }
      });
      update();
    }

    function save() {
      clearTimeout(timer);
      row.answers = typed();
      row.page = page;
      return hooks.save(row);
    }

    function show(target, isFocused) {
      var visible = sections();
      page = Math.max(0, Math.min(target, visible.length - 1));
      all(form, 'section').forEach(function (one) { one.hidden = one !== visible[page]; });
      label.textContent = texts.page.replace('{number}', number(page + 1))
        .replace('{total}', number(visible.length));
      buttons.previous.hidden = page === 0;
      buttons.next.textContent = page === visible.length - 1 ? texts.finish : texts.next;
      if (isFocused) {
        summary.hidden = true;
        window.scrollTo(0, 0);
        box.querySelector('h2').focus();
      }
    }

    /** What is wrong with one question, '' if nothing. */
    function objection(question) {
      var own = controls(question.n).filter(function (one) {
        return !one.closest('[hidden]:not(section)');
      });
      if (!own.length) return '';
      var given = own.filter(isTyped);
      var isRequired = twin.isRequired(question.n);
      if (isRequired === null) isRequired = Boolean(question.required);
      if (!given.length) return isRequired ? question.missing : '';
      if (question.k === 'rank') {
        var places = given.map(function (one) { return one.value.split('=').pop(); });
        var double = places.filter(function (place, n) { return places.indexOf(place) !== n; })[0];
        if (double) return texts.places.replace('{place}', number(double));
        return given.length < own.length ? question.missing : '';
      }
      if (question.k === 'other') return '';
      var value = Logic.answer(question, own);
      if (value === null) return question.unusable;
      if (question.bounds) {
        var from = question.bounds[0];
        var to = question.bounds[1];
        var steps = (Number(value) - from) / question.bounds[2];
        var isIn = value >= Math.min(from, to) && value <= Math.max(from, to);
        if (!isIn || Math.abs(steps - Math.round(steps)) > 1e-9) return question.unusable;
      }
      return twin.stands(question.n) ? '' : twin.objection(question.n);
    }

    function clear() {
      all(form, '.error--found').forEach(function (one) { one.parentNode.removeChild(one); });
      all(form, '.field--error,.fieldset--error').forEach(function (one) {
        one.classList.remove('field--error', 'fieldset--error');
      });
      all(form, '[aria-invalid]').forEach(function (one) { one.removeAttribute('aria-invalid'); });
    }

    function complain(wrong) {
      summary.textContent = '';
      summary.appendChild(element('h3', '', texts.fix));
      var list = summary.appendChild(element('ul'));
      wrong.forEach(function (each) {
        var own = controls(each.name);
        var at = document.getElementById('q-' + each.name) || own[0];
        var field = at && (at.closest('.field') || at);
        var link = element('a', '', (each.label ? each.label + ' – ' : '') + each.text);
        list.appendChild(element('li')).appendChild(link);
        if (!field) return;
        link.href = '#' + own[0].id;
        var named = field.querySelector('legend, label, th span');
        if (!each.label && named) link.textContent = named.firstChild.textContent.trim() + ' – ' + each.text;
        if (field.querySelector('.error--live')) return;
        var said = element('span', 'error error--found', texts.error + ' ' + each.text);
        said.id = 'q-' + each.name + '-found';
        if (named) named.parentNode.insertBefore(said, named.nextSibling);
        field.classList.add(field.tagName === 'FIELDSET' ? 'fieldset--error' : 'field--error');
        own.forEach(function (one) {
          one.setAttribute('aria-invalid', 'true');
          one.setAttribute('aria-describedby', said.id);
        });
      });
      summary.hidden = false;
      summary.focus();
    }

    function next() {
      clear();
      update();
      var here = sections()[page];
      var wrong = words.questions.filter(function (question) {
        return controls(question.n).some(function (one) { return here.contains(one); });
      }).map(function (question) {
        return { name: question.n, text: objection(question) };
      }).filter(function (each) { return each.text; });
      if (wrong.length) { complain(wrong); return; }
      if (page < sections().length - 1) {
        show(page + 1, true);
        save();
        return;
      }
      row.ended = Date.now();
      row.state = 'queued';
      row.reasons = [];
      save().then(function () { leave(true); });
    }

    function leave(isFinished) {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', save);
      box.textContent = '';
      box.removeAttribute('lang');
      box.removeAttribute('dir');
      hooks.leave(isFinished);
    }

    form.addEventListener('submit', function (event) {
      event.preventDefault();
      next();
    });
    form.addEventListener('input', hide);
    form.addEventListener('change', function () {
      hide();
      show(page, false);
      clearTimeout(timer);
      timer = setTimeout(save, 400);
    });
    buttons.previous.addEventListener('click', function () {
      clear();
      show(page - 1, true);
      save();
    });
    buttons.later.addEventListener('click', function () {
      save().then(function () { leave(false); });
    });
    document.addEventListener('visibilitychange', save);
    if (window.PasokhLocate) window.PasokhLocate(form);

    if (row.answers) restore(row.answers);
    update();
    if (row.reasons && row.reasons.length) {
      var first = controls(row.reasons[0].name)[0];
      var at = first ? sections().indexOf(first.closest('section')) : -1;
      show(at < 0 ? page : at, true);
      complain(row.reasons);
    } else show(page, true);
  }

  window.PasokhInterviews.run = run;
  window.PasokhInterviews.element = element;
}());
